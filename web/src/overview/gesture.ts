import type { Range } from "./strip";

/** What gestures on an area of time do. */
export interface Gestures {
  /** The range that the area shows. */
  view(): Range;
  /** The range that the wheel changes, if it is not the one that the area shows. */
  window?(): Range;
  /** The largest range. */
  whole(): Range;
  zoom(to: Range): void;
  pick(time: number, event: PointerEvent): void;
  /** The pointer is at a time; null when it has left. */
  hover(time: number | null, event: PointerEvent): void;
  /** The part being selected, as shares of the width; null when the selection ends. */
  select(part: { from: number; to: number } | null): void;
  /** Whether an event is not a gesture, such as a click on a link. */
  skip?(event: Event): boolean;
}

const shortestDrag = 4; // pixels
const shortestView = 1; // seconds

/**
 * attach makes wheel, drag and click on an element change a range of time. The element box
 * gives the horizontal extent. It returns a function that detaches.
 */
export function attach(element: HTMLElement, box: () => DOMRect, gestures: Gestures): () => void {
  let downAt: number | null = null;
  const share = (event: MouseEvent): number => {
    const rect = box();
    return Math.min(1, Math.max(0, (event.clientX - rect.left) / Math.max(1, rect.width)));
  };
  const timeAt = (at: number): number => {
    const view = gestures.view();
    return view.start + at * (view.end - view.start);
  };
  const abort = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(name: K, handle: (event: HTMLElementEventMap[K]) => void, passive = true): void =>
    element.addEventListener(name, handle, { signal: abort.signal, passive });
  on("pointerdown", (event) => {
    if (event.button !== 0 || gestures.skip?.(event)) return;
    downAt = event.clientX;
  });
  on("pointermove", (event) => {
    gestures.hover(timeAt(share(event)), event);
    if (downAt === null || Math.abs(event.clientX - downAt) < shortestDrag) return;
    if (!element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
    gestures.select(between(downAt, event.clientX, box()));
  });
  on("pointerup", (event) => {
    if (downAt === null) return;
    const part = between(downAt, event.clientX, box());
    const dragged = Math.abs(event.clientX - downAt) >= shortestDrag;
    downAt = null;
    gestures.select(null);
    if (dragged) gestures.zoom(clamp({ start: timeAt(part.from), end: timeAt(part.to) }, gestures.whole()));
    else gestures.pick(timeAt(share(event)), event);
  });
  on("pointercancel", () => {
    downAt = null;
    gestures.select(null);
  });
  on("pointerleave", (event) => gestures.hover(null, event));
  on("wheel", (event) => {
    if (gestures.skip?.(event)) return; // so that the list can be scrolled
    event.preventDefault();
    const { start, end } = gestures.window?.() ?? gestures.view();
    const pan = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    const moved = Math.abs(pan) > Math.abs(event.deltaY) || event.shiftKey
      ? shifted({ start, end }, pan / 800)
      : zoomed({ start, end }, Math.min(1, Math.max(0, (timeAt(share(event)) - start) / (end - start))), Math.pow(1.002, event.deltaY));
    gestures.zoom(clamp(moved, gestures.whole()));
  }, false);
  return () => abort.abort();
}

function between(a: number, b: number, rect: DOMRect): { from: number; to: number } {
  const share = (x: number): number => Math.min(1, Math.max(0, (x - rect.left) / Math.max(1, rect.width)));
  return { from: share(Math.min(a, b)), to: share(Math.max(a, b)) };
}

/** zoomed returns a range whose length changes by a factor, with a share of it kept in place. */
export function zoomed(view: Range, at: number, factor: number): Range {
  const length = view.end - view.start;
  const fixed = view.start + at * length;
  return { start: fixed - at * length * factor, end: fixed + (1 - at) * length * factor };
}

/** shifted returns a range moved by a share of its length. */
export function shifted(view: Range, by: number): Range {
  const d = (view.end - view.start) * by;
  return { start: view.start + d, end: view.end + d };
}

/** clamp returns a range of at least a second within the whole. */
export function clamp(view: Range, whole: Range): Range {
  const most = Math.max(shortestView, whole.end - whole.start);
  const length = Math.min(most, Math.max(shortestView, view.end - view.start));
  const middle = (view.start + view.end) / 2;
  const start = Math.min(Math.max(whole.start, middle - length / 2), whole.start + most - length);
  return { start, end: start + length };
}
