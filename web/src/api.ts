// The server's public API, typed. Addresses are relative to the page, so that the server
// may stand behind a proxy with a path of its own.

export type Labels = Record<string, string>;

/** Grid is the reply of a range query: series over common times. A gap is NaN. */
export interface Grid {
  /** Seconds since 1970, in even steps. */
  times: Float64Array;
  step: number;
  series: { labels: Labels; values: Float64Array }[];
  warnings: string[];
  infos: string[];
}

export interface Sample { labels: Labels; time: number; value: number }

/** Metric describes a metric of the recording; see api/metrics in docs/rest.md. */
export interface Metric {
  name: string;
  promql: string;
  type: string;
  semantics: string;
  units: string;
  indom?: string;
  native: boolean;
  oneline: string;
  help: string;
}

export interface Span { start: number; end: number }

/** ArchiveFile is an archive of a host; see api/archives in docs/rest.md. */
export interface ArchiveFile extends Partial<Span> {
  path: string;
  version: number;
  bytes: number;
  files: number;
  packed: boolean;
}

export interface Host extends Partial<Span> {
  host: string;
  /** The zone in which the host recorded, as a name such as Europe/Berlin; may be "". */
  zone: string;
  /** The seconds by which that zone was ahead of UTC at the end. */
  offset: number;
  /** The seconds between two records; 0 if unknown. */
  interval: number;
  archives: ArchiveFile[];
}

export interface Archives {
  version: string;
  window: Span | null;
  taken: number;
  rescan: number;
  moved: boolean;
  replay: number;
  hosts: Host[];
  blocks: { path: string; start: number; end: number; series: number; bytes: number }[];
  damage: { path: string; reason: string }[];
  cache: { path: string; entries: number; bytes: number; problems: string[] } | null;
  rules: { files: string[]; fault: string; rules: { group: string; name: string; alerting: boolean; state: string; error: string }[] } | null;
  examples: string[];
}

/** Finding is a fault that check found in an archive. */
export interface Finding { code: string; severity: string; message: string; file: string; offset?: number }
export interface CheckReply { path: string; findings: Finding[]; more: number; verdict: string; seconds: number }

/** ApiError is a reply that is not a result. */
export class ApiError extends Error {
  constructor(message: string, readonly status: number, readonly kind: string) {
    super(message);
  }
}

/** aborted reports whether an error is the end of a request that nobody wants any more. */
export function aborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export type Params = Record<string, string | number | string[] | undefined>;

/** get returns the JSON that a path of the server replies with. */
export async function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (Array.isArray(value)) for (const one of value) form.append(name, one);
    else if (value !== undefined) form.set(name, String(value));
  }
  const init: RequestInit = signal ? { signal } : {};
  let address = path;
  if (form.size > 0) address += "?" + form;
  if (address.length > 6000) { // proxies limit addresses
    address = path;
    Object.assign(init, { method: "POST", body: form });
  }
  let reply: Response;
  try {
    reply = await fetch(address, init);
  } catch (error) {
    if (aborted(error)) throw error;
    throw new ApiError("The server does not answer.", 0, "network");
  }
  return parsed<T>(reply);
}

async function parsed<T>(reply: Response): Promise<T> {
  const text = await reply.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError(text.trim().slice(0, 500) || `The server replied with status ${reply.status}.`, reply.status, "text");
  }
  if (!reply.ok) {
    const failure = body as { error?: string; errorType?: string; message?: string };
    throw new ApiError(failure.error ?? failure.message ?? `status ${reply.status}`, reply.status, failure.errorType ?? "");
  }
  return body as T;
}

interface Envelope<T> { data: T; warnings?: string[]; infos?: string[] }
interface RangeData { resultType: string; result: { metric: Labels; values?: [number, string][] }[] }
interface InstantData { resultType: string; result: { metric: Labels; value?: [number, string] }[] | [number, string] }

/** range evaluates an expression at even steps, over some hosts' archives or over all. */
export async function range(query: string, from: number, to: number, step: number, host: string[], signal?: AbortSignal, limit?: number): Promise<Grid> {
  const reply = await get<Envelope<RangeData>>("api/v1/query_range", { query, start: from, end: to, step, limit, host }, signal);
  const n = Math.floor((to - from) / step + 1e-6) + 1;
  const times = Float64Array.from({ length: n }, (_, i) => from + i * step);
  const series = reply.data.result.map(({ metric, values }) => {
    const line = new Float64Array(n).fill(NaN);
    for (const [t, text] of values ?? []) {
      const i = Math.round((t - from) / step);
      if (i >= 0 && i < n) line[i] = parseValue(text);
    }
    return { labels: metric, values: line };
  });
  return { times, step, series, warnings: reply.warnings ?? [], infos: reply.infos ?? [] };
}

/** instant evaluates an expression at a time. */
export async function instant(query: string, time: number, host: string[], signal?: AbortSignal): Promise<Sample[]> {
  const { data } = await get<Envelope<InstantData>>("api/v1/query", { query, time, host }, signal);
  if (data.resultType === "scalar") {
    const [t, text] = data.result as [number, string];
    return [{ labels: {}, time: t, value: parseValue(text) }];
  }
  return (data.result as { metric: Labels; value?: [number, string] }[])
    .map(({ metric, value }) => ({ labels: metric, time: value?.[0] ?? time, value: parseValue(value?.[1] ?? "NaN") }));
}

/** parseValue reads a number as Prometheus writes it. */
export function parseValue(text: string): number {
  if (text === "+Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  return Number(text);
}

/** evenStep returns a step of at least a second that divides a window into about n parts. */
export function evenStep(from: number, to: number, n: number, interval: number): number {
  const least = Math.max((to - from) / Math.max(n, 1), Math.min(interval || 1, (to - from) / 20), 0.001);
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
  return steps.find((s) => s >= least) ?? Math.ceil(least / 86400) * 86400;
}

export function series(match: string[], from: number, to: number, host: string[], signal?: AbortSignal, limit = 1000): Promise<Labels[]> {
  return get<Envelope<Labels[]>>("api/v1/series", { "match[]": match, start: from, end: to, limit, host }, signal).then((r) => r.data);
}

export function labelNames(match: string[], host: string[], signal?: AbortSignal): Promise<string[]> {
  return get<Envelope<string[]>>("api/v1/labels", { "match[]": match, host }, signal).then((r) => r.data);
}

export function labelValues(label: string, match: string[], host: string[], signal?: AbortSignal, limit = 1000): Promise<string[]> {
  const path = `api/v1/label/${encodeURIComponent(label)}/values`;
  return get<Envelope<string[]>>(path, { "match[]": match, limit, host }, signal).then((r) => r.data);
}

export function metrics(signal?: AbortSignal): Promise<{ metrics: Metric[] }> {
  return get("api/metrics", {}, signal);
}

export function archives(signal?: AbortSignal): Promise<Archives> {
  return get("api/archives", {}, signal);
}

export function check(path: string, signal?: AbortSignal): Promise<CheckReply> {
  return get("api/check", { archive: path }, signal);
}

export interface Found { name: string; type: string; indom?: string; oneline?: string; helptext?: string }

/** search finds metrics, instance domains and instances by words. */
export function search(query: string, type: string, limit: number, signal?: AbortSignal): Promise<{ total: number; results: Found[] }> {
  return get("search/text", { query, type, limit }, signal);
}

/** Latest runs one request at a time: a new one aborts the one before. */
export class Latest {
  private running: AbortController | null = null;

  /** run calls ask. The promise of an aborted request never settles. */
  run<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.stop();
    const mine = new AbortController();
    this.running = mine;
    return new Promise((resolve, reject) => {
      ask(mine.signal).then(
        (value) => { if (!mine.signal.aborted) resolve(value); },
        (error: unknown) => { if (!mine.signal.aborted) reject(error); },
      );
    });
  }

  stop(): void {
    this.running?.abort();
    this.running = null;
  }
}

/** Pool runs at most a number of requests at the same time, the newest first. */
export class Pool {
  private waiting: (() => void)[] = [];
  private free: number;

  constructor(size: number) {
    this.free = size;
  }

  async run<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((go) => this.waiting.push(go));
    try {
      signal.throwIfAborted();
      return await ask();
    } finally {
      const next = this.waiting.pop();
      if (next) next();
      else this.free++;
    }
  }
}
