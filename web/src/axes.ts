// The axes of plots: times in a zone, values with their unit.
import type uPlot from "uplot";
import { variable } from "./theme";
import { clock, day, shifted, type Zone } from "./time";
import { axisSteps, format, type Unit } from "./units";

const FONT = "12px system-ui, sans-serif";

/** zonedDate returns a date whose local fields show the clock of a zone, for uPlot. */
export function zonedDate(t: number, zone: Zone): Date {
  const d = shifted(t, zone);
  return new Date(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds(), d.getUTCMilliseconds());
}

/** clockAxis returns an axis of times of day on one line, for plots below an axis with dates. */
export function clockAxis(width: number, zone: () => Zone): uPlot.Axis {
  const axis = timeAxis(width, zone);
  return {
    ...axis, size: 20, gap: 2,
    values: (_u, splits, _axis, _space, step) => splits.map((t, i) => timeText(t, splits[i - 1] ?? t, step, zone()).split("\n")[0] ?? ""),
  };
}

/** timeAxis returns the axis of times for a plot of a width. */
export function timeAxis(width: number, zone: () => Zone): uPlot.Axis {
  return {
    stroke: () => variable("--dim"), font: FONT, size: 40, space: width < 500 ? 64 : 80,
    grid: { stroke: () => variable("--grid"), width: 1 }, ticks: { stroke: () => variable("--grid"), width: 1, size: 4 },
    values: (u, splits, _axis, _space, step) => splits.map((t, i) => {
      const text = timeText(t, splits[i - 1], step, zone());
      // A date at the right edge would be cut off.
      return i > 0 && u.valToPos(t, "x") > u.width - 120 ? (text.split("\n")[0] ?? "") : text;
    }),
  };
}

/** timeText is the text of a line of the time axis; the first of a day has the date below. */
export function timeText(t: number, before: number | undefined, step: number, zone: Zone): string {
  const date = day(t, zone);
  if (step >= 86400) {
    const newYear = before === undefined || day(before, zone).slice(0, 4) !== date.slice(0, 4);
    return newYear ? `${date.slice(5)}\n${date.slice(0, 4)}` : date.slice(5);
  }
  const text = step < 1 ? `${clock(t, zone)}.${String(Math.round((t % 1) * 1000)).padStart(3, "0")}` : clock(t, zone, step >= 60);
  return before === undefined || day(before, zone) !== date ? `${text}\n${date}` : text;
}

/** valueAxis returns the axis of values in a unit. */
export function valueAxis(unit: () => Unit): uPlot.Axis {
  return {
    scale: "y", stroke: () => variable("--dim"), font: FONT, size: 72, space: 28, incrs: () => axisSteps(unit()),
    grid: { stroke: () => variable("--grid"), width: 1 }, ticks: { show: false },
    values: (_u, splits) => splits.map((v) => format(Math.abs(v) < 1e-300 ? 0 : v, unit())),
  };
}

/** valueRange returns the ends of an axis of values. It includes zero unless the values are far from it. */
export function valueRange(min: number, max: number): [number, number] {
  if (Number.isNaN(min)) return [0, 1];
  if (min === max) return min === 0 ? [0, 1] : min > 0 ? [0, max * 1.25] : [min * 1.25, 0];
  const height = max - min;
  const bottom = min >= 0 && min < max * 0.6 ? 0 : min - height * 0.05;
  return [bottom, max <= 0 && max > -height ? 0 : max + height * 0.06];
}
