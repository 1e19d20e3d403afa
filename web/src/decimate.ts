// Fewer points that draw the same picture: the least and the greatest value of each
// part of a window, so that no peak is lost.

export interface Line { values: Float64Array }

export interface Picture {
  /** The times, and the values of each line at them, as uPlot takes them. null is a gap. */
  data: [number[], ...(number | null)[][]];
  /** The least and the greatest value; NaN without values. */
  min: number;
  max: number;
}

/** lowerBound returns the index of the first time that is not before t. */
export function lowerBound(times: Float64Array, t: number): number {
  let lo = 0, hi = times.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if ((times[mid] as number) < t) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** picture returns the lines in a window with at most about 2 × parts points each. */
export function picture(times: Float64Array, lines: Line[], from: number, to: number, parts: number): Picture {
  // One point beyond each edge, so that lines continue to it.
  const lo = Math.max(0, lowerBound(times, from) - 1);
  const hi = Math.min(times.length, lowerBound(times, to) + 2);
  return hi - lo <= 2 * parts ? exact(times, lines, lo, hi) : reduced(times, lines, lo, hi, parts);
}

function exact(times: Float64Array, lines: Line[], lo: number, hi: number): Picture {
  let min = Infinity, max = -Infinity;
  const data: Picture["data"] = [Array.from(times.subarray(lo, hi))];
  for (const { values } of lines) {
    const line: (number | null)[] = new Array(hi - lo);
    for (let i = lo; i < hi; i++) {
      const v = values[i] as number;
      if (!Number.isFinite(v)) {
        line[i - lo] = null;
        continue;
      }
      line[i - lo] = v;
      if (v < min) min = v;
      if (v > max) max = v;
    }
    data.push(line);
  }
  return { data, ...bounds(min, max) };
}

function bounds(min: number, max: number): { min: number; max: number } {
  return min <= max ? { min, max } : { min: NaN, max: NaN };
}

/** reduced gives each part of the window two points. A part with a gap ends the line in it. */
function reduced(times: Float64Array, lines: Line[], lo: number, hi: number, parts: number): Picture {
  let least = Infinity, greatest = -Infinity;
  const edges = new Int32Array(parts + 1);
  for (let p = 0; p <= parts; p++) edges[p] = lo + Math.floor(((hi - lo) * p) / parts);
  const at: number[] = new Array(2 * parts);
  for (let p = 0; p < parts; p++) {
    const begin = times[edges[p] as number] as number, end = times[(edges[p + 1] as number) - 1] as number;
    at[2 * p] = begin;
    at[2 * p + 1] = end > begin ? end : begin + 1e-6;
  }
  const data: Picture["data"] = [at];
  for (const { values } of lines) {
    const line: (number | null)[] = new Array(2 * parts);
    for (let p = 0; p < parts; p++) {
      const end = edges[p + 1] as number;
      let min = Infinity, max = -Infinity, minAt = 0, maxAt = 0;
      for (let i = edges[p] as number; i < end; i++) {
        const v = values[i] as number;
        if (v < min) min = v, minAt = i;
        if (v > max) max = v, maxAt = i;
      }
      if (min > max) { // no value
        line[2 * p] = line[2 * p + 1] = null;
        continue;
      }
      line[2 * p] = minAt <= maxAt ? min : max;
      line[2 * p + 1] = minAt <= maxAt ? max : min;
      if (min < least) least = min;
      if (max > greatest) greatest = max;
    }
    data.push(line);
  }
  return { data, ...bounds(least, greatest) };
}

export interface Stretch { from: number; to: number }

/** emptyStretches returns the spans, longer than a pause, in which no line has a value. */
export function emptyStretches(times: Float64Array, lines: Line[], pause: number): Stretch[] {
  const found: Stretch[] = [];
  const n = times.length;
  if (n < 2) return found;
  let begin = -1;
  for (let i = 0; i <= n; i++) {
    const empty = i < n && lines.every(({ values }) => Number.isNaN(values[i]));
    if (empty && begin < 0) begin = i;
    if (!empty && begin >= 0) {
      const from = times[Math.max(0, begin - 1)] as number, to = times[Math.min(n - 1, i)] as number;
      if (to - from > pause) found.push({ from, to });
      begin = -1;
    }
  }
  return found;
}

export interface Statistics { min: number; mean: number; max: number; last: number; points: number }

/** statistics returns figures of a line in a window. NaN stands for none. */
export function statistics(times: Float64Array, values: Float64Array, from: number, to: number): Statistics {
  let min = Infinity, max = -Infinity, sum = 0, points = 0, last = NaN;
  const hi = Math.min(times.length, lowerBound(times, to + 1e-9));
  for (let i = lowerBound(times, from); i < hi; i++) {
    const v = values[i] as number;
    if (Number.isNaN(v)) continue;
    if (v < min) min = v;
    if (v > max) max = v;
    sum += v;
    points++;
    last = v;
  }
  return points === 0 ? { min: NaN, mean: NaN, max: NaN, last: NaN, points } : { min, mean: sum / points, max, last, points };
}
