import type { Metric } from "../api";
import { isCounter } from "../names";
import { format, parseUnit, plain, type Unit as Scale } from "../units";
import type { Unit } from "./tables";

const SCALES: Record<Unit, Scale> = {
  "%": { ...plain, text: "%" },
  "bytes": { kind: "bytes", factor: 1, rate: false, text: "byte" },
  "bytes/s": { kind: "bytes", factor: 1, rate: true, text: "byte / sec" },
  "/s": { kind: "count", factor: 1, rate: true, text: "count / sec" },
  "ms": { kind: "seconds", factor: 1e-3, rate: false, text: "millisec" },
  "": plain,
};

/** scale returns how values of a unit are formatted. */
export function scale(unit: Unit): Scale {
  return SCALES[unit];
}

/** show formats a value of a table: without what is too small to be read there. */
export function show(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return "–";
  if (unit === "%") return `${value.toFixed(1)} %`;
  if (unit === "/s" && Math.abs(value) < 1000) return `${value.toFixed(1)} /s`;
  if (Math.abs(value) < 0.01) return format(0, SCALES[unit]);
  return format(value, SCALES[unit]);
}

/** unitOf returns the unit in which values of a metric are plotted, or rates of a counter. */
export function unitOf(metric: Metric): Unit {
  const { kind } = parseUnit(metric.units), counter = isCounter(metric);
  if (kind === "bytes") return counter ? "bytes/s" : "bytes";
  if (kind === "seconds") return counter ? "%" : "ms";
  return counter ? "/s" : "";
}
