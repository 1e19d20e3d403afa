// What happened on the hosts, at first sight: a strip for each host, the worst minutes in
// words, and the rules behind both.
import { get, Latest } from "../api";
import { button, choice, fill, h } from "../dom";
import { copy, download } from "../export";
import { menu } from "../menu";
import { worstCSV, worstPromQL } from "../overview/save";
import type { Page, Screen, View } from "../screen";
import type { State } from "../state";
import { span, stamp } from "../time";
import type { HostLine, Overview } from "../overview/contract";
import { clamp, shifted, zoomed } from "../overview/gesture";
import { HeatMap } from "../overview/heatmap";
import { legend } from "../overview/legend";
import type { Range } from "../overview/strip";
import { missingPanel, rulesPanel, WorstTable, worstOf, type Worst } from "../overview/words";

export const overview: Screen = { id: "overview", title: "Overview", open: (page) => new OverviewView(page) };

const RESOURCES: [string, string][] = [["", "the worst of all"], ["cpu", "CPU"], ["memory", "memory"], ["disk", "disks"], ["network", "network"], ["filesystem", "file systems"]];

const mostLevels = 600_000; // of all hosts

/** askOverview reads what happened in a window; hosts may be empty for all. */
export async function askOverview(view: Range, steps: number, hosts: string[], signal: AbortSignal): Promise<Overview> {
  const reply = await get<{ data: Overview }>("api/overview", { start: view.start, end: view.end, steps, host: hosts }, signal);
  return reply.data;
}

class OverviewView implements View {
  readonly element: HTMLElement;
  readonly keys = [
    { key: "+", text: "Show less time", act: () => this.zoom(zoomed(this.range, 0.5, 0.5)) },
    { key: "-", text: "Show more time", act: () => this.zoom(zoomed(this.range, 0.5, 2)) },
    { key: "ArrowLeft", text: "Earlier", act: () => this.zoom(shifted(this.range, -0.25)) },
    { key: "ArrowRight", text: "Later", act: () => this.zoom(shifted(this.range, 0.25)) },
    { key: "0", text: "Everything", act: () => this.page.address.set({ from: 0, to: 0 }) },
    { key: "w", text: "The worst minute", act: () => this.openWorst() },
  ];
  private range: Range;
  private data: Overview | null = null;
  private worst: Worst[] = [];
  private resting = 0;
  private readonly latest = new Latest();
  private readonly heat: HeatMap;
  private readonly title = h("h1");
  private readonly scale = h("div");
  private readonly resource = h("span");
  private readonly status = h("p", { class: "heat-status dim", attrs: { "aria-hidden": true } });
  private readonly worstPlace = h("div");
  private readonly notes = h("div");

  constructor(private readonly page: Page) {
    this.range = this.windowOf();
    this.heat = new HeatMap({
      view: () => this.range, whole: () => this.whole(), zone: () => page.zone(),
      link: (host) => page.address.link(this.target(host, this.peakOf(host))),
      zoom: (to) => this.zoom(clamp(to, this.whole())),
      pick: (host, time) => page.address.set(this.target(host, time)),
      hover: (host, time) => this.hovered(host, time),
    });
    this.element = h("section", { class: "overview", attrs: { "aria-busy": true } },
      h("div", { class: "screen-bar" }, this.title, this.resource, button("Everything", () => page.address.set({ from: 0, to: 0 }), { title: "The whole recording (0)" }),
        menu("Copy the overview", () => [
          { text: "Copy link", act: () => void copy(location.href).then((done) => page.announce(done ? "Copied." : "Copy the address from the browser’s bar.")) },
          { text: "Copy PromQL of the worst minutes", act: () => void copy(worstPromQL(this.worst)).then((done) => page.announce(done ? "Copied." : "The browser does not allow copying.")) },
          { text: "Save the worst minutes as CSV", act: () => download("worst-minutes.csv", new Blob([worstCSV(this.worst, page.zone())], { type: "text/csv" })) },
          { text: "Save the strips as PNG", act: () => void this.heat.picture().then((blob) => blob && download("overview.png", blob)) },
        ])),
      this.heat.element, h("div", { class: "screen-bar" }, this.scale, this.status),
      h("h2", {}, "The worst minutes"), this.worstPlace, this.notes);
    this.say();
  }

  update(state: Readonly<State>, changed: Set<keyof State>, reloaded: boolean): void {
    const all = changed.has("screen") || reloaded;
    if (changed.has("theme") || all) fill(this.scale, legend());
    if (changed.has("zone") || changed.has("theme") || changed.has("more")) this.render();
    if (changed.has("more") || all) {
      fill(this.resource, choice("Colour by", RESOURCES, state.more["overview.by"] ?? "", (by) => this.page.address.set({ more: { ...state.more, "overview.by": by } })));
    }
    if (all || changed.has("from") || changed.has("to") || changed.has("hosts")) {
      this.range = this.windowOf();
      this.heat.redraw();
      this.load();
    }
  }

  close(): void {
    clearTimeout(this.resting);
    this.latest.stop();
    this.heat.close();
  }

  private windowOf(): Range {
    const { from, to } = this.page.window();
    return { start: from, end: to };
  }

  private whole(): Range {
    const { from, to } = this.page.whole();
    return { start: from, end: to };
  }

  /** zoom shows a range at once, and asks for its details when the zoom has come to rest. */
  private zoom(to: Range): void {
    const whole = this.whole();
    this.range = clamp(to, whole);
    this.heat.redraw();
    this.say();
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => {
      const { start, end } = this.range;
      const all = start <= whole.start && end >= whole.end;
      this.page.address.set(all ? { from: 0, to: 0 } : { from: start, to: end });
    }, 200);
  }

  private load(): void {
    this.element.setAttribute("aria-busy", "true");
    const width = Math.round(this.element.clientWidth || window.innerWidth);
    const steps = Math.max(200, Math.min(1500, width, Math.floor(mostLevels / Math.max(1, this.page.hosts().length))));
    const { start, end } = this.range;
    this.latest.run((signal) => askOverview({ start, end }, steps, this.page.chosen(), signal)).then(
      (data) => {
        this.data = data;
        this.render();
        this.element.setAttribute("aria-busy", "false");
        void this.page.metrics().catch(() => undefined); // the other screens need them
      },
      (error: unknown) => {
        this.element.setAttribute("aria-busy", "false");
        fill(this.worstPlace, h("p", { class: "error", attrs: { role: "alert" } }, `The overview cannot be made: ${(error as Error).message}`));
      },
    );
  }

  private render(): void {
    this.say();
    if (!this.data) return;
    const by = this.page.address.get().more["overview.by"] ?? "";
    this.heat.show(this.data, by);
    this.worst = worstOf(this.data, by);
    const table = new WorstTable(() => this.page.zone(), (w) => this.page.address.link(this.incident(w)), (w, event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.page.address.set(this.incident(w));
    });
    table.show(this.worst);
    fill(this.worstPlace, table.element);
    const explore = (expr: string): string => this.page.address.link({ screen: "explore", queries: [{ text: expr, promql: true, raw: false, only: [] }] });
    fill(this.notes, missingPanel(this.data), rulesPanel(this.data.rules, explore));
  }

  private say(): void {
    const n = this.page.hosts().length;
    fill(this.title, `${n} ${n === 1 ? "host" : "hosts"}`, h("small", {}, ` ${span(this.range.start, this.range.end, this.page.zone())}`));
  }

  private hovered(host: HostLine | null, time: number): void {
    if (!host || !this.data) {
      fill(this.status, "A click opens the host at that time. The wheel zooms, dragging selects.");
      return;
    }
    const i = Math.floor((time - this.data.start) / this.data.step);
    const covered = host.covered.some(([from, to]) => time >= from && time <= to);
    const rule = this.data.rules[host.cause[i] ?? -1];
    const level = host.level[i];
    const said = !covered ? "not recorded" : level == null || (level === 0 && !rule) ? "no rule has a value" : level < 0.5 ? "calm" : `${rule?.title ?? ""}: ${Math.round(level * 100)} % of the scale`;
    fill(this.status, `${host.host} · ${stamp(time, this.page.zone())} · ${said}`);
  }

  /** target is the screen of a host at a time, with the window around it. */
  private target(host: HostLine, time: number): Partial<State> {
    const { start, end } = this.range;
    const length = Math.min(end - start, 3600);
    const from = Math.max(this.whole().start, Math.min(time - length / 2, this.whole().end - length));
    return { screen: "host", hosts: [host.host], from, to: from + length, at: time };
  }

  /** incident is the screen of the host of an incident, at its worst moment. */
  private incident(w: Worst): Partial<State> {
    const at = this.peakOf(w.host, w);
    const beside = Math.max(300, w.end - w.start);
    const more = { ...this.page.address.get().more, "host.by": w.resource };
    return { screen: "host", hosts: [w.host.host], from: Math.max(w.host.start, w.start - beside), to: Math.min(w.host.end, w.end + beside), at, more };
  }

  /** peakOf returns the time of the highest level of a host, or within an incident of it. */
  private peakOf(host: HostLine, w?: Worst): number {
    const data = this.data;
    if (!data) return host.start;
    const levels = (w && host.resources[w.resource]) ?? host.level;
    let best = -1, from = -1, to = -1;
    levels.forEach((level, i) => {
      const t = data.start + (i + 0.5) * data.step;
      if (level === null || (w && (t < w.start || t > w.end))) return;
      if (level > best) (best = level), (from = to = t);
      else if (level === best && t - to <= data.step * 1.5) to = t;
    });
    if (best < 0) return w ? (w.start + w.end) / 2 : host.start;
    const middle = (from + to) / 2;
    return w ? Math.min(w.end, Math.max(w.start, middle)) : middle;
  }

  private openWorst(): void {
    const first = this.worst[0];
    if (first) this.page.address.set(this.incident(first));
  }
}
