/**
 * Every word that a person reads, in one catalogue: a file for each page. They are named one by one, so that a
 * page loads its own and no other's.
 */
export { about as aboutStrings } from './about';
export { chat as chatStrings } from './chat';
export { common as commonStrings } from './common';
export { connect as connectStrings } from './connect';
export { frame as frameStrings } from './frame';
export { gate as gateStrings } from './gate';
export { history as historyStrings } from './history';
export { keys as keysStrings } from './keys';
export { models as modelsStrings } from './models';
export { server as serverStrings } from './server';
export { settings as settingsStrings } from './settings';
export { users as usersStrings } from './users';
