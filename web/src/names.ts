// Names of metrics: PCP's dotted names as a tree, and their series in PromQL.
import type { Labels, Metric } from "./api";

/** Node is a component of dotted names, with what is below it. */
export interface Node {
  name: string;
  path: string;
  metric: Metric | null;
  children: Map<string, Node>;
  /** The number of metrics at and below the node. */
  count: number;
}

/** tree returns the root of the metrics' names. */
export function tree(metrics: Metric[]): Node {
  const root: Node = { name: "", path: "", metric: null, children: new Map(), count: 0 };
  for (const metric of metrics) {
    let at = root;
    at.count++;
    for (const part of metric.name.split(".")) {
      let next = at.children.get(part);
      if (!next) {
        next = { name: part, path: at.path ? `${at.path}.${part}` : part, metric: null, children: new Map(), count: 0 };
        at.children.set(part, next);
      }
      at = next;
      at.count++;
    }
    at.metric = metric;
  }
  return root;
}

/** quote returns a text as a string of PromQL. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

/** escapeRegexp returns an expression of RE2 that matches a text only. */
export function escapeRegexp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** oneOf returns a matcher of a label with some values; "" if there are none. */
export function oneOf(label: string, values: string[]): string {
  const [first] = values;
  if (first === undefined) return "";
  if (values.length === 1) return `${labelName(label)}=${quote(first)}`;
  return `${labelName(label)}=~${quote(values.map(escapeRegexp).join("|"))}`;
}

function labelName(label: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : quote(label);
}

/** selector returns the selector of a metric's series with matchers; of all metrics if the name is "". */
export function selector(name: string, matchers: string[]): string {
  const wanted = matchers.filter((m) => m !== "");
  if (name !== "" && !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) {
    wanted.unshift(quote(name));
    name = "";
  }
  return wanted.length > 0 ? `${name}{${wanted.join(",")}}` : name;
}

/** isCounter reports whether a metric's values only grow. */
export function isCounter(metric: Metric): boolean {
  return metric.semantics === "counter";
}

/** duration formats seconds for PromQL. */
export function duration(s: number): string {
  if (s < 0) return `-${duration(-s)}`;
  return s >= 1 && Number.isInteger(s) ? `${s}s` : `${Math.max(1, Math.round(s * 1000))}ms`;
}

/** hostnamesOf returns the values of the label hostname that series have, sorted. */
export function hostnamesOf(all: Labels[]): string[] {
  return [...new Set(all.map((labels) => labels["hostname"]).filter((name) => name !== undefined))].sort();
}

/** expression returns the PromQL of a metric with some values of the label hostname, a counter as its rate over a range. */
export function expression(metric: Metric, hosts: string[], raw: boolean, range: number): string {
  const chosen = selector(metric.promql, metric.native ? [oneOf("hostname", hosts)] : []);
  return isCounter(metric) && !raw ? `rate(${chosen}[${duration(range)}])` : chosen;
}

/** seriesKey identifies a series by its labels. */
export function seriesKey(labels: Labels): string {
  return Object.keys(labels).filter((n) => n !== "__name__").sort().map((n) => `${n}=${labels[n]}`).join(",");
}

// Labels that say nothing beside the host and the instance of one of PCP's own metrics.
const QUIET = new Set(["__name__", "agent", "domainname", "machineid", "groupid", "userid", "instid"]);

/** seriesNames returns a short name for each of several series: the labels in which they differ. */
export function seriesNames(all: Labels[]): string[] {
  const values = new Map<string, Set<string>>();
  for (const labels of all) {
    for (const [name, value] of Object.entries(labels)) {
      let known = values.get(name);
      if (!known) values.set(name, (known = new Set()));
      known.add(value);
    }
  }
  // A label that repeats the instance's name says nothing.
  const repeats = (name: string): boolean => name !== "instname" && all.every((l) => l[name] === undefined || l[name] === l["instname"]);
  const differ = [...values.keys()].filter((name) => !QUIET.has(name) && !repeats(name) && ((values.get(name)?.size ?? 0) > 1 || all.some((l) => !(name in l))));
  const names = differ.length > 0 ? differ.sort(byImportance) : [];
  return all.map((labels) => {
    const own = names.filter((n) => labels[n] !== undefined);
    if (own.length === 0) return labels["instname"] ?? labels["hostname"] ?? labels["instance"] ?? labels["__name__"] ?? "value";
    if (own.every((n) => n === "hostname" || n === "instname")) return own.map((n) => labels[n]).join(" ");
    return own.map((n) => (n === "instname" || n === "hostname" ? labels[n] : `${n}=${labels[n]}`)).join(" ");
  });
}

function byImportance(a: string, b: string): number {
  const order = ["hostname", "instance", "job", "instname"];
  const rank = (n: string) => (order.indexOf(n) + 1 || order.length + 1);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** parseSelector returns the name of the only metric in an expression, "" if there is none or several. */
export function metricsIn(expr: string, known: Map<string, Metric>): Metric[] {
  const bare = expr.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""');
  const found = new Set<Metric>();
  for (const [word] of bare.matchAll(/[a-zA-Z_:][a-zA-Z0-9_:]*/g)) {
    const metric = known.get(word);
    if (metric) found.add(metric);
  }
  return [...found];
}
