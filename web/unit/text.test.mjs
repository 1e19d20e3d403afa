import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { visible } = await load("dom");
const { csv, pmrep, shellQuote } = await load("export");
const { utc } = await load("time");

test("characters that hide or reorder text are escaped", () => {
  assert.equal(visible("a\u0000b\u001b[31m\u202ec\u200b\ufeff"), "a\\u0000b\\u001b[31m\\u202ec\\u200b\\ufeff");
  assert.equal(visible("\udc80x😀é\n\t"), "\\udc80x😀é\n\t");
  assert.equal(visible("<b>&amp;"), "<b>&amp;", "markup is text already");
});

test("a table is safe for spreadsheets", () => {
  const lines = [{ key: "k", name: "n", labels: { instname: '=cmd()|"x",y' }, values: Float64Array.from([1, NaN, 3]) }];
  const text = csv({ times: Float64Array.from([0, 1, 2]), lines }, 0, 2, utc);
  assert.equal(text, 'time,"instname==cmd()|""x"",y"\r\n1970-01-01T00:00:00.000Z,1\r\n1970-01-01T00:00:02.000Z,3\r\n');
  assert.match(csv({ times: Float64Array.from([0]), lines: [{ ...lines[0], labels: {}, name: "=1+1" }] }, 0, 2, utc), /^time,'=1\+1\r\n/);
});

test("commands quote what people recorded", () => {
  assert.equal(shellQuote("a'b; rm -rf /"), `'a'\\''b; rm -rf /'`);
  const archives = { hosts: [{ host: "web1", archives: [{ path: "/a/1", start: 0, end: 10 }, { path: "/a/2 3", start: 10, end: 20 }, { path: "/a/3", start: 100, end: 110 }] }] };
  const command = pmrep(archives, { host: "web1", metrics: ["disk.dev.read"], instances: ["sda", "$(x)"], raw: true, from: 5, to: 15, step: 2 });
  assert.equal(command, `pmrep -a '/a/1,/a/2 3' -Z UTC -S '@1970-01-01 00:00:05' -T '@1970-01-01 00:00:15' -t 2s -p -r -i '"sda","$(x)"' disk.dev.read`);
});
