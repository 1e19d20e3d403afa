import type { Unit } from "./tables";

/** A plot of the screen Host at a time. */
export interface Section {
  name: string;
  title: string;
  unit: Unit;
  lines: Line[];
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
  /** Whether the values are those of all CPUs and shown as a share of them. */
  perCPU?: boolean;
}

const cpu = (name: string, ...metrics: string[]): Line => ({ name, metrics, perCPU: true });
const each = (name: string, metric: string, without?: string): Line => ({ name, metrics: [metric], each: true, ...(without ? { without } : {}) });

const noDisks = "(loop|ram|zram|fd|sr).*";

export const sections: Section[] = [
  {
    name: "cpu", title: "CPU", unit: "%", lines: [
      cpu("user", "kernel.all.cpu.user"), cpu("system", "kernel.all.cpu.sys"),
      cpu("interrupts", "kernel.all.cpu.intr"), cpu("stolen", "kernel.all.cpu.steal"), cpu("waiting for disks", "kernel.all.cpu.wait.total"),
    ],
  },
  {
    name: "load", title: "Load", unit: "", lines: [
      { name: "load, 1 minute", metrics: ["kernel.all.load"], instance: "1 minute" },
      { name: "runnable", metrics: ["kernel.all.runnable"] }, { name: "blocked", metrics: ["kernel.all.blocked"] },
      { name: "CPUs", metrics: ["hinv.ncpu"] },
    ],
  },
  {
    name: "pressure", title: "Pressure (PSI, 10 s)", unit: "%", lines: [
      { name: "CPU, some", metrics: ["kernel.all.pressure.cpu.some.avg"], instance: "10 second" },
      { name: "memory, some", metrics: ["kernel.all.pressure.memory.some.avg"], instance: "10 second" },
      { name: "memory, all", metrics: ["kernel.all.pressure.memory.full.avg"], instance: "10 second" },
      { name: "I/O, some", metrics: ["kernel.all.pressure.io.some.avg"], instance: "10 second" },
      { name: "I/O, all", metrics: ["kernel.all.pressure.io.full.avg"], instance: "10 second" },
    ],
  },
  {
    name: "memory", title: "Memory", unit: "bytes", lines: [
      { name: "in use", metrics: ["mem.physmem"], less: "mem.util.available" },
      { name: "page cache", metrics: ["mem.util.cached"] }, { name: "free", metrics: ["mem.util.free"] },
      { name: "swap in use", metrics: ["mem.util.swapTotal"], less: "mem.util.swapFree" },
      { name: "all memory", metrics: ["mem.physmem"] },
    ],
  },
  {
    name: "swapping", title: "Swapping", unit: "/s", lines: [
      { name: "pages in", metrics: ["swap.pagesin"] }, { name: "pages out", metrics: ["swap.pagesout"] },
    ],
  },
  { name: "busy", title: "Disks busy", unit: "%", lines: [each("", "disk.dev.avactive", noDisks)] },
  {
    name: "wait", title: "Disk wait for each request", unit: "ms", lines: [
      { name: "", metrics: ["disk.dev.read_rawactive", "disk.dev.write_rawactive"], over: "disk.dev.total", each: true, without: noDisks },
    ],
  },
  {
    name: "storage", title: "Disk throughput", unit: "bytes/s", lines: [
      { name: "read", metrics: ["disk.all.read_bytes"] }, { name: "written", metrics: ["disk.all.write_bytes"] },
    ],
  },
  {
    name: "network", title: "Network", unit: "bytes/s", lines: [
      each("received", "network.interface.in.bytes", "lo"), each("sent", "network.interface.out.bytes", "lo"),
    ],
  },
  {
    name: "faults", title: "Network errors and drops", unit: "/s", lines: [
      { name: "errors", metrics: ["network.interface.in.errors", "network.interface.out.errors"], each: true },
      { name: "drops", metrics: ["network.interface.in.drops", "network.interface.out.drops"], each: true },
    ],
  },
  { name: "filesystem", title: "File systems full", unit: "%", lines: [each("", "filesys.full")] },
];
