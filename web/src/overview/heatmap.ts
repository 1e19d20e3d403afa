// The strips of all hosts over a range of time, below one axis.
import { fill, h, visible } from "../dom";
import { timeText } from "../axes";
import { onTheme, dark, variable } from "../theme";
import { day, length, type Zone } from "../time";
import type { HostLine, Overview } from "./contract";
import { attach } from "./gesture";
import { ramp } from "./ramp";
import { draw, type Range } from "./strip";
import { ticks } from "./ticks";

export interface HeatMapOptions {
  view: () => Range;
  /** The range that the wheel changes, if it is not the view. */
  window?: () => Range;
  whole: () => Range;
  zone: () => Zone;
  /** The address of the screen of a host at a time. */
  link: (host: HostLine) => string;
  zoom: (to: Range) => void;
  pick: (host: HostLine, time: number) => void;
  hover: (host: HostLine | null, time: number) => void;
}

interface RowOf { host: HostLine; element: HTMLElement; canvas: HTMLCanvasElement; visible: boolean }

/** rated returns the levels of a host, without those that no rule gave. */
function rated(host: HostLine): (number | null)[] {
  const resources = Object.values(host.resources);
  return host.level.map((level, i) => (level === 0 && resources.every((of) => of[i] == null) ? null : level));
}

/** lengthOfGaps returns for how many seconds a host was not recorded. */
function lengthOfGaps(host: HostLine, { start, end }: Range): number {
  const covered = host.covered.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, end) - Math.max(from, start)), 0);
  return Math.max(0, Math.round(end - start - covered));
}

/** HeatMap shows a row for each host. */
export class HeatMap {
  readonly element: HTMLElement;
  private readonly axis = h("div", { class: "heat-axis", attrs: { "aria-hidden": true } });
  private readonly list = h("ul", { class: "heat-rows" });
  private readonly line = h("div", { class: "heat-cursor", attrs: { hidden: true } });
  private readonly pinned = h("div", { class: "heat-pin", attrs: { hidden: true } });
  private readonly frameOf = h("div", { class: "heat-window", attrs: { hidden: true } });
  private readonly part = h("div", { class: "heat-part", attrs: { hidden: true } });
  private readonly ground = h("div", { class: "heat-ground", attrs: { "aria-hidden": true } }, this.frameOf, this.line, this.pinned, this.part);
  private rows: RowOf[] = [];
  private data: Overview | null = null;
  private resource = "";
  private pin = 0;
  private framed: Range | null = null;
  private frame = 0;
  private readonly seen: IntersectionObserver;
  private readonly sized: ResizeObserver;
  private readonly forget: (() => void)[];

  constructor(private readonly options: HeatMapOptions) {
    this.element = h("div", { class: "heat" }, this.axis, h("div", { class: "heat-body" }, this.list, this.ground));
    this.seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const row = this.rows.find((r) => r.element === entry.target);
        if (row) row.visible = entry.isIntersecting;
      }
      this.redraw();
    }, { rootMargin: "200px" });
    this.sized = new ResizeObserver(() => this.redraw());
    this.sized.observe(this.ground);
    this.forget = [onTheme(() => this.redraw()), this.gestures()];
  }

  /** show replaces the hosts. A resource shows its level alone, "" the highest of all. */
  show(data: Overview, resource: string): void {
    this.resource = resource;
    this.data = data;
    const same = this.rows.length === data.hosts.length && data.hosts.every((host, i) => this.rows[i]?.host.host === host.host);
    if (same) data.hosts.forEach((host, i) => this.update(this.rows[i]!, host));
    else this.build(data.hosts);
    this.redraw();
  }

  /** setPin marks a time; 0 means none. */
  setPin(time: number): void {
    this.pin = time;
    this.redraw();
  }

  /** setFrame frames a range, such as that of plots below; null means none. */
  setFrame(range: Range | null): void {
    this.framed = range;
    this.redraw();
  }

  /** picture returns the strips in sight with the hosts' names, for export. */
  picture(): Promise<Blob | null> {
    const shown = this.rows.filter((row) => row.visible && row.canvas.width > 0);
    const scale = window.devicePixelRatio || 1, names = 160 * scale, height = 22 * scale;
    const out = document.createElement("canvas");
    out.width = names + Math.max(1, ...shown.map((row) => row.canvas.width));
    out.height = Math.max(1, shown.length) * height;
    const pen = out.getContext("2d");
    if (!pen) return Promise.resolve(null);
    pen.fillStyle = variable("--paper");
    pen.fillRect(0, 0, out.width, out.height);
    pen.fillStyle = variable("--ink");
    pen.font = `${13 * scale}px system-ui, sans-serif`;
    shown.forEach((row, i) => {
      pen.fillText(visible(row.host.host), 4 * scale, (i + 0.7) * height, names - 8 * scale);
      pen.drawImage(row.canvas, names, i * height);
    });
    return new Promise((resolve) => out.toBlob(resolve, "image/png"));
  }

  /** redraw draws what is in sight at the next frame. */
  redraw(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.seen.disconnect();
    this.sized.disconnect();
    for (const forget of this.forget) forget();
  }

  private build(hosts: HostLine[]): void {
    this.seen.disconnect();
    this.rows = hosts.map((host) => {
      const canvas = h("canvas", { class: "heat-strip", attrs: { role: "img" } });
      const name = h("a", { class: "heat-name", attrs: { href: "#" } });
      const element = h("li", { class: "heat-row" }, name, canvas);
      const row = { host, element, canvas, visible: true };
      this.update(row, host);
      this.seen.observe(element);
      return row;
    });
    fill(this.list, ...this.rows.map((row) => row.element));
  }

  private update(row: RowOf, host: HostLine): void {
    row.host = host;
    const name = row.element.firstElementChild as HTMLAnchorElement;
    fill(name, host.host);
    name.title = host.host;
    name.href = this.options.link(host);
    row.canvas.setAttribute("aria-label", this.summary(host));
  }

  /** summary says in words what a strip shows. */
  private summary(host: HostLine): string {
    const own = host.worst.filter((w) => this.resource === "" || w.resource === this.resource);
    const worst = own.reduce<(typeof own)[number] | null>((most, w) => (!most || w.level > most.level ? w : most), null);
    const gaps = lengthOfGaps(host, this.data!);
    const missing = gaps > 0 ? `, not recorded for ${length(gaps)}` : "";
    if (!worst) return `${host.host}: nothing was saturated${missing}`;
    const zone = this.options.zone();
    return `${host.host}: ${own.length} ${own.length === 1 ? "time" : "times"} of saturation, the worst ${day(worst.start, zone)} ${worst.words}${missing}`;
  }

  private paint(): void {
    const view = this.options.view(), colours = ramp(dark());
    for (const { host, canvas, visible } of this.rows) {
      if (!visible) {
        canvas.width = 0; // frees its memory
        continue;
      }
      const level = this.resource === "" ? rated(host) : host.resources[this.resource] ?? [];
      draw(canvas, { start: this.data!.start, step: this.data!.step, level, covered: host.covered, marks: host.marks }, view, colours);
    }
    this.paintAxis(view);
    this.place(this.pinned, this.pin);
    this.placeFrame(view);
  }

  private placeFrame(view: Range): void {
    const range = this.framed, length = view.end - view.start;
    this.frameOf.hidden = range === null || (range.start <= view.start && range.end >= view.end);
    if (!range) return;
    const left = Math.max(0, (range.start - view.start) / length), right = Math.min(1, (range.end - view.start) / length);
    this.frameOf.style.left = `${left * 100}%`;
    this.frameOf.style.width = `${Math.max(0, right - left) * 100}%`;
  }

  private paintAxis(view: Range): void {
    const width = this.ground.clientWidth, zone = this.options.zone();
    const { times, step } = ticks(view, Math.max(2, Math.floor(width / 90)), zone);
    const share = (t: number): number => (t - view.start) / (view.end - view.start);
    const half = 40 / Math.max(1, width); // of a label, which must not leave the axis
    fill(this.axis, h("div", { class: "heat-times" }, ...times.map((t, i) => h("span", {
      class: share(t) < half ? "first" : share(t) > 1 - half ? "last" : undefined, css: { left: `${share(t) * 100}%` },
    }, timeText(t, times[i - 1], step, zone)))));
  }

  private place(line: HTMLElement, time: number): void {
    const view = this.options.view();
    line.hidden = !(time > 0 && time >= view.start && time <= view.end);
    line.style.left = `${((time - view.start) / (view.end - view.start)) * 100}%`;
  }

  private gestures(): () => void {
    const rowAt = (event: PointerEvent): HostLine | null => {
      const under = document.elementFromPoint(event.clientX, event.clientY)?.closest(".heat-row");
      return this.rows.find((row) => row.element === under)?.host ?? null;
    };
    return attach(this.list, () => this.ground.getBoundingClientRect(), {
      view: this.options.view, ...(this.options.window ? { window: this.options.window } : {}), whole: this.options.whole, zoom: this.options.zoom,
      pick: (time, event) => {
        const host = rowAt(event);
        if (host) this.options.pick(host, time);
      },
      hover: (time, event) => {
        this.place(this.line, time ?? 0);
        this.options.hover(time === null ? null : rowAt(event), time ?? 0);
      },
      select: (part) => {
        this.part.hidden = part === null;
        if (!part) return;
        this.part.style.left = `${part.from * 100}%`;
        this.part.style.width = `${(part.to - part.from) * 100}%`;
      },
      skip: (event) => (event.target as Element).closest(".heat-name") !== null,
    });
  }
}
