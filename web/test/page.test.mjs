import assert from "node:assert/strict";

const stall = 1772629200 + 4350;
const window_ = `from=${stall - 600}&to=${stall + 600}&at=${stall}`;
const screens = {
  overview: "?", host: `?screen=host&host=web1&${window_}`, explore: "?screen=explore&q=disk.dev.avactive", compare: `?screen=compare&host=web1&${window_}`, archives: "?screen=archives",
};

export default [
  ...["light", "dark"].flatMap((theme) => Object.entries(screens).map(([name, query]) => [`${name} is accessible, ${theme}`, async (site) => {
    await site.go(`${query}&theme=${theme}`);
    for (const fold of await site.page.locator("details > summary").all()) await fold.click();
    assert.deepEqual(await site.accessible(), []);
  }])),

  ["shows hostile names, labels and help as text", async (site) => {
    const { page } = site;
    for (const query of [
      "?", "?screen=explore&search=hostile", "?screen=explore&q=hostile.counter", "?screen=archives",
      `?screen=explore&q=${encodeURIComponent("=hostile_counter")}`, `?screen=compare&host=${encodeURIComponent("no such <b>host</b>")}`,
    ]) {
      await site.go(query);
      assert.equal(await page.locator("main img, main script, main b:has(script)").count(), 0, query);
      assert.notEqual(await page.title(), "owned", query);
    }
    await site.go();
    const host = page.locator(".heat-name", { hasText: "evil" });
    assert.match(await host.innerText(), /<img src=x onerror=/);
    await host.click();
    await page.waitForURL(/screen=host/);
    await site.settled();
    assert.match(await page.locator("h1").innerText(), /evil <img src=x/);
    await page.keyboard.press("c");
    await page.waitForURL(/screen=compare/);
    await site.settled();
    await site.go("?screen=explore&q=hostile.counter");
    const shown = await page.locator("main").innerText();
    assert.match(shown, /<script>document\.title='owned'<\/script>/);
    assert.doesNotMatch(shown, /[\u202e\u001b]/, "characters that change the direction are escaped");
    assert.equal(await page.evaluate(() => document.title.includes("owned")), false);
  }],

  ["finds a metric without knowing its name in four actions", async (site) => {
    await site.go();
    await site.act((page) => page.getByRole("link", { name: "Explore" }).click());
    await site.act((page) => page.getByRole("searchbox").first().fill("disk active"));
    await site.act((page) => page.locator("button.metric", { hasText: "disk.dev.avactive" }).first().click());
    assert.ok(site.actions <= 4, `${site.actions} actions`);
    assert.match(await site.page.locator(".plots").innerText(), /sda/);
    assert.match(site.page.url(), /q=disk\.dev\.avactive/);
  }],

  ["keeps its settings in the address", async (site) => {
    await site.go();
    const { page } = site;
    await page.getByLabel("Theme").selectOption("dark");
    await page.getByLabel("Zone").selectOption("utc");
    await page.getByRole("link", { name: "Archives" }).click();
    await site.settled();
    assert.match(page.url(), /screen=archives/);
    assert.match(page.url(), /theme=dark/);
    assert.match(page.url(), /zone=utc/);
    await page.goBack();
    await page.locator(".heat-row").first().waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  }],

  ["opens every screen by a key, and lists the keys", async (site) => {
    await site.go();
    const { page } = site;
    for (const [key, title] of [["2", "Host at a time"], ["3", "Explore"], ["4", "Compare"], ["5", "Archives"], ["1", "Overview"]]) {
      await page.keyboard.press(key);
      await page.waitForFunction((text) => document.title.startsWith(text), title);
      await site.settled();
    }
    await page.keyboard.press("?");
    assert.match(await page.getByRole("dialog", { name: "Keys" }).innerText(), /worst minute/);
  }],

  ["says that chosen hosts have no archives", async (site) => {
    await site.go("?screen=host&host=gone&host=%3Cb%3E");
    const notice = site.page.locator(".notices");
    assert.equal(await notice.innerText(), "There are no archives of gone, <b>. All hosts are shown.");
    assert.deepEqual(await site.accessible(), []);
    await site.go("?screen=host&host=gone&host=web1");
    assert.equal(await notice.innerText(), "There are no archives of gone.");
    assert.match(await site.page.locator("h1").innerText(), /^web1/);
    await site.act((page) => page.keyboard.press("1"));
    assert.equal(await site.page.locator(".heat-row").count(), 1);
    await site.go("?screen=explore&host=gone&q=kernel.all.load");
    assert.match(await site.page.locator(".panel-plot").innerText(), /1 minute/, "the questions name no host that is absent");
  }],

  ["says while the server does not answer, and goes on afterwards", async (site) => {
    const { page } = site;
    let gone = false;
    await page.route("**/api/archives", async (route) => {
      if (gone) return route.fulfill({ status: 200, contentType: "text/html", body: "Bad gateway" });
      const response = await route.fetch();
      return route.fulfill({ response, json: { ...(await response.json()), rescan: 5 } });
    });
    await page.clock.install();
    await site.go("?screen=host&host=web1");
    gone = true;
    await page.clock.runFor(6000);
    await page.locator(".notices", { hasText: /No answer since \d\d:\d\d.*: Bad gateway What is shown may be old/ }).waitFor();
    gone = false;
    await page.clock.runFor(6000);
    await page.locator(".notices p").waitFor({ state: "detached" });
    assert.match(await page.locator("h1").innerText(), /^web1/);
  }],
];
