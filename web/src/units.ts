// Units of PCP and of Prometheus' names, and numbers with them as people read them.

export type Kind = "bytes" | "seconds" | "count" | "ratio" | "plain";

export interface Unit {
  kind: Kind;
  /** The factor from recorded values to those of kind. */
  factor: number;
  /** Whether values are per second. */
  rate: boolean;
  /** The unit as recorded, for help; "" for none. */
  text: string;
}

export const plain: Unit = { kind: "plain", factor: 1, rate: false, text: "" };

const SPACE: Record<string, number> = { byte: 1, Kbyte: 2 ** 10, Mbyte: 2 ** 20, Gbyte: 2 ** 30, Tbyte: 2 ** 40, Pbyte: 2 ** 50, Ebyte: 2 ** 60 };
const TIME: Record<string, number> = { nanosec: 1e-9, microsec: 1e-6, millisec: 1e-3, sec: 1, min: 60, hour: 3600 };

/** parseUnit reads units as PCP writes them, such as "Kbyte / sec", or as the end of a Prometheus name. */
export function parseUnit(text: string): Unit {
  const [top = "", per = ""] = text.split("/").map((s) => s.trim());
  const rate = per === "sec" || per === "second";
  if (per !== "" && !rate) return { ...plain, text };
  if (top in SPACE) return { kind: "bytes", factor: SPACE[top] ?? 1, rate, text };
  if (top in TIME) return { kind: "seconds", factor: TIME[top] ?? 1, rate, text };
  switch (top) {
    case "bytes": return { kind: "bytes", factor: 1, rate, text };
    case "seconds": return { kind: "seconds", factor: 1, rate, text };
    case "milliseconds": return { kind: "seconds", factor: 1e-3, rate, text };
    case "ratio": return { kind: "ratio", factor: 1, rate, text };
    case "count": return { kind: "count", factor: 1, rate, text };
    case "": case "none": return { ...plain, rate, text: "" };
  }
  return { ...plain, rate, text };
}

/** perSecond returns the unit of a counter's rate. Time per time is a ratio. */
export function perSecond(u: Unit): Unit {
  if (u.kind === "seconds" && !u.rate) return { kind: "ratio", factor: u.factor, rate: false, text: `${u.text} / sec` };
  return { ...u, rate: true, text: u.text ? `${u.text} / sec` : "/ sec" };
}

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const DECIMAL = ["", "k", "M", "G", "T", "P"];

/** digits formats a number with about three significant digits. */
export function digits(v: number): string {
  if (v === 0) return "0";
  const size = Math.abs(v);
  if (size >= 1e6 || size < 1e-4) return v.toExponential(2).replace(/\.?0+e|e/, "e").replace("e+", "e");
  return String(Number(v.toPrecision(size >= 100 ? Math.max(3, Math.floor(Math.log10(size)) + 1) : 3)));
}

/** format returns a value with its unit. */
export function format(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "+∞" : "−∞";
  const v = value * unit.factor;
  const per = unit.rate ? "/s" : "";
  switch (unit.kind) {
    case "bytes": return scaled(v, 1024, BINARY) + per;
    case "ratio": return `${digits(v * 100)} %`;
    case "seconds": return seconds(v) + per;
    default: {
      const text = scaled(v, 1000, DECIMAL);
      const name = unit.kind === "plain" && unit.text && !unit.rate ? ` ${unit.text}` : "";
      return text + (per && !text.includes(" ") ? ` ${per}` : per) + name;
    }
  }
}

function scaled(v: number, base: number, names: string[]): string {
  let i = 0, rest = Math.abs(v);
  while (rest >= base && i < names.length - 1) {
    rest /= base;
    i++;
  }
  const name = names[i] ?? "";
  return (v < 0 ? "−" : "") + digits(rest) + (name ? ` ${name}` : "");
}

function seconds(v: number): string {
  const size = Math.abs(v);
  if (size === 0 || size >= 86400 * 1000) return `${digits(v)} s`;
  if (size < 1e-6) return `${digits(v * 1e9)} ns`;
  if (size < 1e-3) return `${digits(v * 1e6)} µs`;
  if (size < 1) return `${digits(v * 1e3)} ms`;
  if (size < 300) return `${digits(v)} s`;
  if (size < 7200) return `${digits(v / 60)} min`;
  if (size < 172800) return `${digits(v / 3600)} h`;
  return `${digits(v / 86400)} d`;
}

/** axisSteps returns the distances between lines of an axis that are round in a unit. */
export function axisSteps(unit: Unit): number[] {
  const steps: number[] = [];
  if (unit.kind === "bytes") {
    for (let p = -10; p <= 63; p++) steps.push(2 ** p / unit.factor);
    return steps;
  }
  for (let p = -12; p <= 18; p++) for (const m of [1, 2, 5]) steps.push((m * 10 ** p) / unit.factor);
  return steps;
}

/** counted returns a number with its noun, as in "1 host" or "2,000 hosts". */
export function counted(n: number, one: string, many = one + "s"): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** unitName returns what an axis is titled with. */
export function unitName(unit: Unit): string {
  switch (unit.kind) {
    case "bytes": return unit.rate ? "bytes per second" : "bytes";
    case "seconds": return unit.rate ? "seconds per second" : "seconds";
    case "ratio": return "share of one";
    case "count": return unit.rate ? "per second" : "count";
    default: return unit.rate ? "per second" : unit.text;
  }
}
