/** The last values of something that is sampled at a steady pace. */

/** Samples in a line, and seconds between two. */
export const SAMPLES = 120;
export const SAMPLE_S = 1;

/** With one more at the end; the oldest go. What was given is left as it is. */
export function pushed(values: readonly number[], value: number, capacity = SAMPLES): number[] {
  return [...values, value].slice(-capacity);
}

/**
 * One sample of each name that is there now, as a new set of lines. What has gone sinks to nothing, and is
 * forgotten when its line is flat.
 */
export function sampled(
  lines: ReadonlyMap<string, readonly number[]>,
  now: ReadonlyMap<string, number>,
  capacity = SAMPLES
): Map<string, number[]> {
  const next = new Map<string, number[]>();
  for (const name of new Set([...lines.keys(), ...now.keys()])) {
    const line = pushed(lines.get(name) ?? [], now.get(name) ?? 0, capacity);
    if (now.has(name) || line.some((value) => value > 0)) next.set(name, line);
  }
  return next;
}
