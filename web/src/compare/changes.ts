// What changed most between two windows, of all metrics: the averages of both sides,
// ranked as the command `pcparchive diff` ranks them.
import { instant, type Labels, type Metric, type Sample, Pool } from "../api";
import { duration, isCounter, selector, seriesKey } from "../names";

/** Side is one of the two things compared: a host between two times. */
export interface Side { host: string; from: number; to: number }

/** Change is a series whose average differs. */
export interface Change { metric: Metric; series: string; labels: Labels; a: number; b: number }

/** Changes is what a comparison has found so far. */
export interface Changes {
  changes: Change[];
  /** Series with values on one side only. */
  onlyA: { metric: Metric; series: string }[];
  onlyB: { metric: Metric; series: string }[];
  /** The number of series that differ by less than the threshold. */
  same: number;
  done: number;
  total: number;
  faults: string[];
}

/** The least factor by which an average must differ, as in `pcparchive diff`. */
export const threshold = 2;

const chunk = 40; // metrics of a query
const most = 100_000; // metrics of a host

// The label that holds the metric's name: "or" takes series as equal whose labels differ
// in nothing but the name.
const nameLabel = "__metric__";

/** compare asks for all metrics, and calls shown each time it knows more. */
export async function compare(a: Side, b: Side, metrics: Metric[], signal: AbortSignal, shown: (found: Changes) => void): Promise<void> {
  const found: Changes = { changes: [], onlyA: [], onlyB: [], same: 0, done: 0, total: Math.min(metrics.length, most), faults: [] };
  const pool = new Pool(3);
  const sorted = [...metrics].sort((x, y) => (x.name < y.name ? -1 : 1)).slice(0, most);
  const parts: Metric[][] = [];
  for (let i = 0; i < sorted.length; i += chunk) parts.push(sorted.slice(i, i + chunk));
  await Promise.all(parts.map((part) => pool.run(signal, async () => {
    try {
      const apart = a.host !== b.host;
      const [left, right] = await Promise.all([averages(a, part, apart, signal), averages(b, part, apart, signal)]);
      merge(found, part, left, right);
    } catch (error) {
      if (signal.aborted) throw error;
      found.faults.push(error instanceof Error ? error.message : String(error));
    }
    found.done += part.length;
    shown(found);
  })));
  shown(found);
}

/** average returns the PromQL of a metric's average on a side. */
export function average(side: Side, metric: Metric): string {
  return `${isCounter(metric) ? "rate" : "avg_over_time"}(${selector(metric.promql, [])}[${duration(side.to - side.from)}])`;
}

/** averages returns the averages of metrics, by metric and series. */
async function averages(side: Side, metrics: Metric[], apart: boolean, signal: AbortSignal): Promise<Map<string, Sample>> {
  const query = metrics.map((m) => `label_replace(${average(side, m)}, "${nameLabel}", ${JSON.stringify(m.promql)}, "", "")`).join(" or ");
  const all = new Map<string, Sample>(), native = new Set(metrics.filter((m) => m.native).map((m) => m.promql));
  for (const sample of await instant(query, side.to, [side.host], signal)) {
    const { [nameLabel]: name = "", ...labels } = sample.labels;
    all.set(`${name} ${seriesOf(labels, native.has(name), apart)}`, { ...sample, labels });
  }
  return all;
}

/** seriesOf names a series without what tells hosts apart, which of a target is its address: that of a native metric by its instance. */
export function seriesOf(labels: Labels, native: boolean, apart = false): string {
  if (native) return labels["instname"] ?? labels["instid"] ?? "";
  const { hostname: _host, machineid: _machine, domainname: _domain, agent: _agent, userid: _user, groupid: _group, ...rest } = labels;
  if (apart) delete rest["instance"];
  return seriesKey(rest);
}

/** merge adds the averages of some metrics to what was found. */
export function merge(found: Changes, metrics: Metric[], a: Map<string, Sample>, b: Map<string, Sample>): void {
  const byName = new Map(metrics.map((m) => [m.promql, m]));
  for (const [key, left] of a) {
    const space = key.indexOf(" ");
    const metric = byName.get(key.slice(0, space)), series = key.slice(space + 1), right = b.get(key);
    if (!metric) continue;
    if (!right) {
      found.onlyA.push({ metric, series });
      continue;
    }
    if (Number.isNaN(left.value) || Number.isNaN(right.value)) continue;
    const change = { metric, series, labels: left.labels, a: left.value, b: right.value };
    if (distance(change) < Math.log(threshold)) found.same++;
    else found.changes.push(change);
  }
  for (const key of b.keys()) {
    const space = key.indexOf(" ");
    const metric = byName.get(key.slice(0, space));
    if (metric && !a.has(key)) found.onlyB.push({ metric, series: key.slice(space + 1) });
  }
  found.changes.sort((x, y) => {
    const dx = distance(x), dy = distance(y);
    return (dx === dy ? 0 : dy - dx) || compareText(x.metric.name, y.metric.name) || compareText(x.series, y.series);
  });
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** distance says how much an average changed: the logarithm of the factor, whichever way. */
export function distance({ a, b }: { a: number; b: number }): number {
  if (a === b) return 0;
  if (a === 0 || b === 0 || a < 0 !== b < 0) return Infinity;
  return Math.abs(Math.log(b / a));
}
