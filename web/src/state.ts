// The address holds everything that the page shows, so that it can be shared, reloaded
// and left with the browser's back button.

export type Theme = "auto" | "light" | "dark";

/** PlottedQuery is an expression with the way in which Explore shows it. */
export interface PlottedQuery {
  /** The metric's PCP name, or the expression. */
  text: string;
  /** Whether text is an expression and not a metric's name. */
  promql: boolean;
  /** Whether to show a counter's values in place of its rate. */
  raw: boolean;
  /** Series shown alone, by their keys; empty means all. */
  only: string[];
}

export interface State {
  screen: string;
  /** Hosts; empty means all. */
  hosts: string[];
  /** The window in seconds since 1970. 0 means the whole recording. */
  from: number;
  to: number;
  /** local, utc, host, or the name of a zone such as Europe/Berlin. */
  zone: string;
  theme: Theme;
  /** The time of the cursor in seconds. 0 means none. */
  at: number;
  queries: PlottedQuery[];
  /** The text that Explore searches for. */
  search: string;
  /** Parameters of one screen, by names that begin with the screen's, as compare.shift. */
  more: Record<string, string>;
}

export const defaults: Readonly<State> = {
  screen: "", hosts: [], from: 0, to: 0, zone: "local", theme: "auto", at: 0, queries: [], search: "", more: {},
};

const THEMES: Theme[] = ["auto", "light", "dark"];

/** encode returns the part of an address after the question mark. */
export function encode(s: State): string {
  const p = new URLSearchParams();
  if (s.screen) p.set("screen", s.screen);
  for (const host of s.hosts) p.append("host", host);
  if (s.from > 0) p.set("from", seconds(s.from));
  if (s.to > 0) p.set("to", seconds(s.to));
  if (s.zone !== defaults.zone) p.set("zone", s.zone);
  if (s.theme !== defaults.theme) p.set("theme", s.theme);
  if (s.at > 0) p.set("at", seconds(s.at));
  if (s.search) p.set("search", s.search);
  for (const q of s.queries) {
    p.append("q", (q.promql ? "=" : q.raw ? "!" : "") + q.text);
    for (const key of q.only) p.append("only", `${s.queries.indexOf(q)}:${key}`);
  }
  for (const [name, value] of Object.entries(s.more).sort()) if (value) p.set(name, value);
  return p.toString();
}

/** decode reads what encode wrote. What it cannot read has its default. */
export function decode(search: string): State {
  const p = new URLSearchParams(search);
  const theme = p.get("theme") as Theme;
  const s: State = {
    screen: p.get("screen") ?? "", hosts: p.getAll("host"), from: number(p.get("from")), to: number(p.get("to")),
    zone: p.get("zone") || defaults.zone, theme: THEMES.includes(theme) ? theme : defaults.theme, at: number(p.get("at")),
    queries: p.getAll("q").map(decodeQuery), search: p.get("search") ?? "", more: {},
  };
  if (s.to > 0 && s.to <= s.from) s.from = s.to = 0;
  for (const only of p.getAll("only")) {
    const colon = only.indexOf(":");
    s.queries[Number(only.slice(0, colon))]?.only.push(only.slice(colon + 1));
  }
  for (const [name, value] of p) if (name.includes(".")) s.more[name] = value;
  return s;
}

function decodeQuery(text: string): PlottedQuery {
  const promql = text.startsWith("="), raw = text.startsWith("!");
  return { text: promql || raw ? text.slice(1) : text, promql, raw, only: [] };
}

function number(text: string | null): number {
  const n = Number(text);
  return Number.isFinite(n) && n > 0 ? n : 0;
}

function seconds(t: number): string {
  return String(Math.round(t * 1000) / 1000);
}

type Listener = (state: State, changed: Set<keyof State>) => void;

/** Address is the state of the page, kept in the browser's address. */
export class Address {
  private state: State;
  private listeners = new Set<Listener>();

  constructor() {
    this.state = decode(location.search);
    window.addEventListener("popstate", () => this.become(decode(location.search)));
  }

  get(): Readonly<State> {
    return this.state;
  }

  /** set changes the state. push adds a step that the back button undoes. */
  set(change: Partial<State>, how: "push" | "replace" = "push"): void {
    const next = { ...this.state, ...change };
    const target = this.link(next);
    if (target !== location.pathname + location.search) {
      history[how === "push" ? "pushState" : "replaceState"](null, "", target);
    }
    this.become(next);
  }

  /** link returns the address of the state with a change, for links and for sharing. */
  link(change: Partial<State>): string {
    const query = encode({ ...this.state, ...change });
    return location.pathname + (query ? "?" + query : "");
  }

  /** listen calls a function after each change, until the returned function is called. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private become(next: State): void {
    const changed = new Set<keyof State>();
    for (const name of Object.keys(next) as (keyof State)[]) {
      if (JSON.stringify(next[name]) !== JSON.stringify(this.state[name])) changed.add(name);
    }
    this.state = next;
    if (changed.size > 0) for (const listener of [...this.listeners]) listener(next, changed);
  }
}
