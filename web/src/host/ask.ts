// The expressions behind the plots and tables of a host.
import { instant, labelValues, range, type Grid, type Host, type Metric, type Sample } from "../api";
import { duration, isCounter, oneOf, quote, selector } from "../names";
import { parseUnit } from "../units";
import type { Line, Section } from "./sections";
import type { Column, Table, Unit } from "./tables";

/** Logged is what a host logged. */
export interface Logged {
  host: string;
  /** The values of the label hostname that the host's series have. */
  hostnames: string[];
  /** Metrics by PCP name; those of Prometheus also by their name in PromQL. */
  metrics: Map<string, Metric>;
  /** The number of CPUs. */
  cpus: number;
  /** The seconds between two records. */
  interval: number;
}

const mostNames = 100_000;

/** askLogged reads what a host logged. */
export async function askLogged(host: Host, described: Promise<Metric[]>, signal: AbortSignal): Promise<Logged> {
  const own = [host.host];
  const cpus = instant("hinv_ncpu or count by (hostname) (kernel_percpu_cpu_user)", host.end ?? Date.now() / 1000, own, signal);
  const [all, names, hostnames, counted] = await Promise.all([
    described, labelValues("__name__", [], own, signal, mostNames), labelValues("hostname", [], own, signal), cpus,
  ]);
  const known = new Set(names);
  const logged = all.filter((m) => known.has(m.promql));
  const metrics = new Map([...logged.filter((m) => !m.native).map((m): [string, Metric] => [m.promql, m]), ...logged.map((m): [string, Metric] => [m.name, m])]);
  return { host: host.host, hostnames, metrics, cpus: Math.max(1, counted[0]?.value ?? 1), interval: host.interval };
}

// Labels that name the line or the column that a series belongs to.
const lineLabel = "__line__";
const columnLabel = "__column__";

/** joined returns an expression with the series of several, each named by a label. */
function joined(label: string, parts: [string, string][]): string {
  return parts.map(([name, expr]) => `label_replace(${expr}, "${label}", ${quote(name)}, "", "")`).join(" or ");
}

/** has reports whether a host logged all of some metrics. */
export function has(logged: Logged, names: string[]): boolean {
  return names.length > 0 && names.every((name) => logged.metrics.has(name));
}

/** term returns the PromQL of a metric in a unit; a counter as its rate over a number of seconds. */
function term(logged: Logged, name: string, unit: Unit, over: number, matchers: string[], shift = 0): string {
  const metric = logged.metrics.get(name)!;
  const series = selector(metric.promql, [metric.native ? oneOf("hostname", logged.hostnames) : "", ...matchers]);
  if (!isCounter(metric)) return scaled(series, factor(metric, unit));
  return scaled(`rate(${series}[${duration(over)}]${shift !== 0 ? ` offset ${duration(-shift)}` : ""})`, factor(metric, unit));
}

function scaled(expr: string, by: number): string {
  return by === 1 ? expr : `${expr} * ${by}`;
}

/** factor returns the number that turns values of a metric, or its rates, into those of a unit. */
export function factor(metric: Metric, unit: Unit): number {
  const own = parseUnit(metric.units);
  if (unit === "%") return own.kind === "seconds" && isCounter(metric) ? round(own.factor * 100) : own.kind === "ratio" ? 100 : 1;
  if (unit === "ms") return own.kind === "seconds" ? round(own.factor * 1000) : 1;
  if (unit === "bytes" || unit === "bytes/s") return own.kind === "bytes" ? own.factor : 1;
  // Time that requests spent, in each second: as many were under way.
  return unit === "" && own.kind === "seconds" && isCounter(metric) ? own.factor : 1;
}

function round(n: number): number {
  return Number(n.toPrecision(12));
}

/** lineExpr returns the PromQL of a line, "" if the host did not log its metrics. */
export function lineExpr(logged: Logged, line: Line, unit: Unit, over: number): string {
  if (!has(logged, needsOf(line))) return "";
  if (line.expr) return ranged(line.expr, over);
  const matchers = [line.instance !== undefined ? `instname=${quote(line.instance)}` : "", line.without ? `instname!~${quote(line.without)}` : ""];
  let expr = line.metrics.map((name) => term(logged, name, unit, over, matchers)).join(" + ");
  if (line.less) expr = `${expr} - on (hostname) ${term(logged, line.less, unit, over, matchers)}`;
  if (line.over) expr = `(${expr}) / (${term(logged, line.over, "", over, matchers)} > 0)`;
  if (line.perCPU) expr = line.metrics.length > 1 ? `(${expr}) / ${logged.cpus}` : `${expr} / ${logged.cpus}`;
  return expr;
}

/** lines returns the lines of a section that the host logged. */
export function lines(logged: Logged, section: Section): Line[] {
  const known = (all: Line[]): Line[] => all.filter((line) => has(logged, needsOf(line)));
  const own = known(section.lines);
  return own.length > 0 ? own : known(section.others ?? []);
}

/** namesIn returns the metrics in an expression over Prometheus' names. */
export function namesIn(expr: string): string[] {
  return [...new Set(expr.match(/\bnode_[a-zA-Z0-9_]+/g) ?? [])];
}

/** needsOf returns the metrics of a line. */
export function needsOf(line: Line): string[] {
  return [...line.metrics, ...(line.less ? [line.less] : []), ...(line.over ? [line.over] : []), ...namesIn(line.expr ?? "")];
}

/** ranged returns an expression with the range of its rates. */
function ranged(expr: string, over: number, shift = 0): string {
  return expr.replaceAll("[$range]", `[${duration(over)}]${shift !== 0 ? ` offset ${duration(-shift)}` : ""}`);
}

/** sectionExpr returns the PromQL of all lines of a section. */
export function sectionExpr(logged: Logged, section: Section, over: number): string {
  const parts = lines(logged, section).map((line): [string, string] => [line.name, lineExpr(logged, line, section.unit, over)]);
  if (parts.length === 1) return parts[0]![1];
  return joined(lineLabel, parts);
}

/** Curve is a line of a plot with values. */
export interface Curve { name: string; values: Float64Array; labels: Record<string, string> }

/** Plotted are the curves of a section. */
export interface Plotted { grid: Grid; curves: Curve[]; expr: string; hidden: number }

const mostCurves = 8;

/** askSection reads the curves of a section. A rate covers a step, or more where records are rare. */
export async function askSection(logged: Logged, section: Section, from: number, to: number, step: number, signal: AbortSignal): Promise<Plotted> {
  const known = lines(logged, section);
  let grid: Grid | null = null, expr = "";
  for (const over of windows(logged, step)) {
    expr = sectionExpr(logged, section, over);
    grid = await range(expr, from, to, step, [logged.host], signal);
    if (grid.series.length > 0) break;
  }
  const curves = grid!.series.map(({ labels, values }) => {
    const line = labels[lineLabel] ?? known[0]?.name ?? "";
    const found = known.find((l) => l.name === line);
    const name = found?.each ? [labels[found.label ?? "instname"], line].filter(Boolean).join(" ") : line;
    return { name: name || section.title, values, labels };
  });
  const order = new Map(known.map((line, i) => [line.name, i]));
  const rank = (c: Curve): number => order.get(c.labels[lineLabel] ?? "") ?? 0;
  const shown = known.some((l) => l.each) ? largest(curves, mostCurves) : curves;
  shown.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { numeric: true }));
  return { grid: grid!, curves: shown, expr, hidden: curves.length - shown.length };
}

/** windows returns the lengths of rates to try: a logger may log some metrics seldom. */
function windows(logged: Logged, least: number): number[] {
  const first = Math.max(least, 4 * (logged.interval || 15));
  return [first, 10 * first, Math.max(100 * first, 7200)].map(Math.ceil);
}

function largest(curves: Curve[], most: number): Curve[] {
  if (curves.length <= most) return curves;
  const peak = (c: Curve): number => c.values.reduce((m, v) => (v > m ? v : m), -Infinity);
  return [...curves].sort((a, b) => peak(b) - peak(a)).slice(0, most);
}

/** Row is an instance with a value for each column, NaN where there is none. */
export interface Row { instance: string; values: number[] }

/** Rows are the rows of a table. */
export interface Rows { rows: Row[]; expr: string; over: number; missing: string[] }

/** chosen returns the first alternative of a column that the host logged. */
export function chosen(logged: Logged, column: Column): string[] | undefined {
  return column.sources.find((source) => has(logged, source));
}

/** otherExpr returns the expression of a column over node_exporter's names if the host logged its metrics. */
function otherExpr(logged: Logged, column: Column): string | undefined {
  return column.other && has(logged, namesIn(column.other)) ? column.other : undefined;
}

/** Around is the time that rates of a table cover: its length, and how far its end lies after the instant. */
export interface Around { over: number; after: number }

/**
 * around returns a time of a length about an instant. PromQL takes time without records for time in
 * which a counter stood still, so the time lies within the span that was recorded, as far as that is as long.
 */
export function around(at: number, length: number, recorded: { from: number; to: number } | undefined): Around {
  if (!recorded || at < recorded.from || at > recorded.to) return { over: length, after: length / 2 };
  const over = Math.min(length, Math.max(recorded.to - recorded.from, 1));
  const begin = Math.max(recorded.from, Math.min(at - over / 2, recorded.to - over));
  return { over, after: begin + over - at };
}

/** tableExpr returns the PromQL of a table at an instant, with rates over a time about it. */
export function tableExpr(logged: Logged, table: Table, { over, after }: Around): string {
  const parts: [string, string][] = [];
  for (const column of table.columns) {
    const source = chosen(logged, column), other = otherExpr(logged, column);
    if (source) parts.push([column.name, source.map((name) => term(logged, name, column.unit, over, [], after)).join(" + ")]);
    else if (other) parts.push([column.name, ranged(other, over, after)]);
  }
  return joined(columnLabel, parts);
}

/** askTable reads the rows of a table at an instant. */
export async function askTable(logged: Logged, table: Table, at: number, recorded: { from: number; to: number } | undefined, signal: AbortSignal): Promise<Rows> {
  const missing = table.columns.filter((c) => !chosen(logged, c) && !otherExpr(logged, c)).map((c) => c.sources[0]!.join(" + "));
  if (missing.length === table.columns.length) return { rows: [], expr: "", over: 0, missing };
  for (const length of windows(logged, 60)) {
    const part = around(at, length, recorded), { over } = part;
    const expr = tableExpr(logged, table, part);
    const samples = await instant(expr, at, [logged.host], signal);
    if (samples.length > 0) return { rows: rowsOf(table, samples), expr, over, missing };
  }
  return { rows: [], expr: tableExpr(logged, table, around(at, 60, recorded)), over: 0, missing };
}

function rowsOf(table: Table, samples: Sample[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { labels, value } of samples) {
    const instance = labels["instname"] ?? labels["instid"] ?? labels[table.label ?? ""] ?? "";
    let row = rows.get(instance);
    if (!row) rows.set(instance, (row = { instance, values: table.columns.map(() => NaN) }));
    const i = table.columns.findIndex((c) => c.name === labels[columnLabel]);
    if (i >= 0) row.values[i] = value;
  }
  return [...rows.values()];
}
