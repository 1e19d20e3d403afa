/** The reply of GET /api/overview. Times are Unix times in seconds. */
export interface Overview {
  start: number;
  end: number;
  /** The length of a step, in seconds. */
  step: number;
  rules: Rule[];
  hosts: HostLine[];
}

/** A rule says from which values on a resource is busy. */
export interface Rule {
  name: string;
  resource: string;
  kind: string;
  expr: string;
  unit: string;
  warn: number;
  bad: number;
  title: string;
  needs: string[];
  /** The same over the names of other recorders, such as node_exporter. */
  others: { expr: string; instance: string; needs: string[] }[];
}

/** What happened on a host. The lists of levels have an entry for each step. */
export interface HostLine {
  host: string;
  timezone: string;
  start: number;
  end: number;
  /** How saturated the host was, from 0 to 1; null where no rule has a value. */
  level: (number | null)[];
  /** The index of the rule that gave the level, -1 for none. */
  cause: number[];
  resources: Record<string, (number | null)[]>;
  marks: number[];
  covered: [number, number][];
  missing: Missing[];
  worst: Incident[];
}

/** The metrics that a rule wants and that the host did not log. */
export interface Missing {
  rule: string;
  metrics: string[];
}

/** A time in which a rule said that a resource was busy. */
export interface Incident {
  start: number;
  end: number;
  rule: string;
  resource: string;
  instance: string;
  level: number;
  value: number;
  words: string;
  query: string;
}
