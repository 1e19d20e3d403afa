// Light, dark, or as the system has it.
import type { Theme } from "./state";

const system = window.matchMedia("(prefers-color-scheme: dark)");
let chosen: Theme = "auto";

/** applyTheme sets the theme of the document. */
export function applyTheme(theme: Theme): void {
  chosen = theme;
  document.documentElement.dataset["theme"] = dark() ? "dark" : "light";
  window.dispatchEvent(new Event("theme"));
}

/** dark reports whether the page is dark now. */
export function dark(): boolean {
  return chosen === "dark" || (chosen === "auto" && system.matches);
}

/** onTheme calls a function when the colours change, until the returned function is called. */
export function onTheme(act: () => void): () => void {
  window.addEventListener("theme", act);
  return () => window.removeEventListener("theme", act);
}

system.addEventListener("change", () => applyTheme(chosen));

/** variable returns a colour of the style sheet, for canvases. */
export function variable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** seriesColor returns the colour of the i-th series: neighbours differ much, all stand out from the ground. */
export function seriesColor(i: number): string {
  const hue = (255 + i * 137.5) % 360;
  const layer = Math.floor(i / 9) % 3;
  return dark() ? `oklch(${0.76 - layer * 0.08} 0.13 ${hue.toFixed(1)})` : `oklch(${0.53 - layer * 0.07} 0.16 ${hue.toFixed(1)})`;
}
