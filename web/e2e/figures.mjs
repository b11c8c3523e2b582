/**
 * What the first look at a room costs: the code that it loads, and the time until the page can be
 * used, on a machine a quarter as fast. Only with `--figures`; beside it stand the same without the
 * brake, and an empty page of the same server.
 */
import { statSync } from "node:fs";
import { basename, join } from "node:path";

import { DIST } from "./mock.mjs";
import { must, open, signIn, SIZES } from "./kit.mjs";

const RUNS = 5;
/** A machine so many times slower than this one. */
const BRAKE = 4;
/** What the room's code may have, compressed, kB of 1,000 bytes. */
const MOST = 200;

/** Notes when the patient, the step and every vital sign are drawn, from the navigation on. */
function watching() {
  const look = () => {
    const figures = [...document.querySelectorAll(".vitals .row .num")];
    const isCode = /P-\d{4}/.test(document.querySelector(".top .code")?.textContent ?? "");
    const isStep = (document.querySelector(".rail [aria-current=step]")?.textContent ?? "") !== "";
    if (!isCode || !isStep || figures.length !== 5 || !figures.every((it) => /\d/.test(it.textContent))) return;
    observer.disconnect();
    // Drawn, not only built: behind the next frame.
    window.requestAnimationFrame(() => setTimeout(() => (window.usable = performance.now())));
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, characterData: true });
}

const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];

async function timed(tab, tools, path, brake, ready) {
  await tools.send("Emulation.setCPUThrottlingRate", { rate: brake });
  const times = [];
  for (let run = 0; run < RUNS; run += 1) {
    await tab.go(path);
    times.push(await (await tab.page.waitForFunction(ready, undefined, { polling: 50, timeout: 60_000 })).jsonValue());
  }
  await tools.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  return times;
}

export async function figures(browser, mock) {
  const tab = await open(browser, mock.url, { size: SIZES[2], theme: "theatre" });
  await tab.go("/rooms/or-2");
  await signIn(tab.page, "nurse");
  await tab.page.getByText("P-0417").first().waitFor();
  await tab.page.addInitScript(watching);
  const tools = await tab.context.newCDPSession(tab.page);
  await tools.send("Network.setCacheDisabled", { cacheDisabled: true });

  const asked = new Set();
  tab.page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    if (path.endsWith(".js")) asked.add(path);
  });
  const usable = () => window.usable;
  const rows = [["the room, CPU 4 times slower", await timed(tab, tools, "/rooms/or-2", BRAKE, usable)]];
  const code = [...asked].map((path) => ({ name: basename(path), size: statSync(join(DIST, `${path}.br`)).size })).sort((a, b) => b.size - a.size);
  rows.push(["the room", await timed(tab, tools, "/rooms/or-2", 1, usable)]);
  const loaded = () => performance.getEntriesByType("navigation")[0]?.loadEventEnd;
  rows.push(["an empty page, CPU 4 times slower", await timed(tab, tools, "/empty", BRAKE, loaded)]);
  rows.push(["an empty page", await timed(tab, tools, "/empty", 1, loaded)]);
  await tab.close();

  for (const { name, size } of code) console.log(`${(size / 1000).toFixed(1).padStart(9)} kB  ${name}`);
  const total = code.reduce((sum, it) => sum + it.size, 0) / 1000;
  console.log(`${total.toFixed(1).padStart(9)} kB  of JavaScript, brotli, ${code.length} files`);
  for (const [name, times] of rows) console.log(`${String(Math.round(median(times))).padStart(9)} ms  ${name} (median of ${times.map((it) => Math.round(it)).join(", ")})`);
  must(total <= MOST, `the room loads ${total.toFixed(1)} kB of code, ${MOST} kB at most`);
}
