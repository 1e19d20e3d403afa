// Plots that share a window and a cursor: zooming one zooms all.
import type { Plot } from "./plot";
import type { Zone } from "./time";

export interface Window { from: number; to: number }

export interface GroupOptions {
  /** Called when a zoom has come to rest. */
  zoomed: (window: Window) => void;
  /** Called when the cursor moves; 0 means that it left. */
  cursor?: (t: number) => void;
  /** Called for a click, with its time. */
  clicked?: (t: number) => void;
  /** The window of the whole recording, beyond which nothing is shown. */
  whole: () => Window;
}

export class Group {
  window: Window;
  zone: Zone;
  private plots = new Set<Plot>();
  private resting = 0;
  private cursor = 0;

  constructor(window: Window, zone: Zone, private options: GroupOptions) {
    this.window = window;
    this.zone = zone;
  }

  join(plot: Plot): void {
    this.plots.add(plot);
  }

  leave(plot: Plot): void {
    this.plots.delete(plot);
  }

  members(): Plot[] {
    return [...this.plots];
  }

  /** show shows a window and a zone, as the address has them. */
  show(window: Window, zone: Zone): void {
    window = { ...window };
    this.window = window;
    this.zone = zone;
    for (const plot of this.plots) plot.draw();
  }

  /** move shows a window while a zoom is under way. It is reported when it rests. */
  move(from: number, to: number): void {
    const whole = this.options.whole();
    const least = 0.05, room = (whole.to - whole.from) * 0.02 + 1;
    const width = Math.min(Math.max(to - from, least), whole.to - whole.from + 2 * room);
    const middle = Math.min(Math.max((from + to) / 2, whole.from - room + width / 2), whole.to + room - width / 2);
    this.window = { from: middle - width / 2, to: middle + width / 2 };
    for (const plot of this.plots) plot.draw(true);
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => {
      for (const plot of this.plots) plot.draw();
      this.options.zoomed(this.window);
    }, 180);
  }

  /** zoom shows a window at once. */
  zoom(from: number, to: number): void {
    this.move(from, to);
  }

  /** scale zooms about a time, by default about the cursor or the middle. A factor below 1 shows less. */
  scale(factor: number, about?: number): void {
    const { from, to } = this.window;
    const at = about ?? (this.cursor > from && this.cursor < to ? this.cursor : (from + to) / 2);
    this.move(at - (at - from) * factor, at + (to - at) * factor);
  }

  /** pan moves the window by a part of its width. */
  pan(part: number): void {
    const { from, to } = this.window, by = (to - from) * part;
    this.move(from + by, to + by);
  }

  /** all shows the whole recording. */
  all(): void {
    const whole = this.options.whole();
    this.move(whole.from, whole.to);
  }

  /** cursorAt shows the cursor of one plot in the others. */
  cursorAt(source: Plot, t: number): void {
    if (t === this.cursor) return;
    this.cursor = t;
    for (const plot of this.plots) if (plot !== source) plot.setCursor(t);
    this.options.cursor?.(t);
  }

  /** setCursor shows a time in all plots. */
  setCursor(t: number): void {
    this.cursor = t;
    for (const plot of this.plots) plot.setCursor(t);
  }

  /** at returns the time of the cursor, 0 without one. */
  at(): number {
    return this.cursor;
  }

  /** watch lets the wheel, double clicks and fingers on a plot's area change the window. */
  watch(area: HTMLElement, plot: Plot): void {
    const timeAt = (x: number): number => {
      const box = area.getBoundingClientRect();
      return this.window.from + ((x - box.left) / box.width) * (this.window.to - this.window.from);
    };
    area.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) this.pan((event.deltaX || event.deltaY) / 800);
      else this.scale(Math.exp(Math.max(-120, Math.min(120, event.deltaY)) / 400), timeAt(event.clientX));
    }, { passive: false });
    area.addEventListener("dblclick", () => this.all());
    let down = 0;
    area.addEventListener("mousedown", (event) => (down = event.clientX));
    area.addEventListener("click", (event) => {
      if (Math.abs(event.clientX - down) > 3) return;
      plot.clicked();
      this.options.clicked?.(timeAt(event.clientX));
    });
    touch(area, this, timeAt);
  }
}

/** touch lets one finger move the window and two zoom it. */
function touch(area: HTMLElement, group: Group, timeAt: (x: number) => number): void {
  const held = new Map<number, number>(); // the times under the fingers
  area.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") held.set(event.pointerId, timeAt(event.clientX));
  });
  const places = new Map<number, number>();
  area.addEventListener("pointermove", (event) => {
    const mine = held.get(event.pointerId);
    if (mine === undefined) return;
    places.set(event.pointerId, event.clientX);
    const box = area.getBoundingClientRect();
    const [a, b] = [...held.keys()];
    const { from, to } = group.window;
    if (a !== undefined && b !== undefined) {
      const xa = places.get(a), xb = places.get(b), ta = held.get(a), tb = held.get(b);
      if (xa === undefined || xb === undefined || ta === undefined || tb === undefined || Math.abs(xa - xb) < 10 || ta === tb) return;
      const perPixel = (ta - tb) / (xa - xb);
      if (perPixel > 0) group.move(ta - (xa - box.left) * perPixel, ta + (box.right - xa) * perPixel);
    } else {
      const by = mine - timeAt(event.clientX);
      group.move(from + by, to + by);
    }
  });
  const release = (event: PointerEvent): void => {
    held.delete(event.pointerId);
    places.delete(event.pointerId);
  };
  for (const end of ["pointerup", "pointercancel"] as const) area.addEventListener(end, release);
}
