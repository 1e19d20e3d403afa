// What can be done with a plot: copy its question, save its values.
import { button, type Child } from "../dom";
import { copy, csv, download, pmrep, png } from "../export";
import type { Page } from "../screen";
import type { Panel } from "./panel";

/** actions returns the buttons of a plot's exports. */
export function actions(page: Page, panel: Panel): Child[] {
  const copied = async (text: string, what: string): Promise<void> => {
    page.announce((await copy(text)) ? `Copied: ${text}` : `The browser does not allow copying. ${what}: ${text}`);
  };
  const name = (): string => panel.query.text.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 60) || "plot";
  return [
    panel.query.promql ? null : button("Copy PromQL", () => void copied(panel.leaving(), "PromQL")),
    panel.query.promql ? null : button("pmrep", () => void copied(command(page, panel), "Command"), { title: "Copy the command with which pmrep prints these values" }),
    button("CSV", () => {
      const { from, to } = page.window();
      download(name() + ".csv", new Blob([csv(panel.plot.lines(), from, to, page.zone())], { type: "text/csv" }));
    }, { title: "Save the values as a table" }),
    button("PNG", () => void png([panel.plot]).then((picture) => { if (picture) download(name() + ".png", picture); }), { title: "Save the picture" }),
  ];
}

/** command returns the pmrep command of a panel, for the first of the hosts. */
function command(page: Page, panel: Panel): string {
  const { from, to } = page.window(), only = panel.query.only;
  const instances = panel.lines().filter((line) => only.includes(line.key)).map((line) => line.labels["instname"]).filter((name) => name !== undefined);
  return pmrep(page.archives(), {
    host: page.hosts()[0]?.host ?? "", metrics: [panel.query.text], instances: [...new Set(instances)], raw: panel.query.raw, from, to, step: Math.max(panel.step, page.interval()),
  });
}
