import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { counted, digits, format, parseUnit, perSecond } = await load("units");

test("values have units as people read them", () => {
  for (const [value, unit, want] of [
    [0, "Kbyte", "0 B"], [1536, "Kbyte", "1.5 MiB"], [2048, "byte / sec", "2 KiB/s"], [-2048, "byte", "−2 KiB"], [1500, "millisec", "1.5 s"], [0.25, "sec", "250 ms"],
    [3, "microsec", "3 µs"], [90, "min", "90 min"], [150, "min", "2.5 h"], [12345, "count", "12.3 k"], [7, "count / sec", "7 /s"], [12345, "count / sec", "12.3 k/s"], [0.5, "ratio", "50 %"],
    [42, "none", "42"], [42, "", "42"], [3, "Celsius", "3 Celsius"], [3, "byte / count", "3 byte / count"], [NaN, "count", "–"], [Infinity, "byte", "+∞"],
  ]) assert.equal(format(value, parseUnit(unit)), want, `${value} ${unit}`);
});

test("a number has its noun in the singular or the plural", () => {
  assert.equal(counted(1, "host"), "1 host");
  assert.equal(counted(0, "host"), "0 hosts");
  assert.equal(counted(2000, "entry", "entries"), "2,000 entries");
});

test("a rate of time is a share", () => {
  assert.equal(format(500, perSecond(parseUnit("millisec"))), "50 %");
  assert.equal(format(1024, perSecond(parseUnit("Kbyte"))), "1 MiB/s");
  assert.equal(format(10, perSecond(parseUnit("count"))), "10 /s");
});

test("numbers keep three digits", () => {
  for (const [value, want] of [[0, "0"], [1234.5, "1235"], [0.00012345, "0.000123"], [1e9, "1e9"], [-1.25e-7, "-1.25e-7"], [99.96, "100"]]) assert.equal(digits(value), want);
});
