import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { emptyStretches, picture, statistics } = await load("decimate");
const { cutHeld, intervalOf } = await load("held");

const grid = (n, f) => ({ times: Float64Array.from({ length: n }, (_, i) => i), values: Float64Array.from({ length: n }, (_, i) => f(i)) });

test("fewer points keep every peak and every gap", () => {
  const { times, values } = grid(5000, (i) => (i === 1234 ? 1000 : i === 4000 ? -50 : i > 2000 && i < 2200 ? NaN : Math.sin(i)));
  for (const parts of [50, 200, 1000]) {
    const p = picture(times, [{ values }], 0, 4999, parts);
    assert.ok(p.data[0].length <= 2 * parts);
    assert.equal(p.data[0].length, p.data[1].length);
    assert.equal(p.max, 1000);
    assert.equal(p.min, -50);
    assert.ok(p.data[1].includes(1000) && p.data[1].includes(-50));
    assert.ok(p.data[1].includes(null), "the gap");
    for (let i = 1; i < p.data[0].length; i++) assert.ok(p.data[0][i] > p.data[0][i - 1], "times ascend");
  }
  const near = picture(times, [{ values }], 10, 20, 100);
  assert.deepEqual(near.data[0], [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21], "a point beyond each edge");
  assert.equal(near.data[1][1], Math.sin(10));
  assert.ok(Number.isNaN(picture(times, [], 0, 10, 5).min));
});

test("gaps are where no line has a value", () => {
  const { times, values } = grid(100, (i) => (i >= 40 && i < 50 ? NaN : 1)), other = grid(100, (i) => (i < 45 ? NaN : 1)).values;
  assert.deepEqual(emptyStretches(times, [{ values }], 0), [{ from: 39, to: 50 }]);
  assert.deepEqual(emptyStretches(times, [{ values }, { values: other }], 0), [{ from: 39, to: 45 }]);
  assert.deepEqual(emptyStretches(times, [{ values }], 20), [], "a short pause");
  assert.deepEqual(emptyStretches(times, [], 0), [{ from: 0, to: 99 }]);
});

test("figures are of the window alone", () => {
  const { times, values } = grid(100, (i) => (i === 50 ? NaN : i));
  assert.deepEqual(statistics(times, values, 40, 60), { min: 40, mean: 50, max: 60, last: 60, points: 20 });
  assert.equal(statistics(times, values, 200, 300).points, 0);
});

test("a value that only lasts is no value", () => {
  const { times, values } = grid(100, () => 7);
  const stamps = Float64Array.from(times, (t) => (t < 50 ? t - (t % 5) : t < 80 ? 45 : NaN));
  const made = { times, step: 1, series: [{ labels: {}, values }] };
  cutHeld(made, { times, step: 1, series: [{ labels: {}, values: stamps }] });
  assert.equal(values[57], 7);
  assert.ok(Number.isNaN(values[58]), "two and a half intervals of 5 after 45");
  assert.equal(intervalOf(Float64Array.from([1, 1, 1])), Infinity);
  const once = grid(100, () => 3);
  cutHeld({ times, step: 1, series: [{ labels: {}, values: once.values }] }, { times, step: 1, series: [{ labels: {}, values: new Float64Array(100).fill(0) }] });
  assert.equal(once.values[99], 3, "recorded once, it holds");
});
