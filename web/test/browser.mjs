// A page of the server in Chromium, with what tests ask about it.
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** launch starts the browser. */
export function launch() {
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : []; // the superuser has no sandbox
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
}

/** open returns a new page that notes everything that goes wrong on it. */
export async function open(browser, address, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 }, colorScheme: "light", timezoneId: "UTC", reducedMotion: "reduce", bypassCSP: false, ...options,
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const site = new Site(page, context, address);
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  return site;
}

/** Site is a page of the server. */
class Site {
  #faults = [];
  #asked = new Set();
  /** The number of things that the user did. */
  actions = 0;

  constructor(page, context, address) {
    this.page = page;
    this.context = context;
    this.address = address.replace(/\/$/, "");
    const origin = new URL(address).origin;
    page.on("pageerror", (error) => this.#faults.push(`error in the page: ${error.stack ?? error}`));
    page.on("console", (message) => {
      if (message.text().startsWith("Canvas2D: Multiple readback")) return; // the test reads pixels, not the page
      if (message.type() === "error" || message.type() === "warning") this.#faults.push(`console: ${message.text()}`);
    });
    page.on("dialog", (dialog) => {
      this.#faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => this.#asked.delete(request));
    page.on("request", (request) => {
      this.#asked.add(request);
      const url = new URL(request.url());
      if (!["data:", "blob:"].includes(url.protocol) && url.origin !== origin) this.#faults.push(`request to another origin: ${url}`);
    });
  }

  /** faults returns what went wrong: errors, violations of the policy, requests to others. */
  faults() {
    return [...new Set(this.#faults)];
  }

  close() {
    return this.context.close();
  }

  /** go opens an address of the page, such as "?screen=host", and waits until it is complete. */
  async go(address = "") {
    await this.page.goto(`${this.address}/${address}`);
    await this.settled();
  }

  /** settled waits until the page has asked and drawn everything. */
  async settled() {
    const deadline = performance.now() + 20_000;
    for (let calm = 0; calm < 3;) {
      if (performance.now() > deadline) throw new Error(`the page is not complete: ${[...this.#asked].map((r) => r.url()).join(" ") || "something is busy"}`);
      await this.page.waitForTimeout(35);
      const busy = this.#asked.size > 0 || await this.page.evaluate(() => document.querySelector("[aria-busy=true]") !== null || document.querySelector("main section, main > div") === null);
      calm = busy ? 0 : calm + 1;
    }
  }

  /** act does what a user does in one action: a click, a key, or a text typed. */
  async act(what) {
    this.actions++;
    await what(this.page);
    await this.settled();
  }

  /** accessible returns what axe finds that is serious or critical. */
  async accessible() {
    // The page's policy forbids scripts from elsewhere; those of the browser's driver run beside it.
    if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(await source());
    const { violations } = await this.page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    return violations.filter((v) => ["serious", "critical"].includes(v.impact))
      .map((v) => `${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join("; ")}`);
  }
}

let text;
async function source() {
  if (!text) text = await (await import("node:fs/promises")).readFile(axe, "utf8");
  return text;
}
