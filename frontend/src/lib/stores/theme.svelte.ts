/** Light or dark: as the system has it, unless somebody chose. */

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'mlx-theme';

function stored(): Theme {
  const value = globalThis.localStorage?.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

class ThemeStore {
  #current = $state<Theme>(stored());

  get current(): Theme {
    return this.#current;
  }

  set(theme: Theme): void {
    this.#current = theme;
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
    this.apply();
  }

  apply(): void {
    if (this.#current === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.#current;
  }
}

export const theme = new ThemeStore();
