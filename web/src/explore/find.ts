// Finding metrics by words of their names and their help.
import type { Metric } from "../api";

export interface Hit { metric: Metric; score: number }

// Words that people use for those of PCP's names.
const SYNONYMS: Record<string, string[]> = {
  memory: ["mem"], ram: ["mem", "memory"], net: ["network"], storage: ["disk"], io: ["i/o", "disk"], processor: ["cpu"], process: ["proc"], filesystem: ["filesys"],
};

/** words splits a text into what a search looks for. */
export function words(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter((w) => w !== "");
}

/** find returns the metrics that have all words, the best first. */
export function find(metrics: Metric[], text: string): Hit[] {
  const wanted = words(text).map((word) => [word, ...(SYNONYMS[word] ?? []), ...(word.length > 3 && word.endsWith("s") ? [word.slice(0, -1)] : [])]);
  if (wanted.length === 0) return [];
  const hits: Hit[] = [];
  for (const metric of metrics) {
    let score = 0;
    for (const forms of wanted) {
      const best = Math.max(...forms.map((form, i) => scoreOf(metric, form) * (i === 0 ? 1 : 0.8)));
      if (best === 0) {
        score = 0;
        break;
      }
      score += best;
    }
    if (score > 0) hits.push({ metric, score: score - metric.name.length / 100 });
  }
  return hits.sort((a, b) => b.score - a.score || (a.metric.name < b.metric.name ? -1 : 1));
}

function scoreOf(metric: Metric, word: string): number {
  const name = metric.name.toLowerCase();
  if (name === word || metric.promql.toLowerCase() === word) return 20;
  const parts = name.split(/[._]/);
  if (parts.includes(word)) return 10;
  if (parts.some((part) => part.startsWith(word))) return 7;
  const line = metric.oneline.toLowerCase();
  if (wordIn(line, word)) return 6;
  if (name.includes(word) || metric.promql.toLowerCase().includes(word)) return 4;
  if (line.includes(word)) return 3;
  return metric.help.toLowerCase().includes(word) ? 1 : 0;
}

/** wordIn reports whether a text has a word that begins with another. */
function wordIn(text: string, word: string): boolean {
  for (let i = text.indexOf(word); i >= 0; i = text.indexOf(word, i + 1)) {
    if (i === 0 || !/[a-z0-9]/.test(text[i - 1] ?? "")) return true;
  }
  return false;
}
