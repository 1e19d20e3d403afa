// Plots with both sides in one frame: B's times are moved to those of A.
import { evenStep } from "../api";
import { askSection, type Logged } from "../host/ask";
import { nodeCPU, type Line, type Section } from "../host/sections";
import type { PlotData, PlotLine } from "../plot";
import type { Side } from "./changes";

/** askBoth reads the curves of both sides as the lines of one plot, B dashed. */
export async function askBoth(a: Side, b: Side, left: Logged, right: Logged, section: Section, width: number, signal: AbortSignal): Promise<PlotData> {
  const step = evenStep(a.from, a.to, Math.max(100, width / 2), Math.max(left.interval, right.interval));
  const [one, two] = await Promise.all([
    askSection(left, section, a.from, a.to, step, signal), askSection(right, section, b.from, b.to, step, signal),
  ]);
  const names = [...new Set([...one.curves, ...two.curves].map((c) => c.name))];
  const colour = new Map(names.map((name, i) => [name, i]));
  const lines: PlotLine[] = [];
  for (const [side, plotted] of [["A", one], ["B", two]] as const) {
    for (const c of plotted.curves) {
      lines.push({ key: `${side} ${c.name}`, name: `${side} ${c.name}`, labels: { side, ...c.labels }, values: fitted(c.values, one.grid.times.length), color: colour.get(c.name) ?? 0, dashed: side === "B" });
    }
  }
  lines.sort((x, y) => (x.color ?? 0) - (y.color ?? 0) || (x.key < y.key ? -1 : 1));
  return { times: one.grid.times, lines };
}

/** fitted returns values with a length: rounding may give one side a point more. */
function fitted(values: Float64Array, n: number): Float64Array {
  if (values.length === n) return values;
  const out = new Float64Array(n).fill(NaN);
  out.set(values.subarray(0, n));
  return out;
}

/** main are the sections that Compare shows: a line or a few for each resource. */
export function main(all: Section[]): Section[] {
  return all.filter((s) => ["load", "memory", "busy", "storage", "network", "pressure"].includes(s.name)).map(brief);
}

const kept: Record<string, string[]> = { load: ["load, 1 minute"], memory: ["in use"], pressure: ["CPU, some", "memory, some", "I/O, some"] };

function brief(section: Section): Section {
  const names = kept[section.name];
  if (!names) return section;
  const some = (all: Line[]): Line[] => all.filter((line) => names.includes(line.name));
  return { ...section, lines: some(section.lines), others: some(section.others ?? []) };
}

/** use is the CPU use as one line. */
export const use: Section = {
  name: "use", title: "CPUs in use", unit: "%", lines: [{ name: "user and system", metrics: ["kernel.all.cpu.user", "kernel.all.cpu.sys"], perCPU: true }],
  others: [nodeCPU("user and system", "user|nice|system")],
};
