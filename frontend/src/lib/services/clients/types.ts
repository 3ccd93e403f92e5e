/** What a set-up is made of. */

/** The API that a client speaks. */
export type Dialect = 'chat' | 'messages' | 'responses';

export interface Setup {
  /** Without `/v1`, such as `http://127.0.0.1:8080`. */
  address: string;
  model: string;
  key: string;
  /** Tokens that the model's window holds; null where it is not known. */
  contextLength: number | null;
  hasTools: boolean;
}

export type Language = 'shell' | 'json' | 'toml' | 'yaml' | 'python' | 'javascript' | 'text';

export interface Step {
  /** Where the text belongs: a file's name, the terminal, a field of a settings page. */
  caption: string;
  language: Language;
  text: string;
  /** What to know about this step. */
  note?: string;
}

export const CLIENT_IDS = [
  'claude-code',
  'codex',
  'opencode',
  'cursor',
  'continue',
  'open-webui',
  'langchain',
  'curl',
  'openai-python',
  'anthropic-python',
  'openai-node',
  'anthropic-node'
] as const;

export type ClientId = (typeof CLIENT_IDS)[number];
