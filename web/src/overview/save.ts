// The worst minutes for other programs.
import { cell, iso } from "../export";
import type { Zone } from "../time";
import type { Worst } from "./words";

/** worstCSV returns incidents as a table. */
export function worstCSV(worst: Worst[], zone: Zone): string {
  const rows = worst.map((w) => [w.host.host, iso(w.start, zone), iso(w.end, zone), w.resource, w.instance, String(w.value), w.words, w.query].map(cell).join(","));
  return ["host,start,end,resource,instance,value,words,query", ...rows].join("\r\n") + "\r\n";
}

/** worstPromQL returns the questions behind incidents, each once, with a comment. */
export function worstPromQL(worst: Worst[]): string {
  const seen = new Map(worst.map((w) => [w.query, w]));
  return [...seen].map(([query, w]) => `# ${w.words.replace(/\s+/g, " ")}\n${query}`).join("\n");
}
