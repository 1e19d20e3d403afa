// The tables of a host at an instant, as top, iostat and sar show them. They have the
// columns of the command `pcparchive top`.
import { disks, filesystems, fullFilesystems } from "./sections";

/** A table with a row for each instance. */
export interface Table {
  name: string;
  title: string;
  /** What a row is. */
  row: string;
  /** The label that names the rows of node_exporter's metrics. */
  label?: string;
  columns: Column[];
}

/** A column: the sum of metrics of one instance domain. */
export interface Column {
  name: string;
  /** Alternatives, of which the first that the host logged is used. */
  sources: string[][];
  unit: Unit;
  /** The same over node_exporter's names, in PromQL; the range of its rates is $range. */
  other?: string;
  /** The tool that has the column under this name. */
  hint?: string;
}

/** The units of columns and plots. */
export type Unit = "%" | "bytes" | "bytes/s" | "/s" | "ms" | "";

const column = (name: string, unit: Unit, hint: string, ...sources: string[][]): Column => ({ name, unit, hint, sources });

const cpu = (modes: string): string => `100 * sum without (mode) (rate(node_cpu_seconds_total{mode=~"${modes}"}[$range]))`;

export const tables: Table[] = [
  {
    name: "process", title: "Processes", row: "process", columns: [
      column("CPU", "%", "Share of one CPU", ["proc.psinfo.utime", "proc.psinfo.stime"], ["hotproc.psinfo.utime", "hotproc.psinfo.stime"]),
      column("Memory", "bytes", "Resident memory", ["proc.psinfo.rss"], ["hotproc.psinfo.rss"]),
      column("Read", "bytes/s", "Read from storage", ["proc.io.read_bytes"], ["hotproc.io.read_bytes"]),
      column("Written", "bytes/s", "Written to storage", ["proc.io.write_bytes"], ["hotproc.io.write_bytes"]),
    ],
  },
  {
    name: "disk", title: "Disks", row: "disk", label: "device", columns: [
      { ...column("Busy", "%", "Share of time with a request", ["disk.dev.avactive"]), other: `100 * rate(node_disk_io_time_seconds_total${disks}[$range])` },
      { ...column("Queue", "", "Requests waiting, on average", ["disk.dev.aveq"]), other: `rate(node_disk_io_time_weighted_seconds_total${disks}[$range])` },
      { ...column("Read", "bytes/s", "", ["disk.dev.read_bytes"]), other: `rate(node_disk_read_bytes_total${disks}[$range])` },
      { ...column("Written", "bytes/s", "", ["disk.dev.write_bytes"]), other: `rate(node_disk_written_bytes_total${disks}[$range])` },
      { ...column("Reads", "/s", "", ["disk.dev.read"]), other: `rate(node_disk_reads_completed_total${disks}[$range])` },
      { ...column("Writes", "/s", "", ["disk.dev.write"]), other: `rate(node_disk_writes_completed_total${disks}[$range])` },
    ],
  },
  {
    name: "interface", title: "Interfaces", row: "interface", label: "device", columns: [
      { ...column("Received", "bytes/s", "", ["network.interface.in.bytes"]), other: "rate(node_network_receive_bytes_total[$range])" },
      { ...column("Sent", "bytes/s", "", ["network.interface.out.bytes"]), other: "rate(node_network_transmit_bytes_total[$range])" },
      { ...column("Errors", "/s", "Received and sent", ["network.interface.in.errors", "network.interface.out.errors"]), other: "rate(node_network_receive_errs_total[$range]) + rate(node_network_transmit_errs_total[$range])" },
      { ...column("Drops", "/s", "Received and sent", ["network.interface.in.drops", "network.interface.out.drops"]), other: "rate(node_network_receive_drop_total[$range]) + rate(node_network_transmit_drop_total[$range])" },
    ],
  },
  {
    name: "cpu", title: "CPUs", row: "CPU", label: "cpu", columns: [
      { ...column("User", "%", "", ["kernel.percpu.cpu.user"]), other: cpu("user|nice") },
      { ...column("System", "%", "", ["kernel.percpu.cpu.sys"]), other: cpu("system") },
      { ...column("Wait", "%", "Idle with a disk request pending", ["kernel.percpu.cpu.wait.total"]), other: cpu("iowait") },
      { ...column("Interrupts", "%", "", ["kernel.percpu.cpu.irq.soft", "kernel.percpu.cpu.irq.hard"], ["kernel.percpu.cpu.intr"]), other: cpu("irq|softirq") },
      { ...column("Idle", "%", "", ["kernel.percpu.cpu.idle"]), other: cpu("idle") },
    ],
  },
  {
    name: "filesystem", title: "File systems", row: "file system", label: "mountpoint", columns: [
      { ...column("Full", "%", "", ["filesys.full"]), other: fullFilesystems },
      { ...column("Free", "bytes", "", ["filesys.free"]), other: `node_filesystem_free_bytes${filesystems}` },
      { ...column("Size", "bytes", "", ["filesys.capacity"]), other: `node_filesystem_size_bytes${filesystems}` },
    ],
  },
];

/** leading returns the column by which the processes are sorted when a resource was busy. */
export function leading(resource: string): string {
  return { memory: "Memory", disk: "Written", filesystem: "Written" }[resource] ?? "CPU";
}

/** process returns the identifier and the command of a process, from its instance. */
export function process(instance: string): { pid: string; command: string } {
  const space = instance.indexOf(" ");
  const pid = space < 0 ? instance : instance.slice(0, space);
  return { pid: pid.replace(/^0+(?=\d)/, ""), command: space < 0 ? "" : instance.slice(space + 1) };
}
