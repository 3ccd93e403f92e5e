/** A line of values as paths of an SVG: the newest at the right edge, time moving left. */
import { SAMPLES } from './sparkline-ring';

export interface Sparkline {
  /** Path of the line. */
  line: string;
  /** Path of what is below it. */
  area: string;
  /** The largest value. */
  peak: number;
}

/** Room for the line's own thickness. */
const MARGIN = 1;

/**
 * @param width of the drawing, in its own units.
 * @param capacity samples that fill the width; fewer begin further right.
 * @param least value that reaches the top at least, so that noise does not look like much.
 */
export function sparkline(
  values: readonly number[],
  width: number,
  height: number,
  { capacity = SAMPLES, least = 1 }: { capacity?: number; least?: number } = {}
): Sparkline {
  const shown = values.slice(-capacity);
  const peak = Math.max(0, ...shown);
  if (shown.length === 0) return { line: '', area: '', peak };
  const step = width / Math.max(capacity - 1, 1);
  const top = Math.max(peak, least);
  const x = (index: number) => round(width - (shown.length - 1 - index) * step);
  const y = (value: number) => round(height - MARGIN - (Math.max(value, 0) / top) * (height - 2 * MARGIN));
  const points = shown.map((value, index) => `${x(index)} ${y(value)}`);
  const line = `M${points.join('L')}`;
  return { line, area: `${line}L${x(shown.length - 1)} ${height}L${x(0)} ${height}Z`, peak };
}

const round = (value: number) => Math.round(value * 100) / 100;
