// A host at a time: plots that share a window and a cursor, and tables of the instant.
import { evenStep, Latest, Pool, type Host } from "../api";
import { button, choice, fill, h } from "../dom";
import { Group } from "../group";
import type { Page, Screen, View } from "../screen";
import type { State } from "../state";
import { when, withoutTime } from "../overview/words";
import { clock, day, stamp } from "../time";
import { askLogged, askSection, askTable, lines, type Logged } from "../host/ask";
import { plotActions, tableActions } from "../host/actions";
import { PlotCard } from "../host/plotcard";
import { sections, type Section } from "../host/sections";
import type { Spike } from "../host/spikes";
import { tables } from "../host/tables";
import { TableView } from "../host/tableview";
import { Timeline } from "../host/timeline";

export const host: Screen = { id: "host", title: "Host at a time", open: (page) => new HostView(page) };

class HostView implements View {
  readonly element: HTMLElement;
  readonly keys = [
    { key: "n", text: "Next spike", act: () => this.spike(true) },
    { key: "p", text: "Previous spike", act: () => this.spike(false) },
    { key: "ArrowLeft", text: "A step earlier", act: () => this.step(-1) },
    { key: "ArrowRight", text: "A step later", act: () => this.step(1) },
    { key: "+", text: "Show less time", act: () => this.group.scale(0.5, this.at) },
    { key: "-", text: "Show more time", act: () => this.group.scale(2, this.at) },
    { key: "0", text: "Everything", act: () => this.page.address.set({ from: 0, to: 0 }) },
    { key: "c", text: "Compare with the time before", act: () => this.compare() },
  ];
  private at = 0;
  private logged: Logged | null = null;
  private readonly group: Group;
  private readonly timeline: Timeline;
  private readonly cards = new Map<Section, PlotCard>();
  private readonly views: TableView[];
  private readonly title = h("h1");
  private readonly picker = h("span");
  private readonly cardPlace = h("div", { class: "host-plots" });
  private readonly missing = h("p", { class: "dim" });
  private readonly instant = h("p", { class: "host-instant", attrs: { role: "status" } });
  private readonly reading = new Latest();
  private readonly plotting = new Latest();
  private readonly tabling = new Latest();
  private resting = 0;

  constructor(private readonly page: Page) {
    this.group = new Group(page.window(), page.zone(), {
      zoomed: ({ from, to }) => page.address.set({ from, to }),
      cursor: (t) => this.cursor(t),
      clicked: (t) => this.pick(t),
      whole: () => page.whole(),
    });
    this.timeline = new Timeline(page, () => this.host().host, () => ({ start: this.group.window.from, end: this.group.window.to }), (to) => {
      this.group.move(to.start, to.end);
      this.timeline.heat.setFrame(to);
    }, (t) => this.pick(t));
    this.views = tables.map((table) => new TableView(table, this.by(), (rows, t) => tableActions(page, rows, t, () => this.at)));
    this.element = h("section", { class: "host", attrs: { "aria-busy": true } },
      h("div", { class: "screen-bar" }, this.title, this.picker,
        button("◀ Spike", () => this.spike(false), { title: "Previous spike (p)" }), button("Spike ▶", () => this.spike(true), { title: "Next spike (n)" }),
        button("Compare", () => this.compare(), { title: "Compare with the time before (c)" })),
      this.timeline.heat.element, this.instant,
      h("div", { class: "host-columns" }, h("div", {}, this.cardPlace, this.missing), h("div", { class: "host-tables" }, ...this.views.map((v) => v.element))));
  }

  update(state: Readonly<State>, changed: Set<keyof State>, reloaded: boolean): void {
    const all = changed.has("screen") || changed.has("hosts") || reloaded;
    if (changed.has("more") && this.by()) for (const view of this.views) view.lead(this.by());
    if (changed.has("theme")) for (const card of this.cards.values()) card.recolour();
    const window = this.page.window();
    this.group.show(window, this.page.zone());
    this.timeline.heat.setFrame({ start: window.from, end: window.to });
    if (changed.has("zone")) this.timeline.heat.redraw();
    if (all) return void this.open();
    if (changed.has("from") || changed.has("to")) this.plot();
    if (changed.has("at") || changed.has("zone")) this.move(state.at);
  }

  close(): void {
    clearTimeout(this.resting);
    for (const latest of [this.reading, this.plotting, this.tabling]) latest.stop();
    for (const card of this.cards.values()) card.plot.close();
    this.timeline.close();
  }

  /** host is the first of the chosen hosts. */
  private host(): Host {
    return this.page.hosts()[0] ?? { host: "", zone: "", offset: 0, interval: 0, archives: [] };
  }

  private by(): string {
    return this.page.address.get().more["host.by"] ?? "";
  }

  /** open reads what the host logged, and shows it. */
  private open(): void {
    const { host } = this;
    this.element.setAttribute("aria-busy", "true");
    const own = host.call(this);
    this.showPicker(own);
    const read = this.reading.run((signal) => askLogged(own, this.page.metrics(), signal));
    const line = this.timeline.load().catch((error: unknown) => this.page.fail(error));
    read.then((logged) => {
      this.logged = logged;
      this.build(logged);
      this.plot();
      const { at } = this.page.address.get();
      if (at > 0) this.move(at);
      else void line.then(() => this.begin());
      void line.then(() => this.recover());
      this.element.setAttribute("aria-busy", "false");
    }, (error: unknown) => {
      this.element.setAttribute("aria-busy", "false");
      this.page.fail(error);
    });
  }

  private showPicker(own: Host): void {
    const hosts = this.page.archives().hosts;
    fill(this.picker, hosts.length > 1 && choice("Host", hosts.map((x): [string, string] => [x.host, x.host]), own.host, (name) => this.page.address.set({ hosts: [name] })));
    this.say();
  }

  /** begin shows the worst time, and of a recording with long pauses the part about it. */
  private begin(): void {
    const at = this.chosenTime(), { from, to } = this.page.address.get();
    const part = from === 0 && to === 0 ? this.timeline.part(at) : null;
    if (part) this.page.address.set({ ...part, at }, "replace");
    else this.move(at);
  }

  /** chosenTime is the time to begin with: the worst of the window. */
  private chosenTime(): number {
    const { from, to } = this.page.window();
    return this.timeline.peakIn(from, to) ?? this.timeline.inside((from + to) / 2);
  }

  /** build makes the plots of what the host logged, and says what it did not log. */
  private build(logged: Logged): void {
    for (const card of this.cards.values()) card.plot.close();
    this.cards.clear();
    const absent: string[] = [];
    for (const section of sections) {
      if (lines(logged, section).length === 0) absent.push(`${section.title} (${section.lines[0]!.metrics[0]})`);
      else this.cards.set(section, new PlotCard(this.group, section, () => plotActions(this.page, logged, section, this.cards.get(section)!)));
    }
    fill(this.cardPlace, ...[...this.cards.values()].map((card) => card.element));
    fill(this.missing, absent.length > 0 && `Not logged by this host: ${absent.join(", ")}.`);
  }

  /** plot reads the lines of all plots in the window. */
  private plot(): void {
    const { logged } = this;
    if (!logged) return;
    const { from, to } = this.page.window();
    const width = this.cardPlace.clientWidth || 600;
    const step = evenStep(from, to, Math.max(100, width / 2), logged.interval);
    const start = Math.floor(from / step) * step;
    const pool = new Pool(3);
    this.plotting.run((signal) => Promise.all([...this.cards].map(([section, card]) => pool.run(signal, async () => {
      try {
        const { grid, curves, hidden } = await askSection(logged, section, start, to, step, signal);
        const data = { times: grid.times, lines: curves.map((c) => ({ key: c.name, name: c.name, labels: c.labels, values: c.values })) };
        card.show(data, this.marks(), this.timeline.uncovered(from, to), hidden > 0 ? `${hidden} more with lower peaks are not shown.` : curves.length === 0 ? "No values in this window." : "");
        card.at(this.at);
      } catch (error) {
        if (!signal.aborted) card.say((error as Error).message);
      }
    })))).catch(() => undefined);
  }

  private marks(): { from: number; text: string }[] {
    return (this.timeline.line?.marks ?? []).map((t) => ({ from: t, text: "recording interrupted" }));
  }

  /** recover draws marks and times without a recording once they are known. */
  private recover(): void {
    const { from, to } = this.page.window();
    for (const card of this.cards.values()) card.mark(this.marks(), this.timeline.uncovered(from, to));
  }

  /** cursor shows the values under the pointer; when it leaves, those of the chosen time. */
  private cursor(t: number): void {
    const shown = t > 0 ? t : this.at;
    for (const card of this.cards.values()) card.at(shown);
    if (t === 0 && this.at > 0) requestAnimationFrame(() => this.group.setCursor(this.at));
  }

  private pick(t: number): void {
    this.page.address.set({ at: Math.round(t * 1000) / 1000 }, "replace");
  }

  /** move shows a time: the cursor and the tables. */
  private move(at: number): void {
    if (at <= 0) at = this.chosenTime();
    this.at = at;
    this.timeline.heat.setPin(at);
    this.group.setCursor(at);
    for (const card of this.cards.values()) card.at(at);
    for (const view of this.views) view.lead(this.by() || (this.spikeAt()?.resource ?? ""));
    this.say();
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => this.fillTables(at), 60);
  }

  private fillTables(at: number): void {
    const { logged } = this;
    if (!logged) return;
    for (const view of this.views) view.element.setAttribute("aria-busy", "true");
    this.tabling.run((signal) => Promise.all(this.views.map(async (view) => {
      try {
        view.show(await askTable(logged, view.table, at, this.timeline.spanAt(at), signal));
      } catch (error) {
        if (!signal.aborted) view.fail((error as Error).message);
      }
    }))).catch(() => undefined);
  }

  private spikeAt(): Spike | undefined {
    return this.timeline.spikes.find((s) => this.at >= s.start - 1 && this.at <= s.end + 1);
  }

  private say(): void {
    const zone = this.page.zone();
    fill(this.title, this.host().host, this.at > 0 && h("small", {}, ` at ${stamp(this.at, zone)}`));
    const spike = this.spikeAt();
    const oneDay = spike && day(spike.start, zone) === day(spike.end, zone);
    const time = spike && (oneDay ? `${clock(spike.start, zone, true)}–${clock(spike.end, zone, true)}` : when(spike, zone));
    fill(this.instant, spike ? `${time} ${withoutTime(spike.words)}` : null);
    this.instant.hidden = !spike;
  }

  /** step moves the time by a step of the plots. */
  private step(by: number): void {
    const { from, to } = this.page.window();
    this.pick(this.at + by * Math.max(this.logged?.interval ?? 1, (to - from) / 100));
  }

  /** spike goes to the next or the previous spike. */
  private spike(forwards: boolean): void {
    const spike = this.timeline.beside(this.at, forwards);
    if (!spike) return this.page.announce(forwards ? "There is no later spike." : "There is no earlier spike.");
    const { from, to } = this.page.window(), width = to - from;
    const inside = spike.at >= from && spike.at <= to;
    const more = { ...this.page.address.get().more, "host.by": spike.resource };
    this.page.address.set({ at: spike.at, more, ...(inside ? {} : { from: spike.at - width / 2, to: spike.at + width / 2 }) });
    this.page.announce(spike.words);
  }

  /** compare opens Compare with the window and the time of the same length before it. */
  private compare(): void {
    const { from, to } = this.page.window();
    this.page.address.set({ screen: "compare", hosts: [this.host().host], from, to, more: { ...this.page.address.get().more, "compare.from": String(from - (to - from)) } });
  }
}
