// What a screen is, and what the page gives it. A screen is a file in screens/ that
// exports a Screen, and a line in screens/index.ts.
import type { Archives, Host, Metric } from "./api";
import type { Window } from "./group";
import type { Key } from "./keys";
import type { Address, State } from "./state";
import type { Zone } from "./time";

export interface Screen {
  /** The word in the address. */
  id: string;
  /** What the navigation says. */
  title: string;
  /** open shows the screen. The page calls close of the View before it shows another. */
  open(page: Page): View;
}

export interface View {
  element: HTMLElement;
  /** update shows the state after a change of it. reloaded says that the archives have changed. */
  update(state: Readonly<State>, changed: Set<keyof State>, reloaded: boolean): void;
  close(): void;
  keys?: Key[];
}

/** Page is what all screens share. */
export interface Page {
  address: Address;
  /** The archives as the server last described them. */
  archives(): Archives;
  /** The chosen hosts, all if none is chosen. */
  hosts(): Host[];
  /** The names of the chosen hosts that exist; empty if that is all of them. Questions to the server name these. */
  chosen(): string[];
  /** The window of the state; 0 in the state means the ends of the chosen hosts' recordings. */
  window(): Window;
  /** The window of the chosen hosts' whole recordings. */
  whole(): Window;
  zone(): Zone;
  /** The longest time between two records of the chosen hosts, in seconds. */
  interval(): number;
  /** The metrics of all archives; read once for each state of the archives. */
  metrics(): Promise<Metric[]>;
  /** announce tells people, also those who listen, what happened. */
  announce(text: string): void;
  /** fail shows an error for a moment. */
  fail(error: unknown): void;
}
