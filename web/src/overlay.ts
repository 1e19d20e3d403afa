// What plots draw beside lines: hatched spans without values, marks, and the line that is highlighted.
import type uPlot from "uplot";
import type { Stretch } from "./decimate";
import { variable } from "./theme";

/** Mark is a moment or a span that a plot names: a gap in recording, an incident. */
export interface Mark { from: number; to?: number; text: string }

/** hatch returns a pattern of slanted lines. */
function hatch(ctx: CanvasRenderingContext2D): CanvasPattern | string {
  const size = Math.round(8 * devicePixelRatio);
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const t = tile.getContext("2d");
  if (!t) return variable("--hatch");
  t.strokeStyle = variable("--hatch");
  t.lineWidth = devicePixelRatio;
  t.beginPath();
  for (const shift of [-size, 0, size]) {
    t.moveTo(shift, size);
    t.lineTo(shift + size, 0);
  }
  t.stroke();
  return ctx.createPattern(tile, "repeat") ?? variable("--hatch");
}

/** drawStretches hatches spans of time, at least two pixels of each. */
export function drawStretches(u: uPlot, stretches: Stretch[]): void {
  if (stretches.length === 0) return;
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.fillStyle = hatch(u.ctx);
  for (const { from, to } of stretches) {
    const x0 = Math.max(left, u.valToPos(from, "x", true)), x1 = Math.min(left + width, u.valToPos(to, "x", true));
    if (x1 > left && x0 < left + width) u.ctx.fillRect(x0, top, Math.max(2 * devicePixelRatio, x1 - x0), height);
  }
  u.ctx.restore();
}

/** The most marks that get a line; more of them get triangles only. */
const MOST_LINES = 30;

/** drawMarks draws a small triangle at the top of each mark, and a dashed line below it. */
export function drawMarks(u: uPlot, marks: Mark[]): void {
  if (marks.length === 0) return;
  const { left, top, width, height } = u.bbox, r = devicePixelRatio;
  u.ctx.save();
  u.ctx.strokeStyle = u.ctx.fillStyle = variable("--mark");
  u.ctx.lineWidth = r;
  u.ctx.setLineDash([3 * r, 3 * r]);
  const places = new Set(marks.map((mark) => Math.round(u.valToPos(mark.from, "x", true))).filter((x) => x >= left && x <= left + width));
  for (const x of places) {
    if (places.size <= MOST_LINES) {
      u.ctx.beginPath();
      u.ctx.moveTo(x, top);
      u.ctx.lineTo(x, top + height);
      u.ctx.stroke();
    }
    u.ctx.beginPath();
    u.ctx.moveTo(x - 4 * r, top);
    u.ctx.lineTo(x + 4 * r, top);
    u.ctx.lineTo(x, top + 6 * r);
    u.ctx.fill();
  }
  u.ctx.restore();
}

/** drawLine draws a line above the others, with gaps where values are null. */
export function drawLine(u: uPlot, times: ArrayLike<number>, values: (number | null)[], color: string): void {
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  u.ctx.clip();
  u.ctx.beginPath();
  let open = false;
  values.forEach((v, k) => {
    if (v === null) return void (open = false);
    const x = u.valToPos(times[k] as number, "x", true), y = u.valToPos(v, "y", true);
    if (open) u.ctx.lineTo(x, y);
    else u.ctx.moveTo(x, y);
    open = true;
  });
  u.ctx.strokeStyle = color;
  u.ctx.lineWidth = 3 * devicePixelRatio;
  u.ctx.stroke();
  u.ctx.restore();
}
