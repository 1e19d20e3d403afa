/**
 * The colours of levels. Below 0.5, where rules begin to warn, they are quiet. The lightness falls with the level on light paper and rises on
 * dark paper, so that the scale can be read without telling hues apart.
 */
export interface Ramp {
  /** CSS colours for the levels from 0 to 1, equally spaced. */
  colours: string[];
  /** Recorded, but without a level. */
  unrated: string;
  hatch: string;
  mark: string;
  cursor: string;
}

type Stop = [number, number, number, number];

const light: Stop[] = [
  [0, 234, 239, 241],
  [0.45, 213, 223, 218],
  [0.5, 243, 189, 75],
  [0.75, 208, 92, 58],
  [1, 96, 12, 70],
];

const dark: Stop[] = [
  [0, 34, 43, 52],
  [0.45, 54, 68, 78],
  [0.5, 140, 62, 96],
  [0.75, 232, 112, 66],
  [1, 255, 228, 150],
];

const shades = 33;

/** ramp returns the colours of a theme. */
export function ramp(isDark: boolean): Ramp {
  const stops = isDark ? dark : light;
  return {
    colours: Array.from({ length: shades }, (_, i) => between(stops, i / (shades - 1))),
    unrated: isDark ? "#20262d" : "#f1f3f5",
    hatch: isDark ? "#5d6875" : "#a9b2bc",
    mark: isDark ? "#ffffff" : "#000000",
    cursor: isDark ? "#ffffff" : "#10151a",
  };
}

/** shade returns the index of a level's colour. */
export function shade(level: number): number {
  return Math.round(Math.min(1, Math.max(0, level)) * (shades - 1));
}

function between(stops: Stop[], at: number): string {
  let i = 1;
  while (i < stops.length - 1 && stops[i]![0] < at) i++;
  const [from, to] = [stops[i - 1]!, stops[i]!];
  const share = (at - from[0]) / (to[0] - from[0]);
  const mix = [1, 2, 3].map((c) => Math.round(from[c]! + (to[c]! - from[c]!) * share));
  return `rgb(${mix.join(",")})`;
}
