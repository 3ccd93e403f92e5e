/** The command palette: every page, model and action by its name. */

export interface Action {
  id: string;
  label: string;
  group: 'pages' | 'models' | 'actions';
  /** Further words under which it is found. */
  keywords?: string[];
  shortcut?: string;
  run: () => void;
}

class Palette {
  isOpen = $state(false);
  // Not state: an effect that offers would else run again for what it has offered.
  #sources = new Set<() => Action[]>();

  /** What is offered when the palette is opened. */
  get actions(): Action[] {
    return [...this.#sources].flatMap((source) => source());
  }

  /** Offer actions for as long as a page or component is shown; call the result when it goes. */
  offer(source: () => Action[]): () => void {
    this.#sources.add(source);
    return () => {
      this.#sources.delete(source);
    };
  }
}

export const palette = new Palette();
