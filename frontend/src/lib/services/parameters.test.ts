import { describe, expect, it } from 'vitest';
import {
  areParameters,
  fieldOf,
  promptFault,
  readDraft,
  toDraft,
  type ParameterDraft,
  type Parameters
} from './parameters';
import { EXAMPLE_TOOL, functionChoice, functionNames, withExample } from './parameters-json';
import { asNumber, NUMBER_NAMES, NUMBERS } from './parameters-numbers';

function typed(changes: Partial<ParameterDraft>, before: Parameters = {}) {
  return readDraft({ ...toDraft(before), ...changes }, before);
}
const tools = JSON.stringify([EXAMPLE_TOOL]);

describe('what is typed', () => {
  it('is nothing where nothing was', () => {
    expect(typed({})).toEqual({ parameters: {}, faults: {} });
  });

  it('becomes numbers, and an empty field the default of the model', () => {
    expect(typed({ temperature: '0,7', top_k: ' 40 ' }).parameters).toEqual({ temperature: 0.7, top_k: 40 });
    expect(typed({ temperature: '' }, { temperature: 1, seed: 3 }).parameters).toEqual({ seed: 3 });
  });

  it('keeps what is not shown, and what is wrong, as it was', () => {
    const before: Parameters = { temperature: 1, logit_bias: { '5': 1 }, priority: 'background' };
    const { parameters, faults } = typed({ temperature: '7', top_p: '0.5' }, before);
    expect(parameters).toEqual({ ...before, top_p: 0.5 });
    expect(Object.keys(faults)).toEqual(['temperature']);
    expect(faults.temperature).toContain('from 0 to 2');
  });

  it('leaves alone what nobody touched, however it is written', () => {
    const before: Parameters = {
      stop: 'one',
      max_completion_tokens: 9,
      response_format: { type: 'regex', pattern: 'a' },
      tool_choice: { type: 'allowed_tools' }
    };
    expect(typed({}, before).parameters).toEqual(before);
  });

  it('has one limit, whatever it was called', () => {
    expect(toDraft({ max_tokens: 5, max_completion_tokens: 9 }).max_tokens).toBe('9');
    expect(typed({ max_tokens: '7' }, { max_completion_tokens: 9 }).parameters).toEqual({ max_tokens: 7 });
  });
});

describe('numbers', () => {
  it.each([
    ['x', 'temperature'],
    ['1e999', 'temperature'],
    ['-0.1', 'temperature'],
    ['0', 'top_p'],
    ['1.5', 'top_k'],
    ['0', 'max_tokens'],
    ['9007199254740993', 'seed'],
    ['11', 'repetition_penalty'],
    ['0x10', 'seed']
  ] as const)('%s is no %s', (text, name) => {
    expect(() => asNumber(text, NUMBERS[name])).toThrow();
  });

  it.each([
    ['2', 'temperature', 2],
    ['.5', 'min_p', 0.5],
    ['1e2', 'max_tokens', 100],
    ['-7', 'seed', -7],
    ['0', 'top_k', 0]
  ] as const)('%s is a %s', (text, name, value) => {
    expect(asNumber(text, NUMBERS[name])).toBe(value);
  });

  it('have a range each', () => {
    for (const name of NUMBER_NAMES) expect(NUMBERS[name].least).toBeLessThan(NUMBERS[name].most);
  });
});

describe('stops', () => {
  it('are lines, with signs for what a line cannot hold', () => {
    expect(typed({ stop: 'END\n\n\\n\\n\n\\\\n' }).parameters.stop).toEqual(['END', '\n\n', '\\n']);
    expect(toDraft({ stop: ['a\nb', 'c\\'] }).stop).toBe('a\\nb\nc\\\\');
  });

  it('are four at most', () => {
    expect(typed({ stop: 'a\nb\nc\nd\ne' }).faults.stop).toBeDefined();
    expect(typed({ stop: 'x'.repeat(257) }).faults.stop).toBeDefined();
  });
});

describe('tools', () => {
  it('are a list, or one', () => {
    expect(typed({ tools }).parameters.tools).toEqual([EXAMPLE_TOOL]);
    expect(typed({ tools: JSON.stringify(EXAMPLE_TOOL) }).parameters.tools).toEqual([EXAMPLE_TOOL]);
    expect(typed({ tools: ' ' }, { tools: [EXAMPLE_TOOL] }).parameters).toEqual({});
  });

  it.each([
    '[',
    '[1]',
    '[{"type":"x"}]',
    '[{"type":"function"}]',
    '[{"type":"function","function":{"name":"a b"}}]'
  ])('%s are none', (text) => {
    const { parameters, faults } = typed({ tools: text }, { tools: [EXAMPLE_TOOL] });
    expect(faults.tools).toBeTruthy();
    expect(parameters.tools).toEqual([EXAMPLE_TOOL]);
  });

  it('have different names', () => {
    expect(typed({ tools: JSON.stringify([EXAMPLE_TOOL, EXAMPLE_TOOL]) }).faults.tools).toContain(
      'get_weather'
    );
  });

  it('get the example once', () => {
    const once = withExample('');
    expect(JSON.parse(once ?? '')).toEqual([EXAMPLE_TOOL]);
    expect(withExample(once ?? '')).toBe(once);
    expect(withExample('[')).toBeNull();
  });

  it('can be chosen by name while they are there', () => {
    const choice = functionChoice('get_weather');
    expect(functionNames(tools)).toEqual(['get_weather']);
    expect(functionNames('[')).toEqual([]);
    const { parameters } = typed({ tools, tool_choice: choice });
    expect(parameters.tool_choice).toEqual({ type: 'function', function: { name: 'get_weather' } });
    expect(toDraft(parameters).tool_choice).toBe(choice);
    expect(typed({ tools: '' }, parameters).faults.tool_choice).toContain('get_weather');
    expect(typed({ tool_choice: 'required' }).faults.tool_choice).toBeDefined();
  });
});

describe('the form of an answer', () => {
  it('is text, an object or a schema', () => {
    expect(typed({ response_format: 'json_object' }).parameters.response_format).toEqual({
      type: 'json_object'
    });
    expect(typed({ response_format: 'json_schema' }).faults.schema).toBeDefined();
    expect(typed({ response_format: 'json_schema', schema: '[]' }).faults.schema).toBeDefined();
    const { parameters } = typed({ response_format: 'json_schema', schema: '{"type":"object"}' });
    expect(parameters.response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'answer', schema: { type: 'object' } }
    });
    expect(typed({ response_format: '' }, parameters).parameters).toEqual({});
  });

  it('keeps what else is said of a schema', () => {
    const before = { type: 'json_schema', json_schema: { name: 'mine', strict: true, schema: {} } };
    const { parameters } = typed({ schema: '{"type":"array"}' }, { response_format: before });
    expect(parameters.response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'mine', strict: true, schema: { type: 'array' } }
    });
  });
});

it('knows the field that a refusal names', () => {
  expect(fieldOf('parameters.temperature')).toBe('temperature');
  expect(fieldOf('parameters.tools.0.type')).toBe('tools');
  expect(fieldOf('parameters.response_format')).toBe('schema');
  expect(fieldOf('system_prompt')).toBe('system_prompt');
  expect(fieldOf('parameters.toString')).toBeNull();
  expect(fieldOf(null)).toBeNull();
});

it('knows when a system prompt is too long', () => {
  expect(promptFault('ä'.repeat(64_000))).toBeNull();
  expect(promptFault('ä'.repeat(64_001))).toContain('128');
});

it('knows what the manager keeps of a chat', () => {
  expect(areParameters({})).toBe(true);
  expect(areParameters({ temperature: 1, stop: ['a'], tools: [], priority: 'background' })).toBe(true);
  expect(areParameters({ temperature: '1' })).toBe(false);
  expect(areParameters({ tools: {} })).toBe(false);
});
