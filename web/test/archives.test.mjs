import assert from "node:assert/strict";

export default [
  ["lists hosts, archives and their coverage", async (site) => {
    await site.go("?screen=archives&zone=utc");
    const { page } = site, hosts = page.getByRole("table", { name: "Hosts" }), archives = page.getByRole("table", { name: "Archives" });
    const web1 = hosts.locator("tr", { hasText: "web1" });
    assert.match(await web1.innerText(), /2026-03-04 13:00:00/);
    assert.match(await web1.locator(".coverage").getAttribute("aria-label"), /in 2 pieces/, "not recorded for 20 minutes");
    assert.ok(await archives.locator("tbody tr").count() >= 4);
    await web1.getByRole("button", { name: "web1" }).click();
    await page.waitForURL(/host=web1/);
    await site.settled();
    assert.equal(await archives.locator("tbody tr").count(), 2, "those of the chosen host");
  }],

  ["checks an archive", async (site) => {
    await site.go("?screen=archives&host=web1");
    const { page } = site, row = page.getByRole("table", { name: "Archives" }).locator("tbody tr").first();
    await row.getByRole("button", { name: /^check/ }).click();
    await row.locator(".good, .findings > summary").waitFor();
    assert.doesNotMatch(await row.innerText(), /error/);
  }],

  ["sorts by a column", async (site) => {
    await site.go("?screen=archives");
    const { page } = site, hosts = page.getByRole("table", { name: "Hosts" });
    const sizes = () => hosts.locator("tbody tr td:first-child").allInnerTexts();
    const before = await sizes();
    await hosts.getByRole("button", { name: "host" }).first().click();
    assert.deepEqual(await sizes(), [...before].reverse());
    assert.equal(await hosts.locator("th").first().getAttribute("aria-sort"), "descending");
  }],
];
