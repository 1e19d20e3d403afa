// A small menu behind a button.
import { button, h } from "./dom";

/** Action is an entry of a menu. */
export interface Action { text: string; act: () => void }

/** menu returns a button that opens a list of actions, made anew each time. */
export function menu(label: string, actions: () => Action[]): HTMLElement {
  const list = h("div", { class: "menu-list", attrs: { role: "group", "aria-label": label } });
  list.hidden = true;
  const opener = button("⋯", () => toggle(list.hidden), { class: "quiet", title: label, attrs: { "aria-label": label, "aria-expanded": "false" } });
  const outside = (event: Event): void => {
    if (!event.composedPath().includes(element)) toggle(false);
  };
  const toggle = (open: boolean): void => {
    list.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (!open) return document.removeEventListener("pointerdown", outside, true);
    list.replaceChildren(...actions().map(({ text, act }) => button(text, () => {
      toggle(false);
      act();
    })));
    document.addEventListener("pointerdown", outside, true);
  };
  const element = h("div", {
    class: "menu", onkeydown: (event) => {
      if (event.key !== "Escape" || list.hidden) return;
      toggle(false);
      opener.focus();
    },
  }, opener, list);
  return element;
}
