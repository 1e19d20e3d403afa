// The page of `pcparchive serve`.
import { archives, metrics, type Archives, type Metric } from "./api";
import { wholeOf } from "./coverage";
import { fill, h } from "./dom";
import { Keys, type Key } from "./keys";
import type { Page, Screen, View } from "./screen";
import { screens } from "./screens/index";
import { Shell } from "./shell";
import { Address, type State } from "./state";
import { applyTheme } from "./theme";
import { clock, zoneOf } from "./time";
import { counted } from "./units";

/** App holds the page together: the address, the archives, and the screen that is open. */
class App implements Page {
  readonly address = new Address();
  private known: Archives | null = null;
  private described: Promise<Metric[]> | null = null;
  private describedAt = 0;
  private failing = 0; // since when the server has not described its archives
  private screen: Screen | null = null;
  private view: View | null = null;
  private readonly shell: Shell;
  private readonly keys: Keys;

  constructor() {
    applyTheme(this.address.get().theme);
    this.shell = new Shell(this, screens, () => this.keys.help());
    this.keys = new Keys(this.pageKeys());
    document.body.replaceChildren(...this.shell.elements);
    this.address.listen((state, changed) => this.show(state, changed, false));
  }

  /** run reads the archives now and again whenever the server looks for new ones. */
  async run(): Promise<void> {
    try {
      await this.reload();
    } catch (error) {
      fill(this.shell.main, h("p", { class: "error", attrs: { role: "alert" } }, "The server does not describe its archives: " + (error as Error).message));
      window.setTimeout(() => void this.run(), 5000);
      return;
    }
    const every = Math.max(5, this.known?.rescan ?? 0) * 1000;
    if ((this.known?.rescan ?? 0) > 0) window.setInterval(() => { if (!document.hidden) void this.renew(); }, every);
  }

  /** renew reads the archives again, and says while that fails. What failed meanwhile is asked again afterwards. */
  private async renew(): Promise<void> {
    try {
      await this.reload(this.failing > 0);
      this.failing = 0;
      this.shell.notice("server", "");
    } catch (error) {
      if (this.failing === 0) this.failing = Date.now() / 1000;
      this.shell.notice("server", `No answer since ${clock(this.failing, this.zone(), true)}: ${(error as Error).message} What is shown may be old. The page tries again.`);
    }
  }

  private async reload(again = false): Promise<void> {
    const next = await archives();
    const same = this.known !== null && JSON.stringify({ ...next, taken: 0 }) === JSON.stringify({ ...this.known, taken: 0 });
    if (same && !again) return;
    const grown = this.known !== null && namesOf(next) === namesOf(this.known);
    this.known = next;
    // An archive that grows seldom has new metrics.
    if (!grown || Date.now() - this.describedAt > 300_000) this.described = null;
    this.shell.describe(next);
    this.show(this.address.get(), new Set(), true);
  }

  private show(state: Readonly<State>, changed: Set<keyof State>, reloaded: boolean): void {
    if (changed.has("theme")) applyTheme(state.theme);
    this.shell.update(state);
    if (!this.known) return;
    this.shell.notice("hosts", absentHosts(state.hosts, this.known));
    const wanted = screens.find((s) => s.id === state.screen) ?? screens[0];
    if (wanted && wanted !== this.screen) {
      this.view?.close();
      this.screen = wanted;
      document.title = `${wanted.title} · pcparchive`;
      this.view = wanted.open(this);
      fill(this.shell.main, this.view.element);
      this.keys.use(this.view.keys ?? []);
      this.view.update(state, new Set(Object.keys(state) as (keyof State)[]), true);
      return;
    }
    this.view?.update(state, changed, reloaded);
  }

  private pageKeys(): Key[] {
    const go = screens.map((s, i) => ({ key: String(i + 1), text: s.title, act: () => this.address.set({ screen: s.id }) }));
    return [...go, { key: "t", text: "Light, dark, or as the system", act: () => this.shell.nextTheme() }, { key: "?", text: "This list", act: () => this.keys.help() }];
  }

  archives(): Archives {
    if (!this.known) throw new Error("the archives are not known yet");
    return this.known;
  }

  hosts(): Archives["hosts"] {
    const chosen = this.address.get().hosts, all = this.archives().hosts;
    const found = all.filter((host) => chosen.includes(host.host));
    return found.length > 0 ? found : all;
  }

  chosen(): string[] {
    const found = this.hosts();
    return found.length === this.archives().hosts.length ? [] : found.map((host) => host.host);
  }

  whole(): { from: number; to: number } {
    let { from, to } = wholeOf(this.hosts());
    const { window: w, blocks } = this.archives();
    if (from > to || (blocks.length > 0 && this.address.get().hosts.length === 0)) {
      from = w?.start ?? Date.now() / 1000 - 3600;
      to = w?.end ?? Date.now() / 1000;
    }
    return { from, to: Math.max(to, from + 1) };
  }

  window(): { from: number; to: number } {
    const { from, to } = this.address.get(), whole = this.whole();
    return to > from ? { from: from || whole.from, to } : { from: from || whole.from, to: whole.to };
  }

  zone(): ReturnType<typeof zoneOf> {
    return zoneOf(this.address.get().zone, this.hosts()[0]);
  }

  interval(): number {
    return Math.max(0, ...this.hosts().map((host) => host.interval));
  }

  metrics(): Promise<Metric[]> {
    if (!this.described) this.describedAt = Date.now();
    this.described ??= metrics().then((reply) => reply.metrics, (error: unknown) => {
      this.described = null;
      throw error;
    });
    return this.described;
  }

  announce(text: string): void {
    this.shell.announce(text);
  }

  fail(error: unknown): void {
    this.shell.announce(error instanceof Error ? error.message : String(error), true);
  }
}

/** absentHosts says which of the chosen hosts have no archives, "" if all have. */
function absentHosts(chosen: string[], { hosts }: Archives): string {
  const known = new Set(hosts.map((host) => host.host)), absent = chosen.filter((name) => !known.has(name));
  if (absent.length === 0) return "";
  const named = absent.length > 3 ? `${absent.slice(0, 3).join(", ")} and ${counted(absent.length - 3, "other")}` : absent.join(", ");
  return `There are no archives of ${named}.${absent.length === chosen.length ? " All hosts are shown." : ""}`;
}

/** namesOf returns the archives' paths as one text. */
function namesOf(a: Archives): string {
  return a.hosts.map((host) => host.archives.map((one) => one.path).join("\n")).join("\n\n");
}

void new App().run();
