// The tables of a host at an instant.
import { fill, h, type Child } from "../dom";
import { Table as Rowed } from "../table";
import { length } from "../time";
import { menu, type Action } from "../menu";
import type { Row, Rows } from "./ask";
import { show } from "./format";
import { leading, process, type Table } from "./tables";

const firstRows = 12;

/** TableView shows a table. */
export class TableView {
  readonly element: HTMLElement;
  private readonly place = h("div");
  private readonly note = h("p", { class: "dim" });
  private last: Rows | null = null;
  private sorted: string;
  private shown: Rowed<Row>;

  constructor(readonly table: Table, resource: string, actions: (rows: Rows, table: Table) => Action[]) {
    this.element = h("article", { class: "card", attrs: { "aria-busy": true, "aria-label": table.title } },
      h("div", { class: "card-head" }, h("h2", {}, table.title), menu(`Copy ${table.title}`, () => (this.last ? actions(this.last, table) : []))), this.place, this.note);
    this.sorted = resource;
    this.shown = this.build();
  }

  /** lead sorts the processes by what the resource is about. */
  lead(resource: string): void {
    if (resource === this.sorted) return;
    this.sorted = resource;
    this.shown = this.build();
    if (this.last) this.show(this.last);
  }

  private build(): Rowed<Row> {
    const { table } = this, sortBy = table.name === "process" ? leading(this.sorted) : table.columns[0]!.name;
    const names = table.name === "process"
      ? [{ title: "PID", value: (r: Row) => Number(process(r.instance).pid), cell: (r: Row): Child => process(r.instance).pid, numeric: true, class: "pid" },
        { title: "Command", value: (r: Row) => process(r.instance).command, cell: (r: Row): Child => h("span", { title: process(r.instance).command }, process(r.instance).command), class: "command" }]
      : [{ title: table.row[0]!.toUpperCase() + table.row.slice(1), value: (r: Row) => r.instance, class: "command" }];
    const built = new Rowed<Row>({
      label: table.title, most: firstRows, empty: "No values at this time.",
      columns: [...names, ...table.columns.map((column, i) => ({
        title: column.name, value: (r: Row) => r.values[i] ?? NaN, cell: (r: Row): Child => show(r.values[i] ?? NaN, column.unit), numeric: true,
      }))],
      sort: { column: names.length + table.columns.findIndex((c) => c.name === sortBy), down: true },
    });
    fill(this.place, built.element);
    return built;
  }

  /** show replaces the rows. */
  show(rows: Rows): void {
    this.last = rows;
    const none = rows.missing.length === this.table.columns.length;
    this.place.hidden = none;
    if (!none) this.shown.show(rows.rows);
    const said = none ? `Not logged by this host: ${rows.missing.join(", ")}.`
      : [rows.over > 60 ? `Rates over ${length(rows.over)}.` : "", rows.missing.length > 0 ? `Not logged: ${rows.missing.join(", ")}.` : ""].filter(Boolean).join(" ");
    fill(this.note, said);
    this.note.hidden = said === "";
    this.element.setAttribute("aria-busy", "false");
  }

  /** fail says why there are no rows. */
  fail(text: string): void {
    fill(this.note, text);
    this.note.hidden = false;
    this.element.setAttribute("aria-busy", "false");
  }
}
