// A plot of many lines and points for page.bench.mjs, which builds this file.
import { Group } from "../src/group";
import { Plot } from "../src/plot";
import { utc } from "../src/time";

const series = 100, points = 5000;
const times = Float64Array.from({ length: points }, (_, i) => 1_700_000_000 + 10 * i);
const whole = { from: times[0]!, to: times[points - 1]! };
const group = new Group(whole, utc, { zoomed: () => undefined, whole: () => whole });
const plot = new Plot(group, { title: "zoom" });
document.body.append(plot.element);
plot.setData({
  times, lines: Array.from({ length: series }, (_, k) => ({
    key: String(k), name: `series ${k}`, labels: {},
    values: Float64Array.from({ length: points }, (_, i) => k + 10 * Math.sin(i / (20 + k)) + ((i * 7919 + k * 104729) % 13)),
  })),
});
