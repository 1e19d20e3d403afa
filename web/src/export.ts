// What leaves the page: the clipboard, CSV, pictures, and the same question to PCP's tools.
import type { Archives } from "./api";
import { seriesKey } from "./names";
import type { Plot, PlotData } from "./plot";
import { variable } from "./theme";
import { shifted, stamp, utc, type Zone } from "./time";

/** copy puts a text on the clipboard. It reports whether the browser allowed it. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS the browser has no clipboard for pages of other machines.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "offscreen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** download saves data as a file. */
export function download(name: string, data: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** cell returns a text as a field of CSV. A spreadsheet would run one that begins like a formula. */
export function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** csv returns lines as a table: a row for each time, a column for each line. */
export function csv(data: PlotData, from: number, to: number, zone: Zone): string {
  const rows = [["time", ...data.lines.map((line) => cell(seriesKey(line.labels) || line.name))].join(",")];
  data.times.forEach((t, i) => {
    if (t < from || t > to) return;
    const values = data.lines.map((line) => (Number.isNaN(line.values[i]) ? "" : String(line.values[i])));
    if (values.some((v) => v !== "")) rows.push([iso(t, zone), ...values].join(","));
  });
  return rows.join("\r\n") + "\r\n";
}

/** iso formats a time with its offset, as 2026-03-01T14:05:09.000+01:00. */
export function iso(t: number, zone: Zone): string {
  const offset = zone.offset(t), m = Math.abs(offset) / 60;
  const two = (n: number): string => String(Math.floor(n)).padStart(2, "0");
  return shifted(t, zone).toISOString().slice(0, 23) + (offset === 0 ? "Z" : `${offset < 0 ? "-" : "+"}${two(m / 60)}:${two(m % 60)}`);
}

/** png returns plots as one picture, below each other. */
export function png(plots: Plot[]): Promise<Blob | null> {
  const all = plots.map((plot) => ({ title: plot.options.title, canvas: plot.canvas() })).filter((p) => p.canvas !== null) as { title: string; canvas: HTMLCanvasElement }[];
  const out = document.createElement("canvas"), line = 24 * devicePixelRatio;
  out.width = Math.max(1, ...all.map((p) => p.canvas.width));
  out.height = all.reduce((sum, p) => sum + p.canvas.height + line, 0);
  const ctx = out.getContext("2d");
  if (!ctx) return Promise.resolve(null);
  ctx.fillStyle = variable("--paper");
  ctx.fillRect(0, 0, out.width, out.height);
  ctx.font = `${13 * devicePixelRatio}px system-ui, sans-serif`;
  let y = 0;
  for (const { title, canvas } of all) {
    ctx.fillStyle = variable("--ink");
    ctx.fillText(title, 8 * devicePixelRatio, y + 16 * devicePixelRatio);
    ctx.drawImage(canvas, 0, y + line);
    y += canvas.height + line;
  }
  return new Promise((resolve) => out.toBlob(resolve, "image/png"));
}

/** shellQuote returns a text as a word of a shell. */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_.,:/@%+=-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}

/** PmrepQuestion is what a pmrep command asks. */
export interface PmrepQuestion {
  host: string;
  metrics: string[];
  /** Instances to report; empty means all. */
  instances: string[];
  raw: boolean;
  from: number;
  to: number;
  step: number;
}

/** pmrep returns the command with which PCP's pmrep prints metrics of a host in a window. */
export function pmrep(archives: Archives, q: PmrepQuestion): string {
  const files = archives.hosts.find((h) => h.host === q.host)?.archives ?? [];
  const inside = files.filter((f) => (f.start ?? 0) <= q.to && (f.end ?? Infinity) >= q.from).map((f) => f.path);
  const time = (t: number): string => shellQuote("@" + stamp(t, utc));
  const words = ["pmrep", "-a", shellQuote(inside.join(",") || "ARCHIVE"), "-Z", "UTC", "-S", time(Math.floor(q.from)), "-T", time(Math.ceil(q.to)), "-t", `${Math.max(1, Math.round(q.step))}s`, "-p"];
  if (q.raw) words.push("-r");
  if (q.instances.length > 0) words.push("-i", shellQuote(q.instances.map((name) => `"${name}"`).join(",")));
  return [...words, ...q.metrics.map(shellQuote)].join(" ");
}
