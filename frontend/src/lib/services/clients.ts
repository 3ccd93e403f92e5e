/** Programs that can use the models, and how each is set up. */
import { connect } from '$lib/strings/connect';
import { claudeCode, codex, opencode } from './clients/agents';
import { continueDev, cursor, openWebui } from './clients/apps';
import { anthropicNode, anthropicPython, curl, langchain, openaiNode, openaiPython } from './clients/code';
import { CLIENT_IDS, type ClientId, type Dialect, type Setup, type Step } from './clients/types';

export type { ClientId, Dialect, Setup, Step };

export type ClientGroup = 'agents' | 'editors' | 'apps' | 'code';

export interface Client {
  id: ClientId;
  name: string;
  /** What it is and what to know first. */
  about: string;
  group: ClientGroup;
  /** The API that it calls. */
  dialect: Dialect;
  /** Tokens of its own first prompt, where it sends many before anybody has said a word. */
  leastContext: number | null;
  /** It calls from machines of its maker's, so that an address of this machine or network is of no use. */
  callsFromOutside: boolean;
  steps: (setup: Setup) => Step[];
}

type Rest = Omit<Client, 'id' | 'name' | 'about'>;

const common = { leastContext: null, callsFromOutside: false } as const;
const REST: Record<ClientId, Rest> = {
  'claude-code': {
    ...common,
    group: 'agents',
    dialect: 'messages',
    leastContext: 22_000,
    steps: claudeCode
  },
  codex: { ...common, group: 'agents', dialect: 'responses', leastContext: 12_000, steps: codex },
  opencode: { ...common, group: 'agents', dialect: 'chat', leastContext: 12_000, steps: opencode },
  cursor: { ...common, group: 'editors', dialect: 'chat', callsFromOutside: true, steps: cursor },
  continue: { ...common, group: 'editors', dialect: 'chat', steps: continueDev },
  'open-webui': { ...common, group: 'apps', dialect: 'chat', steps: openWebui },
  langchain: { ...common, group: 'code', dialect: 'chat', steps: langchain },
  curl: { ...common, group: 'code', dialect: 'chat', steps: curl },
  'openai-python': { ...common, group: 'code', dialect: 'chat', steps: openaiPython },
  'anthropic-python': { ...common, group: 'code', dialect: 'messages', steps: anthropicPython },
  'openai-node': { ...common, group: 'code', dialect: 'chat', steps: openaiNode },
  'anthropic-node': { ...common, group: 'code', dialect: 'messages', steps: anthropicNode }
};

export const CLIENTS: readonly Client[] = CLIENT_IDS.map((id) => ({
  id,
  ...connect.clients[id],
  ...REST[id]
}));

const GROUPS: readonly ClientGroup[] = ['agents', 'editors', 'apps', 'code'];

/** The clients as they are listed. */
export const CLIENT_GROUPS = GROUPS.map((group) => ({
  group,
  label: connect.groups[group],
  clients: CLIENTS.filter((client) => client.group === group)
}));

/** The client of an address such as `?client=codex`; the first where there is no such one. */
export function clientOf(id: string | null): Client {
  const [first, ...rest] = CLIENTS;
  if (first === undefined) throw new Error('there are no clients');
  return rest.find((client) => client.id === id) ?? first;
}

/** What stands for a key on a server that asks for none. */
export const PLACEHOLDER_KEY = 'local';
/** What stands where a key is to be put in. */
export const NO_KEY = 'YOUR_KEY';

const KEY_PREFIX = 'sk-mlx-';
/** What is shorter hides nothing, and may stand elsewhere in the text. */
const LEAST_MASKED = 8;

/** The text as it is shown while nobody is to read the key. */
export function masked(text: string, key: string): string {
  if (key.length < LEAST_MASKED || key === NO_KEY) return text;
  const shown = key.startsWith(KEY_PREFIX) ? KEY_PREFIX : '';
  return text.replaceAll(key, `${shown}${'•'.repeat(12)}`);
}

/** Whether it can be a key at all; a header takes no other characters, either. */
export const isKeyLike = (text: string): boolean => /^[A-Za-z0-9_.~+/=-]+$/.test(text);

/** A name that is not taken, near the wanted one: names of a person's keys are distinct. */
export function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  for (let number = 2; ; number++) {
    const name = `${wanted} ${number}`;
    if (!taken.includes(name)) return name;
  }
}
