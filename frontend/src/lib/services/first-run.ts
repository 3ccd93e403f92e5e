/** Whether this browser has seen the first page: who goes on in open mode is not asked each time. */
const KEY = 'mlx-welcome-seen';

export const hasSeenWelcome = (): boolean => localStorage.getItem(KEY) === '1';

export const noteWelcomeSeen = (): void => localStorage.setItem(KEY, '1');
