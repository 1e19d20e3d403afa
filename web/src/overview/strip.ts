import { type Ramp, shade } from "./ramp";

/** The levels of a host over time. */
export interface Strip {
  start: number;
  step: number;
  level: readonly (number | null)[];
  covered: readonly (readonly [number, number])[];
  marks: readonly number[];
}

/** A range of time, in seconds. */
export interface Range {
  start: number;
  end: number;
}

const unrated = -1;
const uncovered = -2;

/** draw draws the strip of a range of time over a whole canvas. */
export function draw(canvas: HTMLCanvasElement, strip: Strip, view: Range, ramp: Ramp): void {
  const scale = window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(canvas.clientWidth * scale));
  const height = Math.max(1, Math.round(canvas.clientHeight * scale));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, width, height);
  const columns = shadesOf(strip, view, width);
  const hatch = hatching(context, ramp, scale);
  let from = 0;
  for (let x = 1; x <= width; x++) {
    if (x < width && columns[x] === columns[from]) continue;
    const value = columns[from]!;
    context.fillStyle = value >= 0 ? ramp.colours[value]! : value === unrated ? ramp.unrated : hatch;
    context.fillRect(from, 0, x - from, height);
    from = x;
  }
  drawMarks(context, strip.marks, view, ramp, scale);
}

/** shadesOf returns the colour of each column: that of the highest level within. */
export function shadesOf(strip: Strip, view: Range, width: number): Int16Array {
  const columns = new Int16Array(width).fill(uncovered);
  const perPixel = (view.end - view.start) / width;
  for (const [from, to] of strip.covered) {
    const first = Math.max(0, Math.floor((from - view.start) / perPixel));
    const last = Math.min(width - 1, Math.floor((to - view.start) / perPixel));
    for (let x = first; x <= last; x++) columns[x] = unrated;
  }
  for (let x = 0; x < width; x++) {
    if (columns[x] === uncovered) continue;
    const level = highest(strip, view.start + x * perPixel, view.start + (x + 1) * perPixel);
    if (level !== null) columns[x] = shade(level);
  }
  return columns;
}

/** highest returns the highest level between two times, null if there is none. */
export function highest(strip: Strip, from: number, to: number): number | null {
  const first = Math.max(0, Math.floor((from - strip.start) / strip.step));
  const last = Math.min(strip.level.length - 1, Math.max(first, Math.ceil((to - strip.start) / strip.step) - 1));
  let most: number | null = null;
  for (let i = first; i <= last; i++) {
    const level = strip.level[i];
    if (level != null && (most === null || level > most)) most = level;
  }
  return most;
}

/** hatching returns diagonal lines for times without a record. */
function hatching(context: CanvasRenderingContext2D, ramp: Ramp, scale: number): CanvasPattern | string {
  const size = Math.round(6 * scale);
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const pen = tile.getContext("2d")!;
  pen.strokeStyle = ramp.hatch;
  pen.lineWidth = scale;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 1, size + 1);
    pen.lineTo(shift + size + 1, -1);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat") ?? ramp.hatch;
}

function drawMarks(context: CanvasRenderingContext2D, marks: readonly number[], view: Range, ramp: Ramp, scale: number): void {
  const { width, height } = context.canvas;
  context.fillStyle = ramp.mark;
  let former = -1;
  for (const t of marks) {
    const x = Math.round(((t - view.start) / (view.end - view.start)) * width);
    if (x < 0 || x > width || x === former) continue;
    former = x;
    context.fillRect(x, 0, Math.max(1, Math.round(scale)), height);
    const size = Math.round(3 * scale);
    context.beginPath();
    context.moveTo(x - size, 0);
    context.lineTo(x + size + 1, 0);
    context.lineTo(x + 0.5, size);
    context.fill();
  }
}
