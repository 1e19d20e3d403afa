// A plot with its title, legend and menu, on the screens Host and Compare.
import { fill, h } from "../dom";
import { lowerBound, type Stretch } from "../decimate";
import type { Group } from "../group";
import type { Mark } from "../overlay";
import { Plot, type PlotData } from "../plot";
import { menu, type Action } from "../menu";
import { seriesColor } from "../theme";
import { format } from "../units";
import { scale } from "./format";
import type { Section } from "./sections";

/** PlotCard is a plot of a section. */
export class PlotCard {
  readonly element: HTMLElement;
  readonly plot: Plot;
  private readonly legend = h("div", { class: "legend-lines" });
  private readonly note = h("p", { class: "dim" });
  private values: HTMLElement[] = [];

  constructor(group: Group, readonly section: Section, actions: () => Action[], height = 108) {
    this.plot = new Plot(group, { title: section.title, height, undated: true, unit: scale(section.unit) });
    this.element = h("article", { class: "card", attrs: { "aria-busy": true, "aria-label": section.title }, css: { "--height": `${height}px` } },
      h("div", { class: "card-head" }, h("h2", {}, section.title), this.legend, menu(`Copy ${section.title}`, actions)), this.plot.element, this.note);
    this.note.hidden = true;
  }

  /** show replaces the lines; note says what they leave out. */
  show(data: PlotData, marks: Mark[], uncovered: Stretch[], note = ""): void {
    this.plot.setData(data);
    this.mark(marks, uncovered);
    this.values = data.lines.map(() => h("b"));
    fill(this.legend, ...data.lines.map((line, i) => h("span", {},
      h("i", { class: line.dashed ? "dash" : undefined, attrs: { "aria-hidden": true }, css: { "--line": seriesColor(line.color ?? i) } }), line.name, " ", this.values[i])));
    this.say(note);
    this.element.setAttribute("aria-busy", "false");
  }

  /** mark shows marks, and hatches spans in which nothing was recorded: PromQL holds values for minutes into them. */
  mark(marks: Mark[], uncovered: Stretch[]): void {
    const { times, lines } = this.plot.lines();
    for (const { from, to } of uncovered) {
      for (let i = lowerBound(times, from + 1e-3); i < times.length && times[i]! < to; i++) for (const line of lines) line.values[i] = NaN;
    }
    if (uncovered.length > 0) this.plot.setData(this.plot.lines());
    this.plot.setMarks(marks, uncovered);
  }

  /** say shows a note below the plot. */
  say(note: string): void {
    fill(this.note, note);
    this.note.hidden = note === "";
    this.element.setAttribute("aria-busy", "false");
  }

  /** at shows the values at a time in the legend; 0 means none. */
  at(t: number): void {
    const i = t > 0 ? this.plot.indexAt(t) : -1;
    this.plot.lines().lines.forEach((line, k) => {
      const v = i < 0 ? NaN : (line.values[i] as number);
      const place = this.values[k];
      if (place) place.textContent = Number.isNaN(v) ? "" : format(v, this.plot.unit);
    });
  }

  /** recolour shows the legend in the colours of the theme. */
  recolour(): void {
    this.plot.lines().lines.forEach((line, i) => {
      (this.legend.children[i]?.firstElementChild as HTMLElement | null)?.style.setProperty("--line", seriesColor(line.color ?? i));
    });
  }
}
