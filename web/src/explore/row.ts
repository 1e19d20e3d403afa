// A metric in a list: its name, a preview, and its help.
import type { Metric } from "../api";
import { h } from "../dom";
import type { Previews } from "./preview";

export interface RowOptions {
  choose: (metric: Metric) => void;
  chosen: (metric: Metric) => boolean;
}

/** metricRow returns the row of a metric under a name. */
export function metricRow(metric: Metric, name: string, previews: Previews, options: RowOptions): HTMLButtonElement {
  const unit = [metric.semantics, metric.units].filter((s) => s !== "" && s !== "none").join(", ");
  const row = h("button", {
    class: "metric", title: metric.help || metric.oneline,
    attrs: { type: "button", "aria-pressed": String(options.chosen(metric)) },
    onclick: () => options.choose(metric),
  }, h("span", { class: "name" }, name), previews.of(metric), h("span", { class: "help" }, metric.oneline || metric.help.split("\n")[0], unit ? h("span", { class: "unit" }, ` · ${unit}`) : null));
  row.dataset["metric"] = metric.name;
  return row;
}
