import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

const from = 1772629200, gap = from + 85 * 60; // web1 was not recorded for 20 minutes from there on
const two = "?screen=explore&host=web1&zone=utc&q=kernel.all.load&q=disk.dev.write_bytes";
const param = (page, name) => new URL(page.url()).searchParams.get(name);

/** table returns the cells of a plot's instances by their names. */
async function table(panel) {
  const rows = await panel.locator(".instance-table tbody tr").all();
  return Object.fromEntries(await Promise.all(rows.map(async (row) => {
    const [name, ...cells] = await row.locator("td").allInnerTexts();
    return [name.trim(), cells];
  })));
}

export default [
  ["plots share one zoom and one cursor", async (site) => {
    await site.go(two);
    const { page } = site, area = page.locator(".u-over").first(), box = await area.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 40);
    const lines = page.locator(".u-cursor-x");
    const [a, b] = [await lines.nth(0).boundingBox(), await lines.nth(1).boundingBox()];
    assert.ok(Math.abs(a.x - b.x) < 2, "the cursor is at one time in both");
    await page.mouse.wheel(0, -600);
    await page.waitForURL(/from=/);
    await site.settled();
    const width = Number(param(page, "to")) - Number(param(page, "from"));
    assert.ok(width < 2 * 3600 && width > 60, `${width}`);
    await page.mouse.move(box.x + 100, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction((before) => new URL(location.href).searchParams.get("to") - new URL(location.href).searchParams.get("from") < before / 2, width);
    await page.goBack();
    await page.goBack();
    await site.settled();
    assert.equal(param(page, "from"), null, "back to the whole recording");
  }],

  ["shows an instance alone, and the figures of each", async (site) => {
    await site.go(two);
    const { page } = site, panel = page.locator(".panel-plot").nth(1), plot = panel.locator(".plot");
    assert.deepEqual(Object.keys(await table(panel)).sort(), ["sda", "sdb"]);
    const [min, mean, max] = (await table(panel)).sdb;
    // 20 Kbyte a second; PromQL takes less for it where a recording begins.
    for (const figure of [min, mean, max]) assert.match(figure, /^(1\d|20)(\.\d+)? KiB\/s$/, `${min} ${mean} ${max}`);
    assert.match(mean, /^(19\.[5-9]\d*|20) /);
    await panel.locator("tr", { hasText: "sdb" }).click();
    await site.settled();
    assert.match(await plot.getAttribute("aria-label"), /1 line, from (1\d|20)/);
    await page.reload();
    await site.settled();
    assert.match(await plot.getAttribute("aria-label"), /1 line/, "the address says so");
    await panel.locator("tr", { hasText: "sdb" }).click();
    await site.settled();
    assert.match(await plot.getAttribute("aria-label"), /2 lines/);
  }],

  ["shows counters as rates, and as they are", async (site) => {
    await site.go("?screen=explore&host=web1&q=disk.dev.write_bytes");
    const { page } = site, panel = page.locator(".panel-plot");
    assert.match((await table(panel)).sda[1], /\/s$/);
    await panel.getByLabel("rate").uncheck();
    await site.settled();
    assert.equal(param(page, "q"), "!disk.dev.write_bytes");
    assert.match((await table(panel)).sda[1], /[KMG]iB$/);
  }],

  ["hatches the time that was not recorded", async (site) => {
    await site.go(`?screen=explore&host=web1&q=kernel.all.load&from=${gap - 600}&to=${gap + 1800}`);
    const { page } = site, canvas = page.locator(".plot canvas"), box = await canvas.boundingBox();
    const over = await page.locator(".u-over").boundingBox();
    /** marked returns the share of pixels that are not the ground's, in a column around a time. */
    const marked = (t) => page.evaluate(async ([x, y, height]) => {
      const c = document.querySelector(".plot canvas"), r = c.width / c.clientWidth;
      const { data } = c.getContext("2d").getImageData(x * r, y * r, 12 * r, height * r);
      let n = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i] > 0) n++;
      return n / (data.length / 4);
    }, [over.x - box.x + (over.width * (t - gap + 600)) / 2400, over.y - box.y + 5, over.height - 10]);
    assert.ok(await marked(gap + 600) > 0.08, "hatched");
    assert.ok(await marked(gap - 400) < 0.08, "recorded");
    assert.equal(await page.locator(".instance-table tbody tr").count(), 3);
  }],

  ["completes PromQL and evaluates it", async (site) => {
    await site.go("?screen=explore&host=web1");
    const { page } = site;
    await page.getByRole("button", { name: "+ PromQL" }).click();
    const editor = page.locator(".cm-content");
    await editor.waitFor();
    await editor.pressSequentially("sum by (instname) (rate(disk_dev_wr");
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "disk_dev_write_bytes" }).click();
    await editor.pressSequentially("[1m]");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=%3Dsum/);
    await site.settled();
    assert.equal(param(page, "q"), "=sum by (instname) (rate(disk_dev_write_bytes[1m]))");
    assert.deepEqual(Object.keys(await table(page.locator(".panel-plot"))).sort(), ["sda", "sdb"]);
    await page.locator("header").first().click();
    await page.keyboard.press("t"); // a change of the address leaves the expression as it is
    assert.match(await editor.innerText(), /^sum by/);
  }],

  ["finds metrics by instance, by label and in the tree", async (site) => {
    await site.go("?screen=explore&host=web1");
    const { page } = site, field = page.getByRole("searchbox").first();
    const names = async () => {
      await page.locator("button.metric").first().waitFor();
      await site.settled();
      return page.locator("button.metric .name").allInnerTexts();
    };
    await field.fill("eth0");
    await page.locator(".instances button", { hasText: "eth0" }).first().click();
    assert.ok((await names()).includes("network.interface.in.bytes"));
    await field.fill("instname=sdb");
    await page.waitForURL(/instname/);
    await page.locator("button.metric", { hasText: "disk.dev.write" }).first().waitFor();
    assert.ok((await names()).every((name) => !name.startsWith("network.")));
    await field.fill("");
    await page.locator(".branch", { hasText: "mem" }).first().click();
    assert.ok((await names()).length > 0);
    await field.fill("no such metric anywhere");
    await page.getByText("No metric has these words.").waitFor();
  }],

  ["draws a preview before a metric is chosen", async (site) => {
    await site.go("?screen=explore&host=web1&search=load");
    const { page } = site;
    await page.locator("canvas.preview").first().waitFor();
    await page.waitForFunction(() => {
      const c = document.querySelector("canvas.preview");
      return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v > 0);
    });
    assert.equal(await page.locator(".panel-plot").count(), 0);
  }],

  ["saves and copies what it shows", async (site) => {
    await site.go("?screen=explore&host=web1&zone=utc&q=disk.dev.write_bytes");
    const { page } = site, clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    const [csv] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    assert.equal(csv.suggestedFilename(), "disk.dev.write_bytes.csv");
    const [head, first] = (await readFile(await csv.path(), "utf8")).split("\r\n");
    assert.match(head, /^time,.*instname=sda/);
    assert.match(first, /^2026-03-04T13:0\d:\d\d\.000Z,\d/);
    const [png] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "PNG" }).click()]);
    assert.equal((await readFile(await png.path())).subarray(1, 4).toString(), "PNG");
    await page.getByRole("button", { name: "Copy PromQL" }).click();
    await page.getByText("Copied:").waitFor();
    assert.match(await clipboard(), /^rate\(disk_dev_write_bytes\{hostname="web1"\}\[\d+s\]\)$/);
    await page.getByRole("button", { name: "pmrep" }).click();
    await page.getByText("Copied: pmrep").waitFor();
    assert.match(await clipboard(), /^pmrep -a \S*web1-a,\S* -Z UTC -S '@2026-03-04 13:00:00' -T .* disk\.dev\.write_bytes$/);
  }, { permissions: ["clipboard-read", "clipboard-write"] }],

  ["names a wrong expression and a metric that is not there", async (site) => {
    await site.go("?screen=explore&q=no.such.metric");
    await site.page.getByText("No archive has a metric of the name no.such.metric.").waitFor();
  }],
];
