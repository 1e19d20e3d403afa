import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { decode, defaults, encode } = await load("state");

test("the address gives the state back", () => {
  const hostile = "a&b=c#d%\u0000\u202e<script>\"'é😀";
  for (const change of [
    {}, { screen: "explore" }, { hosts: ["web1", hostile] }, { from: 1.5, to: 2.25 }, { zone: "Europe/Berlin" }, { theme: "dark" }, { at: 1700000000.123 },
    { queries: [{ text: "kernel.all.load", promql: false, raw: false, only: [] }, { text: hostile, promql: true, raw: false, only: ["a:b=c,d", hostile] }, { text: "x", promql: false, raw: true, only: [] }] },
    { queries: [{ text: "", promql: true, raw: false, only: [] }, { text: "", promql: true, raw: false, only: ["k"] }] },
    { search: hostile }, { more: { "compare.shift": "1 h", "host.x": hostile } },
  ]) {
    const state = { ...defaults, ...change };
    assert.deepEqual(decode("?" + encode(state)), state);
  }
  assert.equal(encode(defaults), "", "defaults take no place");
});

test("an address that nobody wrote has defaults", () => {
  for (const search of ["", "?", "?from=x&to=-3&theme=pink&at=NaN", "?from=9&to=3", "?only=5:x&only=q&only=-1:y", "?from=1e999"]) {
    assert.deepEqual(decode(search), { ...defaults }, search);
  }
});
