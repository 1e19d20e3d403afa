// Values that only last. PromQL holds a value for minutes after the last record, so that a
// pause in recording looks like a constant. The times of the samples show where that is.
import type { Grid } from "./api";

/** stampsOf returns the expression for the times of the latest samples of a selector. */
export function stampsOf(selector: string): string {
  return `max(timestamp(${selector}))`;
}

/** cutHeld removes the values that were not recorded within two and a half of the metric's own intervals. */
export function cutHeld(grid: Grid, stamps: Grid): void {
  const times = stamps.series[0]?.values;
  if (!times) return;
  const hold = 2.5 * Math.max(intervalOf(times), grid.step / 2);
  if (!Number.isFinite(hold)) return;
  grid.times.forEach((t, i) => {
    if (t - (times[i] ?? NaN) > hold) for (const line of grid.series) line.values[i] = NaN;
  });
}

/** intervalOf returns the median of the distances between times that follow each other; infinite for fewer than four times. */
export function intervalOf(times: Float64Array): number {
  const distances: number[] = [];
  let last = NaN;
  for (const t of times) {
    if (t - last > 0) distances.push(t - last);
    if (!Number.isNaN(t)) last = t;
  }
  if (distances.length < 3) return Infinity;
  distances.sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 2)] as number;
}
