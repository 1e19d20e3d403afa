// A host's coverage as a strip: archives as bars, everything else hatched.
import type { Host } from "../api";
import { coveredBy } from "../coverage";
import { h } from "../dom";
import type { Window } from "../group";
import { span, type Zone } from "../time";

/** coverageStrip returns the strip of a host over a window. */
export function coverageStrip(host: Host, whole: Window, zone: Zone): HTMLElement {
  const width = whole.to - whole.from;
  const spans = coveredBy([host]);
  const bars = spans.slice(0, 500).map(({ from, to }) => h("i", {
    title: span(from, to, zone),
    css: { left: `${((from - whole.from) / width) * 100}%`, width: `${Math.max(0.3, ((to - from) / width) * 100)}%` },
  }));
  const total = spans.reduce((s, { from, to }) => s + to - from, 0);
  const share = Math.round((total / width) * 100);
  return h("div", { class: "coverage", attrs: { role: "img", "aria-label": `recorded ${share} % of the time, in ${spans.length} ${spans.length === 1 ? "piece" : "pieces"}` } }, ...bars);
}
