/** Calls of tools: from their deltas, or as a stored message has them. */

export interface ToolCall {
  /** Its place in the answer. */
  index: number;
  id: string;
  name: string;
  /** JSON, as the model wrote it; of a custom tool any text. */
  input: string;
}

interface CallPart {
  name?: string | null;
  arguments?: string | null;
  input?: string | null;
}

export interface CallDelta {
  index: number;
  id?: string | null;
  function?: CallPart | null;
  custom?: CallPart | null;
}

/** The calls with what the deltas add: the first of a call names it, the others add to its input. */
export function joinDeltas(calls: readonly ToolCall[], deltas: readonly CallDelta[]): ToolCall[] {
  const byIndex = new Map(calls.map((call) => [call.index, call]));
  for (const delta of deltas) {
    const before = byIndex.get(delta.index) ?? { index: delta.index, id: '', name: '', input: '' };
    const part = delta.function ?? delta.custom;
    byIndex.set(delta.index, {
      index: delta.index,
      id: delta.id || before.id,
      name: part?.name || before.name,
      input: before.input + (part?.arguments ?? part?.input ?? '')
    });
  }
  return [...byIndex.values()].sort((one, other) => one.index - other.index);
}

/** A stored message's calls, which are whole. */
export function readCalls(stored: readonly Record<string, unknown>[] | null): ToolCall[] {
  const deltas = (stored ?? []).map((call, index) => ({
    index,
    id: textOf(call.id),
    function: partOf(call.function),
    custom: partOf(call.custom)
  }));
  return joinDeltas([], deltas);
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function partOf(value: unknown): CallPart | null {
  if (typeof value !== 'object' || value === null) return null;
  const given = new Map<string, unknown>(Object.entries(value));
  return {
    name: textOf(given.get('name')),
    arguments: textOf(given.get('arguments')),
    input: textOf(given.get('input'))
  };
}

/** JSON with line breaks; text that is no JSON, or not yet, as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
