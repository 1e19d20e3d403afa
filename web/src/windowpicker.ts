// The choice of the window: its ends as text, steps back and forth, and usual lengths.
import { button, choice, h } from "./dom";
import type { Page } from "./screen";
import { length, parse, stamp } from "./time";

const LENGTHS: [string, number][] = [["5 min", 300], ["15 min", 900], ["1 h", 3600], ["3 h", 10800], ["6 h", 21600], ["12 h", 43200], ["1 day", 86400], ["2 days", 172800], ["1 week", 604800], ["30 days", 2592000]];

export class WindowPicker {
  readonly element: HTMLElement;
  private readonly from = this.input("From");
  private readonly to = this.input("To");
  private readonly length = h("span");

  constructor(private page: Page) {
    this.element = h("div", { class: "window", attrs: { role: "group", "aria-label": "Window of time" } },
      button("◀", () => this.pan(-0.5), { title: "Earlier", attrs: { "aria-label": "Earlier" } }),
      this.from, h("span", { attrs: { "aria-hidden": true } }, "–"), this.to,
      button("▶", () => this.pan(0.5), { title: "Later", attrs: { "aria-label": "Later" } }),
      button("−", () => this.scale(2), { title: "Show more time", attrs: { "aria-label": "Show more time" } }),
      button("+", () => this.scale(0.5), { title: "Show less time", attrs: { "aria-label": "Show less time" } }),
      this.length);
  }

  private input(name: string): HTMLInputElement {
    return h("input", {
      class: "time", attrs: { type: "text", "aria-label": name, size: 19, spellcheck: "false", autocomplete: "off" },
      onchange: () => this.typed(), onkeydown: (event) => { if (event.key === "Enter") this.typed(); },
    });
  }

  /** update shows the window of the state. */
  update(): void {
    let window_;
    try {
      window_ = this.page.window();
    } catch {
      return; // the archives are not known yet
    }
    const zone = this.page.zone();
    if (document.activeElement !== this.from) this.from.value = stamp(window_.from, zone);
    if (document.activeElement !== this.to) this.to.value = stamp(window_.to, zone);
    for (const input of [this.from, this.to]) input.title = zone.name;
    const whole = this.page.whole();
    const usual = LENGTHS.filter(([, s]) => s < whole.to - whole.from).map(([text, s]): [string, string] => [String(s), text]);
    const state = this.page.address.get(), is = state.from === 0 && state.to === 0 ? "0" : "";
    const options: [string, string][] = [...(is ? [] : [["", length(window_.to - window_.from)] as [string, string]]), ["0", `everything (${length(whole.to - whole.from)})`], ...usual];
    this.length.replaceChildren(choice("Length", options, is, (value) => this.choose(Number(value))));
  }

  private choose(s: number): void {
    if (s === 0) return this.page.address.set({ from: 0, to: 0 });
    const { from, to } = this.page.window(), whole = this.page.whole(), state = this.page.address.get();
    const middle = state.from === 0 && state.to === 0 ? whole.to - s / 2 : state.at > from && state.at < to ? state.at : (from + to) / 2;
    this.set(middle - s / 2, middle + s / 2);
  }

  private typed(): void {
    const zone = this.page.zone(), now = this.page.window();
    const from = parse(this.from.value, zone, now.from), to = parse(this.to.value, zone, now.to);
    for (const [input, t] of [[this.from, from], [this.to, to]] as const) input.setAttribute("aria-invalid", String(t === null));
    if (from === null || to === null) return this.page.announce("A time looks like 2026-03-01 14:05, or 14:05.");
    if (to <= from) return this.page.announce("The window ends before it begins.");
    if (Math.abs(from - now.from) >= 1 || Math.abs(to - now.to) >= 1) this.set(from, to);
  }

  private pan(part: number): void {
    const { from, to } = this.page.window(), by = (to - from) * part;
    this.set(from + by, to + by);
  }

  private scale(factor: number): void {
    const { from, to } = this.page.window(), whole = this.page.whole(), middle = (from + to) / 2, half = ((to - from) * factor) / 2;
    if (middle - half <= whole.from && middle + half >= whole.to) return this.page.address.set({ from: 0, to: 0 });
    this.set(middle - half, middle + half);
  }

  private set(from: number, to: number): void {
    this.page.address.set({ from: Math.max(1, from), to });
  }
}
