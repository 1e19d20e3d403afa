// When hosts were recorded, from the archives' ends.
import type { Host } from "./api";
import type { Stretch } from "./decimate";

/** covered returns the spans in which at least one of the hosts has an archive, by time. */
export function covered(hosts: Host[]): Stretch[] {
  const spans = hosts.flatMap((host) => host.archives)
    .filter((a) => a.start !== undefined && a.end !== undefined)
    .map((a) => ({ from: a.start as number, to: a.end as number }))
    .sort((a, b) => a.from - b.from);
  const joined: Stretch[] = [];
  for (const span of spans) {
    const last = joined[joined.length - 1];
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push({ ...span });
  }
  return joined;
}

/** uncovered returns the spans of a window without an archive. Pauses as short as a few records do not count. */
export function uncovered(hosts: Host[], window: Stretch): Stretch[] {
  const pause = Math.max(2, ...hosts.map((host) => 2.5 * host.interval));
  const found: Stretch[] = [];
  let at = window.from;
  for (const { from, to } of covered(hosts)) {
    if (from - at > pause) found.push({ from: at, to: from });
    at = Math.max(at, to);
  }
  if (window.to - at > pause) found.push({ from: at, to: window.to });
  return found;
}
