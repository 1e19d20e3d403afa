// The tables of a host at an instant, as top, iostat and sar show them. They have the
// columns of the command `pcparchive top`.

/** A table with a row for each instance. */
export interface Table {
  name: string;
  title: string;
  /** What a row is. */
  row: string;
  columns: Column[];
}

/** A column: the sum of metrics of one instance domain. */
export interface Column {
  name: string;
  /** Alternatives, of which the first that the host logged is used. */
  sources: string[][];
  unit: Unit;
  /** The tool that has the column under this name. */
  hint?: string;
}

/** The units of columns and plots. */
export type Unit = "%" | "bytes" | "bytes/s" | "/s" | "ms" | "";

const column = (name: string, unit: Unit, hint: string, ...sources: string[][]): Column => ({ name, unit, hint, sources });

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
    name: "disk", title: "Disks", row: "disk", columns: [
      column("Busy", "%", "Share of time with a request", ["disk.dev.avactive"]),
      column("Queue", "", "Requests waiting, on average", ["disk.dev.aveq"]),
      column("Read", "bytes/s", "", ["disk.dev.read_bytes"]),
      column("Written", "bytes/s", "", ["disk.dev.write_bytes"]),
      column("Reads", "/s", "", ["disk.dev.read"]),
      column("Writes", "/s", "", ["disk.dev.write"]),
    ],
  },
  {
    name: "interface", title: "Interfaces", row: "interface", columns: [
      column("Received", "bytes/s", "", ["network.interface.in.bytes"]),
      column("Sent", "bytes/s", "", ["network.interface.out.bytes"]),
      column("Errors", "/s", "Received and sent", ["network.interface.in.errors", "network.interface.out.errors"]),
      column("Drops", "/s", "Received and sent", ["network.interface.in.drops", "network.interface.out.drops"]),
    ],
  },
  {
    name: "cpu", title: "CPUs", row: "CPU", columns: [
      column("User", "%", "", ["kernel.percpu.cpu.user"]),
      column("System", "%", "", ["kernel.percpu.cpu.sys"]),
      column("Wait", "%", "Idle with a disk request pending", ["kernel.percpu.cpu.wait.total"]),
      column("Interrupts", "%", "", ["kernel.percpu.cpu.irq.soft", "kernel.percpu.cpu.irq.hard"], ["kernel.percpu.cpu.intr"]),
      column("Idle", "%", "", ["kernel.percpu.cpu.idle"]),
    ],
  },
  {
    name: "filesystem", title: "File systems", row: "file system", columns: [
      column("Full", "%", "", ["filesys.full"]),
      column("Free", "bytes", "", ["filesys.free"]),
      column("Size", "bytes", "", ["filesys.capacity"]),
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
