// What the editor completes from: our own API and the metrics that the page knows.
import type { PrometheusClient } from "@prometheus-io/codemirror-promql/dist/esm/client/prometheus";
import type { Matcher } from "@prometheus-io/codemirror-promql/dist/esm/types";
import { labelNames, labelValues, series, type Metric } from "./api";
import { selector } from "./names";
import type { Page } from "./screen";

/** client returns what codemirror-promql asks. Its answers are those for the page's window. */
export function client(page: Page): PrometheusClient {
  const metrics = async (): Promise<Metric[]> => page.metrics().catch(() => []);
  const match = (name?: string, matchers: Matcher[] = []): string[] => {
    const wanted = matchers.filter((m) => m.value !== "").map((m) => m.toString());
    return name || wanted.length > 0 ? [selector(name ?? "", wanted)] : [];
  };
  return {
    labelNames: (name) => labelNames(match(name), page.chosen()).catch(() => []),
    async labelValues(label, name, matchers) {
      if (label === "__name__") return (await metrics()).map((m) => m.promql);
      return labelValues(label, match(name, matchers?.filter((m) => m.name !== label)), page.chosen()).catch(() => []);
    },
    async metricMetadata() {
      return Object.fromEntries((await metrics()).map((m) => [m.promql, [{ type: m.type, help: m.oneline || m.help }]]));
    },
    async series(name, matchers) {
      const { from, to } = page.window();
      const found = await series(match(name, matchers), from, to, page.chosen()).catch(() => []);
      return found.map((labels) => new Map(Object.entries(labels)));
    },
    metricNames: async () => (await metrics()).map((m) => m.promql),
    flags: async () => ({}),
  };
}
