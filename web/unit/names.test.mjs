import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { escapeRegexp, expression, metricsIn, oneOf, selector, seriesNames, tree } = await load("names");
const { find } = await load("explore/find");

const metric = (name, oneline = "", more = {}) => ({ name, promql: name.replaceAll(".", "_"), type: "gauge", semantics: "instant", units: "", native: true, oneline, help: "", ...more });

test("selectors quote what people recorded", () => {
  assert.equal(oneOf("hostname", []), "");
  assert.equal(oneOf("hostname", ['a"b\\']), 'hostname="a\\"b\\\\"');
  assert.equal(oneOf("hostname", ["a.b", "c|d"]), 'hostname=~"a\\\\.b|c\\\\|d"');
  assert.equal(selector("x", ["", 'a="b"']), 'x{a="b"}');
  assert.equal(selector("x.y", []), '{"x.y"}');
  assert.equal(selector("", ['a="b"']), '{a="b"}');
  assert.equal(escapeRegexp("a+b(c)"), "a\\+b\\(c\\)");
});

test("a counter is shown as its rate, on the chosen hosts", () => {
  const counter = metric("disk.all.total", "", { semantics: "counter" });
  assert.equal(expression(counter, ["web1"], false, 30), 'rate(disk_all_total{hostname="web1"}[30s])');
  assert.equal(expression(counter, [], true, 30), "disk_all_total");
  assert.equal(expression(metric("x"), ["web1"], false, 30), 'x{hostname="web1"}');
  assert.equal(expression(metric("x", "", { native: false }), ["web1"], false, 30), "x", "an exporter's series have no label of the host");
});

test("series are named by the labels in which they differ", () => {
  const one = { __name__: "x", hostname: "web1", agent: "linux", instname: "sda", device: "sda" };
  assert.deepEqual(seriesNames([one]), ["sda"]);
  assert.deepEqual(seriesNames([one, { ...one, instname: "sdb", device: "sdb" }]), ["sda", "sdb"]);
  assert.deepEqual(seriesNames([one, { ...one, hostname: "web2" }]), ["web1", "web2"]);
  assert.deepEqual(seriesNames([{ code: "200" }, { code: "500" }]), ["code=200", "code=500"]);
  assert.deepEqual(seriesNames([{}]), ["value"]);
});

test("the tree has every metric, and those that are also branches", () => {
  const root = tree([metric("a.b"), metric("a.b.c"), metric("d")]);
  assert.equal(root.count, 3);
  const b = root.children.get("a").children.get("b");
  assert.equal(b.metric.name, "a.b");
  assert.equal(b.children.get("c").path, "a.b.c");
});

test("words find metrics by their names and help, the best first", () => {
  const all = [metric("mem.util.used", "used memory metric from /proc/meminfo"), metric("disk.dev.avactive", "per-disk count of active time"), metric("disk.dev.read", "per-disk read operations"), metric("kernel.all.cpu.user", "total user CPU time")];
  const names = (text) => find(all, text).map((hit) => hit.metric.name);
  assert.deepEqual(names("disk read"), ["disk.dev.read"]);
  assert.equal(names("memory")[0], "mem.util.used");
  assert.equal(names("disk_dev_read")[0], "disk.dev.read");
  assert.deepEqual(names("active disks"), ["disk.dev.avactive"]);
  assert.deepEqual(names("processor"), ["kernel.all.cpu.user"]);
  assert.deepEqual(names("no such word"), []);
  assert.deepEqual(names(" "), []);
});

test("an expression tells its metrics", () => {
  const load = metric("kernel.all.load"), known = new Map([[load.promql, load]]);
  assert.deepEqual(metricsIn('sum by (kernel) (kernel_all_load{x="y_z"})', known), [load]);
  assert.deepEqual(metricsIn('up{x="kernel_all_load"}', known), []);
});
