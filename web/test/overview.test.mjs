import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

const incident = (page, host) => page.locator("table[aria-label='The worst minutes'] tbody tr", { hasText: host });

/** shades returns the colours of a host's strip from left to right, at some shares of its width. */
function shades(page, host, shares) {
  return page.locator(".heat-row", { hasText: host }).locator("canvas").evaluate((canvas, at) => {
    const pen = canvas.getContext("2d");
    return at.map((share) => {
      // A column of pixels: a hatched one has several colours.
      const { data } = pen.getImageData(Math.round(share * (canvas.width - 1)), 6, 1, canvas.height - 6);
      const colours = new Set();
      for (let i = 0; i < data.length; i += 4) colours.add(data.slice(i, i + 4).join());
      return [...colours];
    });
  }, shares);
}

const window_ = (page) => {
  const p = new URL(page.url()).searchParams;
  return [Number(p.get("from")), Number(p.get("to"))];
};

export default [
  ["shows a row for each host, and its worst minutes in words", async (site) => {
    await site.go();
    const { page } = site;
    assert.equal(await page.locator(".heat-row").count(), 3);
    assert.match(await incident(page, "web1").first().innerText(), /14:0[45].*14:20[^]*disk sda/);
    assert.match(await incident(page, "db1").first().innerText(), /13:[23]\d.*13:4\d[^]*memory/);
    assert.match(await incident(page, "evil").first().innerText(), /14:4\d.*14:5\d/);
    const label = await page.locator(".heat-row canvas").first().getAttribute("aria-label");
    assert.match(label, /saturation/);
  }],

  ["shows times without a recording hatched, and marks", async (site) => {
    await site.go();
    const [quiet, stalled, gap] = await shades(site.page, "web1", [0.2, 72.5 / 120, 95 / 120]);
    assert.equal(quiet.length, 1);
    assert.equal(stalled.length, 1);
    assert.notDeepEqual(quiet, stalled);
    assert.ok(gap.length > 1, "no hatching where nothing was recorded");
    const box = await site.page.locator(".heat-row", { hasText: "web1" }).locator("canvas").boundingBox();
    await site.page.mouse.move(box.x + box.width * (95 / 120), box.y + 8);
    assert.match(await site.page.locator(".heat-status").innerText(), /not recorded/);
    assert.match(await site.page.locator(".heat-row", { hasText: "web1" }).locator("canvas").getAttribute("aria-label"), /not recorded for 20 min/);
  }],

  ["leads from the worst minute to its top process in two actions", async (site) => {
    await site.go();
    await site.act((page) => incident(page, "web1").first().getByRole("link").click());
    const row = site.page.locator("table[aria-label=Processes] tbody tr").first();
    assert.match(await row.innerText(), /4711[^]*backup --all \/srv/);
    assert.match(await row.innerText(), /MiB\/s/);
    assert.ok(site.actions <= 2, `${site.actions} actions`);
  }],

  ["zooms by wheel, drag and key, and reloads from the address", async (site) => {
    await site.go();
    const { page } = site;
    const box = await page.locator(".heat-row", { hasText: "db1" }).locator("canvas").boundingBox();
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width / 2, y);
    await page.mouse.wheel(0, -300);
    await page.waitForURL(/from=/);
    const [a, b] = window_(page);
    assert.ok(b - a < 7000, `the wheel shows ${b - a} s`);
    await page.mouse.move(box.x + box.width * 0.25, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, y, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL((url) => Number(url.searchParams.get("from")) > a);
    const [c, d] = window_(page);
    assert.ok(Math.abs((d - c) / (b - a) - 0.5) < 0.02, `dragging shows ${d - c} of ${b - a} s`);
    await site.settled();
    const title = await page.locator("h1").innerText();
    await page.reload();
    await site.settled();
    assert.equal(await page.locator("h1").innerText(), title);
    await page.keyboard.press("-");
    await page.waitForURL((url) => Number(url.searchParams.get("from")) < c);
    await page.keyboard.press("0");
    await page.waitForURL((url) => !url.searchParams.has("from"));
  }],

  ["says what was not logged, and shows the rules", async (site) => {
    await site.go();
    const { page } = site;
    await page.getByText(/^Not logged/).click();
    assert.match(await page.locator("table[aria-label='What was not logged']").innerText(), /kernel[._]all[._]pressure/);
    await page.getByText(/rules behind the colours/).click();
    const rules = page.locator("table[aria-label=Rules]");
    assert.match(await rules.innerText(), /disk_dev_avactive/);
    await rules.getByRole("link", { name: /disk_dev_avactive/ }).first().click();
    await page.waitForURL(/screen=explore/);
    await site.settled();
  }],

  ["saves the worst minutes", async (site) => {
    await site.go();
    const { page } = site;
    const saved = async (entry) => {
      await page.getByRole("button", { name: "Copy the overview" }).click();
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: entry }).click()]);
      return readFile(await download.path());
    };
    const csv = (await saved("Save the worst minutes as CSV")).toString();
    assert.match(csv, /^host,start,end,resource,/);
    assert.match(csv, /web1,2026-03-04T14:0[45]:\d\d\.000Z,.*disk,sda,9[89]/);
    assert.equal((await saved("Save the strips as PNG")).subarray(1, 4).toString(), "PNG");
  }],

  ["colours by one resource", async (site) => {
    await site.go();
    const { page } = site;
    await page.getByLabel("Colour by").selectOption("memory");
    await site.settled();
    assert.match(page.url(), /overview.by=memory/);
    assert.equal(await incident(page, "web1").count(), 0);
    assert.ok(await incident(page, "db1").count() > 0);
    const [before] = await shades(page, "web1", [72.5 / 120]);
    const [quiet] = await shades(page, "web1", [0.2]);
    assert.deepEqual(before, quiet, "the stall of a disk is not one of memory");
  }],
];
