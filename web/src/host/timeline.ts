// The strip of a host's whole recording, with its spikes, above the plots.
import { Latest } from "../api";
import { pauseOf } from "../coverage";
import type { Stretch } from "../decimate";
import type { Page } from "../screen";
import type { HostLine, Overview } from "../overview/contract";
import { HeatMap } from "../overview/heatmap";
import type { Range } from "../overview/strip";
import { askOverview } from "../screens/overview";
import { peak, spikesOf, type Spike } from "./spikes";

const steps = 1500;

/** Timeline shows what happened on a host, and finds spikes. */
export class Timeline {
  readonly heat: HeatMap;
  line: HostLine | null = null;
  spikes: Spike[] = [];
  private data: Overview | null = null;
  private readonly latest = new Latest();

  constructor(private readonly page: Page, private readonly host: () => string, private readonly window: () => Range, zoom: (to: Range) => void, pick: (t: number) => void) {
    this.heat = new HeatMap({
      view: () => this.whole(), window: () => this.window(), whole: () => this.whole(), zone: () => page.zone(),
      link: () => page.address.link({ screen: "overview" }),
      zoom, pick: (_, t) => pick(t), hover: () => undefined,
    });
  }

  /** whole is the range of the host's recording. */
  private whole(): Range {
    const host = this.page.archives().hosts.find((h) => h.host === this.host());
    const { from, to } = this.page.whole();
    return { start: host?.start ?? from, end: Math.max(host?.end ?? to, (host?.start ?? from) + 1) };
  }

  /** load reads the strip. */
  async load(): Promise<void> {
    this.data = await this.latest.run((signal) => askOverview(this.whole(), steps, [this.host()], signal));
    this.line = this.data.hosts.find((host) => host.host === this.host()) ?? null;
    this.spikes = this.line ? spikesOf(this.data, this.line).map((s) => ({ ...s, at: this.inside(s.at) })) : [];
    this.heat.show({ ...this.data, hosts: this.line ? [this.line] : [] }, "");
  }

  /** beside returns the spike before or after a time, or null. */
  beside(at: number, forwards: boolean): Spike | null {
    const near = this.data ? this.data.step : 1;
    const found = forwards ? this.spikes.find((s) => s.at > at + near) : this.spikes.filter((s) => s.at < at - near).at(-1);
    return found ?? null;
  }

  /** peakIn returns the time of the highest level in a range, or null. */
  peakIn(from: number, to: number): number | null {
    const { data, line } = this;
    if (!data || !line) return null;
    return line.level.some((level) => (level ?? 0) > 0) ? this.inside(peak(data, line.level, from, to)) : null;
  }

  /** inside returns the recorded time nearest to a time. */
  inside(t: number): number {
    let best = t, distance = Infinity;
    for (const [from, to] of this.line?.covered ?? []) {
      const near = Math.min(Math.max(t, from), to);
      if (Math.abs(near - t) < distance) (best = near), (distance = Math.abs(near - t));
    }
    return best;
  }

  /** spanAt returns the span with records without a long pause or a mark that contains a time; undefined if that is not known. */
  spanAt(t: number): { from: number; to: number } | undefined {
    const { line } = this, span = line?.covered.find(([from, to]) => t >= from && t <= to);
    if (!line || !span) return undefined;
    const marks = line.marks.filter((m) => m > span[0] && m <= span[1]);
    return { from: Math.max(span[0], ...marks.filter((m) => m <= t)), to: Math.min(span[1], ...marks.filter((m) => m > t)) };
  }

  /** part returns the recorded span about a time, null if most of the whole was recorded and need not be narrowed. */
  part(t: number): { from: number; to: number } | null {
    const { start, end } = this.whole(), covered = this.line?.covered ?? [];
    const recorded = covered.reduce((sum, [from, to]) => sum + to - from, 0);
    const span = covered.find(([from, to]) => t >= from && t <= to);
    if (!span || recorded > (end - start) / 10) return null;
    const margin = Math.max(1, (span[1] - span[0]) / 20);
    return { from: span[0] - margin, to: span[1] + margin };
  }

  /** uncovered returns the spans between two times in which nothing was recorded. Short pauses do not count. */
  uncovered(from: number, to: number): Stretch[] {
    const pause = pauseOf(this.page.hosts().slice(0, 1));
    const spans: Stretch[] = [];
    let last = from;
    for (const [a, b] of this.line?.covered ?? [[from, to]]) {
      if (a > last) spans.push({ from: last, to: Math.min(a, to) });
      last = Math.max(last, b);
    }
    if (last < to) spans.push({ from: last, to });
    return spans.filter((s) => s.to - s.from > pause);
  }

  close(): void {
    this.latest.stop();
    this.heat.close();
  }
}
