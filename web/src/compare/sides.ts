// The two sides of Compare, as the address holds them: A is the window of the page's first
// host, B has the same length.
import type { Page } from "../screen";
import type { State } from "../state";
import { length } from "../time";
import type { Side } from "./changes";

const day = 86_400;

/** sides returns what the address compares: by default the window with the time before it, or the halves of the recording. */
export function sides(page: Page): { a: Side; b: Side } {
  const { from, to } = page.window(), whole = page.whole();
  const { more } = page.address.get();
  const host = page.hosts()[0]?.host ?? "";
  const other = more["compare.host"] || host;
  const width = to - from, state = page.address.get();
  if (other === host && state.from === 0 && state.to === 0 && !more["compare.from"]) {
    const middle = (from + to) / 2;
    return { a: { host, from: middle, to }, b: { host, from, to: middle } };
  }
  let start = Number(more["compare.from"] ?? 0);
  if (!(start > 0)) start = other !== host ? from : from - width >= whole.from ? from - width : from;
  return { a: { host, from, to }, b: { host: other, from: start, to: start + width } };
}

/** withSide returns the state with another side B. */
export function withSide(state: Readonly<State>, host: string, from: number): Partial<State> {
  return { more: { ...state.more, "compare.host": host, "compare.from": from > 0 ? String(Math.round(from * 1000) / 1000) : "" } };
}

/** presets are usual choices of side B. */
export function presets(a: Side): { text: string; from: number }[] {
  const width = a.to - a.from;
  return [
    { text: `the ${length(width)} before`, from: a.from - width }, { text: `the ${length(width)} after`, from: a.to },
    { text: "a day before", from: a.from - day }, { text: "a week before", from: a.from - 7 * day }, { text: "the same time", from: a.from },
  ];
}
