import { build } from "esbuild";

// Measurements. They say how fast the page is, and judge nothing. What is served decides
// which of them have something to measure.

/** frames returns how long the frames last while something is done. */
async function frames(page, act) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" }); // processor time, whatever else the machine does
  const busy = async () => (await session.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration").value;
  const begin = await busy();
  await page.evaluate(() => {
    window.frames_ = [];
    const note = (t) => {
      window.frames_.push(t);
      window.noting = requestAnimationFrame(note);
    };
    window.noting = requestAnimationFrame(note);
  });
  await act();
  const times = await page.evaluate(() => {
    cancelAnimationFrame(window.noting);
    return window.frames_;
  });
  const each = (1000 * ((await busy()) - begin)) / times.length;
  const lengths = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
  const at = (share) => lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))].toFixed(1);
  const mean = lengths.reduce((sum, l) => sum + l, 0) / lengths.length;
  return `${(1000 / mean).toFixed(0)} frames a second; a frame takes ${at(0.5)} ms, 95 % at most ${at(0.95)} ms, all ${at(1)} ms; ${each.toFixed(1)} ms of processor time`;
}

/** painted returns when the page first had contents, and when it was complete. */
async function painted(site, query) {
  await site.page.goto(`${site.address}/${query}`);
  await site.page.waitForFunction(() => document.querySelector("main section") && !document.querySelector("main [aria-busy=true]"), null, { timeout: 60_000 });
  return site.page.evaluate(() => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN;
    return `first paint ${paint.toFixed(0)} ms, complete ${performance.now().toFixed(0)} ms`;
  });
}

const hosts = async (site) => (await (await fetch(`${site.address}/api/archives`)).json()).hosts;

export default [
  ["overview, first", (site) => painted(site, "")],
  ["overview, again", (site) => painted(site, "")],
  ["overview, again, zooming by the wheel", async (site) => {
    await painted(site, "");
    const box = await site.page.locator(".heat-ground").boundingBox();
    await site.page.mouse.move(box.x + box.width / 3, box.y + 8);
    return frames(site.page, async () => {
      for (let i = 0; i < 120; i++) {
        await site.page.mouse.wheel(0, i < 60 ? -25 : 25);
        await site.page.waitForTimeout(16);
      }
    });
  }],
  ["a host's last 24 hours, again", async (site) => {
    const [host] = await hosts(site);
    const query = `?screen=host&host=${encodeURIComponent(host.host)}&from=${Math.max(host.start, host.end - 86400)}&to=${host.end}&at=${host.end - 60}`;
    await painted(site, query);
    return painted(site, query);
  }],
  ["zooming 100 series in Explore", (site) => zoomed(site, "?screen=explore&q=wide.value")],
  ["zooming 100 series of 5,000 points", async (site) => {
    const { outputFiles: [script] } = await build({ entryPoints: [new URL("zoom.ts", import.meta.url).pathname], bundle: true, format: "esm", minify: true, write: false });
    await site.page.route("**/zoom.html", (route) => route.fulfill({ contentType: "text/html", body: "<!DOCTYPE html><link rel=stylesheet href=page.css><script type=module src=zoom.js></script><body>" }));
    await site.page.route("**/zoom.js", (route) => route.fulfill({ contentType: "text/javascript", body: script.text }));
    return zoomed(site, "zoom.html");
  }],
];

/** zoomed measures frames while the wheel zooms a plot in and out. */
async function zoomed(site, query) {
  await site.page.goto(`${site.address}/${query}`);
  await site.page.waitForLoadState("networkidle");
  const plot = site.page.locator(".u-over").first();
  if (!(await plot.isVisible())) return "there is no plot";
  const box = await plot.boundingBox();
  await site.page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
  return frames(site.page, async () => {
    for (let i = 0; i < 180; i++) {
      await site.page.mouse.wheel(0, i % 60 < 30 ? -25 : 25);
      await site.page.waitForTimeout(16);
    }
  });
}
