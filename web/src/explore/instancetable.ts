// The instances of a plot as a table: what they were, and which are shown alone.
import { statistics, type Statistics } from "../decimate";
import { h } from "../dom";
import type { PlotLine } from "../plot";
import { Table } from "../table";
import { seriesColor } from "../theme";
import { format, plain, type Unit } from "../units";

interface Row { line: PlotLine; stats: Statistics; place: number; now: HTMLElement }

export interface InstanceOptions {
  /** isolate shows a line alone, or adds it to those shown. */
  isolate: (key: string, add: boolean) => void;
  hover: (key: string | null) => void;
  /** only returns the keys of the lines that are shown alone. */
  only: () => string[];
}

export class InstanceTable {
  readonly element: HTMLElement;
  private readonly table: Table<Row>;
  private rows: Row[] = [];
  private unit: Unit = plain;
  private cursor = -1;
  private frame = 0;

  constructor(private options: InstanceOptions) {
    const number = (title: string, value: (s: Statistics) => number): { title: string; numeric: true; value: (r: Row) => number; cell: (r: Row) => string } =>
      ({ title, numeric: true, value: (r) => value(r.stats), cell: (r) => format(value(r.stats), this.unit) });
    this.table = new Table<Row>({
      label: "Instances", most: 200,
      columns: [
        { title: "instance", value: (r) => r.line.name, cell: (r) => this.name(r) },
        number("minimum", (s) => s.min), number("mean", (s) => s.mean), number("maximum", (s) => s.max), number("last", (s) => s.last),
        { title: "at cursor", numeric: true, value: (r) => this.at(r), cell: (r) => r.now, class: "cursor" },
      ],
      sort: { column: 3, down: true },
      chosen: (r) => this.options.only().includes(r.line.key),
      choose: (r, event) => this.options.isolate(r.line.key, event instanceof MouseEvent && (event.ctrlKey || event.metaKey || event.shiftKey)),
    });
    this.element = this.table.element;
    this.element.classList.add("instance-table");
    this.element.addEventListener("pointerover", (event) => {
      const row = (event.target as Element).closest?.("tr[data-key], tr");
      this.options.hover(row?.querySelector<HTMLElement>("[data-key]")?.dataset["key"] ?? null);
    });
    this.element.addEventListener("pointerleave", () => this.options.hover(null));
  }

  /** show replaces the lines. */
  show(lines: PlotLine[], times: Float64Array, unit: Unit, from: number, to: number): void {
    this.unit = unit;
    this.rows = lines.map((line, place) => ({ line, stats: statistics(times, line.values, from, to), place, now: h("span") }));
    this.table.show(this.rows);
    this.element.hidden = lines.length === 0;
    this.element.classList.toggle("isolated", this.options.only().length > 0);
    this.showCursor();
  }

  /** near marks the row of a line. */
  near(key: string | null): void {
    for (const mark of this.element.querySelectorAll<HTMLElement>("[data-key]")) mark.closest("tr")?.classList.toggle("near", mark.dataset["key"] === key);
  }

  /** setCursor shows the values of a point; -1 means none. */
  setCursor(i: number): void {
    if (i === this.cursor) return;
    this.cursor = i;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.showCursor());
  }

  private at(row: Row): number {
    return this.cursor < 0 ? NaN : (row.line.values[this.cursor] ?? NaN);
  }

  private showCursor(): void {
    for (const row of this.rows.slice(0, 400)) row.now.textContent = this.cursor < 0 ? "" : format(this.at(row), this.unit);
  }

  private name(row: Row): HTMLElement {
    const name = h("span", { class: "series" }, h("i", { class: "swatch", css: { background: seriesColor(row.line.color ?? row.place) } }), row.line.name);
    name.dataset["key"] = row.line.key;
    name.title = "";
    return name;
  }
}
