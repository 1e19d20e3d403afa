import type { Unit } from "./tables";

/** A plot of the screen Host at a time. */
export interface Section {
  name: string;
  title: string;
  unit: Unit;
  lines: Line[];
  /** The same over node_exporter's names, for hosts without PCP's. */
  others?: Line[];
}

/** A line of a plot, or with each of the instances one. */
export interface Line {
  name: string;
  /** Metrics whose values are added. */
  metrics: string[];
  /** A metric whose values are taken off. */
  less?: string;
  /** A metric by which the sum is divided. */
  over?: string;
  /** Whether the instances have lines of their own. */
  each?: boolean;
  /** The instance to show, in place of all. */
  instance?: string;
  /** Instances to leave out, as a regular expression. */
  without?: string;
  /** PromQL in place of metrics; the range of its rates is $range. */
  expr?: string;
  /** The label that names the instances; instname without it. */
  label?: string;
  /** Whether the values are those of all CPUs and shown as a share of them. */
  perCPU?: boolean;
}

const cpu = (name: string, ...metrics: string[]): Line => ({ name, metrics, perCPU: true });
const each = (name: string, metric: string, without?: string): Line => ({ name, metrics: [metric], each: true, ...(without ? { without } : {}) });

const node = (name: string, expr: string): Line => ({ name, metrics: [], expr });
const nodeEach = (name: string, label: string, expr: string): Line => ({ name, metrics: [], expr, each: true, label });
/** nodeCPU is the share of all CPUs' time in some modes, over node_exporter's names. */
export const nodeCPU = (name: string, modes: string): Line => node(name, `100 * avg without (cpu) (sum without (mode) (rate(node_cpu_seconds_total{mode=~"${modes}"}[$range])))`);
/** The disks of node_exporter, without those in memory and those made of others; top and overview/rules.yml leave the same out. */
export const disks = '{device!~"(loop|ram|zram|dm-|md|sr|fd)[0-9].*"}';
const nic = '{device!="lo"}';

const noDisks = "(loop|ram|zram|fd|sr).*";

/** The file systems of node_exporter, without images, which are always full, and those in memory. */
export const filesystems = '{device!~"/dev/loop.*",fstype!~"squashfs|iso9660|udf|erofs|cramfs|tmpfs|ramfs"}';

/** The share of each file system that is full, as df has it, over node_exporter's names. */
export const fullFilesystems = `100 * (node_filesystem_size_bytes${filesystems} - node_filesystem_free_bytes) / (node_filesystem_size_bytes - node_filesystem_free_bytes + node_filesystem_avail_bytes)`;

export const sections: Section[] = [
  {
    name: "cpu", title: "CPU", unit: "%", lines: [
      cpu("user", "kernel.all.cpu.user"), cpu("system", "kernel.all.cpu.sys"),
      cpu("interrupts", "kernel.all.cpu.intr"), cpu("stolen", "kernel.all.cpu.steal"), cpu("waiting for disks", "kernel.all.cpu.wait.total"),
    ],
    others: [nodeCPU("user", "user|nice"), nodeCPU("system", "system"), nodeCPU("interrupts", "irq|softirq"), nodeCPU("stolen", "steal"), nodeCPU("waiting for disks", "iowait")],
  },
  {
    name: "load", title: "Load", unit: "", lines: [
      { name: "load, 1 minute", metrics: ["kernel.all.load"], instance: "1 minute" },
      { name: "runnable", metrics: ["kernel.all.runnable"] }, { name: "blocked", metrics: ["kernel.all.blocked"] },
      { name: "CPUs", metrics: ["hinv.ncpu"] },
    ],
    others: [
      node("load, 1 minute", "node_load1"), node("runnable", "node_procs_running"), node("blocked", "node_procs_blocked"),
      node("CPUs", 'count without (cpu, mode) (node_cpu_seconds_total{mode="idle"})'),
    ],
  },
  {
    name: "pressure", title: "Pressure (PSI)", unit: "%", lines: [
      { name: "CPU, some", metrics: ["kernel.all.pressure.cpu.some.avg"], instance: "10 second" },
      { name: "memory, some", metrics: ["kernel.all.pressure.memory.some.avg"], instance: "10 second" },
      { name: "memory, all", metrics: ["kernel.all.pressure.memory.full.avg"], instance: "10 second" },
      { name: "I/O, some", metrics: ["kernel.all.pressure.io.some.avg"], instance: "10 second" },
      { name: "I/O, all", metrics: ["kernel.all.pressure.io.full.avg"], instance: "10 second" },
    ],
    others: [
      node("CPU, some", "100 * rate(node_pressure_cpu_waiting_seconds_total[$range])"),
      node("memory, some", "100 * rate(node_pressure_memory_waiting_seconds_total[$range])"), node("memory, all", "100 * rate(node_pressure_memory_stalled_seconds_total[$range])"),
      node("I/O, some", "100 * rate(node_pressure_io_waiting_seconds_total[$range])"), node("I/O, all", "100 * rate(node_pressure_io_stalled_seconds_total[$range])"),
    ],
  },
  {
    name: "memory", title: "Memory", unit: "bytes", lines: [
      { name: "in use", metrics: ["mem.physmem"], less: "mem.util.available" },
      { name: "page cache", metrics: ["mem.util.cached"] }, { name: "free", metrics: ["mem.util.free"] },
      { name: "swap in use", metrics: ["mem.util.swapTotal"], less: "mem.util.swapFree" },
      { name: "all memory", metrics: ["mem.physmem"] },
    ],
    others: [
      node("in use", "node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes"), node("page cache", "node_memory_Cached_bytes"), node("free", "node_memory_MemFree_bytes"),
      node("swap in use", "node_memory_SwapTotal_bytes - node_memory_SwapFree_bytes"), node("all memory", "node_memory_MemTotal_bytes"),
    ],
  },
  {
    name: "swapping", title: "Swapping", unit: "/s", lines: [
      { name: "pages in", metrics: ["swap.pagesin"] }, { name: "pages out", metrics: ["swap.pagesout"] },
    ],
    others: [node("pages in", "rate(node_vmstat_pswpin[$range])"), node("pages out", "rate(node_vmstat_pswpout[$range])")],
  },
  {
    name: "busy", title: "Disks busy", unit: "%", lines: [each("", "disk.dev.avactive", noDisks)],
    others: [nodeEach("", "device", `100 * rate(node_disk_io_time_seconds_total${disks}[$range])`)],
  },
  {
    name: "wait", title: "Disk wait for each request", unit: "ms", lines: [
      { name: "", metrics: ["disk.dev.read_rawactive", "disk.dev.write_rawactive"], over: "disk.dev.total", each: true, without: noDisks },
    ],
    others: [nodeEach("", "device", `1000 * (rate(node_disk_read_time_seconds_total${disks}[$range]) + rate(node_disk_write_time_seconds_total[$range])) / (rate(node_disk_reads_completed_total[$range]) + rate(node_disk_writes_completed_total[$range]) > 0)`)],
  },
  {
    name: "storage", title: "Disk throughput", unit: "bytes/s", lines: [
      { name: "read", metrics: ["disk.all.read_bytes"] }, { name: "written", metrics: ["disk.all.write_bytes"] },
    ],
    others: [node("read", `sum without (device) (rate(node_disk_read_bytes_total${disks}[$range]))`), node("written", `sum without (device) (rate(node_disk_written_bytes_total${disks}[$range]))`)],
  },
  {
    name: "network", title: "Network", unit: "bytes/s", lines: [
      each("received", "network.interface.in.bytes", "lo"), each("sent", "network.interface.out.bytes", "lo"),
    ],
    others: [nodeEach("received", "device", `rate(node_network_receive_bytes_total${nic}[$range])`), nodeEach("sent", "device", `rate(node_network_transmit_bytes_total${nic}[$range])`)],
  },
  {
    name: "faults", title: "Network errors and drops", unit: "/s", lines: [
      { name: "errors", metrics: ["network.interface.in.errors", "network.interface.out.errors"], each: true },
      { name: "drops", metrics: ["network.interface.in.drops", "network.interface.out.drops"], each: true },
    ],
    others: [
      nodeEach("errors", "device", "rate(node_network_receive_errs_total[$range]) + rate(node_network_transmit_errs_total[$range])"),
      nodeEach("drops", "device", "rate(node_network_receive_drop_total[$range]) + rate(node_network_transmit_drop_total[$range])"),
    ],
  },
  { name: "filesystem", title: "File systems full", unit: "%", lines: [each("", "filesys.full")], others: [nodeEach("", "mountpoint", fullFilesystems)] },
];
