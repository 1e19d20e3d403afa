// A table that sorts by its columns.
import { h, fill, type Child } from "./dom";

export interface Column<T> {
  title: string;
  /** What the column sorts by and, without cell, what it shows. */
  value: (row: T) => string | number;
  cell?: (row: T) => Child;
  /** Whether the column has numbers: aligned to the right, the largest first. */
  numeric?: boolean;
  class?: string;
}

export interface TableOptions<T> {
  label: string;
  columns: Column<T>[];
  /** A function called for a click on a row or Enter in it. */
  choose?: (row: T, event: Event) => void;
  /** Whether a row is marked as chosen. */
  chosen?: (row: T) => boolean;
  /** The column to sort by at first, and whether downwards. */
  sort?: { column: number; down: boolean };
  /** The most rows to show; the rest is counted. */
  most?: number;
  empty?: string;
}

/** Table shows rows. */
export class Table<T> {
  readonly element: HTMLElement;
  private body = h("tbody");
  private foot = h("p", { class: "dim", attrs: { "aria-live": "polite" } });
  private rows: T[] = [];
  private sort: { column: number; down: boolean } | null;
  private heads: HTMLElement[];

  constructor(private options: TableOptions<T>) {
    this.sort = options.sort ?? null;
    this.heads = options.columns.map((column, i) => h("th", { class: column.numeric ? "n" : undefined, attrs: { scope: "col" } },
      h("button", { class: "sort", attrs: { type: "button" }, onclick: () => this.sortBy(i) }, column.title)));
    this.element = h("div", { class: "wide" },
      h("table", { class: "list", attrs: { "aria-label": options.label } }, h("thead", {}, h("tr", {}, ...this.heads)), this.body), this.foot);
  }

  /** show replaces the rows. */
  show(rows: T[]): void {
    this.rows = rows;
    this.render();
  }

  private sortBy(column: number): void {
    const numeric = this.options.columns[column]?.numeric ?? false;
    this.sort = this.sort?.column === column ? { column, down: !this.sort.down } : { column, down: numeric };
    this.render();
  }

  private sorted(): T[] {
    const sort = this.sort, column = sort && this.options.columns[sort.column];
    if (!sort || !column) return this.rows;
    const sign = sort.down ? -1 : 1;
    return [...this.rows].sort((a, b) => compare(column.value(a), column.value(b), sign));
  }

  private render(): void {
    this.heads.forEach((head, i) => {
      if (this.sort?.column === i) head.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const most = this.options.most ?? 500;
    const sorted = this.sorted();
    fill(this.body, ...sorted.slice(0, most).map((row) => this.row(row)));
    const more = sorted.length - most;
    fill(this.foot, more > 0 ? `${more.toLocaleString("en")} more rows are not shown.` : sorted.length === 0 ? this.options.empty : null);
    this.foot.hidden = !this.foot.textContent;
  }

  private row(row: T): HTMLElement {
    const { choose, chosen } = this.options;
    const marked = chosen?.(row) ?? false;
    const cells = this.options.columns.map((column, i) => {
      const content = column.cell ? column.cell(row) : column.value(row);
      const shown = i === 0 && choose
        ? h("button", { class: "row", attrs: { type: "button", "aria-pressed": chosen ? String(marked) : undefined } }, content) : content;
      return h("td", { class: [column.numeric ? "n" : "", column.class ?? ""].join(" ").trim() || undefined }, shown);
    });
    return h("tr", { class: marked ? "chosen" : undefined, ...(choose ? { onclick: (event: MouseEvent) => choose(row, event) } : {}) }, ...cells);
  }
}

/** compare orders two values; what is no number comes last in both directions. */
function compare(a: string | number, b: string | number, sign: number): number {
  if (typeof a === "number" && typeof b === "number") {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return sign * (a - b);
  }
  return sign * String(a).localeCompare(String(b), "en", { numeric: true });
}
