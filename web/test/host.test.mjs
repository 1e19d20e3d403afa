import assert from "node:assert/strict";

const stall = 1772629200 + 4350; // 2026-03-04 14:12:30, in the stall of web1's disk
const address = `?screen=host&host=web1&from=${stall - 1800}&to=${stall + 1800}&at=${stall}`;
const first = (page, table) => page.locator(`table[aria-label='${table}'] tbody tr`).first();
const at = (page) => Number(new URL(page.url()).searchParams.get("at"));

export default [
  ["shows the tables of an instant", async (site) => {
    await site.go(address);
    const { page } = site;
    assert.match(await first(page, "Disks").innerText(), /sda[^]*(9[89]|100)\.\d %/);
    assert.match(await first(page, "Interfaces").innerText(), /eth0/);
    assert.match(await first(page, "File systems").innerText(), /sdb1[^]*62\.5 %/);
    assert.match(await first(page, "Processes").innerText(), /4711/);
    assert.match(await page.locator("article[aria-label=CPUs]").innerText(), /Not logged by this host: kernel\.percpu/);
    const cpu = await page.locator("article[aria-label=CPU] .legend-lines").innerText();
    assert.match(cpu, /waiting for disks (49|50|51)(\.\d+)? %/);
  }],

  ["says what a host did not log", async (site) => {
    await site.go(address.replace("web1", "db1"));
    assert.match(await site.page.locator("article[aria-label=Processes]").innerText(), /Not logged by this host: proc\.psinfo\.utime/);
    assert.match(await site.page.locator(".host").innerText(), /Not logged by this host:.*Pressure/);
  }],

  ["moves to a time by click and key, and from spike to spike", async (site) => {
    await site.go(address);
    const { page } = site;
    const plot = page.locator("article[aria-label='Disks busy'] .u-over");
    await plot.click({ position: { x: (await plot.boundingBox()).width * 0.1, y: 20 } });
    await page.waitForURL((url) => Number(url.searchParams.get("at")) < stall - 1000);
    await site.settled();
    assert.match(await first(page, "Disks").innerText(), /sda[^]*6\.0 %/);
    const before = at(page);
    await page.keyboard.press("ArrowRight");
    await page.waitForURL((url) => Number(url.searchParams.get("at")) > before);
    await page.keyboard.press("n");
    await page.waitForURL((url) => Math.abs(Number(url.searchParams.get("at")) - stall) < 500);
    await site.settled();
    assert.match(await first(page, "Processes").innerText(), /4711/);
    assert.match(await page.locator(".host-instant").innerText(), /disk sda/);
    await page.keyboard.press("n");
    await page.getByText("There is no later spike.").waitFor();
  }],

  ["shows the same after a reload, and follows the zone", async (site) => {
    await site.go(address + "&zone=Asia/Tokyo");
    const { page } = site;
    assert.match(await page.locator("h1").innerText(), /2026-03-04 23:12:30/);
    const process = await first(page, "Processes").innerText();
    await page.reload();
    await site.settled();
    assert.match(await page.locator("h1").innerText(), /23:12:30/);
    assert.equal(await first(page, "Processes").innerText(), process);
  }],

  ["zooms its plots together", async (site) => {
    await site.go(address);
    const { page } = site;
    const plot = await page.locator("article[aria-label=CPU] .u-over").boundingBox();
    await page.mouse.move(plot.x + plot.width * 0.3, plot.y + 20);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.6, plot.y + 20, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL((url) => Math.abs(Number(url.searchParams.get("to")) - Number(url.searchParams.get("from")) - 1080) < 60);
    const strip = await page.locator(".heat-strip").boundingBox();
    await page.mouse.move(strip.x + strip.width / 2, strip.y + 8);
    for (let i = 0; i < 4; i++) await page.mouse.wheel(0, 120);
    await page.waitForURL((url) => Number(url.searchParams.get("to")) - Number(url.searchParams.get("from")) > 2000);
    await site.settled();
  }],

  ["copies PromQL and a pmrep command", async (site) => {
    await site.go(address);
    const { page } = site;
    const copied = async (card, entry) => {
      const article = page.locator(`article[aria-label='${card}']`);
      await article.getByRole("button", { name: `Copy ${card}` }).click();
      await article.getByRole("button", { name: entry }).click();
      await page.getByText("Copied.").waitFor();
      return page.evaluate(() => navigator.clipboard.readText());
    };
    assert.match(await copied("Disks busy", "Copy PromQL"), /^rate\(disk_dev_avactive\{hostname="web1".*\) \* 0\.1$/);
    assert.match(await copied("Disks busy", "Copy pmrep command"), /^pmrep -a \S*web1-a.* disk\.dev\.avactive$/);
    assert.match(await copied("Processes", "Copy PromQL"), /proc_psinfo_utime/);
  }, { permissions: ["clipboard-read", "clipboard-write"] }],

  ["fits a phone", async (site) => {
    for (const query of ["", address, `?screen=compare&host=web1&from=${stall - 600}&to=${stall}`]) {
      await site.go(query);
      const [wide, shown] = await site.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= shown, `${query}: ${wide} pixels on ${shown}`);
    }
  }, { viewport: { width: 390, height: 800 }, hasTouch: true }],
];
