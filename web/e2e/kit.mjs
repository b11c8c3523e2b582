/** What the journeys share: a browser, signing in, and what is wrong with any page. */
import { mkdirSync, readFileSync } from "node:fs";

import { chromium } from "playwright-core";

const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
export const ARTIFACTS = new URL("../artifacts/", import.meta.url).pathname;
mkdirSync(ARTIFACTS, { recursive: true });

export const SIZES = [
  [1920, 1080],
  [1280, 800],
  [1180, 820],
  [820, 1180],
];

export const launch = () =>
  chromium.launch({ executablePath: process.env["CHIRON_CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--force-color-profile=srgb"] });

/** A tab that remembers what went wrong in it. */
export async function open(browser, base, { size = [1280, 800], theme = "day", language = "en" } = {}) {
  const context = await browser.newContext({ viewport: { width: size[0], height: size[1] }, locale: "en-GB" });
  await context.addInitScript(
    ([theme, language]) => {
      localStorage.setItem("chiron.theme", theme);
      localStorage.setItem("chiron.lang", language);
    },
    [theme, language],
  );
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // A refusal that was provoked is the browser's line, not the page's.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) wrong.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== new URL(base).origin && url.protocol.startsWith("http")) wrong.push(`asks another host: ${url.origin}`);
  });
  return { page, context, wrong, go: (path) => page.goto(base + path), close: () => context.close() };
}

export async function signIn(page, user, password = "correct horse", language = "en") {
  const words = language === "en" ? ["User", "Password", "Sign in"] : ["Utente", "Password", "Accedi"];
  await page.getByLabel(words[0], { exact: true }).fill(user);
  await page.getByLabel(words[1], { exact: true }).fill(password);
  await page.getByRole("button", { name: words[2] }).click();
}

/** Everything that no page may have. */
export async function faults(page, { axe = true } = {}) {
  const found = await page.evaluate(() => {
    const problems = [];
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over > 0) problems.push(`scrolls sideways by ${over} px`);
    const tabs = document.querySelector(".shell nav");
    if (innerWidth >= 1280 && tabs !== null && tabs.scrollWidth > tabs.clientWidth + 1) problems.push("tabs of the shell are cut");
    const isShown = (node) => {
      const style = getComputedStyle(node);
      return style.visibility !== "hidden" && style.display !== "none" && Number(style.opacity) > 0;
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent.trim();
      const node = walker.currentNode.parentElement;
      if (text === "" || node === null || node.closest(".vh, svg, script, style") !== null || !isShown(node)) continue;
      if (node.closest(".me, code, .log") === null && /^[a-z]+(\.[a-zA-Z]+)+$/.test(text) && !text.includes("@")) problems.push(`a key instead of a word: ${text}`);
      if (/patient-\d/.test(text) && node.closest(".report article") === null) problems.push(`a patient's id: ${text}`);
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const box = range.getBoundingClientRect();
      if (box.width === 0) continue;
      // Cut by somebody above who hides what is beyond, and says nothing of it.
      for (let up = node; up !== null && up !== document.body; up = up.parentElement) {
        const style = getComputedStyle(up);
        if (style.overflowX !== "hidden" && style.overflowY !== "hidden") continue;
        const outer = up.getBoundingClientRect();
        // Shortened with its dots, which only the text's own block can do, and something of it is left.
        if (style.textOverflow === "ellipsis" && !/grid|flex/.test(style.display)) {
          const left = Math.min(box.right, outer.right) - box.left;
          if (left < Math.min(box.width, 3 * Number.parseFloat(style.fontSize)) - 1.5) problems.push(`shortened to nothing: "${text.slice(0, 40)}" in .${up.className}`);
          break;
        }
        // A line of a list that went whole into a column beyond its end is not shown, and not cut.
        if (style.flexFlow === "column wrap" && box.left > outer.right - 1.5) break;
        const cutX = style.overflowX === "hidden" && (box.right > outer.right + 1.5 || box.left < outer.left - 1.5);
        // A line is higher than its letters: by a fifth of their size above and below.
        const air = Math.max(4, Number.parseFloat(getComputedStyle(node).fontSize) / 5);
        const cutY = style.overflowY === "hidden" && (box.bottom - air > outer.bottom + 1.5 || box.top + air < outer.top - 1.5);
        if (cutX || cutY) {
          problems.push(`cut: "${text.slice(0, 40)}" in .${up.className}`);
          break;
        }
      }
      const size = Number.parseFloat(getComputedStyle(node).fontSize);
      const least = { wall: 35, tablet: 21 }[document.documentElement.dataset.density] ?? 13.5;
      const zoom = Number.parseFloat(getComputedStyle(node.closest(".wall") ?? document.body).zoom || "1");
      if (size / zoom < least - 0.1 && size < least && node.closest("sub, kbd, .mantine-Modal-root") === null) problems.push(`small: "${text.slice(0, 30)}" ${size} px`);
    }
    for (const node of document.querySelectorAll("button, input, [role=group], .chip, .slot")) {
      const box = node.getBoundingClientRect();
      if (box.width === 0 || !isShown(node) || node.closest(".vh") !== null) continue;
      for (let up = node.parentElement; up !== null && up !== document.body; up = up.parentElement) {
        const style = getComputedStyle(up);
        if (/auto|scroll/.test(style.overflowX + style.overflowY)) break;
        if (style.overflowX !== "hidden" && style.overflowY !== "hidden") continue;
        const outer = up.getBoundingClientRect();
        const isIn = box.top < outer.bottom && box.left < outer.right;
        if (isIn && (box.right > outer.right + 1.5 || box.bottom > outer.bottom + 1.5)) {
          problems.push(`cut: a ${node.localName} .${node.className} "${node.textContent.trim().slice(0, 30)}" in .${up.className}`);
          break;
        }
      }
    }
    return [...new Set(problems)];
  });
  if (!axe) return found;
  // The policy of the page forbids a script in it; the tool's own door is open.
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
    return result.violations.map((it) => `axe ${it.id}: ${it.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ")}`);
  });
  return [...found, ...violations];
}

export class Wrong extends Error {}

export function must(condition, text) {
  if (!condition) throw new Wrong(text);
}

/** Waits until something is so; says what was waited for. */
export async function until(what, check, milliseconds = 10_000) {
  const end = performance.now() + milliseconds;
  let last;
  while (performance.now() < end) {
    try {
      last = await check();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Wrong(`waited in vain for: ${what}${last instanceof Error ? ` (${last.message.split("\n")[0]})` : ""}`);
}

/** Holds a button as a finger does. */
export async function hold(page, name, milliseconds) {
  const button = page.getByRole("button", { name });
  await button.hover();
  await page.mouse.down();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await page.mouse.up();
}
