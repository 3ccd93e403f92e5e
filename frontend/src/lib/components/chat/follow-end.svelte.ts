/** A view that follows what grows at its end, but only while one is there. */

/** So near to the end counts as there. */
const NEAR_PX = 48;

export class FollowEnd {
  isAtEnd = $state(true);
  #place: HTMLElement | null = null;
  #isFollowing = true;

  /** To be attached to what scrolls; its one child is what grows. */
  attach = (place: HTMLElement): (() => void) => {
    this.#place = place;
    const onScroll = () => this.#look();
    // Whoever turns the wheel back wants to read, however fast it grows.
    const onWheel = (event: WheelEvent) => {
      if (event.deltaY < 0) this.#isFollowing = false;
    };
    const watch = new ResizeObserver(() => {
      if (this.#isFollowing) this.#jump();
      else this.#look();
    });
    place.addEventListener('scroll', onScroll, { passive: true });
    place.addEventListener('wheel', onWheel, { passive: true });
    watch.observe(place);
    for (const child of place.children) watch.observe(child);
    return () => {
      watch.disconnect();
      place.removeEventListener('scroll', onScroll);
      place.removeEventListener('wheel', onWheel);
      this.#place = null;
    };
  };

  /** Go there, and stay. */
  toEnd(): void {
    this.#isFollowing = true;
    this.#jump();
  }

  /** Stay where one is, whatever comes. */
  stay(): void {
    this.#isFollowing = false;
  }

  #jump(): void {
    if (this.#place !== null) this.#place.scrollTop = this.#place.scrollHeight;
    this.isAtEnd = true;
  }

  #look(): void {
    const place = this.#place;
    if (place === null) return;
    this.isAtEnd = place.scrollHeight - place.scrollTop - place.clientHeight < NEAR_PX;
    this.#isFollowing = this.isAtEnd;
  }
}
