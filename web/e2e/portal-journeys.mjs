/** Journeys through the developer portal, against the made-up platform. */
import { ARTIFACTS, faults, must, open, signIn, SIZES, until } from "./kit.mjs";
import { estate } from "./portal.mjs";

const desk = { size: SIZES[1] };

async function at(browser, mock, path, user = "developer", look = desk) {
  const tab = await open(browser, mock.url, look);
  await tab.go(path);
  await signIn(tab.page, user, "correct horse", look.language);
  return tab;
}

/** What no page may have, in whichever state it is. */
async function sound(tab, name) {
  await tab.page.screenshot({ path: `${ARTIFACTS}${name}.png` });
  const wrong = [...(await faults(tab.page)), ...tab.wrong];
  must(wrong.length === 0, `${name}: ${wrong.join("; ")}`);
}

const shown = (tab, text) => tab.page.getByText(text).first().waitFor();

export const PORTAL_JOURNEYS = [
  ["portal: ten thousand entities are narrowed, paged, and the address says how", async (browser, mock) => {
    const tab = await at(browser, mock, "/portal/catalog?kind=component", "developer.many");
    const { page } = tab;
    const components = String(estate(10_000).filter((it) => it.kind === "Component").length);
    const all = new RegExp(`1 to 50 of ${components.slice(0, -3)}.${components.slice(-3)}$`);
    await shown(tab, all);
    must((await page.getByRole("row").count()) === 51, "a page has another number of rows");
    await page.getByRole("checkbox", { name: /^library/ }).check();
    await shown(tab, /of 3.333/);
    must(/type=library/.test(page.url()), page.url());
    must((await page.getByRole("checkbox", { name: /^website/ }).count()) === 1, "what could be chosen beside it is gone");
    await page.getByRole("textbox", { name: "Filter by name, tag, text" }).fill("component-0010");
    await shown(tab, "1 to 4 of 4");
    await page.reload();
    await shown(tab, "1 to 4 of 4");
    must((await page.getByRole("textbox", { name: "Filter by name, tag, text" }).inputValue()) === "component-0010", "the filter is not in the address");
    await page.getByRole("button", { name: "Drop Type library" }).click();
    await shown(tab, "1 to 10 of 10");
    await page.getByRole("textbox", { name: "Filter by name, tag, text" }).fill("");
    await shown(tab, all);
    await page.getByRole("button", { name: "Next" }).click();
    await shown(tab, /51 to 100 of/);
    const first = () => page.getByRole("row").nth(1).getByRole("link").first().textContent();
    const second = await first();
    await page.reload();
    await shown(tab, /51 to 100 of/);
    must((await first()) === second, "a page is another after a reload");
    await page.getByRole("button", { name: "Previous" }).click();
    await shown(tab, /1 to 50 of/);
    await page.getByRole("button", { name: "Owner", exact: true }).click();
    await until("the order", () => page.url().includes("sort=owner"));
    await sound(tab, "portal-many");
    await tab.close();
  }],
  ["portal: the catalogue by keys alone, and what is starred stays", async (browser, mock) => {
    const tab = await at(browser, mock, "/portal/catalog?kind=component&type=service");
    const { page } = tab;
    await shown(tab, "staff-tracking");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    must((await page.locator("tr[aria-selected=true]").textContent()).includes("automation-management"), "the second row is not chosen");
    await page.keyboard.press("s");
    await page.keyboard.press("f");
    must(await page.evaluate(() => document.activeElement?.id === "filter"), "f does not lead to the filter");
    await page.keyboard.type("j");
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Escape");
    await shown(tab, "building-management");
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "api-gateway" }).waitFor();
    await page.getByRole("navigation", { name: "Developer portal" }).getByRole("link", { name: "Home" }).click();
    const starred = page.getByRole("complementary").locator("section").first();
    await starred.getByRole("link", { name: /automation-management/ }).waitFor();
    await page.reload();
    await starred.getByRole("link", { name: /automation-management/ }).waitFor();
    await page.getByRole("navigation", { name: "Developer portal" }).getByRole("link", { name: "Catalogue" }).click();
    await shown(tab, "Catalogue");
    await page.getByRole("row").nth(1).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.getByRole("heading", { name: "Staff" }).waitFor();
    await tab.go("/portal");
    await starred.getByRole("link").first().waitFor();
    must((await starred.getByRole("link").count()) === 1, "the way to another page starred an entity");
    await page.getByRole("complementary").locator("section").nth(1).getByRole("link", { name: /api-gateway/ }).waitFor();
    await tab.close();
  }],
  ["portal: a view is saved, opened and removed", async (browser, mock) => {
    const tab = await at(browser, mock, "/portal/catalog?kind=api");
    const { page } = tab;
    await shown(tab, "staff-tracking");
    await page.getByRole("button", { name: "Save view" }).click();
    await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Interfaces");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    const view = page.getByRole("group", { name: "Views" }).getByRole("link", { name: /Interfaces/ });
    await view.waitFor();
    await page.getByRole("link", { name: /^Orphans/ }).click();
    await shown(tab, "legacy-anaesthesia-export");
    await page.reload();
    await view.click();
    await until("the view", () => page.url().includes("kind=api"));
    await page.getByRole("button", { name: "Remove view" }).click();
    await view.waitFor({ state: "detached" });
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    must(file.suggestedFilename() === "catalogue.csv", file.suggestedFilename());
    await tab.close();
  }],
  ["portal: an entity says what it needs, what is wrong with it and where it comes from", async (browser, mock) => {
    const tab = await at(browser, mock, "/portal/catalog/default/component/surgical-process-monitoring", "admin.refused");
    const { page } = tab;
    await shown(tab, "It names what is not there");
    await page.locator("aside").getByText("api:default/building-management").waitFor();
    const graph = page.getByRole("group", { name: /Relations/ });
    must((await graph.locator(".miss").textContent()).includes("building-managment"), "what is not there is not drawn");
    must((await graph.locator(".edge.bad").count()) === 1, "its edge is not dotted");
    await page.getByRole("button", { name: "2 around" }).click();
    await graph.getByText("staff-tracking").first().waitFor({ state: "attached", timeout: 3_000 }).catch(() => undefined);
    must(/steps=2/.test(page.url()), page.url());
    await page.getByRole("button", { name: "Refresh" }).click();
    await shown(tab, "looked at again");
    await page.getByRole("button", { name: "Unregister" }).click();
    await page.getByRole("dialog").getByText("It comes back when its source is read again").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: /Unregister/ }).hover();
    await page.mouse.down();
    await page.waitForTimeout(1_300);
    await page.mouse.up();
    await page.getByRole("dialog").getByText("only its owners and administrators").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).first().click();
    await page.getByRole("navigation", { name: "Parts of the entity" }).getByRole("link", { name: /^Origin/ }).click();
    await shown(tab, "backstage.io/managed-by-location");
    await page.getByRole("navigation", { name: "Parts of the entity" }).getByRole("link", { name: /^Descriptor/ }).click();
    await shown(tab, "lifecycle: production");
    await page.getByRole("button", { name: "JSON" }).click();
    await shown(tab, '"lifecycle": "production"');
    await sound(tab, "portal-descriptor");
    await page.getByRole("navigation", { name: "Parts of the entity" }).getByRole("link", { name: /^Dependencies/ }).click();
    await page.getByRole("link", { name: "twin-engine" }).click();
    await page.getByRole("heading", { name: "twin-engine" }).waitFor();
    await tab.close();
  }],
  ["portal: who may not unregister sees why; an owner may", async (browser, mock) => {
    const tab = await at(browser, mock, "/portal/catalog/default/component/legacy-anaesthesia-export", "surgeon");
    await shown(tab, "It is an orphan");
    const button = tab.page.getByRole("button", { name: "Unregister" });
    must((await button.getAttribute("aria-disabled")) === "true" && (await button.getAttribute("title")).includes("owner"), "a surgeon may unregister");
    await tab.close();
    const own = await at(browser, mock, "/portal/catalog/default/component/legacy-anaesthesia-export");
    await shown(own, "It is an orphan");
    await until("an owner may", async () => (await own.page.getByRole("button", { name: "Unregister" }).getAttribute("aria-disabled")) === "false");
    await own.page.getByRole("button", { name: "Unregister" }).click();
    const last = own.page.getByRole("dialog").getByRole("button", { name: /Unregister/ });
    await last.hover();
    await own.page.mouse.down();
    await own.page.waitForTimeout(1_300);
    await own.page.mouse.up();
    await own.page.getByRole("heading", { name: "Catalogue" }).waitFor();
    await own.go("/portal/catalog/default/component/legacy-anaesthesia-export");
    await shown(own, "There is no legacy-anaesthesia-export in the catalogue");
    await sound(own, "portal-unknown");
    await own.close();
  }],
  ["portal: the graph shows what a change reaches, and folds what is too much", async (browser, mock) => {
    const tab = await at(browser, mock, "/portal/catalog/default/component/twin-engine");
    const { page } = tab;
    await page.getByRole("link", { name: "Open in graph" }).click();
    const strip = page.getByRole("region", { name: /About/ });
    await strip.getByRole("heading", { name: "twin-engine" }).waitFor();
    const count = () => page.locator(".g .n").count();
    const both = await count();
    await page.getByRole("button", { name: "Downstream" }).click();
    await until("less than all", async () => (await count()) < both);
    must(/way=down/.test(page.url()), page.url());
    await page.reload();
    await strip.getByText("surgical-process-monitoring").first().waitFor();
    await page.locator(".g a.n", { hasText: "surgical-process-monitoringservice" }).first().click();
    await strip.getByText("building-managment").waitFor();
    must((await page.locator(".g .miss").count()) === 1, "what is not there is not drawn");
    await page.getByRole("combobox", { name: "System" }).selectOption("");
    await shown(tab, "Choose a node");
    must((await page.getByRole("button", { name: "Upstream" }).getAttribute("aria-disabled")) === "true", "a way is offered from nowhere");
    await tab.close();
    mock.forget();
    const many = await at(browser, mock, "/portal/graph", "developer.wide");
    await shown(many, "each system is one");
    await sound(many, "portal-graph-folded");
    await many.page.locator(".g a.n", { hasText: "made-up" }).first().click();
    await shown(many, "nodes, of");
    await sound(many, "portal-graph-wide");
    await many.close();
  }],
  ["portal: documentation is read within the portal", async (browser, mock) => {
    const tab = await at(browser, mock, "/portal/docs/default/system/operating-block");
    const { page } = tab;
    await page.getByRole("heading", { name: "Chiron" }).waitFor();
    await page.evaluate(() => {
      window.sameDocument = true;
    });
    await page.getByRole("link", { name: "the same in an event" }).click();
    await page.getByRole("heading", { name: "States and steps" }).waitFor();
    await until("the place that was named", () => page.evaluate(() => Math.abs(document.getElementById("d-the-same-in-an-event").getBoundingClientRect().top - 72) < 40));
    must(await page.evaluate(() => window.sameDocument === true), "the page was loaded anew");
    await page.getByRole("complementary", { name: "On this page" }).getByRole("link", { name: "Main" }).click();
    await until("the anchor", () => page.url().endsWith("/how/states#main"));
    must((await page.locator("#main").count()) === 1, "a heading is called as the page is");
    await page.getByRole("tab", { name: "Shell" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("tabpanel").getByText("for record in consumer").waitFor();
    must((await page.locator(".prose a[href^='javascript']").count()) === 0, "a link runs something");
    must((await page.locator(".prose img").count()) === 1, "an image of another host is loaded");
    await page.getByRole("link", { name: "facts that arrive late", exact: true }).click();
    await page.getByRole("heading", { name: "Facts that arrive late" }).waitFor();
    await page.getByRole("navigation", { name: "Before and after" }).getByRole("link", { name: /Runbook/ }).click();
    await page.getByRole("heading", { name: "Runbook" }).waitFor();
    must((await page.getByRole("link", { name: "Edit this page" }).getAttribute("href")) === "https://git.example.org/chiron/edit/main/docs/runbook.md", "the page is edited elsewhere");
    await tab.go("/portal/docs/default/system/operating-block/gone");
    await shown(tab, "There is no page gone");
    await sound(tab, "portal-page-gone");
    await page.getByRole("link", { name: "To the first page" }).click();
    await shown(tab, "What to mend in this documentation");
    await sound(tab, "portal-docs-first");
    await tab.close();
  }],
  ["portal: documentation that is being built says so, and why it could not be", async (browser, mock) => {
    const tab = await at(browser, mock, "/portal/docs/default/system/operating-block", "developer.building");
    await shown(tab, "Looking at the sources of system:default/operating-block");
    await tab.page.getByRole("heading", { name: "Chiron" }).waitFor();
    await tab.close();
    const failed = await at(browser, mock, "/portal/docs/default/system/operating-block", "developer.docless");
    await shown(failed, "nav is not a list");
    await sound(failed, "portal-docs-failed");
    await failed.close();
  }],
  ["portal: the search answers while one types, by keys alone", async (browser, mock) => {
    const tab = await at(browser, mock, "/portal");
    const { page } = tab;
    await shown(tab, "My components");
    await page.keyboard.press("/");
    const field = page.getByRole("combobox", { name: "Search" });
    await field.fill("surg");
    await page.locator(".pal mark").first().waitFor();
    must((await page.locator(".pal mark").first().textContent()) === "surg", "what was found is not marked");
    await page.getByRole("group", { name: "Documentation" }).getByRole("option").first().waitFor();
    await page.keyboard.press("ArrowDown");
    const chosen = page.getByRole("option", { selected: true });
    const name = await chosen.locator("b").textContent();
    must((await field.getAttribute("aria-activedescendant")) === (await chosen.getAttribute("id")), "the field does not say what is chosen");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: name.trim() }).first().waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("option", { name: new RegExp(name.trim()) }).first().waitFor();
    await page.getByRole("button", { name: "surg", exact: true }).click();
    await page.locator(".pal mark").first().waitFor();
    await field.fill("zzzz");
    await shown(tab, "Nothing has “zzzz”");
    await sound(tab, "portal-search-none");
    await page.keyboard.press("Escape");
    await field.waitFor({ state: "detached" });
    await tab.close();
    const away = await at(browser, mock, "/portal/catalog", "developer.searchless");
    await shown(away, "staff-tracking");
    await away.page.keyboard.press("Control+k");
    await away.page.getByRole("combobox").fill("surg");
    await away.page.getByRole("dialog").getByText("Could not read the search").waitFor({ timeout: 15_000 });
    await away.close();
  }],
  ["portal: home says what needs my teams, and that nothing does", async (browser, mock) => {
    const tab = await at(browser, mock, "/portal");
    await shown(tab, "4 things need attention");
    await tab.page.getByText("Did you mean").waitFor();
    await tab.page.getByRole("link", { name: "Show errors" }).click();
    await shown(tab, "must have 1 to 63");
    await tab.close();
    const well = await at(browser, mock, "/portal", "surgeon.well");
    await shown(well, "The catalogue does not know your name");
    await shown(well, "all teams");
    await sound(well, "portal-nobody");
    must((await well.page.getByText("was looked at for the first").count()) === 0, "a small estate is said to be looked at in part");
    await well.close();
    mock.forget();
    const many = await at(browser, mock, "/portal", "surgeon.many");
    await shown(many, "was looked at for the first 500 entities");
    await many.close();
  }],
  ["portal: empty, broken and slow pages say so", async (browser, mock) => {
    for (const [user, path, text] of [
      ["developer.empty", "/portal", "Nothing needs attention"],
      ["developer.empty", "/portal/catalog", "The catalogue is empty"],
      ["developer.empty", "/portal/docs", "Nothing is documented yet"],
      ["developer.empty", "/portal/graph", "Nothing here has relations"],
      ["developer.error", "/portal/graph", "Could not read the graph"],
      ["developer.error", "/portal", "Could not read"],
      ["developer.error", "/portal/catalog", "Could not read the catalogue"],
      ["developer.error", "/portal/catalog/default/component/staff-tracking", "Could not read staff-tracking"],
      ["developer.error", "/portal/docs/default/system/operating-block", "Could not read"],
      ["developer.slow", "/portal/catalog", "Any"],
      ["display", "/portal", "Not for your role"],
    ]) {
      mock.forget();
      const tab = await at(browser, mock, path, user);
      await shown(tab, text);
      await sound(tab, `portal-${user.replace(".", "-")}-${path.split("/").slice(2, 4).join("-")}`);
      await tab.close();
    }
    mock.forget();
    const partly = await at(browser, mock, "/portal/catalog", "developer.facetless");
    await shown(partly, "The filters could not be counted");
    await shown(partly, "staff-tracking");
    await sound(partly, "portal-facetless");
    await partly.close();
  }],
  ["portal: a room loads nothing of it", async (browser, mock) => {
    const tab = await open(browser, mock.url, { size: SIZES[2], theme: "theatre" });
    const asked = [];
    tab.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await tab.go("/rooms/or-2");
    await signIn(tab.page, "nurse");
    await shown(tab, "P-0417");
    await tab.page.waitForTimeout(1_000);
    const own = asked.filter((it) => /\/(frame|parts|catalogue|entity|reader|home|portal|js-yaml)-[\w-]+\.(js|css)$/.test(it) || it.startsWith("/api/catalog"));
    must(own.length === 0, own.join(", "));
    await tab.close();
  }],
];

