// The choice of hosts: a button that opens a list with a filter.
import type { Archives } from "./api";
import { button, fill, h } from "./dom";
import type { Page } from "./screen";

/** The most hosts in the list; a filter finds the others. */
const MOST = 300;

export class HostPicker {
  readonly element: HTMLElement;
  private readonly opener: HTMLButtonElement;
  private readonly panel: HTMLElement;
  private readonly filter = h("input", { attrs: { type: "search", placeholder: "Filter hosts", "aria-label": "Filter hosts" }, oninput: () => this.list() });
  private readonly items = h("ul", { attrs: { "aria-label": "Hosts" } });
  private names: string[] = [];

  constructor(private page: Page) {
    this.opener = button("", () => this.toggle(), { attrs: { "aria-expanded": "false", "aria-haspopup": "dialog" } });
    this.panel = h("div", { class: "panel", attrs: { role: "dialog", "aria-label": "Choose hosts" } }, this.filter, this.items,
      h("div", { class: "row" }, button("All hosts", () => this.choose([])), button("Close", () => this.toggle(false))));
    this.panel.hidden = true;
    this.element = h("div", { class: "picker", onkeydown: (event) => { if (event.key === "Escape") this.toggle(false); } }, this.opener, this.panel);
    document.addEventListener("pointerdown", (event) => {
      if (!this.panel.hidden && !event.composedPath().includes(this.element)) this.toggle(false);
    });
  }

  describe(archives: Archives): void {
    this.names = archives.hosts.map((host) => host.host);
    this.filter.hidden = this.names.length < 8;
    this.update();
  }

  update(): void {
    const chosen = this.page.address.get().hosts, [first] = chosen;
    const text = first === undefined ? (this.names.length === 1 ? (this.names[0] ?? "") : `All ${this.names.length} hosts`) : chosen.length === 1 ? first : `${chosen.length} hosts`;
    fill(this.opener, h("span", { class: "dim" }, "Hosts "), text);
    if (!this.panel.hidden) this.list();
  }

  private toggle(open = this.panel.hidden): void {
    this.panel.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
    if (!open) return void this.opener.focus();
    this.list();
    (this.filter.hidden ? this.items.querySelector<HTMLElement>("input") : this.filter)?.focus();
  }

  private list(): void {
    const words = this.filter.value.toLowerCase(), chosen = new Set(this.page.address.get().hosts);
    const found = this.names.filter((name) => name.toLowerCase().includes(words)).sort((a, b) => Number(chosen.has(b)) - Number(chosen.has(a)));
    fill(this.items, ...found.slice(0, MOST).map((name) => h("li", {}, h("label", {},
      h("input", { attrs: { type: "checkbox", checked: chosen.has(name) }, onchange: () => this.flip(name) }), " ", name),
    button("only", () => this.choose([name]), { class: "link", attrs: { "aria-label": `only ${name}` } }))),
    found.length > MOST ? h("li", { class: "dim" }, `${found.length - MOST} more: filter them`) : null);
  }

  private flip(name: string): void {
    const chosen = this.page.address.get().hosts;
    this.choose(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name], false);
  }

  private choose(hosts: string[], close = true): void {
    this.page.address.set({ hosts });
    if (close) this.toggle(false);
  }
}
