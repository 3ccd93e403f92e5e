/** The pages of the rail, in its order. */
import Cable from '@lucide/svelte/icons/cable';
import Boxes from '@lucide/svelte/icons/boxes';
import Info from '@lucide/svelte/icons/info';
import KeyRound from '@lucide/svelte/icons/key-round';
import MessageSquare from '@lucide/svelte/icons/message-square';
import Server from '@lucide/svelte/icons/server';
import SlidersHorizontal from '@lucide/svelte/icons/sliders-horizontal';
import Users from '@lucide/svelte/icons/users';
import { frameStrings } from '$lib/strings';

const names = frameStrings.pages;

export const RAIL_PAGES = [
  { path: '/chat', label: names['/chat'], icon: MessageSquare, isAdmin: false, begins: false },
  { path: '/models', label: names['/models'], icon: Boxes, isAdmin: false, begins: false },
  { path: '/server', label: names['/server'], icon: Server, isAdmin: false, begins: false },
  { path: '/connect', label: names['/connect'], icon: Cable, isAdmin: false, begins: false },
  { path: '/keys', label: names['/keys'], icon: KeyRound, isAdmin: false, begins: true },
  { path: '/users', label: names['/users'], icon: Users, isAdmin: true, begins: false },
  { path: '/settings', label: names['/settings'], icon: SlidersHorizontal, isAdmin: true, begins: false },
  { path: '/about', label: names['/about'], icon: Info, isAdmin: false, begins: false }
] as const;
