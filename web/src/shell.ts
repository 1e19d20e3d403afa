// What is around every screen: navigation, window, hosts, zone, theme, and messages.
import type { Archives } from "./api";
import { button, choice, fill, h } from "./dom";
import { HostPicker } from "./hostpicker";
import type { Page, Screen } from "./screen";
import type { State, Theme } from "./state";
import { WindowPicker } from "./windowpicker";

const THEMES: [Theme, string][] = [["auto", "automatic"], ["light", "light"], ["dark", "dark"]];

export class Shell {
  readonly main = h("main", { id: "main", attrs: { tabindex: -1 } }, h("p", { class: "dim" }, "Reading the archives …"));
  readonly elements: HTMLElement[];
  private readonly links = new Map<string, HTMLAnchorElement>();
  private readonly message = h("div", { class: "message", attrs: { role: "status", "aria-live": "polite" } });
  private readonly notices = h("div", { class: "notices", attrs: { role: "status" } });
  private readonly noticed = new Map<string, string>();
  private readonly version = h("span", { class: "dim version" });
  private readonly zone = h("span");
  private readonly theme = h("span");
  private readonly hosts: HostPicker;
  private readonly window: WindowPicker;
  private hide = 0;

  constructor(private page: Page, private screens: Screen[], help: () => void) {
    this.hosts = new HostPicker(page);
    this.window = new WindowPicker(page);
    for (const screen of screens) this.links.set(screen.id, this.link(screen));
    const nav = h("nav", { attrs: { "aria-label": "Screens" } }, ...this.links.values());
    const header = h("header", {},
      h("a", { class: "skip", attrs: { href: "#main" }, onclick: (event) => { event.preventDefault(); this.main.focus(); } }, "Skip to the contents"),
      h("div", { class: "brand" }, h("strong", {}, "pcparchive"), this.version), nav,
      h("div", { class: "settings" }, this.zone, this.theme, button("?", help, { title: "Keys", attrs: { "aria-label": "Keys" } })),
      h("div", { class: "pickers" }, this.hosts.element, this.window.element));
    this.elements = [header, this.notices, this.main, this.message];
  }

  private link(screen: Screen): HTMLAnchorElement {
    return h("a", {
      onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return; // another tab
        event.preventDefault();
        this.page.address.set({ screen: screen.id });
      },
    }, screen.title);
  }

  /** describe shows what the archives are. */
  describe(archives: Archives): void {
    fill(this.version, archives.version);
    this.hosts.describe(archives);
  }

  /** update shows the state. */
  update(state: Readonly<State>): void {
    const current = this.screens.some((s) => s.id === state.screen) ? state.screen : this.screens[0]?.id;
    for (const [id, link] of this.links) {
      link.href = this.page.address.link({ screen: id });
      if (id === current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const zones: [string, string][] = [["local", "local time"], ["host", "host’s time"], ["utc", "UTC"]];
    if (!zones.some(([zone]) => zone === state.zone)) zones.push([state.zone, state.zone]);
    fill(this.zone, choice("Zone", zones, state.zone, (zone) => this.page.address.set({ zone }, "replace")));
    fill(this.theme, choice("Theme", THEMES, state.theme, (theme) => this.page.address.set({ theme }, "replace")));
    this.hosts.update();
    this.window.update();
  }

  /** notice shows a sentence about a subject above the screen until the next one about it; "" removes it. */
  notice(subject: string, text: string): void {
    if ((this.noticed.get(subject) ?? "") === text) return;
    if (text === "") this.noticed.delete(subject);
    else this.noticed.set(subject, text);
    fill(this.notices, ...[...this.noticed.values()].map((one) => h("p", {}, one)));
  }

  nextTheme(): void {
    const at = THEMES.findIndex(([theme]) => theme === this.page.address.get().theme);
    const [theme] = THEMES[(at + 1) % THEMES.length] ?? ["auto"];
    this.page.address.set({ theme: theme as Theme }, "replace");
    this.announce(`Theme: ${theme === "auto" ? "automatic" : theme}`);
  }

  /** announce shows a message for some seconds, and reads it to those who listen. */
  announce(text: string, wrong = false): void {
    fill(this.message, text);
    this.message.classList.toggle("error", wrong);
    this.message.classList.add("shown");
    clearTimeout(this.hide);
    this.hide = window.setTimeout(() => this.message.classList.remove("shown"), wrong ? 10_000 : 3000);
  }
}
