import type { Zone } from "../time";
import type { Range } from "./strip";

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];

/** ticks returns round times of a zone within a range, at most n. */
export function ticks(view: Range, n: number, zone: Zone): { times: number[]; step: number } {
  const least = (view.end - view.start) / n;
  const step = steps.find((s) => s >= least) ?? steps[steps.length - 1]! * Math.ceil(least / steps[steps.length - 1]!);
  const times: number[] = [];
  const ahead = zone.offset(view.start);
  for (let t = Math.ceil((view.start + ahead) / step) * step - ahead; t <= view.end; t += step) {
    times.push(t + ahead - zone.offset(t)); // the clocks may have changed since
  }
  return { times, step };
}
