// The worst minutes and what was not logged, as tables.
import { button, h } from "../dom";
import { Table } from "../table";
import { clock, day, length, type Zone } from "../time";
import { dark } from "../theme";
import type { HostLine, Incident, Overview, Rule } from "./contract";
import { ramp, shade } from "./ramp";

/** Worst is an incident of a host. */
export interface Worst extends Incident { host: HostLine }

/** worstOf returns the incidents of all hosts, the worst first. */
export function worstOf(data: Overview, resource: string): Worst[] {
  return data.hosts.flatMap((host) => host.worst.filter((w) => resource === "" || w.resource === resource).map((w) => ({ ...w, host })))
    .sort((a, b) => b.level - a.level || (b.end - b.start) - (a.end - a.start) || a.start - b.start);
}

/** when formats the time of an incident as 14:05–14:20, with the date where days differ. */
export function when(w: { start: number; end: number }, zone: Zone): string {
  const end = day(w.start, zone) === day(w.end, zone) ? clock(w.end, zone, true) : `${day(w.end, zone)} ${clock(w.end, zone, true)}`;
  return `${day(w.start, zone)} ${clock(w.start, zone, true)}–${end}`;
}

/** withoutTime returns the words of an incident without the times they begin with, which a column of their own shows. */
export function withoutTime(words: string): string {
  return words.replace(/^\d\d:\d\d(:\d\d)?\s*[–-]\s*(\d{4}-\d\d-\d\d )?\d\d:\d\d(:\d\d)?\s*/, "");
}

/** swatch returns a square with the colour of a level. */
export function swatch(level: number): HTMLElement {
  return h("span", { class: "swatch", attrs: { "aria-hidden": true }, css: { background: ramp(dark()).colours[shade(level)]! } });
}

const shownFirst = 10;

/** WorstTable lists incidents; each leads to its host at its time. */
export class WorstTable {
  readonly element = h("div");
  private readonly table: Table<Worst>;
  private readonly more = button("", () => this.all(), { class: "quiet" });
  private rows: Worst[] = [];
  private whole = false;

  constructor(zone: () => Zone, link: (w: Worst) => string, follow: (w: Worst, event: MouseEvent) => void) {
    this.table = new Table<Worst>({
      label: "The worst minutes",
      empty: "No rule found a host saturated in this window.",
      columns: [
        { title: "Host", class: "host", value: (w) => w.host.host, cell: (w) => h("span", {}, swatch(w.level), w.host.host) },
        { title: `When (${zone().name})`, value: (w) => w.start, cell: (w) => when(w, zone()), class: "time" },
        { title: "For", value: (w) => w.end - w.start, cell: (w) => length(w.end - w.start), numeric: true },
        {
          title: "What", value: (w) => w.words, class: "words", cell: (w) => h("a", {
            attrs: { href: link(w) }, onclick: (event) => follow(w, event),
          }, withoutTime(w.words)),
        },
        { title: "Resource", value: (w) => w.resource },
      ],
    });
    this.element.append(this.table.element, this.more);
  }

  show(rows: Worst[]): void {
    this.rows = rows;
    const cut = !this.whole && rows.length > shownFirst;
    this.table.show(cut ? rows.slice(0, shownFirst) : rows);
    this.more.hidden = !cut;
    this.more.textContent = `Show all ${rows.length}`;
  }

  private all(): void {
    this.whole = true;
    this.show(this.rows);
  }
}

/** missingPanel says which rules say nothing about which hosts, and what they would need. */
export function missingPanel(data: Overview): HTMLElement | null {
  const byRule = new Map<string, { hosts: string[]; metrics: Set<string> }>();
  for (const host of data.hosts) {
    for (const { rule, metrics } of host.missing) {
      const entry = byRule.get(rule) ?? { hosts: [], metrics: new Set<string>() };
      entry.hosts.push(host.host);
      for (const metric of metrics) entry.metrics.add(metric);
      byRule.set(rule, entry);
    }
  }
  if (byRule.size === 0) return null;
  const table = new Table<[Rule, { hosts: string[]; metrics: Set<string> }]>({
    label: "What was not logged", columns: [
      { title: "Rule", value: ([rule]) => rule.title },
      { title: "Resource", value: ([rule]) => rule.resource },
      { title: "Metrics that were not logged", value: ([, m]) => [...m.metrics].join(", "), cell: ([, m]) => h("code", {}, [...m.metrics].join(", ")) },
      { title: "By", value: ([, m]) => m.hosts.length, cell: ([, m]) => hostList(m.hosts, data.hosts.length) },
    ],
  });
  table.show(data.rules.filter((rule) => byRule.has(rule.name)).map((rule) => [rule, byRule.get(rule.name)!]));
  const n = byRule.size;
  return h("details", { class: "fold" },
    h("summary", {}, `Not logged: ${n} of ${data.rules.length} rules say nothing about some hosts`), table.element);
}

function hostList(hosts: string[], all: number): string {
  if (hosts.length === all) return all === 1 ? hosts[0]! : `all ${all} hosts`;
  const named = hosts.slice(0, 4).join(", ");
  return hosts.length > 4 ? `${named} and ${hosts.length - 4} more` : named;
}

/** rulesPanel shows the rules as they are: from which values on what counts as saturated. */
export function rulesPanel(rules: Rule[], explore: (expr: string) => string): HTMLElement {
  const table = new Table<Rule>({
    label: "Rules", columns: [
      { title: "Resource", value: (r) => r.resource },
      { title: "Kind", value: (r) => r.kind },
      { title: "Rule", value: (r) => r.title },
      { title: "PromQL", value: (r) => r.expr, cell: (r) => h("div", {}, ...[r.expr, ...r.others.map((o) => o.expr)].map((expr) => h("div", {}, h("a", { attrs: { href: explore(expr) } }, h("code", {}, expr.trim()))))) },
      { title: "Warns from", value: (r) => r.warn, cell: (r) => `${r.warn} ${r.unit}`, numeric: true },
      { title: "Saturated from", value: (r) => r.bad, cell: (r) => `${r.bad} ${r.unit}`, numeric: true },
    ],
  });
  table.show(rules);
  return h("details", { class: "fold" }, h("summary", {}, `The ${rules.length} rules behind the colours`),
    h("p", { class: "dim" }, "The colour of a host is that of its worst rule: half the scale at the first limit, the end of it at the second."), table.element);
}
