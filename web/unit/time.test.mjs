import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { fixed, length, named, parse, span, stamp, utc, zoneOf } = await load("time");

test("times are shown and read in a zone", () => {
  const berlin = named("Europe/Berlin"), summer = Date.UTC(2026, 6, 1, 12) / 1000, winter = Date.UTC(2026, 0, 1, 12) / 1000;
  assert.equal(stamp(summer, berlin), "2026-07-01 14:00:00");
  assert.equal(stamp(winter, berlin), "2026-01-01 13:00:00");
  assert.equal(stamp(winter, utc), "2026-01-01 12:00:00");
  assert.equal(stamp(winter, fixed(-12600)), "2026-01-01 08:30:00");
  for (const t of [summer, winter, summer + 0.5]) assert.equal(Math.floor(parse(stamp(t, berlin), berlin, 0)), Math.floor(t));
  assert.equal(parse("14:05", berlin, summer), summer + 300);
  assert.equal(parse("2026-07-01", berlin, 0), summer - 14 * 3600);
  assert.equal(parse(String(summer), berlin, 0), summer);
  for (const wrong of ["", "yesterday", "2026-13-45", "25:99:99x"]) assert.equal(parse(wrong, utc, 0), null, wrong);
  assert.equal(named("No/Where"), null);
  assert.equal(named("<script>"), null);
});

test("the clock that is put back gives both hours", () => {
  const berlin = named("Europe/Berlin"), change = Date.UTC(2026, 9, 25, 1) / 1000; // 03:00 becomes 02:00
  assert.equal(stamp(change - 1, berlin), "2026-10-25 02:59:59");
  assert.equal(stamp(change, berlin), "2026-10-25 02:00:00");
});

test("the zone of the state is the host's, a name, or the browser's", () => {
  assert.equal(zoneOf("host", { zone: "Asia/Tokyo", offset: 0 }).name, "Asia/Tokyo");
  assert.equal(zoneOf("host", { zone: "", offset: 36000 }).name, "UTC+10");
  assert.equal(zoneOf("utc").name, "UTC");
  assert.equal(zoneOf("No/Where").name, zoneOf("local").name);
});

test("lengths have two units", () => {
  for (const [s, want] of [[0.25, "250 ms"], [59, "59 s"], [3600, "1 h"], [3661, "1 h 1 min"], [89_940, "1 d 59 min"], [31_557_600 * 2 + 86400, "2 y 1 d"]]) assert.equal(length(s), want);
  assert.equal(span(0, 3600, utc), "1970-01-01 00:00 – 01:00");
});
