// The table of what changed most.
import { fill, h } from "../dom";
import { isCounter } from "../names";
import { Table } from "../table";
import { counted, digits, format, parseUnit, perSecond } from "../units";
import { distance, threshold, type Change, type Changes } from "./changes";

const shownRows = 100;

/** ChangeTable lists changes, and what one side alone has. */
export class ChangeTable {
  readonly element: HTMLElement;
  private readonly state = h("p", { class: "dim", attrs: { role: "status" } });
  private readonly bar = h("progress", { attrs: { "aria-label": "Metrics compared" } });
  private readonly filter = h("input", { attrs: { type: "search", placeholder: "Filter metrics", "aria-label": "Filter metrics" }, oninput: () => this.render() });
  private readonly zero = h("input", { attrs: { type: "checkbox", checked: true }, onchange: () => this.render() });
  private readonly table: Table<Change>;
  private readonly only = h("div");
  private found: Changes | null = null;
  private chosenKey = "";

  constructor(private readonly chosen: (change: Change) => void) {
    this.table = new Table<Change>({
      label: "What changed most", most: shownRows, empty: "Nothing changed by so much.",
      choose: (change) => this.take(change),
      chosen: (change) => keyOf(change) === this.chosenKey,
      columns: [
        { title: "Metric", class: "name", value: (c) => c.metric.name, cell: (c) => h("span", { title: `${c.metric.name}\n${c.metric.oneline}` }, c.metric.native ? c.metric.name : c.metric.promql) },
        { title: "Instance", value: (c) => c.series, class: "instance", cell: (c) => h("span", { title: c.series }, c.series) },
        { title: "A", value: (c) => c.a, cell: (c) => value(c, c.a), numeric: true },
        { title: "B", value: (c) => c.b, cell: (c) => value(c, c.b), numeric: true },
        { title: "B : A", value: (c) => distance(c), cell: (c) => factor(c), numeric: true },
        { title: "What it is", value: (c) => c.metric.oneline, class: "help" },
      ],
    });
    this.element = h("div", {}, h("div", { class: "screen-bar" }, h("h2", {}, "What changed most"), this.filter,
      h("label", {}, this.zero, " also from and to zero"), this.bar), this.state, this.table.element, this.only);
  }

  /** choose chooses the row with a key, if there is one. */
  choose(key: string): void {
    const change = this.found?.changes.find((c) => keyOf(c) === key);
    if (change) this.take(change);
  }

  private take(change: Change): void {
    this.chosenKey = keyOf(change);
    this.render();
    this.chosen(change);
  }

  /** show replaces what was found. */
  show(found: Changes): void {
    this.found = found;
    this.render();
  }

  private render(): void {
    const { found } = this;
    if (!found) return;
    this.bar.max = Math.max(1, found.total);
    this.bar.value = found.done;
    this.bar.hidden = found.done >= found.total;
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = found.changes.filter((c) => (this.zero.checked || Number.isFinite(distance(c))) && words.every((w) => `${c.metric.name} ${c.series} ${c.metric.oneline}`.toLowerCase().includes(w)));
    this.table.show(rows);
    const compared = found.changes.length + found.same;
    fill(this.state, found.done < found.total ? `${found.done} of ${counted(found.total, "metric")} compared …`
      : `${counted(found.total, "metric")} with ${counted(compared, "series", "series")} compared: ${counted(found.changes.length, "average differs", "averages differ")} by a factor of ${threshold} or more, ${found.same} not.`,
    found.faults.length > 0 && ` ${counted(found.faults.length, "question")} failed: ${found.faults[0]}`);
    fill(this.only, onlyOn("A", found.onlyA), onlyOn("B", found.onlyB));
  }
}

/** keyOf names a change in the address. */
export function keyOf(c: Change): string {
  return `${c.metric.name} ${c.series}`;
}

/** value formats the average of a change; that of a counter is a rate. */
function value(c: Change, v: number): string {
  const unit = parseUnit(c.metric.units);
  return format(v, isCounter(c.metric) ? perSecond(unit) : unit);
}

/** factor formats how much an average changed. */
function factor({ a, b }: Change): string {
  if (a === 0) return "from 0";
  if (b === 0) return "to 0";
  if (a < 0 !== b < 0) return "other sign";
  return b / a >= 1 ? `× ${digits(b / a)}` : `÷ ${digits(a / b)}`;
}

function onlyOn(side: string, series: { metric: { name: string }; series: string }[]): HTMLElement | null {
  if (series.length === 0) return null;
  const text = series.slice(0, 300).map((s) => (s.series ? `${s.metric.name} [${s.series}]` : s.metric.name)).join(", ");
  return h("details", { class: "fold" }, h("summary", {}, `${counted(series.length, "series has", "series have")} values in ${side} alone`),
    h("p", {}, h("code", {}, text), series.length > 300 && ` and ${series.length - 300} more`));
}
