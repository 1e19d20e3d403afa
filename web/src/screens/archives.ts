// Archives: what is recorded, when, where, and what is wrong with it.
import { check, type ArchiveFile, type CheckReply, type Host } from "../api";
import { coverageStrip } from "../archives/strip";
import { wholeOf } from "../coverage";
import { button, fill, h } from "../dom";
import type { Page, Screen, View } from "../screen";
import { Table } from "../table";
import { fixed, length, stamp } from "../time";
import { counted, format, parseUnit } from "../units";

export const archivesScreen: Screen = { id: "archives", title: "Archives", open: (page) => new ArchivesView(page) };

interface Row { host: Host; file: ArchiveFile }

const BYTES = parseUnit("byte");

class ArchivesView implements View {
  readonly element = h("div", { class: "archives" });
  private readonly hosts: Table<Host>;
  private readonly files: Table<Row>;
  private whole = { from: 0, to: 1 }; // of all hosts
  private readonly checked = new Map<string, CheckReply | string>();

  constructor(private page: Page) {
    const time = (t?: number): string => (t === undefined ? "unknown" : stamp(t, page.zone()));
    this.hosts = new Table<Host>({
      label: "Hosts", sort: { column: 0, down: false },
      columns: [
        { title: "host", value: (r) => r.host },
        { title: "coverage", value: (r) => r.start ?? 0, cell: (r) => coverageStrip(r, this.whole, page.zone()), class: "strip" },
        { title: "from", value: (r) => r.start ?? 0, cell: (r) => time(r.start), class: "time" },
        { title: "to", value: (r) => r.end ?? 0, cell: (r) => time(r.end), class: "time" },
        { title: "length", numeric: true, value: (r) => (r.end ?? 0) - (r.start ?? 0), cell: (r) => (r.end === undefined ? "" : length(r.end - (r.start ?? r.end))) },
        { title: "interval", numeric: true, value: (r) => r.interval, cell: (r) => (r.interval > 0 ? length(r.interval) : "") },
        { title: "zone", value: (r) => r.zone || fixed(r.offset).name },
        { title: "archives", numeric: true, value: (r) => r.archives.length },
        { title: "size", numeric: true, value: (r) => sum(r.archives), cell: (r) => format(sum(r.archives), BYTES) },
      ],
      choose: (r) => page.address.set({ hosts: [r.host] }), chosen: (r) => page.address.get().hosts.includes(r.host),
    });
    this.files = new Table<Row>({
      label: "Archives", sort: { column: 2, down: false },
      columns: [
        { title: "archive", value: (r) => r.file.path },
        { title: "host", value: (r) => r.host.host },
        { title: "from", value: (r) => r.file.start ?? 0, cell: (r) => time(r.file.start), class: "time" },
        { title: "to", value: (r) => r.file.end ?? 0, cell: (r) => time(r.file.end), class: "time" },
        { title: "version", numeric: true, value: (r) => r.file.version },
        { title: "files", numeric: true, value: (r) => r.file.files, cell: (r) => `${r.file.files}${r.file.packed ? ", compressed" : ""}` },
        { title: "size", numeric: true, value: (r) => r.file.bytes, cell: (r) => format(r.file.bytes, BYTES) },
        { title: "check", value: (r) => this.rank(r.file), cell: (r) => this.verdict(r.file) },
      ],
    });
  }

  update(): void {
    const archives = this.page.archives(), hosts = this.page.hosts();
    const rows = hosts.flatMap((host) => host.archives.map((file) => ({ host, file })));
    const { from, to } = wholeOf(archives.hosts);
    this.whole = { from, to: Math.max(to, from + 1) };
    this.hosts.show(archives.hosts);
    this.files.show(rows);
    fill(this.element, h("h1", { class: "unseen" }, "Archives"), this.summary(),
      h("h2", {}, "Hosts"), this.hosts.element,
      h("h2", {}, "Archives"), this.files.element, ...this.blocks(), ...this.damage(), ...this.rules(), ...this.cache(),
      h("footer", {}, `State of ${stamp(archives.taken, this.page.zone())}. `, archives.rescan > 0 ? `The server looks for archives every ${length(archives.rescan)}. ` : "", "Archives are only read. The same as JSON: ", h("a", { attrs: { href: "api/archives" } }, "api/archives"), "."));
  }

  close(): void {}

  private summary(): HTMLElement {
    const a = this.page.archives(), n = a.hosts.reduce((s, host) => s + host.archives.length, 0);
    if (!a.window) return h("p", { class: "note" }, "There is no archive yet.");
    const bytes = a.hosts.reduce((s, host) => s + sum(host.archives), 0);
    return h("p", {}, `${counted(n, "archive")} of ${counted(a.hosts.length, "host")}, ${format(bytes, BYTES)}, `,
      a.blocks.length > 0 ? `${counted(a.blocks.length, "Prometheus block")}, ` : "",
      `from ${stamp(a.window.start, this.page.zone())} to ${stamp(a.window.end, this.page.zone())} (${length(a.window.end - a.window.start)}).`,
      a.replay > 0 ? ` A replay at speed ${a.replay}: the recording appears as time passes.` : a.moved ? " The recording is moved in time." : "");
  }

  private blocks(): HTMLElement[] {
    const { blocks } = this.page.archives(), zone = this.page.zone();
    if (blocks.length === 0) return [];
    const table = new Table<(typeof blocks)[0]>({
      label: "Prometheus blocks",
      columns: [
        { title: "folder", value: (b) => b.path }, { title: "from", value: (b) => b.start, cell: (b) => stamp(b.start, zone) }, { title: "to", value: (b) => b.end, cell: (b) => stamp(b.end, zone) },
        { title: "series", numeric: true, value: (b) => b.series }, { title: "size", numeric: true, value: (b) => b.bytes, cell: (b) => format(b.bytes, BYTES) },
      ],
    });
    table.show(blocks);
    return [h("h2", {}, "Prometheus blocks"), table.element];
  }

  private damage(): HTMLElement[] {
    const { damage } = this.page.archives();
    if (damage.length === 0) {
      return [h("h2", {}, "Damage"), h("p", {}, "None is known. Data that no question has asked for are not checked; the buttons above check an archive completely.")];
    }
    const table = new Table<(typeof damage)[0]>({ label: "Damage", columns: [{ title: "path", value: (d) => d.path }, { title: "reason", value: (d) => d.reason }] });
    table.show(damage);
    return [h("h2", {}, "Damage"), h("p", {}, "Everything else is served. Answers that concern these have a warning."), table.element];
  }

  private rules(): HTMLElement[] {
    const { rules } = this.page.archives();
    if (!rules) return [];
    const table = new Table<(typeof rules.rules)[0]>({
      label: "Rules",
      columns: [
        { title: "group", value: (r) => r.group }, { title: "rule", value: (r) => r.name }, { title: "kind", value: (r) => (r.alerting ? "alert" : "series") },
        { title: "state at the end", value: (r) => r.state }, { title: "error", value: (r) => r.error },
      ],
    });
    table.show(rules.rules);
    return [h("h2", {}, "Rules"), ...(rules.fault ? [h("p", { class: "error" }, `The files have been changed and cannot be read, so the former rules stay in force: ${rules.fault}`)] : []), table.element];
  }

  private cache(): HTMLElement[] {
    const { cache } = this.page.archives();
    if (!cache) return [h("h2", {}, "Cache"), h("p", {}, "None.")];
    return [h("h2", {}, "Cache"),
      h("p", {}, `${counted(cache.entries, "entry", "entries")}, ${format(cache.bytes, BYTES)}, in `, h("code", {}, cache.path), ". It may be deleted at any time."),
      ...cache.problems.map((text) => h("p", { class: "error" }, text))];
  }

  private rank(file: ArchiveFile): number {
    const reply = this.checked.get(file.path);
    return typeof reply === "object" ? reply.findings.length + reply.more : this.page.archives().damage.some((d) => d.path === file.path) ? 1 : -1;
  }

  /** verdict shows what check found in an archive, or the button that asks it. */
  private verdict(file: ArchiveFile): HTMLElement {
    const reply = this.checked.get(file.path);
    if (typeof reply === "string") return h("span", { class: "dim" }, reply);
    if (reply === undefined) {
      const damaged = this.page.archives().damage.some((d) => d.path === file.path);
      const ask = button("check", (event) => { event.stopPropagation(); void this.ask(file); }, { class: "link", attrs: { "aria-label": `check ${file.path}` } });
      return h("span", {}, damaged ? h("span", { class: "error" }, "damaged ") : null, ask);
    }
    const { findings } = reply, text = summaryOf(reply);
    if (findings.length === 0) return h("span", { class: "good" }, text);
    return h("details", { class: "findings" }, h("summary", { class: findings.some((f) => f.severity === "error") ? "error" : undefined }, text),
      h("ul", {}, ...findings.map((f) => h("li", {}, h("b", {}, `${f.severity} ${f.code}: `), f.message, f.offset === undefined ? "" : ` (${f.file}, offset ${f.offset})`))),
      reply.more > 0 ? h("p", {}, `${reply.more} more`) : null);
  }

  private async ask(file: ArchiveFile): Promise<void> {
    this.checked.set(file.path, "checking …");
    this.files.show(this.page.hosts().flatMap((host) => host.archives.map((f) => ({ host, file: f }))));
    try {
      this.checked.set(file.path, await check(file.path));
    } catch (error) {
      this.checked.delete(file.path);
      this.page.fail(error);
    }
    this.update();
  }
}

/** summaryOf counts findings by their severity. */
function summaryOf(reply: CheckReply): string {
  if (reply.findings.length === 0) return "no findings";
  const of = (severity: string): number => reply.findings.filter((f) => f.severity === severity).length;
  const parts = ["error", "warning", "note"].filter((s) => of(s) > 0).map((s) => counted(of(s), s));
  return parts.join(", ") + (reply.more > 0 ? `, ${reply.more} more` : "");
}

function sum(files: ArchiveFile[]): number {
  return files.reduce((s, file) => s + file.bytes, 0);
}
