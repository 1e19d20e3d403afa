// Explore: find a metric, see it.
import type { Metric } from "../api";
import { button, fill, h } from "../dom";
import { Browser } from "../explore/browser";
import { Panel } from "../explore/panel";
import { copy } from "../export";
import { Group } from "../group";
import type { Key } from "../keys";
import type { Page, Screen, View } from "../screen";
import type { PlottedQuery, State } from "../state";

export const explore: Screen = { id: "explore", title: "Explore", open: (page) => new Explore(page) };

class Explore implements View {
  readonly element: HTMLElement;
  readonly keys: Key[];
  private readonly browser: Browser;
  private readonly group: Group;
  private readonly plots = h("div", { class: "plots" });
  private readonly hint = h("div", { class: "hint" });
  private panels: Panel[] = [];
  private metrics = new Map<string, Metric>();
  private cursorSaved = 0;

  constructor(private page: Page) {
    this.browser = new Browser(page, { choose: (metric) => this.choose(metric), chosen: (metric) => this.find(metric) >= 0 });
    this.group = new Group(page.window(), page.zone(), {
      zoomed: ({ from, to }) => this.zoomed(from, to), whole: () => page.whole(), cursor: (t) => this.cursor(t),
      clicked: (t) => page.address.set({ at: t }, "replace"),
    });
    const bar = h("div", { class: "bar" },
      button("+ PromQL", () => this.addExpression(), { title: "Add a plot of an expression" }),
      button("Copy link", () => void copy(location.href).then((done) => page.announce(done ? "The address is copied." : "Copy the address from the browser’s bar."))));
    this.element = h("div", { class: "explore" }, h("h1", { class: "unseen" }, "Explore"), this.browser.element, h("section", { class: "shown", attrs: { "aria-label": "Plots" } }, bar, this.hint, this.plots));
    this.keys = [
      { key: "/", text: "Search metrics", act: () => this.browser.focus() },
      { key: "e", text: "Add an expression in PromQL", act: () => this.addExpression() },
      { key: "+", text: "Show less time", act: () => this.group.scale(0.5) },
      { key: "-", text: "Show more time", act: () => this.group.scale(2) },
      { key: "ArrowLeft", text: "Earlier", act: () => this.group.pan(-0.25) },
      { key: "ArrowRight", text: "Later", act: () => this.group.pan(0.25) },
      { key: "0", text: "The whole recording", act: () => this.group.all() },
    ];
  }

  update(state: Readonly<State>, changed: Set<keyof State>, reloaded: boolean): void {
    if (reloaded) void this.load();
    this.group.show(this.page.window(), this.page.zone());
    const values = reloaded || changed.has("from") || changed.has("to") || changed.has("hosts");
    if (changed.has("search") || values) this.browser.update(values);
    if (this.metrics.size > 0 || state.queries.every((q) => q.promql)) this.render(state, reloaded);
    if (changed.has("at") && state.at > 0) this.group.setCursor(state.at);
  }

  close(): void {
    this.browser.close();
    for (const panel of this.panels) panel.close();
  }

  private async load(): Promise<void> {
    this.element.setAttribute("aria-busy", "true");
    try {
      this.metrics = new Map((await this.page.metrics()).map((m) => [m.name, m]));
      this.render(this.page.address.get(), false);
      await this.browser.load();
    } catch (error) {
      this.page.fail(error);
    }
    this.element.setAttribute("aria-busy", "false");
  }

  /** render makes the panels those of the state. */
  private render(state: Readonly<State>, again: boolean): void {
    state.queries.forEach((query, i) => {
      const panel = this.panels[i];
      if (panel && panel.query.promql === query.promql && (query.promql || panel.query.text === query.text)) return panel.update(query, again);
      const next = new Panel(this.page, this.group, query, this.metrics, { change: (q) => this.change(this.panels.indexOf(next), q) });
      if (panel) {
        panel.element.replaceWith(next.element);
        panel.close();
      } else this.plots.append(next.element);
      this.panels[i] = next;
      next.update(query, true);
    });
    for (const panel of this.panels.splice(state.queries.length)) panel.close();
    fill(this.hint, ...(state.queries.length > 0 ? [] : this.hints()));
    this.browser.mark();
  }

  private hints(): (HTMLElement | null)[] {
    const { examples } = this.page.archives();
    return [
      h("p", {}, "Choose a metric: search for what you look for, as in ", h("em", {}, "disk busy"), ", or open the tree of names."),
      examples.length > 0 ? h("p", {}, "Or begin with an expression over these archives:") : null,
      examples.length > 0 ? h("ul", {}, ...examples.map((expr) => h("li", {}, button(h("code", {}, expr), () => this.add({ text: expr, promql: true, raw: false, only: [] }), { class: "link" })))) : null,
    ];
  }

  private find(metric: Metric): number {
    return this.page.address.get().queries.findIndex((q) => !q.promql && q.text === metric.name);
  }

  private choose(metric: Metric): void {
    const i = this.find(metric);
    if (i >= 0) this.change(i, null);
    else this.add({ text: metric.name, promql: false, raw: false, only: [] });
  }

  private add(query: PlottedQuery): void {
    this.page.address.set({ queries: [...this.page.address.get().queries, query] });
    this.panels[this.panels.length - 1]?.element.scrollIntoView({ block: "nearest" });
  }

  private addExpression(): void {
    this.add({ text: "", promql: true, raw: false, only: [] });
    this.panels[this.panels.length - 1]?.focus();
  }

  private change(i: number, query: PlottedQuery | null): void {
    const queries = [...this.page.address.get().queries];
    if (query) queries[i] = query;
    else {
      queries.splice(i, 1);
      this.panels.splice(i, 1)[0]?.close();
    }
    this.page.address.set({ queries });
  }

  private zoomed(from: number, to: number): void {
    const whole = this.page.whole();
    this.page.address.set(from <= whole.from && to >= whole.to ? { from: 0, to: 0 } : { from: Math.max(1, from), to });
  }

  private cursor(t: number): void {
    for (const panel of this.panels) panel.setCursor(t);
    clearTimeout(this.cursorSaved);
    if (t > 0) this.cursorSaved = window.setTimeout(() => this.page.address.set({ at: t }, "replace"), 600);
  }
}
