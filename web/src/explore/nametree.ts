// The tree of PCP's dotted names. A branch is filled when it is opened.
import { button, h } from "../dom";
import type { Node } from "../names";
import type { Previews } from "./preview";
import { metricRow, type RowOptions } from "./row";

export class NameTree {
  readonly element = h("ul", { class: "names", attrs: { "aria-label": "Names of metrics" } });
  private root: Node | null = null;
  private readonly opened = new Set<string>();

  constructor(private options: RowOptions, private previews: () => Previews) {}

  /** show replaces the names. Open branches stay open. */
  show(root: Node): void {
    this.root = root;
    if (root.children.size === 1) for (const node of root.children.values()) this.opened.add(node.path);
  }

  render(): void {
    this.element.replaceChildren(...(this.root ? this.below(this.root) : []));
  }

  private below(node: Node): HTMLElement[] {
    return [...node.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map((child) => this.item(child));
  }

  private item(node: Node): HTMLElement {
    const own = node.metric ? metricRow(node.metric, node.name, this.previews(), this.options) : null;
    if (node.children.size === 0) return h("li", {}, own);
    const inner = h("ul");
    const open = this.opened.has(node.path);
    if (open) inner.replaceChildren(...this.below(node));
    inner.hidden = !open;
    const opener = button(h("span", {}, h("span", { class: "name" }, node.name), h("span", { class: "dim" }, ` ${node.count}`)), () => {
      const now = inner.hidden;
      inner.hidden = !now;
      opener.setAttribute("aria-expanded", String(now));
      if (now) {
        this.opened.add(node.path);
        inner.replaceChildren(...this.below(node));
      } else this.opened.delete(node.path);
    }, { class: "branch", attrs: { "aria-expanded": String(open) } });
    return h("li", { class: "node" }, opener, own, inner);
  }
}
