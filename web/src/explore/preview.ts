// Small pictures of metrics, made when they come into view.
import { Pool, evenStep, range, type Grid, type Metric } from "../api";
import { h } from "../dom";
import { expression } from "../names";
import type { Page } from "../screen";
import { seriesColor } from "../theme";

const WIDTH = 96, HEIGHT = 22, LINES = 8;
const pool = new Pool(4);

/** rateRange returns the range over which a rate is taken at a step. */
export function rateRange(step: number, interval: number): number {
  return Math.max(step, Math.ceil(3 * (interval || 10)), 1);
}

/** Previews draws previews of the metrics in view, for one window and one choice of hosts. */
export class Previews {
  private readonly ended = new AbortController();
  private readonly watched = new Map<Element, Metric>();
  private readonly seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const metric = this.watched.get(entry.target);
      if (!entry.isIntersecting || !metric) continue;
      this.seen.unobserve(entry.target);
      void this.draw(entry.target as HTMLCanvasElement, metric);
    }
  }, { rootMargin: "60px" });

  constructor(private page: Page) {}

  /** of returns the preview of a metric. */
  of(metric: Metric): HTMLCanvasElement {
    const canvas = h("canvas", { class: "preview", attrs: { width: WIDTH * devicePixelRatio, height: HEIGHT * devicePixelRatio, "aria-hidden": true } });
    this.watched.set(canvas, metric);
    this.seen.observe(canvas);
    return canvas;
  }

  close(): void {
    this.seen.disconnect();
    this.ended.abort();
  }

  private async draw(canvas: HTMLCanvasElement, metric: Metric): Promise<void> {
    const { from, to } = this.page.window(), interval = this.page.interval();
    const step = evenStep(from, to, 60, interval);
    const expr = expression(metric, [], false, rateRange(step, interval));
    try {
      const grid = await pool.run(this.ended.signal, () => {
        if (!canvas.isConnected) throw new DOMException("scrolled away", "AbortError");
        return range(expr, from, to, step, this.page.chosen(), this.ended.signal, LINES);
      });
      sketch(canvas, grid);
    } catch {
      if (!this.ended.signal.aborted && canvas.isConnected) canvas.classList.add("failed");
    }
  }
}

/** sketch draws lines without axes. Nothing recorded is a dash. */
function sketch(canvas: HTMLCanvasElement, grid: Grid): void {
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  let min = Infinity, max = -Infinity;
  for (const { values } of grid.series) for (const v of values) if (Number.isFinite(v)) (min = Math.min(min, v)), (max = Math.max(max, v));
  const { width, height } = canvas, n = grid.times.length;
  if (min > max) return canvas.classList.add("empty");
  if (min > 0 && min < max * 0.6) min = 0;
  const place = (v: number): number => (max === min ? height / 2 : height - 2 - ((v - min) / (max - min)) * (height - 4));
  ctx.lineWidth = 1.25 * devicePixelRatio;
  grid.series.forEach(({ values }, i) => {
    ctx.strokeStyle = seriesColor(i);
    ctx.beginPath();
    let open = false;
    values.forEach((v, k) => {
      if (!Number.isFinite(v)) return void (open = false);
      const x = n > 1 ? (k / (n - 1)) * width : 0;
      if (open) ctx.lineTo(x, place(v));
      else ctx.moveTo(x, place(v)), ctx.lineTo(x + 2 * devicePixelRatio, place(v));
      open = true;
    });
    ctx.stroke();
  });
}
