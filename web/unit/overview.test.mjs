import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { highest, shadesOf } = await load("overview/strip");
const { clamp, shifted, zoomed } = await load("overview/gesture");
const { ramp, shade } = await load("overview/ramp");
const { ticks } = await load("overview/ticks");
const { peak, spikesOf } = await load("host/spikes");
const { worstCSV } = await load("overview/save");
const { withoutTime } = await load("overview/words");
const { named, utc } = await load("time");

const strip = { start: 1000, step: 10, level: [0, 0.2, 1, null, 0.5], covered: [[1000, 1030], [1040, 1050]], marks: [] };

test("a column of a strip has the highest level within", () => {
  assert.equal(highest(strip, 1000, 1050), 1);
  assert.equal(highest(strip, 1011, 1012), 0.2);
  assert.equal(highest(strip, 1030, 1040), null);
  const wide = shadesOf(strip, { start: 1000, end: 1050 }, 50);
  assert.equal(wide[25], shade(1));
  assert.equal(wide[35], -2, "not recorded");
  assert.equal(wide[45], shade(0.5));
  const narrow = shadesOf(strip, { start: 1000, end: 1050 }, 1);
  assert.deepEqual([...narrow], [shade(1)], "a short peak survives");
  assert.equal(shadesOf({ ...strip, level: [null, null, null, null, null] }, { start: 1000, end: 1050 }, 5)[0], -1, "recorded, without a level");
  assert.equal(shadesOf(strip, { start: 0, end: 500 }, 10).every((v) => v === -2), true, "beyond the recording");
});

test("the lightness of the colours tells levels apart", () => {
  for (const [dark, sign] of [[false, -1], [true, 1]]) {
    const light = ramp(dark).colours.map((c) => {
      const [r, g, b] = c.match(/\d+/g).map((n) => (n / 255) ** 2.2);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    });
    assert.ok(sign * (light.at(-1) - light[0]) > 0.4, "the ends differ");
    const busy = light.slice(Math.ceil(light.length / 2));
    for (let i = 1; i < busy.length; i++) assert.ok(sign * (busy[i] - busy[i - 1]) > 0, `shade ${i}`);
  }
});

test("gestures keep a range within the whole", () => {
  const whole = { start: 0, end: 1000 };
  assert.deepEqual(zoomed({ start: 100, end: 300 }, 0.25, 0.5), { start: 125, end: 225 });
  assert.deepEqual(shifted({ start: 100, end: 300 }, 0.5), { start: 200, end: 400 });
  assert.deepEqual(clamp({ start: -500, end: 2000 }, whole), whole);
  assert.deepEqual(clamp({ start: 900, end: 1100 }, whole), { start: 800, end: 1000 });
  assert.deepEqual(clamp({ start: 500, end: 500 }, whole), { start: 499.5, end: 500.5 });
  assert.deepEqual(clamp({ start: 5, end: 6 }, { start: 7, end: 7 }), { start: 7, end: 8 });
});

test("ticks are round in the zone", () => {
  const begin = Date.UTC(2026, 2, 28, 20) / 1000, day = { start: begin, end: begin + 86400 };
  const { times, step } = ticks(day, 10, utc);
  assert.equal(step, 10800);
  assert.ok(times.length <= 10 && times.every((t) => t % 10800 === 0));
  const berlin = named("Europe/Berlin"); // its clocks change in this night
  for (const t of ticks(day, 10, berlin).times) assert.equal((t + berlin.offset(t)) % 10800, 0);
  assert.ok(ticks({ start: 0, end: 4e9 }, 5, utc).times.length <= 6, "a century");
});

test("spikes are incidents, else the highest levels", () => {
  const data = { start: 0, end: 100, step: 10, rules: [{ title: "CPUs busy", resource: "cpu" }] };
  const line = { level: [0, 0, 0.4, 0.4, 0.1, 0, 0.39, 0, 0, 0], cause: Array(10).fill(0), resources: {}, worst: [] };
  assert.deepEqual(spikesOf(data, line).map((s) => s.at), [30, 65]);
  assert.match(spikesOf(data, line)[0].words, /CPUs busy, below the limits/);
  const worst = { start: 52, end: 78, resource: "disk", words: "disk" };
  const found = spikesOf(data, { ...line, resources: { disk: [0, 0, 0, 0, 0, 0.5, 1, 1, 0.5, 0] }, worst: [worst] });
  assert.deepEqual(found.map((s) => [s.at, s.words]), [[70, "disk"]]);
  assert.equal(peak(data, Array(10).fill(null), 20, 40), 30);
  assert.deepEqual(spikesOf(data, { ...line, level: Array(10).fill(0) }), []);
});

test("words and CSV of incidents", () => {
  assert.equal(withoutTime("14:05–14:20 disk sda saturated"), "disk sda saturated");
  assert.equal(withoutTime("disk 14:05–14:20"), "disk 14:05–14:20");
  const csv = worstCSV([{ host: { host: "=cmd()" }, start: 0, end: 60, resource: "cpu", instance: "a,b", value: 1.5, words: 'say "x"', query: "up" }], utc);
  assert.equal(csv.split("\r\n")[1], `'=cmd(),1970-01-01T00:00:00.000Z,1970-01-01T00:01:00.000Z,cpu,"a,b",1.5,"say ""x""",up`);
});
