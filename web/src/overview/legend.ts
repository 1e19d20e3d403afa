import { h } from "../dom";
import { dark } from "../theme";
import { ramp } from "./ramp";

/** legend says what the colours and patterns of strips mean. */
export function legend(): HTMLElement {
  const { colours } = ramp(dark());
  const scale = h("span", { class: "legend-scale", attrs: { "aria-hidden": true }, css: { background: `linear-gradient(to right, ${colours.join(",")})` } });
  return h("div", { class: "legend" }, h("span", {}, "calm"), scale, h("span", {}, "saturated"),
    h("span", { class: "legend-plain", attrs: { "aria-hidden": true }, css: { background: ramp(dark()).unrated } }), h("span", {}, "recorded, no rule applies"),
    h("span", { class: "legend-hatch", attrs: { "aria-hidden": true } }), h("span", {}, "not recorded"),
    h("span", { class: "legend-mark", attrs: { "aria-hidden": true } }), h("span", {}, "recording interrupted"));
}
