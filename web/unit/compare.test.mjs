import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { average, distance, merge, seriesOf } = await load("compare/changes");
const { around, lineExpr, needsOf, sectionExpr, tableExpr, factor } = await load("host/ask");
const { tables, process, leading } = await load("host/tables");
const { sections } = await load("host/sections");
const { show } = await load("host/format");

const metric = (name, semantics = "instant", units = "") => ({ name, promql: name.replaceAll(".", "_"), semantics, units, native: true, type: "", oneline: "", help: "" });
const none = () => ({ changes: [], onlyA: [], onlyB: [], same: 0, done: 0, total: 0, faults: [] });

test("changes are ranked by the factor, whichever way", () => {
  const metrics = ["a", "b", "c", "d", "e", "f"].map((name) => metric(name));
  const side = (values) => new Map(Object.entries(values).map(([name, value]) => [`${name} `, { labels: {}, time: 0, value }]));
  const found = none();
  merge(found, metrics, side({ a: 1, b: 10, c: 0, d: -1, e: 1, f: NaN }), side({ a: 3, b: 1, c: 5, d: 1, e: 1.9, f: 1 }));
  assert.deepEqual(found.changes.map((c) => c.metric.name), ["c", "d", "b", "a"]);
  assert.equal(found.same, 1);
  merge(found, [metric("g"), metric("h")], side({ g: 1 }), side({ h: 1 }));
  assert.deepEqual([found.onlyA[0].metric.name, found.onlyB[0].metric.name], ["g", "h"]);
  assert.equal(distance({ a: 4, b: 4 }), 0);
  assert.equal(distance({ a: 0, b: 4 }), Infinity);
  assert.equal(distance({ a: 1, b: 8 }), distance({ a: 8, b: 1 }));
});

test("series of two hosts have one name", () => {
  assert.equal(seriesOf({ instname: "sda", hostname: "web1", device_type: "block" }, true), "sda");
  assert.equal(seriesOf({ hostname: "web1", device_type: "cpu" }, true), "");
  assert.equal(seriesOf({ hostname: "web1", agent: "x", code: "200", job: "web" }, false), "code=200,job=web");
  assert.equal(seriesOf({ instance: "a:1", job: "web" }, false), "instance=a:1,job=web");
  assert.equal(seriesOf({ instance: "a:1", job: "web" }, false, true), "job=web", "the targets of two hosts have different addresses");
});

test("averages are rates of counters", () => {
  const side = { host: 'we"b', from: 0, to: 600 };
  assert.equal(average(side, metric("disk.dev.read", "counter")), 'rate(disk_dev_read[600s])');
  assert.equal(average(side, metric("kernel.all.load")), 'avg_over_time(kernel_all_load[600s])');
  assert.equal(average(side, { ...metric("up"), native: false }), "avg_over_time(up[600s])");
});

const logged = {
  host: "web1", hostnames: ["web1"], cpus: 4, interval: 10,
  metrics: new Map([
    metric("kernel.all.cpu.user", "counter", "millisec"), metric("mem.physmem", "discrete", "Kbyte"), metric("mem.util.available", "instant", "Kbyte"),
    metric("disk.dev.avactive", "counter", "millisec"), metric("disk.dev.aveq", "counter", "millisec"), metric("proc.psinfo.utime", "counter", "millisec"),
    metric("proc.psinfo.stime", "counter", "millisec"), metric("kernel.all.load"),
  ].map((m) => [m.name, m])),
};
const section = (name) => sections.find((s) => s.name === name);

test("plots ask for what the host logged, in the unit of the plot", () => {
  assert.equal(sectionExpr(logged, section("cpu"), 40), 'rate(kernel_all_cpu_user{hostname="web1"}[40s]) * 0.1 / 4');
  assert.equal(sectionExpr(logged, section("load"), 40), 'kernel_all_load{hostname="web1",instname="1 minute"}');
  assert.match(sectionExpr(logged, section("memory"), 40), /mem_physmem\{hostname="web1"\} \* 1024 - on \(hostname\) mem_util_available\{hostname="web1"\} \* 1024/);
  assert.equal(lineExpr(logged, section("network").lines[0], "bytes/s", 40), "");
  assert.equal(factor(metric("x", "counter", "millisec"), "%"), 0.1);
  assert.equal(factor(metric("x", "counter", "millisec"), ""), 0.001);
  assert.equal(factor(metric("x", "instant", "Mbyte"), "bytes"), 2 ** 20);
});

test("a host that PCP did not record has the plots and tables of node_exporter's names", () => {
  const names = ["node_cpu_seconds_total", "node_load1", "node_disk_io_time_seconds_total", "node_network_receive_bytes_total"];
  const metrics = names.map((name) => ({ ...metric(`openmetrics.node.${name}`, "counter"), promql: name, native: false }));
  const host = { host: "db", hostnames: [], cpus: 1, interval: 10, metrics: new Map(metrics.flatMap((m) => [[m.promql, m], [m.name, m]])) };
  assert.match(sectionExpr(host, section("cpu"), 40), /label_replace\(100 \* avg without \(cpu\) \(sum without \(mode\) \(rate\(node_cpu_seconds_total\{mode=~"user\|nice"\}\[40s\]\)\)\), "__line__", "user"/);
  assert.match(sectionExpr(host, section("load"), 40), /node_load1, "__line__", "load, 1 minute".* or .*CPUs/);
  assert.equal(sectionExpr(host, section("memory"), 40), "");
  assert.match(tableExpr(host, tables.find((t) => t.name === "disk"), { over: 60, after: 30 }), /^label_replace\(100 \* rate\(node_disk_io_time_seconds_total\{device!~"[^"]*"\}\[60s\] offset -30s\), "__column__", "Busy", "", ""\)$/);
  assert.deepEqual(needsOf(section("busy").others[0]), ["node_disk_io_time_seconds_total"]);
  const both = { ...logged, metrics: new Map([...logged.metrics, ...host.metrics]) };
  assert.equal(sectionExpr(both, section("cpu"), 40), sectionExpr(logged, section("cpu"), 40), "PCP's metrics come first");
  assert.equal(sectionExpr({ ...logged, hostnames: ["a", "b"] }, section("cpu"), 40), 'rate(kernel_all_cpu_user{hostname=~"a|b"}[40s]) * 0.1 / 4', "the label may have other values than the host's name");
});

test("tables ask around the instant", () => {
  const processes = tableExpr(logged, tables.find((t) => t.name === "process"), { over: 60, after: 30 });
  assert.match(processes, /rate\(proc_psinfo_utime\{hostname="web1"\}\[60s\] offset -30s\) \* 0\.1 \+ rate\(proc_psinfo_stime/);
  assert.doesNotMatch(processes, /rss/);
  assert.match(tableExpr(logged, tables.find((t) => t.name === "disk"), { over: 60, after: 30 }), /Queue/);
});

test("rates of tables cover time that was recorded, also at its ends", () => {
  const recorded = { from: 1000, to: 1100 };
  assert.deepEqual(around(1050, 60, recorded), { over: 60, after: 30 });
  assert.deepEqual(around(1000, 60, recorded), { over: 60, after: 60 });
  assert.deepEqual(around(1095, 60, recorded), { over: 60, after: 5 });
  assert.deepEqual(around(1100, 60, recorded), { over: 60, after: 0 });
  assert.deepEqual(around(1010, 600, recorded), { over: 100, after: 90 }, "a recording that is shorter");
  assert.deepEqual(around(2000, 60, recorded), { over: 60, after: 30 }, "not recorded");
  assert.deepEqual(around(2000, 60, undefined), { over: 60, after: 30 }, "not known");
  const disks = tables.find((t) => t.name === "disk");
  assert.match(tableExpr(logged, disks, { over: 60, after: 0 }), /\[60s\]\) \* 0\.1/);
  assert.match(tableExpr(logged, disks, { over: 60, after: -5 }), /\[60s\] offset 5s\) \* 0\.1/);
});

test("processes, and numbers of tables", () => {
  assert.deepEqual(process("004711 backup --all"), { pid: "4711", command: "backup --all" });
  assert.deepEqual(process("000000"), { pid: "0", command: "" });
  assert.equal(leading("memory"), "Memory");
  assert.equal(leading("cpu"), "CPU");
  assert.equal(show(NaN, "%"), "–");
  assert.equal(show(12.345, "%"), "12.3 %");
  assert.equal(show(1536, "bytes"), "1.5 KiB");
});
