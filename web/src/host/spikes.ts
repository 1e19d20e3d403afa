// Spikes of a host: the times at which it was saturated.
import type { HostLine, Overview } from "../overview/contract";

/** Spike is a time at which a host was saturated. */
export interface Spike { at: number; start: number; end: number; words: string; resource: string }

/** spikesOf returns the spikes of a host in order of time: its incidents, else the highest levels. */
export function spikesOf(data: Overview, host: HostLine): Spike[] {
  const spikes = host.worst.length > 0 ? host.worst.map((w) => ({
    at: peak(data, host.resources[w.resource] ?? host.level, w.start, w.end), start: w.start, end: w.end, words: w.words, resource: w.resource,
  })) : runs(data, host);
  return spikes.sort((a, b) => a.at - b.at);
}

/** peak returns the time of the highest level between two times. */
export function peak(data: Overview, levels: (number | null)[], from: number, to: number): number {
  let best = -1, first = (from + to) / 2, last = first;
  const begin = Math.max(0, Math.floor((from - data.start) / data.step));
  const end = Math.min(levels.length - 1, Math.ceil((to - data.start) / data.step));
  for (let i = begin; i <= end; i++) {
    const level = levels[i], t = data.start + (i + 0.5) * data.step;
    if (level == null || t < from - data.step || t > to + data.step) continue;
    if (level > best) (best = level), (first = last = t);
    else if (level === best && t - last <= data.step * 1.5) last = t;
  }
  return Math.min(to, Math.max(from, (first + last) / 2));
}

/** runs returns the times near the highest level of a host that was never saturated. */
function runs(data: Overview, host: HostLine): Spike[] {
  const highest = host.level.reduce<number>((most, level) => Math.max(most, level ?? 0), 0);
  const found: Spike[] = [];
  if (highest < 0.05) return found;
  let from = -1;
  for (let i = 0; i <= host.level.length; i++) {
    const high = (host.level[i] ?? 0) >= 0.8 * highest;
    if (high && from < 0) from = i;
    if (high || from < 0) continue;
    const start = data.start + from * data.step, end = data.start + i * data.step;
    const rule = data.rules[host.cause[from] ?? -1];
    found.push({ at: peak(data, host.level, start, end), start, end, words: `${rule?.title ?? "busy"}, below the limits`, resource: rule?.resource ?? "" });
    from = -1;
  }
  return found;
}
