// Times in a zone. The page counts in seconds since 1970; a zone says by how much its
// clocks are ahead of UTC at a time.

export interface Zone {
  /** What people read: UTC, local, Europe/Berlin, UTC+10. */
  name: string;
  /** offset returns the seconds by which the zone is ahead of UTC at a time. */
  offset(t: number): number;
}

export const utc: Zone = { name: "UTC", offset: () => 0 };

export const local: Zone = {
  name: Intl.DateTimeFormat().resolvedOptions().timeZone || "local",
  offset: (t) => -new Date(t * 1000).getTimezoneOffset() * 60,
};

/** fixed returns a zone with one offset. */
export function fixed(offset: number): Zone {
  const m = Math.round(Math.abs(offset) / 60);
  const rest = m % 60 ? ":" + two(m % 60) : "";
  return { name: m === 0 ? "UTC" : `UTC${offset < 0 ? "−" : "+"}${Math.floor(m / 60)}${rest}`, offset: () => offset };
}

/** named returns the zone of a name such as Europe/Berlin, null for an unknown one. */
export function named(name: string): Zone | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: name, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    });
  } catch {
    return null;
  }
  const known = new Map<number, number>(); // by quarter of an hour, in which no zone changes
  return {
    name,
    offset(t) {
      const quarter = Math.floor(t / 900);
      let offset = known.get(quarter);
      if (offset === undefined) {
        const p: Record<string, number> = {};
        for (const part of format.formatToParts(quarter * 900_000)) p[part.type] = Number(part.value);
        offset = Date.UTC(p["year"] ?? 0, (p["month"] ?? 1) - 1, p["day"] ?? 1, p["hour"] ?? 0, p["minute"] ?? 0, p["second"] ?? 0) / 1000 - quarter * 900;
        known.set(quarter, offset);
      }
      return offset;
    },
  };
}

/** zoneOf returns the zone of the state: local, utc, host, or a name. */
export function zoneOf(zone: string, host?: { zone: string; offset: number }): Zone {
  switch (zone) {
    case "local": return local;
    case "utc": return utc;
    case "host": return host ? (host.zone && named(host.zone)) || fixed(host.offset) : utc;
    default: return named(zone) ?? local;
  }
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

/** shifted returns a date whose UTC fields show the clock of a zone. */
export function shifted(t: number, zone: Zone): Date {
  return new Date((t + zone.offset(t)) * 1000);
}

/** day formats the date of a time as 2026-03-01. */
export function day(t: number, zone: Zone): string {
  return shifted(t, zone).toISOString().slice(0, 10);
}

/** clock formats the time of day, with seconds unless they are zero and brief is given. */
export function clock(t: number, zone: Zone, brief = false): string {
  const text = shifted(t, zone).toISOString().slice(11, 19);
  return brief && text.endsWith(":00") ? text.slice(0, 5) : text;
}

/** stamp formats a time as 2026-03-01 14:05:09. */
export function stamp(t: number, zone: Zone): string {
  return `${day(t, zone)} ${clock(t, zone)}`;
}

/** span formats a window, with the date of the end only where it differs. */
export function span(from: number, to: number, zone: Zone): string {
  const end = day(from, zone) === day(to, zone) ? clock(to, zone, true) : `${day(to, zone)} ${clock(to, zone, true)}`;
  return `${day(from, zone)} ${clock(from, zone, true)} – ${end}`;
}

/** length formats a duration in seconds in its two largest units, as 3 d 4 h. */
export function length(s: number): string {
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  const units: [number, string][] = [[31_557_600, "y"], [86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const parts: string[] = [];
  let rest = Math.round(s);
  for (const [size, name] of units) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0 && parts.length < 2) parts.push(`${n} ${name}`);
  }
  return parts.join(" ");
}

/** parse reads a time such as 2026-03-01 14:05, 14:05 of the day of another time, or seconds. */
export function parse(text: string, zone: Zone, near: number): number | null {
  const trimmed = text.trim();
  if (/^\d{9,}(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const m = /^(?:(\d{4})-(\d{1,2})-(\d{1,2}))?[ T]*(?:(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?$/.exec(trimmed);
  if (!m || trimmed === "") return null;
  const date = m[1] ? `${m[1]}-${two(Number(m[2]))}-${two(Number(m[3]))}` : day(near, zone);
  const at = Date.parse(`${date}T${two(Number(m[4] ?? 0))}:${m[5] ?? "00"}:00Z`) / 1000 + Number(m[6] ?? 0);
  if (!Number.isFinite(at)) return null;
  const guess = at - zone.offset(at);
  return at - zone.offset(guess);
}
