// Keys of the page and of its screens. Keys do nothing while somebody types.
import { button, h } from "./dom";

export interface Key {
  /** The value of KeyboardEvent.key, such as "n" or "ArrowLeft". */
  key: string;
  /** What the list of keys says. */
  text: string;
  act: () => void;
}

/** typing reports whether a key belongs to an element that takes text or moves by arrows. */
function typing(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName) ||
    (event.key.startsWith("Arrow") && target.closest("[role=tree],[role=grid],[role=slider]") !== null) ||
    (event.key === "Enter" || event.key === " ");
}

/** Keys dispatches keys. Those of a screen come before the page's. */
export class Keys {
  private screen: Key[] = [];

  constructor(private page: Key[]) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || typing(event)) return;
      const found = [...this.screen, ...this.page].find((k) => k.key === event.key);
      if (!found) return;
      event.preventDefault();
      found.act();
    });
  }

  /** use replaces the keys of the screen. */
  use(keys: Key[]): void {
    this.screen = keys;
  }

  /** help shows the list of keys. */
  help(): void {
    const names: Record<string, string> = { ArrowLeft: "←", ArrowRight: "→" };
    const dialog = h("dialog", { class: "keys", attrs: { "aria-label": "Keys" }, onclose: () => dialog.remove() },
      h("h2", {}, "Keys"),
      h("dl", {}, ...[...this.screen, ...this.page].flatMap((k) => [h("dt", {}, h("kbd", {}, names[k.key] ?? k.key)), h("dd", {}, k.text)])),
      h("p", { class: "dim" }, "On a plot: the wheel zooms, dragging selects a window, a double click shows everything."),
      button("Close", () => dialog.close(), { attrs: { autofocus: true } }));
    document.body.append(dialog);
    dialog.showModal();
  }
}
