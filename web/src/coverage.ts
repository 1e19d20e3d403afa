// When hosts were recorded: from the archives' ends, and from the records and marks in them.
import { get, type Host } from "./api";
import type { Stretch } from "./decimate";
import type { Mark } from "./overlay";
import type { Page } from "./screen";

/** wholeOf returns the time from the first record of hosts to the last. Without records, from is later than to. */
export function wholeOf(hosts: Host[]): Stretch {
  let from = Infinity, to = -Infinity;
  for (const host of hosts) {
    from = Math.min(from, host.start ?? Infinity);
    to = Math.max(to, host.end ?? -Infinity);
  }
  return { from, to };
}

/** pauseOf returns the time without records from which on hosts count as not recorded. */
export function pauseOf(hosts: Host[]): number {
  return Math.max(2, ...hosts.map((host) => 2.5 * host.interval));
}

/** coveredBy returns the spans in which at least one of the hosts has an archive, by time. Short pauses do not count. */
export function coveredBy(hosts: Host[]): Stretch[] {
  const spans = hosts.flatMap((host) => host.archives)
    .filter((a) => a.start !== undefined && a.end !== undefined)
    .map((a) => ({ from: a.start as number, to: a.end as number }));
  return joined(spans, pauseOf(hosts));
}

/** joined returns spans by time, those with a short pause between them as one. */
function joined(spans: Stretch[], pause: number): Stretch[] {
  const all: Stretch[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = all[all.length - 1];
    if (last && span.from <= last.to + pause) last.to = Math.max(last.to, span.to);
    else all.push({ ...span });
  }
  return all;
}

/** uncovered returns the spans of the page's whole window that others do not cover. Short pauses do not count. */
export function uncovered(covered: Stretch[], page: Page): Stretch[] {
  const pause = pauseOf(page.hosts()), whole = page.whole();
  const found: Stretch[] = [];
  let at = whole.from;
  for (const { from, to } of covered) {
    if (from - at > pause) found.push({ from: at, to: from });
    at = Math.max(at, to);
  }
  if (whole.to - at > pause) found.push({ from: at, to: whole.to });
  return found;
}

/** Recorded is what archives say about the time they cover. */
export interface Recorded { marks: Mark[]; covered: Stretch[] }

interface Reply { data: { hosts: { host: string; marks: number[]; covered: [number, number][] }[] } }

// The answers for each choice of hosts, until the archives change.
let known = new Map<string, Promise<Recorded | null>>();
let knownOf: unknown = null;

/** recorded returns the marks and the covered time of the chosen hosts; null if the server cannot tell. It reads each archive once. */
export function recorded(page: Page): Promise<Recorded | null> {
  if (knownOf !== page.archives()) {
    knownOf = page.archives();
    known = new Map();
  }
  const hosts = page.chosen(), key = hosts.join("\n");
  let found = known.get(key);
  if (!found) {
    const pause = pauseOf(page.hosts());
    found = get<Reply>("api/overview", { steps: 1, host: hosts }).then((reply) => ({
      marks: reply.data.hosts.flatMap((host) => host.marks.map((t) => ({ from: t, text: `mark: ${host.host} was not recorded just before` }))),
      covered: joined(reply.data.hosts.flatMap((host) => host.covered.map(([from, to]) => ({ from, to }))), pause),
    }), () => null);
    known.set(key, found);
  }
  return found;
}
