/** Every word that a person reads, in one catalogue: a file for each page. */
import { about } from './about';
import { chat } from './chat';
import { common } from './common';
import { connect } from './connect';
import { frame } from './frame';
import { gate } from './gate';
import { history } from './history';
import { keys } from './keys';
import { models } from './models';
import { server } from './server';
import { settings } from './settings';
import { users } from './users';

export const strings = {
  about,
  chat,
  common,
  connect,
  frame,
  gate,
  history,
  keys,
  models,
  server,
  settings,
  users
};
