/** What the command palette offers on every page. */
import { goto } from '$app/navigation';
import { href } from '$lib/paths';
import { live } from '$lib/stores/live.svelte';
import type { Action } from '$lib/stores/palette.svelte';
import { session } from '$lib/stores/session.svelte';
import { theme } from '$lib/stores/theme.svelte';
import { frameStrings } from '$lib/strings';
import { RAIL_PAGES } from './pages';

export function frameActions(): Action[] {
  const pages = RAIL_PAGES.filter((page) => !page.isAdmin || session.isAdmin).map<Action>((page) => ({
    id: `page ${page.path}`,
    label: page.label,
    group: 'pages',
    run: () => void goto(href(page.path))
  }));
  const models = [...live.models.keys()].map<Action>((id) => ({
    id: `model ${id}`,
    label: id,
    group: 'models',
    run: () => void goto(href('/models', { model: id }))
  }));
  const themes = (['system', 'light', 'dark'] as const).map<Action>((choice) => ({
    id: `theme ${choice}`,
    label: `${frameStrings.theme}: ${frameStrings.themes[choice]}`,
    group: 'actions',
    run: () => theme.set(choice)
  }));
  return [...pages, ...models, ...themes];
}
