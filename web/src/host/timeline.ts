// The strip of a host's whole recording, with its spikes, above the plots.
import { Latest } from "../api";
import type { Page } from "../screen";
import type { HostLine, Overview } from "../overview/contract";
import { HeatMap } from "../overview/heatmap";
import type { Range } from "../overview/strip";
import { askOverview } from "../screens/overview";
import { spikesOf, type Spike } from "./spikes";

const steps = 1500;

/** Timeline shows what happened on a host, and finds spikes. */
export class Timeline {
  readonly heat: HeatMap;
  line: HostLine | null = null;
  spikes: Spike[] = [];
  private data: Overview | null = null;
  private readonly latest = new Latest();

  constructor(private readonly page: Page, private readonly host: () => string, pick: (t: number) => void) {
    this.heat = new HeatMap({
      view: () => this.whole(), whole: () => this.whole(), zone: () => page.zone(),
      link: () => page.address.link({ screen: "overview" }),
      zoom: (to: Range) => page.address.set({ from: to.start, to: to.end }), pick: (_, t) => pick(t), hover: () => undefined,
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
    this.spikes = this.line ? spikesOf(this.data, this.line) : [];
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
    let best = 0, at: number | null = null;
    line.level.forEach((level, i) => {
      const t = data.start + (i + 0.5) * data.step;
      if (level !== null && t >= from && t <= to && level > best) (best = level), (at = t);
    });
    return at;
  }

  /** uncovered returns the spans between two times in which nothing was recorded. */
  uncovered(from: number, to: number): { from: number; to: number }[] {
    const spans: { from: number; to: number }[] = [];
    let last = from;
    for (const [a, b] of this.line?.covered ?? [[from, to]]) {
      if (a > last) spans.push({ from: last, to: Math.min(a, to) });
      last = Math.max(last, b);
    }
    if (last < to) spans.push({ from: last, to });
    return spans.filter((s) => s.to > s.from);
  }

  close(): void {
    this.latest.stop();
    this.heat.close();
  }
}
