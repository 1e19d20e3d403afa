// What can be copied from plots and tables: PromQL, a command of PCP, CSV, a picture.
import { cell, copy, csv, download, pmrep, png } from "../export";
import type { Action } from "../menu";
import type { Page } from "../screen";
import { evenStep } from "../api";
import { needsOf, sectionExpr, lines, type Logged, type Rows } from "./ask";
import type { PlotCard } from "./plotcard";
import type { Section } from "./sections";
import type { Table } from "./tables";

/** plotActions are the entries of a plot's menu. */
export function plotActions(page: Page, logged: Logged, section: Section, card: PlotCard): Action[] {
  const { from, to } = page.window();
  const step = evenStep(from, to, 400, logged.interval);
  const expr = sectionExpr(logged, section, Math.ceil(Math.max(step, 4 * (logged.interval || 15))));
  const metrics = [...new Set(lines(logged, section).flatMap(needsOf).map((name) => logged.metrics.get(name)?.name ?? name))];
  const name = `${logged.host}-${section.name}`.replace(/[^\w.-]+/g, "_");
  return [
    { text: "Copy PromQL", act: () => void copied(page, expr) },
    { text: "Copy pmrep command", act: () => void copied(page, pmrep(page.archives(), { host: logged.host, metrics, instances: [], raw: false, from, to, step })) },
    { text: "Save CSV", act: () => download(`${name}.csv`, new Blob([csv(card.plot.lines(), from, to, page.zone())], { type: "text/csv" })) },
    { text: "Save PNG", act: () => void png([card.plot]).then((blob) => blob && download(`${name}.png`, blob)) },
    { text: "Open in Explore", act: () => page.address.set({ screen: "explore", queries: [{ text: expr, promql: true, raw: false, only: [] }] }) },
  ];
}

/** tableActions are the entries of a table's menu. */
export function tableActions(page: Page, rows: Rows, table: Table, at: () => number): Action[] {
  const { host } = page.hosts()[0] ?? { host: "" };
  const metrics = table.columns.flatMap((c) => c.sources[0] ?? []);
  const half = Math.max(30, rows.over / 2);
  return [
    { text: "Copy PromQL", act: () => void copied(page, rows.expr) },
    { text: "Copy pmrep command", act: () => void copied(page, pmrep(page.archives(), { host, metrics, instances: [], raw: false, from: at() - half, to: at() + half, step: 2 * half })) },
    { text: "Save CSV", act: () => download(`${table.name}.csv`, new Blob([tableCSV(rows, table)], { type: "text/csv" })) },
  ];
}

async function copied(page: Page, text: string): Promise<void> {
  page.announce((await copy(text)) ? "Copied." : "The browser does not allow copying.");
}

/** tableCSV returns a table as CSV, in the units that its head names. */
export function tableCSV(rows: Rows, table: Table): string {
  const head = [table.row, ...table.columns.map((c) => (c.unit ? `${c.name} (${c.unit})` : c.name))].map(cell).join(",");
  const lines = rows.rows.map((row) => [cell(row.instance), ...row.values.map((v) => (Number.isNaN(v) ? "" : String(v)))].join(","));
  return [head, ...lines].join("\r\n") + "\r\n";
}
