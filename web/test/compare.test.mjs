import assert from "node:assert/strict";

const stall = 1772629200 + 4350; // in the stall of web1's disk, which begins 450 s before
const address = `?screen=compare&host=web1&from=${stall - 420}&to=${stall + 420}&compare.from=${stall - 3000}`;
const rows = (page) => page.locator("table[aria-label='What changed most'] tbody tr");

export default [
  ["ranks what changed most, of all metrics", async (site) => {
    await site.go(address);
    const { page } = site;
    const texts = await rows(page).allInnerTexts();
    assert.ok(texts.some((t) => /proc\.io\.write_bytes[^]*4711/.test(t)), texts.join("\n"));
    assert.ok(texts.some((t) => /disk\.dev\.avactive[^]*sda/.test(t)));
    assert.ok(!texts.some((t) => /disk\.dev\.avactive[^]*sdb/.test(t)), "sdb did not change");
    assert.match(await page.locator(".compare").innerText(), /\d+ metrics? with \d+ series compared/);
    // The program that runs the tests compares this with what package diff finds.
    return JSON.stringify(await rows(page).evaluateAll((all) => all.map((row) => [...row.cells].slice(0, 2).map((cell) => cell.textContent))));
  }],

  ["lays both sides over each other, and draws a row of the table", async (site) => {
    await site.go(address);
    const { page } = site;
    const legend = await page.locator("article[aria-label='Disks busy'] .legend-lines").innerText();
    assert.match(legend, /A sda[^]*B sda/);
    await page.getByRole("searchbox", { name: "Filter metrics" }).fill("avactive");
    await rows(page).first().click();
    await site.settled();
    assert.match(await page.locator(".compare-chosen h2").innerText(), /disk\.dev\.avactive \[sda\]/);
    assert.match(await page.locator(".compare-chosen .legend-lines").innerText(), /A sda[^]*B sda/);
    await page.reload();
    await site.settled();
    assert.match(await page.locator(".compare-chosen h2").innerText(), /disk\.dev\.avactive \[sda\]/);
  }],

  ["compares hosts, exchanges the sides, and reloads", async (site) => {
    await site.go(`?screen=compare&host=web1&from=${stall - 420}&to=${stall + 420}`);
    const { page } = site;
    await page.getByLabel("Host of B").selectOption("db1");
    await site.settled();
    assert.match(page.url(), /compare.host=db1/);
    assert.match(await page.locator(".compare").innerText(), /series (has|have) values in A alone/);
    const legend = await page.locator("article[aria-label='Load'] .legend-lines").innerText();
    assert.match(legend, /A load, 1 minute[^]*B load, 1 minute/, "db1 calls itself otherwise in its labels");
    assert.match(await page.locator(".compare").innerText(), /[1-9]\d* averages differ/);
    await page.keyboard.press("x");
    await page.waitForURL(/host=db1/);
    await site.settled();
    const before = await rows(page).allInnerTexts();
    await page.reload();
    await site.settled();
    assert.deepEqual(await rows(page).allInnerTexts(), before);
    assert.equal(await page.getByLabel("Host of A").inputValue(), "db1");
  }],

  ["begins with the time before the window of a host", async (site) => {
    await site.go(`?screen=host&host=web1&from=${stall - 420}&to=${stall + 420}&at=${stall}`);
    const { page } = site;
    await page.keyboard.press("c");
    await page.waitForURL(/screen=compare/);
    await site.settled();
    assert.match(await page.getByLabel("Begin of B", { exact: true }).inputValue(), /2026-03-04 13:51:30/);
    await site.go("?screen=compare&host=db1"); // nothing is chosen: the halves of the recording
    assert.match(await page.getByLabel("Begin of A", { exact: true }).inputValue(), /2026-03-04 13:59:5\d/);
    assert.match(await page.getByLabel("Begin of B", { exact: true }).inputValue(), /2026-03-04 13:00:00/);
    assert.ok(await rows(page).count() > 0);
  }],
];
