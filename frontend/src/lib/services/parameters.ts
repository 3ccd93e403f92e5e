/** How answers are made, as it is typed: taken from a chat, checked, put back; what is not shown stays. */
import type { components } from '$lib/api/manager';
import { historyStrings } from '$lib/strings';
import { asNumber, NUMBER_NAMES, NUMBERS, type NumberName } from './parameters-numbers';
import { formatText, readFormat, readToolChoice, readTools, toolChoiceText } from './parameters-json';
import type { FormatKind } from './parameters-json';

export type Parameters = components['schemas']['GenerationParameters'];

/** Those that the manager keeps of a chat; it has looked at each when it took them. */
export function areParameters(stored: Record<string, unknown>): stored is Parameters {
  const isNumber = (value: unknown) => value == null || typeof value === 'number';
  return (
    NUMBER_NAMES.every((name) => isNumber(stored[name])) &&
    (stored.tools == null || Array.isArray(stored.tools)) &&
    (stored.response_format == null || typeof stored.response_format === 'object')
  );
}

export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

/** What stands in the fields; an empty text leaves a parameter to the model. */
export interface ParameterDraft extends Record<NumberName, string> {
  /** One in each line, with `\n` for the end of a line. */
  stop: string;
  reasoning_effort: string;
  tools: string;
  tool_choice: string;
  response_format: FormatKind;
  schema: string;
}

export type ParameterName = keyof ParameterDraft;
export type ParameterFaults = Partial<Record<ParameterName, string>>;

const MOST_STOPS = 4;
const MOST_STOP_CHARS = 256;
const MOST_PROMPT_BYTES = 128_000;

export function toDraft(parameters: Parameters): ParameterDraft {
  const format = formatText(parameters.response_format ?? null);
  const number = (name: NumberName) => String(parameters[name] ?? '');
  return {
    temperature: number('temperature'),
    top_p: number('top_p'),
    top_k: number('top_k'),
    min_p: number('min_p'),
    // Of the two names of this limit the server lets the other one count.
    max_tokens: String(parameters.max_completion_tokens ?? parameters.max_tokens ?? ''),
    seed: number('seed'),
    presence_penalty: number('presence_penalty'),
    frequency_penalty: number('frequency_penalty'),
    repetition_penalty: number('repetition_penalty'),
    thinking_budget: number('thinking_budget'),
    stop: stopText(parameters.stop ?? null),
    reasoning_effort: parameters.reasoning_effort ?? '',
    tools: parameters.tools?.length ? JSON.stringify(parameters.tools, null, 2) : '',
    tool_choice: toolChoiceText(parameters.tool_choice ?? null),
    response_format: format.kind,
    schema: format.schema
  };
}

/**
 * The parameters with what was typed, and what is wrong with it. What is wrong, as it was, or not among the
 * fields stays as it is in `before`.
 */
export function readDraft(
  draft: ParameterDraft,
  before: Parameters
): { parameters: Parameters; faults: ParameterFaults } {
  const old = toDraft(before);
  const parameters: Parameters = { ...before };
  const faults: ParameterFaults = {};
  const read = (name: ParameterName, others: ParameterName[], change: () => void) => {
    if ([name, ...others].every((each) => draft[each] === old[each])) return;
    try {
      change();
    } catch (thrown) {
      faults[name] = thrown instanceof Error ? thrown.message : String(thrown);
    }
  };

  for (const name of NUMBER_NAMES) {
    read(name, [], () => {
      put(parameters, name, asNumber(draft[name], NUMBERS[name]));
      if (name === 'max_tokens') delete parameters.max_completion_tokens;
    });
  }
  read('stop', [], () => put(parameters, 'stop', readStops(draft.stop)));
  read('reasoning_effort', [], () => put(parameters, 'reasoning_effort', draft.reasoning_effort || null));
  read('tools', [], () => put(parameters, 'tools', readTools(draft.tools)));
  read('tool_choice', ['tools'], () => {
    const choice = readToolChoice(draft.tool_choice, parameters.tools ?? null, before.tool_choice ?? null);
    put(parameters, 'tool_choice', choice);
  });
  read('schema', ['response_format'], () => {
    const format = readFormat(draft.response_format, draft.schema, before.response_format ?? null);
    put(parameters, 'response_format', format);
  });
  return { parameters, faults };
}

function put<Name extends keyof Parameters>(
  parameters: Parameters,
  name: Name,
  value: Parameters[Name] | null
): void {
  if (value === null || value === undefined) Reflect.deleteProperty(parameters, name);
  else parameters[name] = value;
}

/** What is wrong with a system prompt; null where nothing is. */
export function promptFault(text: string): string | null {
  const size = new TextEncoder().encode(text).length;
  return size > MOST_PROMPT_BYTES ? historyStrings.wrong.prompt(size, MOST_PROMPT_BYTES) : null;
}

/** The field that a refusal names, such as `parameters.tools.0.type`; null where it is none of them. */
export function fieldOf(param: string | null): ParameterName | 'system_prompt' | null {
  if (param === null) return null;
  const name = param.replace(/^(body\.)?(parameters\.)?/, '').split('.')[0] ?? '';
  if (name === 'system_prompt') return name;
  if (name === 'max_completion_tokens') return 'max_tokens';
  if (name === 'response_format') return 'schema';
  return isParameterName(name) ? name : null;
}

const NAMES: readonly string[] = Object.keys(toDraft({}));

function isParameterName(name: string): name is ParameterName {
  return NAMES.includes(name);
}

const ESCAPES: readonly [string, string][] = [
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\r', '\\r']
];

function stopText(stop: string | readonly string[] | null): string {
  const stops = typeof stop === 'string' ? [stop] : (stop ?? []);
  const escaped = (text: string) => ESCAPES.reduce((so, [sign, code]) => so.replaceAll(sign, code), text);
  return stops.map(escaped).join('\n');
}

function readStops(text: string): string[] | null {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const words = historyStrings.wrong;
  if (lines.length > MOST_STOPS) throw new Error(words.stops(MOST_STOPS));
  const stops = lines.map((line) =>
    line.replace(/\\[\\ntr]/g, (code) => ESCAPES.find((escape) => escape[1] === code)?.[0] ?? code)
  );
  if (stops.some((stop) => [...stop].length > MOST_STOP_CHARS)) throw new Error(words.stop(MOST_STOP_CHARS));
  return stops.length > 0 ? stops : null;
}
