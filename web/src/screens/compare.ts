// Two times of a host, or two hosts, laid over each other, and what changed most between them.
import { Latest, Pool, type Metric } from "../api";
import { choice, fill, h } from "../dom";
import { Group } from "../group";
import type { Page, Screen, View } from "../screen";
import type { State } from "../state";
import { parse, span, stamp } from "../time";
import { compare as compareAll, type Change, type Changes, type Side } from "../compare/changes";
import { ChangeTable, keyOf } from "../compare/changetable";
import { askBoth, main, use } from "../compare/overlay";
import { presets, sides, withSide } from "../compare/sides";
import { askLogged, lines, type Logged } from "../host/ask";
import { plotActions } from "../host/actions";
import { PlotCard } from "../host/plotcard";
import { sections, type Section } from "../host/sections";
import { unitOf } from "../host/format";

export const compare: Screen = { id: "compare", title: "Compare", open: (page) => new CompareView(page) };

class CompareView implements View {
  readonly element: HTMLElement;
  readonly keys = [
    { key: "x", text: "Exchange A and B", act: () => this.exchange() },
    { key: "+", text: "Show less time", act: () => this.group.scale(0.5) },
    { key: "-", text: "Show more time", act: () => this.group.scale(2) },
  ];
  private readonly group: Group;
  private readonly form = h("div", { class: "compare-sides" });
  private readonly cards = h("div", { class: "compare-plots" });
  private readonly chosenPlace = h("div", { class: "compare-chosen" });
  private readonly table: ChangeTable;
  private readonly reading = new Latest();
  private readonly changing = new Latest();
  private readonly choosing = new Latest();
  private plots: PlotCard[] = [];
  private asked = ""; // the sides that are shown
  private chosen: PlotCard | null = null;
  private logged: { a: Logged; b: Logged } | null = null;

  constructor(private readonly page: Page) {
    this.group = new Group(page.window(), page.zone(), {
      zoomed: ({ from, to }) => this.zoomed(from, to), whole: () => page.whole(),
      cursor: (t) => { for (const card of this.all()) card.at(t); },
    });
    this.table = new ChangeTable((change) => this.choose(change));
    this.element = h("section", { class: "compare", attrs: { "aria-busy": true } }, h("h1", {}, "Compare"), this.form,
      h("p", { class: "dim" }, "The plots begin with both windows and show the times of A."), this.chosenPlace, this.cards, this.table.element);
  }

  update(_state: Readonly<State>, changed: Set<keyof State>, reloaded: boolean): void {
    const { a, b } = sides(this.page);
    this.group.show({ from: a.from, to: a.to }, this.page.zone());
    if (changed.has("theme")) for (const card of this.all()) card.recolour();
    fill(this.form, this.side("A", a), this.side("B", b));
    const question = JSON.stringify([a, b]);
    if (question === this.asked && !reloaded) return;
    this.asked = question;
    this.load(a, b);
  }

  close(): void {
    for (const latest of [this.reading, this.changing, this.choosing]) latest.stop();
    for (const card of this.all()) card.plot.close();
  }

  private all(): PlotCard[] {
    return this.chosen ? [this.chosen, ...this.plots] : this.plots;
  }

  /** side returns the controls of a side. */
  private side(name: "A" | "B", side: Side): HTMLElement {
    const { page } = this, zone = page.zone(), { a } = sides(page);
    const hosts = page.archives().hosts.map((x): [string, string] => [x.host, x.host]);
    const begin = h("input", {
      class: "time", attrs: { type: "text", size: 19, value: stamp(side.from, zone), "aria-label": `Begin of ${name}`, spellcheck: "false" },
      onchange: () => this.begins(name, begin.value, side),
    });
    const usual: [string, string][] = presets(a).map(({ text, from }): [string, string] => [String(from), text]);
    const is = usual.find(([from]) => Math.abs(Number(from) - side.from) < 1)?.[0] ?? "";
    return h("div", { class: `compare-side side-${name}`, attrs: { role: "group", "aria-label": `Side ${name}` } },
      h("strong", {}, name), h("span", { class: name === "B" ? "line dash" : "line", attrs: { "aria-hidden": true } }),
      choice(`Host of ${name}`, hosts, side.host, (host) => this.setHost(name, host)), begin,
      h("span", { class: "dim" }, span(side.from, side.to, zone)),
      name === "B" && choice("Time of B", [["", "another time"], ...usual], is, (from) => from && this.setB(side.host, Number(from))));
  }

  private setHost(name: "A" | "B", host: string): void {
    const { address } = this.page, { a, b } = sides(this.page), state = address.get();
    const whole = state.from === 0 && state.to === 0 && !state.more["compare.from"];
    if (name === "B" && whole) address.set(withSide(state, host, 0)); // both whole recordings
    else if (name === "B") this.setB(host, host !== b.host && b.host === a.host ? a.from : b.from);
    else address.set({ hosts: [host], from: a.from, to: a.to, ...withSide(address.get(), b.host, b.from) });
  }

  private begins(name: "A" | "B", text: string, side: Side): void {
    const { address } = this.page, { b } = sides(this.page);
    const t = parse(text, this.page.zone(), side.from);
    if (t === null) return this.page.announce("A time looks like 2026-03-01 14:05, or 14:05.");
    if (name === "B") this.setB(side.host, t);
    else address.set({ from: t, to: t + side.to - side.from, ...withSide(address.get(), b.host, b.from) });
  }

  private setB(host: string, from: number): void {
    const { address } = this.page, { a } = sides(this.page);
    address.set({ from: a.from, to: a.to, ...withSide(address.get(), host, from) });
  }

  private exchange(): void {
    const { a, b } = sides(this.page);
    this.page.address.set({ hosts: [b.host], from: b.from, to: b.to, ...withSide(this.page.address.get(), a.host, a.from) });
  }

  /** zoomed narrows both sides alike. */
  private zoomed(from: number, to: number): void {
    const { a, b } = sides(this.page);
    this.page.address.set({ from, to, ...withSide(this.page.address.get(), b.host, b.from + from - a.from) });
  }

  private load(a: Side, b: Side): void {
    this.element.setAttribute("aria-busy", "true");
    const find = (name: string) => this.page.archives().hosts.find((x) => x.host === name)!;
    this.reading.run(async (signal) => {
      const [left, right] = await Promise.all([a, b].map((side) => askLogged(find(side.host), this.page.metrics(), signal)));
      this.logged = { a: left!, b: right! };
      this.build();
      const both = await this.metrics();
      await Promise.all([this.draw(a, b, signal), this.changes(a, b, both)]);
      if (!this.chosen) this.table.choose(this.page.address.get().more["compare.show"] ?? "");
    }).then(() => this.element.setAttribute("aria-busy", "false"), (error: unknown) => {
      this.element.setAttribute("aria-busy", "false");
      this.page.fail(error);
    });
  }

  /** metrics returns the metrics that either host logged. */
  private async metrics(): Promise<Metric[]> {
    const logged = new Set([this.logged!.a, this.logged!.b].flatMap((side) => [...side.metrics.values()]));
    return (await this.page.metrics()).filter((m) => logged.has(m));
  }

  private build(): void {
    const { a: left, b: right } = this.logged!;
    const wanted = [use, ...main(sections)].filter((s) => lines(left, s).length > 0 && lines(right, s).length > 0);
    if (this.plots.map((p) => p.section.name).join() === wanted.map((s) => s.name).join()) return;
    for (const card of this.plots) card.plot.close();
    this.plots = wanted.map((section) => this.card(section));
    fill(this.cards, ...this.plots.map((card) => card.element));
  }

  private card(section: Section): PlotCard {
    const card: PlotCard = new PlotCard(this.group, section, () => plotActions(this.page, this.logged!.a, section, card), 120);
    return card;
  }

  private async draw(a: Side, b: Side, signal: AbortSignal): Promise<void> {
    const pool = new Pool(2);
    await Promise.all(this.all().map((card) => pool.run(signal, () => this.fillCard(card, a, b, signal))));
  }

  private async fillCard(card: PlotCard, a: Side, b: Side, signal: AbortSignal): Promise<void> {
    try {
      const data = await askBoth(a, b, this.logged!.a, this.logged!.b, card.section, this.cards.clientWidth / 2, signal);
      card.show(data, [], [], data.lines.length === 0 ? "No values in these windows." : "");
    } catch (error) {
      if (!signal.aborted) card.say((error as Error).message);
    }
  }

  private changes(a: Side, b: Side, metrics: Metric[]): Promise<void> {
    let waiting: Changes | null = null;
    const later = (found: Changes): void => {
      if (!waiting) requestAnimationFrame(() => {
        this.table.show(waiting!);
        waiting = null;
      });
      waiting = found;
    };
    return this.changing.run((signal) => compareAll(a, b, metrics, signal, (found) => {
      if (found.done >= found.total) this.table.show(found);
      else later(found);
    }));
  }

  /** choose draws the series of a row of the table above the plots. */
  private choose(change: Change): void {
    const { metric, series } = change;
    const state = this.page.address.get();
    this.page.address.set({ more: { ...state.more, "compare.show": keyOf(change) } }, "replace");
    this.chosen?.plot.close();
    const unit = unitOf(metric);
    const section: Section = {
      name: "chosen", title: series ? `${metric.name} [${series}]` : metric.name, unit,
      lines: [{ name: series || metric.name, metrics: [metric.name], ...(change.labels["instname"] !== undefined ? { instance: series } : {}) }],
    };
    const { a, b } = sides(this.page);
    this.chosen = this.card(section);
    fill(this.chosenPlace, this.chosen.element);
    this.chosen.element.scrollIntoView({ block: "nearest" });
    void this.choosing.run((signal) => this.fillCard(this.chosen!, a, b, signal));
  }
}
