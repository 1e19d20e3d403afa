// The side of Explore in which metrics are found: a search over the tree of names.
import { Latest, labelValues, search, type Found, type Metric } from "../api";
import { button, debounced, fill, h } from "../dom";
import { selector, tree } from "../names";
import type { Page } from "../screen";
import { counted } from "../units";
import { find } from "./find";
import { NameTree } from "./nametree";
import { Previews } from "./preview";
import { metricRow } from "./row";

const MOST = 60;

export interface BrowserOptions {
  /** choose shows a metric, or hides it. */
  choose: (metric: Metric) => void;
  /** chosen reports whether a metric is shown. */
  chosen: (metric: Metric) => boolean;
}

export class Browser {
  readonly element: HTMLElement;
  private readonly field: HTMLInputElement;
  private readonly results = h("div", { class: "results", onkeydown: (event) => this.move(event) });
  private readonly count = h("p", { class: "dim", attrs: { role: "status" } });
  private readonly latest = new Latest();
  private readonly naming = new Latest();
  private hosts = ""; // those whose metrics are listed
  private previews: Previews;
  private names: NameTree;
  private metrics: Metric[] = [];

  constructor(private page: Page, private options: BrowserOptions) {
    this.previews = new Previews(page);
    this.names = new NameTree(options, () => this.previews);
    const typed = debounced(120, () => page.address.set({ search: this.field.value }, "replace"));
    this.field = h("input", {
      class: "search", attrs: { type: "search", placeholder: "Search names, help, instances, label=value", "aria-label": "Search metrics", spellcheck: "false", autocomplete: "off" },
      oninput: typed, onkeydown: (event) => this.fieldKey(event),
    });
    this.element = h("section", { class: "browser", attrs: { "aria-label": "Metrics" } }, this.field, this.count, this.results);
  }

  focus(): void {
    this.field.focus();
    this.field.select();
  }

  /** load shows the metrics of the archives. */
  async load(): Promise<void> {
    await this.choose();
    this.update(true);
  }

  /** choose lists the metrics of the chosen hosts. */
  private async choose(): Promise<void> {
    const chosen = this.page.chosen(), all = await this.page.metrics();
    this.hosts = chosen.join("\n");
    if (chosen.length === 0) this.metrics = all;
    else {
      const names = new Set(await this.naming.run((signal) => labelValues("__name__", [], chosen, signal, 200_000)));
      this.metrics = all.filter((m) => names.has(m.promql));
    }
    this.names.show(tree(this.metrics));
  }

  /** update shows the search of the state; renew makes all previews anew. */
  update(renew: boolean): void {
    if (renew && this.hosts !== this.page.chosen().join("\n")) {
      void this.choose().then(() => this.update(true), (error: unknown) => this.page.fail(error));
      return;
    }
    const text = this.page.address.get().search;
    if (this.field.value.trim() !== text.trim()) this.field.value = text;
    if (renew) {
      this.previews.close();
      this.previews = new Previews(this.page);
    }
    this.latest.stop();
    if (text.trim() === "") {
      fill(this.count, counted(this.metrics.length, "metric"));
      this.names.render();
      fill(this.results, this.names.element);
      return;
    }
    void this.searched(text.trim());
  }

  /** mark shows anew which metrics are chosen. */
  mark(): void {
    for (const row of this.results.querySelectorAll<HTMLElement>("[data-metric]")) {
      const metric = this.metrics.find((m) => m.name === row.dataset["metric"]);
      if (metric) row.setAttribute("aria-pressed", String(this.options.chosen(metric)));
    }
  }

  close(): void {
    this.latest.stop();
    this.naming.stop();
    this.previews.close();
  }

  private async searched(text: string): Promise<void> {
    const domain = /^in:(\S+)$/.exec(text), label = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.*)$/.exec(text);
    try {
      if (domain) return this.list(this.metrics.filter((m) => m.indom === domain[1]), []);
      if (label) return this.list(await this.withLabel(label[1] ?? "", label[2] ?? ""), []);
      const hits = find(this.metrics, text).map((hit) => hit.metric);
      this.list(hits, []);
      const more = await this.latest.run((signal) => search(text, "instance", 6, signal));
      if (more.results.length > 0) this.list(hits, more.results);
    } catch (error) {
      this.page.fail(error);
    }
  }

  /** withLabel returns the metrics that have a label with a value. */
  private async withLabel(name: string, value: string): Promise<Metric[]> {
    const text = value.replace(/^"|"$/g, "");
    const pattern = text === "" ? ".+" : `.*${text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}.*`;
    const found = new Set(await this.latest.run((signal) => labelValues("__name__", [selector("", [`${name}=~${JSON.stringify(pattern)}`])], this.page.chosen(), signal, 20_000)));
    return this.metrics.filter((m) => found.has(m.promql));
  }

  private list(metrics: Metric[], instances: Found[]): void {
    const rest = metrics.length - MOST;
    fill(this.count, metrics.length === 0 ? "No metric has these words." : `${metrics.length.toLocaleString("en")} of ${counted(this.metrics.length, "metric")}`);
    fill(this.results,
      h("div", { class: "hits" }, ...metrics.slice(0, MOST).map((m) => metricRow(m, m.name, this.previews, this.options))),
      rest > 0 ? h("p", { class: "dim" }, `${rest} more: add a word.`) : null,
      instances.length > 0 ? h("div", { class: "instances" }, h("h3", {}, "Instances"), ...instances.map((found) => this.instance(found))) : null);
  }

  private instance(found: Found): HTMLElement {
    const n = this.metrics.filter((m) => m.indom === found.indom).length;
    return button(h("span", {}, found.name, h("span", { class: "dim" }, ` in ${counted(n, "metric")}`)), () => {
      this.page.address.set({ search: `in:${found.indom ?? ""}` }, "replace");
    }, { class: "row" });
  }

  /** rows returns what the arrow keys walk through. */
  private rows(): HTMLElement[] {
    return [...this.results.querySelectorAll<HTMLElement>("button")].filter((row) => row.offsetParent !== null);
  }

  /** move moves the focus by the arrow keys, from the first row to the search. */
  private move(event: KeyboardEvent): void {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by === 0) return;
    const rows = this.rows(), at = rows.indexOf(document.activeElement as HTMLElement);
    event.preventDefault();
    (at + by < 0 ? this.field : rows[at + by])?.focus();
  }

  private fieldKey(event: KeyboardEvent): void {
    const [first] = this.rows();
    if (event.key === "ArrowDown") {
      event.preventDefault();
      first?.focus();
    } else if (event.key === "Enter" && first?.matches("button.metric")) {
      first.click();
    } else if (event.key === "Escape") {
      this.page.address.set({ search: "" }, "replace");
    }
  }
}
