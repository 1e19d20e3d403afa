// A plot: lines over time with units, gaps and marks. Plots of a Group share a cursor and
// a window; see group.ts.
import uPlot from "uplot";
import type { Labels } from "./api";
import { picture, emptyStretches, lowerBound, type Picture, type Stretch } from "./decimate";
import { h } from "./dom";
import { drawLine, drawMarks, drawStretches, type Mark } from "./overlay";
import { onTheme, seriesColor } from "./theme";
import { clockAxis, timeAxis, valueAxis, valueRange, zonedDate } from "./axes";
import { stamp } from "./time";
import { format, plain, type Unit } from "./units";
import type { Group } from "./group";

export interface PlotLine {
  key: string;
  name: string;
  labels: Labels;
  values: Float64Array;
  /** The place in the order of colours; the index by default. */
  color?: number;
  dashed?: boolean;
}

export interface PlotData {
  times: Float64Array;
  lines: PlotLine[];
  unit?: Unit;
  /** The seconds without values that are not yet a gap. */
  pause?: number;
}

export interface PlotOptions {
  title: string;
  height?: number;
  unit?: Unit;
  /** Whether the time axis has no dates. */
  undated?: boolean;
  /** Called when the pointer comes near a line, null when it leaves. */
  near?: (line: PlotLine | null) => void;
  /** Called for a click on a line. */
  choose?: (line: PlotLine) => void;
}

const NO_TIMES = new Float64Array(0);

export class Plot {
  readonly element: HTMLElement;
  private chart: uPlot | null = null;
  private data: PlotData = { times: NO_TIMES, lines: [] };
  private shown: Picture = { data: [[]], min: NaN, max: NaN };
  private gaps: Stretch[] = [];
  private uncovered: Stretch[] = [];
  private marks: Mark[] = [];
  private highlighted: string | null = null;
  private nearest: PlotLine | null = null;
  private frame = 0;
  private coarse = false;
  private pace = 4; // pixels for each part while the window moves: more where the machine is slow
  private readonly tip = h("div", { class: "tip", attrs: { "aria-hidden": true } });
  private readonly resizing: ResizeObserver;
  private readonly forgetTheme: () => void;

  constructor(readonly group: Group, readonly options: PlotOptions) {
    this.element = h("div", { class: "plot", attrs: { role: "img", "aria-label": options.title } });
    this.element.append(this.tip);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.element);
    this.forgetTheme = onTheme(() => this.rebuild());
    group.join(this);
  }

  get unit(): Unit {
    return this.data.unit ?? this.options.unit ?? plain;
  }

  /** setData replaces the lines. */
  setData(data: PlotData): void {
    const before = this.unit.text;
    const same = this.chart !== null && data.lines.length === this.data.lines.length &&
      data.lines.every((line, i) => this.data.lines[i]?.key === line.key);
    this.data = data;
    this.nearest = null;
    this.gaps = emptyStretches(data.times, data.lines, data.pause ?? 0);
    if (same && this.unit.text === before) this.draw();
    else this.rebuild();
    this.describe();
  }

  /** setMarks replaces the marks and the spans without a recording. */
  setMarks(marks: Mark[], uncovered: Stretch[] = []): void {
    this.marks = marks;
    this.uncovered = uncovered;
    this.chart?.redraw(false);
  }

  /** highlight draws a line above the others; null means none. */
  highlight(key: string | null): void {
    if (key === this.highlighted) return;
    this.highlighted = key;
    this.chart?.redraw(false);
  }

  /** draw shows the group's window at the next frame. While it moves, with fewer points. */
  draw(coarse = false): void {
    this.coarse = coarse;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  /** setCursor shows the cursor at a time, as another plot has it. 0 means none. */
  setCursor(t: number): void {
    if (!this.chart) return;
    this.tip.hidden = true;
    const left = t > 0 ? this.chart.valToPos(t, "x") : -10;
    if (Number.isNaN(left)) return; // the first window is not set yet
    this.chart.setCursor({ left: left < 0 ? -10 : left, top: left < 0 ? -10 : this.chart.over.clientHeight / 2 }, false);
  }

  /** canvas returns what is drawn, for export. */
  canvas(): HTMLCanvasElement | null {
    return this.chart?.ctx.canvas ?? null;
  }

  lines(): PlotData {
    return this.data;
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.resizing.disconnect();
    this.forgetTheme();
    this.group.leave(this);
    this.chart?.destroy();
    this.chart = null;
    this.element.remove();
  }

  private describe(): void {
    const n = this.data.lines.length;
    const range = Number.isNaN(this.shown.min) ? "no values" : `from ${format(this.shown.min, this.unit)} to ${format(this.shown.max, this.unit)}`;
    this.element.setAttribute("aria-label", `${this.options.title}: ${n} ${n === 1 ? "line" : "lines"}, ${range}`);
  }

  private parts(): number {
    const width = this.element.clientWidth || 600;
    return Math.max(50, Math.floor(width / (this.coarse && this.data.lines.length > 20 ? this.pace : 2)));
  }

  private paint(): void {
    if (!this.chart) return;
    const { from, to } = this.group.window, begin = performance.now();
    this.shown = picture(this.data.times, this.data.lines, from, to, this.parts());
    this.chart.batch(() => {
      this.chart?.setData(this.shown.data as uPlot.AlignedData, false);
      this.chart?.setScale("x", { min: from, max: to });
    });
    const took = performance.now() - begin;
    if (this.coarse) this.pace = took > 9 ? Math.min(16, this.pace * 1.5) : took < 4 ? Math.max(4, this.pace / 1.25) : this.pace;
    this.describe();
  }

  private resize(): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    if (!this.chart) this.rebuild();
    else if (Math.abs(this.chart.width - width) > 1) {
      this.chart.setSize({ width, height: this.options.height ?? 220 });
      this.draw();
    }
  }

  private rebuild(): void {
    this.chart?.destroy();
    this.chart = null;
    const width = this.element.clientWidth;
    if (width === 0) return;
    const { from, to } = this.group.window;
    this.shown = picture(this.data.times, this.data.lines, from, to, this.parts());
    this.chart = new uPlot(this.chartOptions(width), this.shown.data as uPlot.AlignedData, this.element);
    this.chart.setScale("x", { min: from, max: to });
    this.group.watch(this.chart.over, this);
  }

  private chartOptions(width: number): uPlot.Options {
    const many = this.data.lines.length > 12;
    return {
      width, height: this.options.height ?? 220, legend: { show: false }, padding: [11, 8, 0, 0],
      cursor: {
        drag: { x: true, y: false, setScale: false, dist: 4 },
        points: { show: !many, size: 6 },
        y: false,
      },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      scales: { x: { time: true, auto: false }, y: { auto: false, range: () => valueRange(this.shown.min, this.shown.max) } },
      series: [{}, ...this.data.lines.map((line, i) => this.lineOptions(line, i, many))],
      axes: [(this.options.undated ? clockAxis : timeAxis)(width, () => this.group.zone), valueAxis(() => this.unit)],
      tzDate: (t) => zonedDate(t, this.group.zone),
      hooks: {
        ready: [() => { if (this.group.at() > 0) this.setCursor(this.group.at()); }],
        drawAxes: [(u) => drawStretches(u, [...this.gaps, ...this.uncovered])],
        draw: [(u) => this.drawHighlight(u), (u) => drawMarks(u, this.marks)],
        setCursor: [(u) => this.moved(u)],
        setSelect: [(u) => this.selected(u)],
      },
    };
  }

  private lineOptions(line: PlotLine, i: number, many: boolean): uPlot.Series {
    return {
      label: line.name, scale: "y", stroke: () => seriesColor(line.color ?? i), width: many ? 1 : 1.5,
      ...(line.dashed ? { dash: [5, 4] } : {}),
      spanGaps: false,
      points: { show: (_u, s, i0, i1) => i1 - i0 < 3 || this.isolated(s, i0, i1), size: 4 },
    };
  }

  /** isolated reports whether a line has values that no line connects. */
  private isolated(s: number, i0: number, i1: number): boolean {
    const values = this.shown.data[s] as (number | null)[];
    let alone = false;
    for (let i = i0; i <= i1 && !alone; i++) alone = values[i] != null && values[i - 1] == null && values[i + 1] == null;
    return alone && this.data.lines.length <= 12 && i1 - i0 < 400;
  }

  private drawHighlight(u: uPlot): void {
    const i = this.data.lines.findIndex((line) => line.key === this.highlighted);
    if (i < 0) return;
    drawLine(u, this.shown.data[0], this.shown.data[i + 1] as (number | null)[], seriesColor(this.data.lines[i]?.color ?? i));
  }

  private selected(u: uPlot): void {
    const { left, width } = u.select;
    if (width < 4) return;
    const from = u.posToVal(left, "x"), to = u.posToVal(left + width, "x");
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.group.zoom(from, to);
  }

  /** moved follows the cursor: other plots get it, and the nearest line its name. */
  private moved(u: uPlot): void {
    const left = u.cursor.left ?? -10, top = u.cursor.top ?? -10;
    const t = u.posToVal(left, "x");
    if (Number.isNaN(t) || Number.isNaN(left)) return; // the first window is not set yet
    if (left < 0 || top < 0) {
      this.tip.hidden = true;
      this.setNearest(null);
      this.group.cursorAt(this, 0);
      return;
    }
    this.group.cursorAt(this, t);
    this.showTip(u, t, left, top);
  }

  private showTip(u: uPlot, t: number, left: number, top: number): void {
    const i = this.indexAt(t);
    let best: PlotLine | null = null, distance = Infinity, value = NaN;
    for (const line of this.data.lines) {
      const v = line.values[i] as number;
      if (i < 0 || !Number.isFinite(v)) continue;
      const d = Math.abs(u.valToPos(v, "y") - top);
      if (d < distance) (best = line), (distance = d), (value = v);
    }
    this.setNearest(distance < 40 ? best : null);
    const time = stamp(t, this.group.zone);
    const mark = this.marks.find((m) => Math.abs(u.valToPos(m.from, "x") - left) < 5 || (m.to !== undefined && t >= m.from && t <= m.to));
    this.tip.textContent = [best && this.data.lines.length > 1 ? best.name : "", Number.isNaN(value) ? "no value" : format(value, this.unit), time, mark?.text ?? ""].filter(Boolean).join(" · ");
    this.tip.hidden = false;
    const right = left > u.over.clientWidth / 2;
    this.tip.style.left = right ? "" : `${u.over.offsetLeft + left + 12}px`;
    this.tip.style.right = right ? `${u.over.clientWidth - left + 20}px` : "";
    this.tip.style.top = `${Math.max(0, top - 10)}px`;
  }

  /** indexAt returns the index of the point nearest to a time, -1 without points. */
  indexAt(t: number): number {
    const { times } = this.data;
    if (times.length === 0) return -1;
    const i = Math.min(times.length - 1, lowerBound(times, t));
    return i > 0 && t - (times[i - 1] as number) < (times[i] as number) - t ? i - 1 : i;
  }

  private setNearest(line: PlotLine | null): void {
    if (line === this.nearest) return;
    this.nearest = line;
    this.highlight(line?.key ?? null);
    this.options.near?.(line);
  }

  /** clicked chooses the line near the pointer. */
  clicked(): void {
    if (this.nearest) this.options.choose?.(this.nearest);
  }
}
