// Elements from values. Text reaches the document as text nodes only, so markup in the
// names, labels and help of a recording stays text.

export type Child = Node | string | number | null | undefined | false;

type Events = { [K in keyof HTMLElementEventMap as `on${K}`]?: (event: HTMLElementEventMap[K]) => void };

export interface Props extends Events {
  class?: string | undefined;
  id?: string;
  title?: string | undefined;
  /** Attributes; undefined and false leave one out. */
  attrs?: Record<string, string | number | boolean | undefined>;
  /** Properties of the style, set one by one as the content security policy wants it. */
  css?: Record<string, string>;
}

/** h returns an element with properties and children. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), value as EventListener);
    }
  }
  if (props.class) element.className = props.class;
  if (props.id) element.id = props.id;
  if (props.title) element.title = visible(props.title);
  for (const [name, value] of Object.entries(props.attrs ?? {})) {
    if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : visible(String(value)));
    }
  }
  for (const [name, value] of Object.entries(props.css ?? {})) element.style.setProperty(name, value);
  append(element, children);
  return element;
}

/** append adds children; texts become visible text. */
export function append(parent: Node, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.appendChild(child instanceof Node ? child : document.createTextNode(visible(String(child))));
  }
}

/** fill replaces the children of an element. */
export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

// Control characters except tab and line feed, those that change the direction of
// text or have no width, and halves of characters.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** visible returns a text in which characters that hide or reorder others are escaped. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

/** button returns a button that acts on a click. */
export function button(text: Child, act: (event: MouseEvent) => void, props: Props = {}): HTMLButtonElement {
  return h("button", { ...props, attrs: { type: "button", ...props.attrs }, onclick: act }, text);
}

/** choice returns a labelled select. */
export function choice<T extends string>(label: string, options: [T, string][], chosen: T, act: (value: T) => void): HTMLLabelElement {
  const select = h("select", { onchange: () => act(select.value as T) },
    ...options.map(([value, text]) => h("option", { attrs: { value, selected: value === chosen } }, text)));
  select.value = chosen;
  return h("label", { class: "choice" }, h("span", {}, label), select);
}

/** debounced returns a function that calls act once calls have paused for a time. */
export function debounced(ms: number, act: () => void): () => void {
  let timer = 0;
  return () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(act, ms);
  };
}
