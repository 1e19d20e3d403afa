// Runs the tests of the page in Chromium and writes a line of JSON for each:
//   node test/run.mjs ADDRESS [WORD]     tests whose names contain a word
//   node test/run.mjs ADDRESS --measure  measurements, without judgement
// ADDRESS is that of a running server. CHROMIUM names the browser.
import { readdir } from "node:fs/promises";
import { launch, open } from "./browser.mjs";

const [address, word = ""] = process.argv.slice(2);
const ending = word === "--measure" ? ".bench.mjs" : ".test.mjs";
const wanted = word.startsWith("--") ? "" : word;

const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(ending)).sort();
const tests = [];
for (const file of files) {
  const { default: some } = await import(`./${file}`);
  for (const [name, run, options] of some) tests.push({ name: `${file.slice(0, -ending.length)} ${name}`, run, options });
}

/** Tests at the same time, each on a page of its own. Measurements, and tests of the clipboard, which all pages share, run alone. */
const together = 3;

const browser = await launch();
try {
  const chosen = tests.filter((t) => t.name.includes(wanted));
  const alone = (t) => ending === ".bench.mjs" || (t.options?.permissions ?? []).some((p) => p.startsWith("clipboard"));
  const next = chosen.filter((t) => !alone(t)).values();
  await Promise.all(Array.from({ length: together }, async () => {
    for (const test of next) await attempt(test); // the workers take turns with one iterator
  }));
  for (const test of chosen.filter(alone)) await attempt(test);
} finally {
  await browser.close();
}

/** attempt runs a test on a page of its own and reports it. */
async function attempt({ name, run, options }) {
  const begin = performance.now();
  let error = "", figure = "";
  const site = await open(browser, address, options);
  try {
    figure = (await run(site)) ?? "";
    const faults = site.faults();
    if (faults.length > 0) error = faults.join("\n");
  } catch (caught) {
    error = [caught?.stack ?? String(caught), ...site.faults()].join("\n");
  } finally {
    await site.close();
  }
  console.log(JSON.stringify({ test: name, error, figure: String(figure), millis: Math.round(performance.now() - begin) }));
}
