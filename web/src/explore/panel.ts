// A plot of Explore: its question, its curve with help and unit, and its instances.
import { Latest, evenStep, range, type Grid, type Metric } from "../api";
import { button, fill, h } from "../dom";
import type { Group } from "../group";
import { cutHeld, stampsOf } from "../held";
import { expression, hostnamesOf, isCounter, metricsIn, seriesKey, seriesNames } from "../names";
import { Plot, type PlotLine } from "../plot";
import { coveredBy, pauseOf, recorded, uncovered } from "../coverage";
import type { Page } from "../screen";
import type { PlottedQuery } from "../state";
import { parseUnit, perSecond, plain, unitName, type Unit } from "../units";
import { actions } from "./actions";
import { EditorField } from "./editorfield";
import { InstanceTable } from "./instancetable";
import { rateRange } from "./preview";

/** The most series of a plot. */
const MOST_SERIES = 300;

export interface PanelOptions {
  /** change replaces the panel's question; null removes the panel. */
  change: (query: PlottedQuery | null) => void;
}

export class Panel {
  readonly element = h("article", { class: "panel-plot" });
  readonly plot: Plot;
  private readonly head = h("header");
  private readonly note = h("div", { class: "notes", attrs: { role: "status" } });
  private readonly table: InstanceTable;
  private readonly latest = new Latest();
  private editor: EditorField | null = null;
  private grid: Grid | null = null;
  private all: PlotLine[] = [];
  private unit: Unit = plain;
  private asked = "";
  step = 1;

  constructor(private page: Page, group: Group, public query: PlottedQuery, private metrics: Map<string, Metric>, private options: PanelOptions) {
    this.table = new InstanceTable({
      isolate: (key, add) => this.isolate(key, add), hover: (key) => this.plot.highlight(key), only: () => this.query.only,
    });
    this.plot = new Plot(group, {
      title: query.text, height: 200, near: (line) => this.table.near(line?.key ?? null), choose: (line) => this.isolate(line.key, false),
    });
    this.element.append(this.head, this.plot.element, this.note, this.table.element);
  }

  /** metric returns the metric that the panel shows by name; null for expressions. */
  metric(): Metric | null {
    return this.query.promql ? null : (this.metrics.get(this.query.text) ?? null);
  }

  /**
   * expr returns the panel's question in PromQL, with the range of a rate for its step. Questions
   * name the hosts beside the expression; hostnames are for expressions that leave the page.
   */
  expr(hostnames: string[] = []): string {
    const metric = this.metric();
    if (!metric) return this.query.text;
    return expression(metric, hostnames, this.query.raw, rateRange(this.step, this.page.interval()));
  }

  /** leaving returns the question in PromQL for other programs: it selects the series of the chosen hosts by their labels. */
  leaving(): string {
    const chosen = this.page.chosen().length > 0;
    return this.expr(chosen ? hostnamesOf(this.all.map((line) => line.labels)) : []);
  }

  lines(): PlotLine[] {
    return this.all;
  }

  /** update asks for the values of the window, unless it is the question asked before. */
  update(query: PlottedQuery, again: boolean): void {
    if (query.text !== this.query.text) this.editor?.set(query.text);
    this.query = query;
    this.renderHead();
    const { from, to } = this.page.window(), interval = this.page.interval();
    const points = Math.min(2000, Math.max(300, Math.round(this.element.clientWidth || 800)));
    this.step = evenStep(from, to, points, interval);
    const asked = JSON.stringify([this.expr(), this.page.chosen(), from, to, this.step]);
    if (asked === this.asked && !again) return this.show();
    this.asked = asked;
    if (this.expr().trim() === "") return this.empty("Write an expression.");
    if (!query.promql && !this.metric()) return this.empty(`No archive has a metric of the name ${query.text}.`);
    this.element.setAttribute("aria-busy", "true");
    const begin = Math.floor(from / this.step - 1) * this.step, end = Math.ceil(to / this.step + 1) * this.step;
    this.latest.run((signal) => this.ask(begin, end, signal)).then((grid) => this.arrived(grid), (error: Error) => this.empty(error.message));
  }

  /** ask asks for the values, and for a metric's values without those that only last. */
  private async ask(from: number, to: number, signal: AbortSignal): Promise<Grid> {
    const metric = this.metric(), hosts = this.page.chosen(), asked = range(this.expr(), from, to, this.step, hosts, signal, MOST_SERIES);
    if (!metric || metric.semantics === "discrete" || this.expr().startsWith("rate(")) return asked;
    const [grid, stamps] = await Promise.all([asked, range(stampsOf(this.expr()), from, to, this.step, hosts, signal).catch(() => null)]);
    if (stamps) cutHeld(grid, stamps);
    return grid;
  }

  setCursor(t: number): void {
    this.table.setCursor(t > 0 ? this.plot.indexAt(t) : -1);
  }

  focus(): void {
    this.editor?.focus();
  }

  close(): void {
    this.latest.stop();
    this.editor?.close();
    this.plot.close();
    this.element.remove();
  }

  private empty(reason: string): void {
    this.element.removeAttribute("aria-busy");
    this.grid = null;
    this.all = [];
    this.plot.setData({ times: new Float64Array(0), lines: [] });
    this.showMarks();
    this.table.show([], new Float64Array(0), this.unit, 0, 0);
    fill(this.note, h("p", { class: "error" }, reason));
  }

  private arrived(grid: Grid): void {
    this.element.removeAttribute("aria-busy");
    this.grid = grid;
    this.unit = this.unitOf();
    const names = seriesNames(grid.series.map((s) => s.labels));
    this.all = grid.series.map((s, i) => ({ key: seriesKey(s.labels), name: names[i] ?? "", labels: s.labels, values: s.values, color: i }));
    const cut = grid.series.length === MOST_SERIES && grid.warnings.some((text) => text.includes("truncated"));
    fill(this.note, cut ? h("p", { class: "warning" }, `Only ${MOST_SERIES} of the series are shown. Choose hosts, or write an expression such as topk(10, …).`) : null, ...[...grid.warnings, ...grid.infos].map((text) => h("p", { class: "warning" }, text)),
      grid.series.length === 0 ? h("p", {}, this.metric() && !this.query.raw && isCounter(this.metric() as Metric) ? "There is no rate in this window, which takes two values in a row. The values themselves may show without “rate”." : "There are no values in this window.") : null);
    this.show();
  }

  private show(): void {
    if (!this.grid) return;
    const { from, to } = this.page.window(), only = this.query.only.filter((key) => this.all.some((line) => line.key === key));
    const lines = only.length > 0 ? this.all.filter((line) => only.includes(line.key)) : this.all;
    const hosts = this.page.hosts();
    this.plot.setData({ times: this.grid.times, lines, unit: this.unit, pause: Math.max(pauseOf(hosts), 1.5 * this.grid.step) });
    this.showMarks();
    this.table.show(this.all, this.grid.times, this.unit, from, to);
    this.setCursor(this.page.address.get().at);
  }

  /** showMarks shows what the ends of archives tell, then what the server finds in them. */
  private showMarks(): void {
    this.plot.setMarks([], uncovered(coveredBy(this.page.hosts()), this.page));
    void recorded(this.page).then((found) => { if (found) this.plot.setMarks(found.marks, uncovered(found.covered, this.page)); });
  }

  private unitOf(): Unit {
    const named = this.metric(), used = named ? [named] : metricsIn(this.query.text, new Map([...this.metrics.values()].map((m) => [m.promql, m])));
    const [metric] = used;
    if (!metric || used.length > 1) return plain;
    const unit = parseUnit(metric.units);
    if (named) return isCounter(named) && !this.query.raw ? perSecond(unit) : unit;
    // An expression keeps the unit of its only metric if it does no arithmetic with it.
    const bare = this.query.text.replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, "");
    if (/[-+*/%^]|\bcount\b|==|[<>]/.test(bare)) return plain;
    return /\b(rate|irate|deriv)\b/.test(bare) ? perSecond(unit) : unit;
  }

  private isolate(key: string, add: boolean): void {
    const { only } = this.query;
    const next = add ? (only.includes(key) ? only.filter((k) => k !== key) : [...only, key]) : only.length === 1 && only[0] === key ? [] : [key];
    this.options.change({ ...this.query, only: next });
  }

  private renderHead(): void {
    const metric = this.metric();
    if (this.query.promql) {
      this.editor ??= new EditorField(this.page, this.query.text, (text) => {
        if (text !== this.query.text) this.options.change({ ...this.query, text, only: [] });
      });
    }
    const unit = metric ? unitName(isCounter(metric) && !this.query.raw ? perSecond(parseUnit(metric.units)) : parseUnit(metric.units)) : "";
    const title = this.query.promql ? this.editor?.element : h("h2", {}, this.query.text);
    const key = JSON.stringify([this.query.promql, this.query.raw, this.query.text, metric?.help]);
    if (this.head.dataset["for"] === key) return;
    this.head.dataset["for"] = key;
    fill(this.head, title ?? null,
      h("div", { class: "tools" },
        metric && isCounter(metric) ? h("label", { class: "switch" }, h("input", {
          attrs: { type: "checkbox", checked: !this.query.raw }, onchange: () => this.options.change({ ...this.query, raw: !this.query.raw }),
        }), " rate") : null,
        this.query.promql ? null : button("PromQL", () => this.options.change({ text: this.leaving(), promql: true, raw: false, only: this.query.only }), { title: "Write the expression yourself" }),
        ...actions(this.page, this),
        button("×", () => this.options.change(null), { class: "close", title: "Remove", attrs: { "aria-label": `Remove ${this.query.text}` } })),
      metric ? this.help(metric, unit) : null);
  }

  private help(metric: Metric, unit: string): HTMLElement {
    const line = h("span", {}, metric.oneline || metric.help.split("\n")[0], unit ? h("span", { class: "unit" }, ` · ${unit}`) : null);
    if (!metric.help || metric.help === metric.oneline) return h("p", { class: "help" }, line);
    return h("details", { class: "help" }, h("summary", {}, line), h("p", {}, metric.help));
  }
}
