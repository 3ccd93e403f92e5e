/** Parameters that are JSON: tools, which of them is called, and the form of an answer. */
import { historyStrings } from '$lib/strings';

type Json = Record<string, unknown>;

export type FormatKind = '' | 'text' | 'json_object' | 'json_schema' | 'other';

const FUNCTION = 'function:';
const MODES: readonly string[] = ['auto', 'none', 'required'];
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

export const EXAMPLE_TOOL = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city now.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', description: 'Such as Lisbon' } },
      required: ['city']
    }
  }
};

export const EXAMPLE_SCHEMA = {
  type: 'object',
  properties: { title: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } } },
  required: ['title', 'tags'],
  additionalProperties: false
};

export const pretty = (value: unknown): string => JSON.stringify(value, null, 2);

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new Error(historyStrings.wrong.json(thrown instanceof Error ? thrown.message : ''));
  }
}

/** The tools that were typed; null where nothing was. Throws what is wrong with them. */
export function readTools(text: string): Json[] | null {
  if (text.trim() === '') return null;
  const parsed = parse(text);
  const words = historyStrings.wrong;
  const list = Array.isArray(parsed) ? parsed : [parsed];
  const tools = list.map((tool: unknown, index) => {
    if (!isObject(tool) || (tool.type !== 'function' && tool.type !== 'custom')) {
      throw new Error(words.tool(index + 1));
    }
    if (toolName(tool) === null) throw new Error(words.toolName(index + 1));
    return tool;
  });
  const names = tools.map(toolName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new Error(words.twice(twice));
  return tools.length > 0 ? tools : null;
}

function toolName(tool: Json): string | null {
  const said = tool[String(tool.type)];
  const name = isObject(said) ? said.name : null;
  return typeof name === 'string' && NAME.test(name) ? name : null;
}

/** The names of functions among what was typed, as far as it can be read. */
export function functionNames(text: string): string[] {
  try {
    return (readTools(text) ?? []).flatMap((tool) =>
      tool.type === 'function' ? (toolName(tool) ?? []) : []
    );
  } catch {
    return [];
  }
}

/** With one more tool; null where what is there cannot be read. */
export function withExample(text: string): string | null {
  try {
    const tools = readTools(text) ?? [];
    const isThere = tools.some((tool) => toolName(tool) === EXAMPLE_TOOL.function.name);
    return pretty(isThere ? tools : [...tools, EXAMPLE_TOOL]);
  } catch {
    return null;
  }
}

/** A choice as the value of a list: a mode, `function:NAME`, `other` for what has no place in it. */
export function toolChoiceText(choice: string | Json | null): string {
  if (choice === null) return '';
  if (typeof choice === 'string') return MODES.includes(choice) ? choice : 'other';
  const said = choice.type === 'function' && isObject(choice.function) ? choice.function.name : null;
  return typeof said === 'string' ? FUNCTION + said : 'other';
}

export const functionChoice = (name: string): string => FUNCTION + name;

/** Of a list's value; `before` is what `other` stands for. Throws where it names what is not there. */
export function readToolChoice(
  text: string,
  tools: readonly Json[] | null,
  before: string | Json | null
): string | Json | null {
  if (text === '') return null;
  if (text === 'other') return before;
  const words = historyStrings.wrong;
  if (!text.startsWith(FUNCTION)) {
    if (text === 'required' && !tools) throw new Error(words.noTools);
    return text;
  }
  const name = text.slice(FUNCTION.length);
  if (!tools?.some((tool) => tool.type === 'function' && toolName(tool) === name)) {
    throw new Error(words.noSuchTool(name));
  }
  return { type: 'function', function: { name } };
}

/** A form of answers as a list's value, and its schema as text. */
export function formatText(format: Json | null): { kind: FormatKind; schema: string } {
  if (format === null) return { kind: '', schema: '' };
  if (format.type === 'text') return { kind: 'text', schema: '' };
  if (format.type === 'json_object' && !('schema' in format)) return { kind: 'json_object', schema: '' };
  const wrapped = format.type === 'json_schema' ? format.json_schema : null;
  if (isObject(wrapped) && isObject(wrapped.schema))
    return { kind: 'json_schema', schema: pretty(wrapped.schema) };
  return { kind: 'other', schema: '' };
}

/** Of a list's value and a schema that was typed; what else `before` says of a schema stays. */
export function readFormat(kind: FormatKind, schemaText: string, before: Json | null): Json | null {
  if (kind === '') return null;
  if (kind === 'other') return before;
  if (kind !== 'json_schema') return { type: kind };
  const words = historyStrings.wrong;
  if (schemaText.trim() === '') throw new Error(words.noSchema);
  const schema = parse(schemaText);
  if (!isObject(schema)) throw new Error(words.schema);
  const wrapped = before?.type === 'json_schema' && isObject(before.json_schema) ? before.json_schema : null;
  return { type: 'json_schema', json_schema: { name: 'answer', ...wrapped, schema } };
}
