/** Seconds until something may be tried again. */
export class Countdown {
  leftS = $state(0);
  #timer: ReturnType<typeof setInterval> | undefined;

  begin(seconds: number): void {
    this.stop();
    const endsAt = Date.now() + seconds * 1000;
    const look = () => {
      this.leftS = Math.max(Math.ceil((endsAt - Date.now()) / 1000), 0);
      if (this.leftS === 0) clearInterval(this.#timer);
    };
    this.#timer = setInterval(look, 500);
    look();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.leftS = 0;
  }
}
