// A place for the editor, which is loaded when the first one is needed. Until then, and
// if it cannot be loaded, a plain field takes the expression.
import type { Editor } from "../editor";
import { client } from "../editorclient";
import { h } from "../dom";
import type { Page } from "../screen";

declare const EDITOR_ADDRESS: string;

let loading: Promise<typeof import("../editor")> | null = null;

function load(): Promise<typeof import("../editor")> {
  loading ??= import(EDITOR_ADDRESS) as Promise<typeof import("../editor")>;
  return loading;
}

export class EditorField {
  readonly element: HTMLElement;
  private readonly field: HTMLInputElement;
  private editor: Editor | null = null;
  private closed = false;
  private wanted = false;

  constructor(page: Page, text: string, run: (text: string) => void) {
    this.field = h("input", { attrs: { type: "text", "aria-label": "PromQL expression", spellcheck: "false" }, onchange: () => run(this.field.value.trim()) });
    this.field.value = text;
    this.element = h("div", { class: "editor" }, this.field);
    load().then(({ open }) => {
      if (this.closed) return;
      const focused = this.wanted || document.activeElement === this.field, host = h("div");
      this.element.replaceChildren(host);
      this.editor = open(host, { text: this.field.value, label: "PromQL expression", run, client: client(page) });
      if (focused) this.editor.focus();
    }, () => { loading = null; });
  }

  set(text: string): void {
    this.field.value = text;
    this.editor?.set(text);
  }

  focus(): void {
    this.wanted = true;
    if (this.editor) this.editor.focus();
    else this.field.focus();
  }

  close(): void {
    this.closed = true;
    this.editor?.close();
  }
}
