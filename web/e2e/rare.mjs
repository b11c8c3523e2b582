/** Journeys against a made-up gateway: every page, every state, every role, and the network cut. */
import { ARTIFACTS, faults, hold, must, open, signIn, SIZES, until } from "./kit.mjs";
import { NOW } from "./world.mjs";

const proposal = { roomId: "or-2", medicalTechnologyType: "endoscope", ambientLightLux: 60, surgicalLightLux: 150_000 };
const propose = (mock) => mock.tell("proposal", { key: "P", roomId: "or-2", data: proposal, dateTime: new Date(NOW).toISOString() });

/** What happens to a page before it is looked at. */
const STATES = {
  async lost(page, mock) {
    mock.cut();
    await page.getByRole("alert").first().waitFor();
  },
  async searching(page) {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("surg proc");
    await page.locator("mark").first().waitFor();
  },
  async proposal(page, mock) {
    await until("the stream", () => mock.opened.at(-1)?.patients.length === 1);
    propose(mock);
    await page.getByRole("button", { name: /^(Adapt|Adatta)$/ }).waitFor();
  },
};

/** Every page, with what must be on it before it is looked at, and the state in which it is. */
const PAGES = [
  ["block", "/block", "manager", "OR 2"],
  ["block-floor", "/block?view=floor&room=or-2", "manager", "OR 2"],
  ["block-plan", "/block?view=floor", "manager.placed", "Main block"],
  ["building-plan", "/building", "manager.placed", "Pre/post 1"],
  ["figures", "/block/figures?about=use", "manager", "Tonsillectomy"],
  ["figures-week", "/block/figures?span=week&sort=-use", "nurse", "OR 4"],
  ["wall", "/block?wall=true", "display", "OR 2"],
  ["rooms", "/rooms", "nurse", "OR 2"],
  ["room", "/rooms/or-2", "nurse", "P-0417"],
  ["room-free", "/rooms/or-4", "nurse", "OR 4"],
  ["room-lost", "/rooms/or-2", "nurse", "P-0417", "lost"],
  ["room-proposal", "/rooms/or-2", "nurse", "P-0417", "proposal"],
  ["staff", "/staff", "manager", "Neri"],
  ["bookings", "/bookings", "manager", "P-0431"],
  ["reports", "/reports", "surgeon", "Mele"],
  ["report", "/reports/process-0", "surgeon", "Mele"],
  ["building", "/building", "manager", "Endoscope 2"],
  ["design", "/design", "nurse", "bg"],
  ["portal-home", "/portal", "developer", "legacy-anaesthesia-export"],
  ["portal-catalogue", "/portal/catalog?kind=component&type=service", "developer", "api-gateway"],
  ["portal-entity", "/portal/catalog/default/component/surgical-process-monitoring", "developer", "twin-engine"],
  ["portal-system", "/portal/catalog/default/system/operating-block", "developer", "staff-tracking"],
  ["portal-api", "/portal/catalog/default/api/staff-tracking?tab=definition", "developer", "GET"],
  ["portal-origin", "/portal/catalog/default/component/performance?tab=origin", "developer", "java-17"],
  ["portal-graph", "/portal/graph", "developer", "twin-engine"],
  ["portal-graph-chosen", "/portal/graph?system=system:default/operating-block&at=component:default/surgical-process-monitoring", "developer", "twin-engine"],
  ["portal-documented", "/portal/docs", "developer", "A hospital's operating block as a digital twin"],
  ["portal-page", "/portal/docs/default/system/operating-block/how/states", "developer", "Transitions"],
  ["portal-search", "/portal/catalog?kind=component", "developer", "api-gateway", "searching"],
];

async function shown(browser, mock, [name, path, user, text, state], look) {
  const tab = await open(browser, mock.url, look);
  await tab.go(path);
  await signIn(tab.page, user, "correct horse", look.language);
  await tab.page.getByText(text).first().waitFor({ timeout: 10_000 });
  if (state !== undefined) await STATES[state](tab.page, mock);
  await tab.page.waitForTimeout(600);
  const file = `${name}-${look.theme}-${look.language}-${look.size.join("x")}.png`;
  await tab.page.screenshot({ path: ARTIFACTS + file });
  const wrong = [...(await faults(tab.page, { axe: look.axe !== false })), ...tab.wrong];
  await tab.close();
  must(wrong.length === 0, `${file}: ${wrong.join("; ")}`);
}

/** One look at each page; with `isFull` each size, theme and language. */
export function looks(isFull) {
  const looks = [];
  for (const [index, page] of PAGES.entries()) {
    if (!isFull) {
      const size = page[0] === "wall" ? SIZES[0] : page[0].startsWith("room") && page[0] !== "rooms" ? SIZES[2 + (index % 2)] : SIZES[1];
      const theme = page[0].startsWith("room") || page[0] === "wall" ? "theatre" : "day";
      looks.push([page, { size, theme, language: index % 3 === 0 ? "it" : "en" }]);
      continue;
    }
    for (const size of SIZES) {
      for (const theme of ["day", "theatre"]) for (const language of ["en", "it"]) looks.push([page, { size, theme, language, axe: size === SIZES[1] }]);
    }
  }
  return looks.map(([page, look]) => [`${page[0]} ${look.size.join("x")} ${look.theme} ${look.language}`, (browser, mock) => shown(browser, mock, page, look)]);
}

const tablet = { size: SIZES[2], theme: "theatre" };

async function room(browser, mock, user, look = tablet) {
  const tab = await open(browser, mock.url, look);
  await tab.go("/rooms/or-2");
  await signIn(tab.page, user);
  await tab.page.getByText("P-0417").first().waitFor();
  return tab;
}

export const JOURNEYS = [
  ["signing in: wrong, then right, then out", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url);
    await go("/rooms");
    await signIn(page, "nurse", "wrong");
    await page.getByText("User or password are not right.").waitFor();
    await signIn(page, "nurse");
    await page.getByRole("heading", { name: "Rooms" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Rooms" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("User").waitFor();
    await close();
  }],
  ["locking hides everything until the password comes", async (browser, mock) => {
    const { page, close } = await room(browser, mock, "nurse");
    await page.getByRole("button", { name: "Lock screen" }).click();
    await page.getByText("Locked, nurse").waitFor();
    must((await page.getByText("P-0417").count()) === 0, "a patient's code is on a locked screen");
    await page.getByLabel("Password", { exact: true }).fill("x");
    await page.getByRole("button", { name: "Unlock" }).click();
    await page.getByText("P-0417").first().waitFor();
    await close();
  }],
  ["a locked screen goes on by its owner's badge, and by no other's", async (browser, mock) => {
    const { page, close } = await room(browser, mock, "nurse");
    await page.getByRole("button", { name: "Lock screen" }).click();
    await page.getByText("Locked, nurse").waitFor();
    await page.keyboard.type("9999-99");
    await page.keyboard.press("Enter");
    await page.getByText("not that of the person who locked").waitFor();
    must((await page.getByText("P-0417").count()) === 0, "another's badge opens the screen");
    must((await page.getByLabel("Password", { exact: true }).inputValue()) === "", "a badge stays in the field");
    await page.keyboard.type("0417-22");
    await page.keyboard.press("Enter");
    await page.getByText("P-0417").first().waitFor();
    await close();
  }],
  ["a step: held, sent once, confirmed by the room", async (browser, mock) => {
    const { page, close } = await room(browser, mock, "nurse");
    const before = mock.commands.length;
    await hold(page, /End of surgery/, 400);
    must(mock.commands.length === before, "a short touch sent something");
    await hold(page, /End of surgery/, 1_400);
    await page.getByText(/accepted \d/).first().waitFor();
    await hold(page, /End of surgery/, 1_400);
    must(mock.commands.length === before + 1, `sent ${mock.commands.length - before} times`);
    const { query, id } = mock.commands.at(-1);
    must(query.event === "END_OF_SURGERY" && query.roomId === "or-2" && query.processId === "process-2", JSON.stringify(query));
    must(/^[0-9a-f-]{36}$/.test(id), "the command has no name");
    await close();
  }],
  ["a proposal is adapted, and refused with its reason", async (browser, mock) => {
    const { page, close } = await room(browser, mock, "nurse");
    propose(mock);
    await page.getByText("Endoscope on: adapt light?").waitFor();
    await page.screenshot({ path: `${ARTIFACTS}room-proposal.png` });
    await page.getByRole("button", { name: "Adapt" }).click();
    await until("the command", () => mock.commands.at(-1)?.path.endsWith("adapt-environment"));
    const answer = { commandId: mock.commands.at(-1).id, outcome: "REFUSED", roomId: "or-2", data: { reason: "NOT_IN_USE" }, dateTime: new Date(NOW).toISOString() };
    mock.tell("command", { key: "C", ...answer });
    await page.getByText("the technology is not in use any more").waitFor();
    await close();
  }],
  ["light by hand is confirmed by the lamp", async (browser, mock) => {
    const { page, close } = await room(browser, mock, "nurse");
    await page.getByRole("button", { name: "Light", exact: true }).click();
    await page.getByRole("slider", { name: "Ambient" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.screenshot({ path: `${ARTIFACTS}room-light.png` });
    await page.getByRole("button", { name: "Set" }).click();
    await until("the command", () => mock.commands.at(-1)?.path.endsWith("custom-automation-scenario"));
    must(mock.commands.at(-1).query.ambientLightLux === "150", JSON.stringify(mock.commands.at(-1).query));
    mock.tell("command", { key: "C", commandId: mock.commands.at(-1).id, outcome: "CONFIRMED", roomId: "or-2", data: {}, dateTime: new Date(NOW).toISOString() });
    await page.getByText("Light set").waitFor();
    await close();
  }],
  ["patients have codes, asked for together, and a sign where none is known", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url);
    await go("/bookings");
    await signIn(page, "manager");
    await page.getByText("P-0431").waitFor();
    must(mock.codesAsked.length <= 2 && mock.codesAsked.some((it) => it >= 8), `asked ${mock.codesAsked.join(", ")}`);
    const asked = mock.codesAsked.length;
    await page.getByRole("link", { name: "Block" }).click();
    await page.getByText("P-0417").first().waitFor();
    await page.getByRole("textbox", { name: "Filter" }).fill("p-0417");
    await page.getByRole("row", { name: /OR 1/ }).waitFor({ state: "detached", timeout: 5_000 });
    must((await page.getByRole("row", { name: /OR 2/ }).count()) === 1, "the filter does not find by code");
    must(mock.codesAsked.length === asked, "what is known was asked for again");
    await close();
    const other = await open(browser, mock.url);
    await other.go("/rooms/or-2");
    await signIn(other.page, "nurse.codeless");
    await other.page.getByText("P-····").first().waitFor();
    must((await other.page.getByText(/patient-\d/).count()) === 0, "an id is shown as a code");
    await other.close();
  }],
  ["who may not act sees why, and the server is not asked", async (browser, mock) => {
    const { page, close } = await room(browser, mock, "manager");
    const before = mock.commands.length;
    await hold(page, /End of surgery/, 1_400);
    must(mock.commands.length === before, "a manager's touch was sent");
    await page.getByText("Only the surgical team acts here").first().waitFor();
    await close();
  }],
  ["what is measured now is on the screen at once", async (browser, mock) => {
    const { page, close } = await room(browser, mock, "nurse");
    const dateTime = new Date(NOW + 1_000).toISOString();
    mock.tell("room", { key: "TEMPERATURE_EVENT", roomId: "or-2", roomType: "OPERATING_ROOM", data: { temperatureValue: 23.7, temperatureUnit: "CELSIUS" }, dateTime });
    await page.getByText("23.7").first().waitFor({ timeout: 2_000 });
    await close();
  }],
  ["vital signs are drawn as they are told, of the patient shown alone, and after a cut what was missed", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url);
    await page.addInitScript(() => {
      window.wasLost = false;
      const look = () => {
        window.wasLost ||= document.body?.textContent.includes("No connection since") ?? false;
      };
      new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
    });
    await go("/rooms/or-2");
    await signIn(page, "nurse");
    await until("the patient is asked for", () => mock.opened.at(-1)?.patients.join() === "patient-0417");
    must(mock.opened.every((it) => it.patients.every((id) => id === "patient-0417")), `asked for ${JSON.stringify(mock.opened)}`);
    must(mock.opened.at(-1).last !== undefined, "the stream did not go on at its place");
    const vitals = page.getByRole("region", { name: "Vital signs" });
    await vitals.getByText("SpO").waitFor();
    // The reading that follows the opening is over.
    const reads = () => mock.asked.filter((it) => it.endsWith("/vital-signs")).length;
    await until("the last reading", async () => {
      const before = reads();
      await page.waitForTimeout(1_500);
      return reads() === before;
    });
    const say = (patientId, key, figures, seconds) => mock.tell("vital", { key: `PATIENT_${key}_UPDATE_EVENT`, data: { patientId, data: figures }, dateTime: new Date(NOW + seconds * 1_000).toISOString() });
    const before = reads();
    say("patient-0391", "HEARTBEAT", { heartbeat: 133 }, 10);
    say("patient-0417", "HEARTBEAT", { heartbeat: 111 }, 10);
    await vitals.getByText("111", { exact: true }).waitFor({ timeout: 1_000 });
    must(reads() === before, "it was read, not told");
    say("patient-0417", "RESPIRATORY_RATE", { rate: 23 }, 11);
    await vitals.getByText("23", { exact: true }).waitFor({ timeout: 1_000 });
    must((await page.getByText("133").count()) === 0, "another patient's heart rate is shown");
    must(!(await page.evaluate(() => window.wasLost)), "the screen said that the stream was lost");
    mock.cut();
    await page.getByText(/No connection since/).first().waitFor({ timeout: 5_000 });
    say("patient-0417", "HEARTBEAT", { heartbeat: 117 }, 20);
    say("patient-0417", "BODY_TEMPERATURE", { temperature: 38.4 }, 20);
    say("patient-0417", "HEARTBEAT", { heartbeat: 119 }, 30);
    mock.mend();
    await vitals.getByText("119", { exact: true }).waitFor({ timeout: 10_000 });
    await vitals.getByText("38.4", { exact: true }).waitFor({ timeout: 1_000 });
    await page.getByRole("link", { name: "Rooms", exact: true }).click();
    await until("nobody is asked for any more", () => mock.opened.at(-1).patients.length === 0);
    await close();
  }],
  ["the network cut for 20 s: said, greyed, and caught up without a reload", async (browser, mock) => {
    const { page, close } = await room(browser, mock, "nurse");
    await page.evaluate(() => {
      window.sameDocument = true;
    });
    mock.cut();
    await page.getByText(/No connection since 10:4/).waitFor({ timeout: 5_000 });
    await page.getByText("Last values", { exact: false }).waitFor();
    must((await page.getByText("P-0417").count()) > 0, "the last values are gone");
    await hold(page, /End of surgery/, 1_400);
    await page.screenshot({ path: `${ARTIFACTS}room-offline.png` });
    await page.waitForTimeout(18_000);
    mock.mend();
    await page.getByText("live", { exact: true }).waitFor({ timeout: 10_000 });
    must((await page.getByText(/No connection since/).count()) === 0, "the banner stayed");
    must(await page.evaluate(() => window.sameDocument === true), "the page was loaded anew");
    await close();
  }],
  ["a wall comes back by itself after the gateway was away at its start", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url, { size: SIZES[0], theme: "theatre" });
    await go("/block?wall=true");
    await signIn(page, "display");
    await page.getByText("OR 2").first().waitFor();
    for (const name of ["Neri", "Conti", "Anna"]) must((await page.getByText(name).count()) === 0, `a wall shows ${name}`);
    must((await page.getByRole("button").count()) === 0, "a wall has something to touch");
    mock.cut();
    await page.getByText(/No connection since/).waitFor({ timeout: 8_000 });
    mock.mend();
    await page.getByText(/live$/).waitFor({ timeout: 12_000 });
    await page.reload();
    await page.getByText("OR 2").first().waitFor();
    await close();
  }],
  ["states: loading, empty, partial, forbidden, error, not there", async (browser, mock) => {
    const see = async (user, path, text) => {
      const { page, go, close, wrong } = await open(browser, mock.url);
      await go(path);
      await signIn(page, user);
      await page.getByText(text).first().waitFor({ timeout: 12_000 });
      const found = [...(await faults(page)), ...wrong];
      await close();
      must(found.length === 0, `${user} ${path}: ${found.join("; ")}`);
    };
    await see("nurse.slow", "/rooms", "Reading rooms");
    await see("nurse.empty", "/rooms", "No rooms yet");
    await see("manager.empty", "/bookings", "Nothing is booked");
    await see("nurse.empty", "/reports", "No report found");
    await see("nurse.partial", "/block", "staff-tracking did not answer");
    await see("nurse", "/staff", "Not for your role: movements");
    await see("manager.empty", "/block/figures?from=2026-05-16", "No surgery in this time");
    await see("developer", "/block/figures", "Not for your role: key figures");
    await see("nurse.figureless", "/block", "Key figures could not be read");
    await see("nurse.figureless", "/block", "Could not read the day");
    await see("nurse.down", "/block/figures", "The service does not answer");
    await see("developer", "/reports", "Not for your role: reports");
    await see("nurse.error", "/bookings", "7f310c5be27a");
    await see("nurse.down", "/reports", "The service does not answer");
    await see("nurse", "/rooms/or-99", "There is no room or-99");
    await see("nurse", "/nowhere", "There is no such page");
  }],
  ["a booking is moved, called off, and refused with the reason", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url);
    await go("/bookings");
    await signIn(page, "manager");
    const row = page.getByRole("row", { name: /P-0420/ });
    await row.getByRole("button", { name: "Reschedule" }).click();
    await page.getByLabel("Begins").fill("2026-05-15T12:30");
    await page.getByRole("button", { name: "Save" }).click();
    await until("the change", () => mock.changes.some((it) => it.endsWith("/surgeryBookings/s-5")));
    await page.getByRole("row", { name: /P-0431/ }).getByRole("button", { name: "Call off" }).click();
    await hold(page, /^Call off hold/, 1_400);
    await page.getByText("the theatre is taken at that time").waitFor();
    await close();
  }],
  ["key figures: a definition, a week, the order of rows, a wrong span, a file, all in the address", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url);
    await go("/block");
    await signIn(page, "manager");
    await page.getByRole("link", { name: "All figures" }).click();
    await page.getByRole("heading", { name: "Key figures" }).waitFor();
    await page.getByRole("button", { name: /turnover/i }).first().click();
    await page.getByText("Gaps of more than 90 minutes do not count", { exact: false }).waitFor();
    must(new URL(page.url()).searchParams.get("about") === "turnover", page.url());
    await page.getByRole("button", { name: "Week", exact: true }).click();
    await page.getByText("Monday 11 May", { exact: false }).first().waitFor();
    await page.getByRole("button", { name: /^Use/ }).first().click();
    const first = () => page.locator("table").first().locator("tbody tr").first().innerText();
    await until("the most used theatre first", async () => (await first()).startsWith("OR 1"));
    await page.getByRole("button", { name: /^Use/ }).first().click();
    await until("the least used theatre first", async () => (await first()).startsWith("OR 4"));
    must(new URL(page.url()).searchParams.get("sort") === "use", page.url());
    await page.reload();
    await until("the same after a reload", async () => (await first()).startsWith("OR 4"));
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "CSV" }).click();
    must((await saved).suggestedFilename() === "figures-2026-05-11-2026-05-17.csv", "the file has another name");
    await page.getByRole("link", { name: /Thu 14 May/ }).click();
    await page.getByText("Thursday 14 May").waitFor();
    await go("/block/figures?span=dates&from=2026-05-20&to=2026-05-01");
    await page.getByText("The end comes before the beginning").waitFor();
    await go("/block/figures?span=dates&from=2026-01-01&to=2026-05-01");
    await page.getByText("At most 92 days at once").waitFor();
    await go("/block/figures?from=2026-05-17");
    await page.getByText("No surgery in this time").waitFor();
    await close();
  }],
  ["the manager says why it was late, changes it, and the team only once", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url);
    await go("/block");
    await signIn(page, "manager");
    await page.getByRole("button", { name: "Give the cause: Hip replacement" }).click();
    await page.getByText("begun 12 min late").waitFor();
    must((await page.getByRole("complementary").count()) === 0, "asking for the cause opened the room");
    await page.screenshot({ path: `${ARTIFACTS}cause.png` });
    await page.getByRole("button", { name: "Theatre not ready" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Figures", exact: true }).click();
    const row = page.getByRole("row", { name: /Hip replacement/ });
    await row.getByText("Theatre not ready").waitFor();
    await row.getByRole("button", { name: "Change the cause: Hip replacement" }).click();
    await page.getByText("Given by manager at 10:42").waitFor();
    await page.getByRole("button", { name: "Other" }).click();
    await row.getByText("Other").waitFor();
    must(mock.changes.filter((it) => it.endsWith("/processes/process-1/delay-cause")).length === 2, mock.changes.join(", "));
    await close();
    const other = await open(browser, mock.url);
    await other.go("/block/figures");
    await signIn(other.page, "nurse");
    await other.page.getByRole("row", { name: /Hip replacement/ }).getByText("Other").waitFor();
    must((await other.page.getByRole("button", { name: /Hip replacement/ }).count()) === 0, "the team may change a cause");
    await other.close();
  }],
  ["a late room asks once why: later, then an answer; somebody else's answer is said", async (browser, mock) => {
    const late = async (user, look) => {
      const tab = await open(browser, mock.url, look);
      await tab.go("/rooms/or-1");
      await signIn(tab.page, user, "correct horse", look.language);
      await tab.page.getByText("P-0391").first().waitFor();
      return tab;
    };
    const manager = await late("manager", tablet);
    must((await manager.page.getByRole("group", { name: "Why was it late?" }).count()) === 0, "a manager is asked in the room");
    await manager.close();
    const beaten = await late("nurse.beaten", { ...tablet, size: SIZES[3], language: "it" });
    await beaten.page.getByRole("button", { name: "Indica" }).click();
    await beaten.page.getByRole("button", { name: "Urgenza inserita" }).click();
    await beaten.page.getByText("the cause was given already").waitFor();
    await beaten.page.screenshot({ path: `${ARTIFACTS}room-cause-portrait.png` });
    const cut = await faults(beaten.page);
    await beaten.close();
    must(cut.length === 0, cut.join("; "));
    const { page, close } = await late("nurse", tablet);
    await page.getByText("begun 12 min late").waitFor();
    await page.screenshot({ path: `${ARTIFACTS}room-late.png` });
    await page.getByRole("button", { name: "Later" }).click();
    await page.reload();
    await page.getByRole("button", { name: "Why was it late?" }).click();
    must(await page.getByText("HR", { exact: true }).isVisible(), "the question covers the vital signs");
    await page.screenshot({ path: `${ARTIFACTS}room-cause.png` });
    const found = await faults(page);
    must(found.length === 0, found.join("; "));
    await page.getByRole("button", { name: "Theatre not ready" }).click();
    await page.getByText("Cause noted:").waitFor();
    must(mock.changes.some((it) => it.endsWith("/processes/process-1/delay-cause")), mock.changes.join(", "));
    must((await page.getByRole("button", { name: "Why was it late?" }).count()) === 0, "it is asked again");
    await close();
  }],
  ["a zone is named, rooms are placed by mouse, key and number, and a refusal is said", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url);
    await go("/building");
    await signIn(page, "manager");
    await page.getByRole("button", { name: "Change zone zone-1" }).click();
    await page.getByLabel("Name").fill("Main block");
    await page.getByLabel("Order").fill("3");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.getByRole("row", { name: /3 Main block/ }).waitFor();
    const plan = page.getByRole("group", { name: "Floor plan" });
    await page.getByRole("button", { name: "OR 1", exact: true }).last().click();
    const first = plan.getByRole("button", { name: "OR 1, 0 across, 0 down, 6 wide, 4 high" });
    await first.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Shift+ArrowRight");
    const moved = plan.getByRole("button", { name: "OR 1, 2 across, 1 down, 7 wide, 4 high" });
    await moved.waitFor();
    const grid = await plan.boundingBox();
    const box = await moved.boundingBox();
    const unit = grid.width / 24;
    await page.mouse.move(box.x + 20, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + 20 + 5 * unit, box.y + 20 - unit, { steps: 5 });
    await page.mouse.up();
    await plan.getByRole("button", { name: "OR 1, 7 across, 0 down, 7 wide, 4 high" }).waitFor();
    await page.getByLabel("Height").fill("5");
    await page.getByRole("button", { name: "OR 2", exact: true }).last().click();
    await plan.getByRole("button", { name: /^OR 2, 0 across/ }).waitFor();
    await page.getByRole("textbox", { name: "Across" }).fill("3");
    await page.getByText("On top of each other: OR 1, OR 2").waitFor();
    await page.getByRole("textbox", { name: "Across" }).fill("0");
    await page.screenshot({ path: `${ARTIFACTS}plan-edit.png`, fullPage: true });
    // The bar at the top covers half a button while the page is scrolled.
    await page.keyboard.press("Control+Home");
    await page.evaluate(() => document.documentElement.scrollTo(0, 0));
    const found = await faults(page);
    must(found.length === 0, found.join("; "));
    await page.getByRole("button", { name: "Save" }).click();
    await until("two rooms are saved", () => mock.changes.filter((it) => it.endsWith("/layout")).length === 2);
    await plan.getByRole("button", { name: /^OR 2/ }).focus();
    await page.keyboard.press("Delete");
    await page.getByRole("button", { name: "Save" }).click();
    await until("one is taken off", () => mock.changes.includes("DELETE /services/building-management/api/v1/rooms/or-2/layout"));
    await page.getByRole("button", { name: "Pre/post 2", exact: true }).last().click();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("there is no such room").waitFor();
    await go("/block?view=floor");
    await page.getByRole("region", { name: "Main block" }).getByRole("button", { name: /^OR 1/ }).waitFor();
    await close();
    const other = await open(browser, mock.url);
    await other.go("/building");
    await signIn(other.page, "nurse");
    const fixed = other.page.getByRole("button", { name: /^OR 1, 7 across/ });
    await fixed.focus();
    await other.page.keyboard.press("ArrowRight");
    must((await fixed.count()) === 1, "a nurse moves a room");
    await other.close();
  }],
  ["a report shows its curves and says what they say; versions differ in words; old ones have no curves", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url);
    await go("/reports/process-0");
    await signIn(page, "surgeon");
    await page.getByRole("img", { name: "Vital signs" }).waitFor();
    await page.getByText(/SpO₂ below 94 from 08:4\d to 08:4\d\./).waitFor();
    await page.getByText(/No T from 08:(49|50) to 09:0\d\./).waitFor();
    must((await page.locator(".spark .trace").count()) > 30, "figures have no small curves");
    const row = page.getByRole("row", { name: /Anaesthesia Heart rate \/min, Mean/ });
    must((await row.innerText()).includes("76.2") && (await row.innerText()).includes("77"), await row.innerText());
    must((await page.getByText("secondsCovered").count()) === 0, "what is behind a figure is told");
    await page.screenshot({ path: `${ARTIFACTS}report-whole.png`, fullPage: true });
    await close();
    const other = await open(browser, mock.url);
    await other.go("/reports/process-0");
    await signIn(other.page, "nurse.old");
    await other.page.getByText("There are no curves of this surgery any more", { exact: false }).waitFor();
    await other.page.getByText("Heart rate /min").first().waitFor();
    await other.close();
  }],
  ["keys: help, search, places", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url);
    await go("/rooms");
    await signIn(page, "surgeon");
    await page.getByText("OR 2").first().waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" });
    await page.keyboard.press("Control+k");
    await page.getByRole("textbox", { name: "Search" }).fill("mele");
    await page.getByRole("option", { name: /Mele/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Laparoscopic cholecystectomy" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("b");
    await page.getByRole("heading", { name: "Operating block" }).waitFor();
    must(new URL(page.url()).pathname === "/block", page.url());
    await close();
  }],
  ["a report gets a note", async (browser, mock) => {
    const { page, go, close } = await open(browser, mock.url);
    await go("/reports/process-0");
    await signIn(page, "surgeon");
    await page.getByRole("button", { name: "Add a note" }).click();
    await page.getByLabel("Note", { exact: true }).fill("Seen again on the ward.");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await until("the note", () => mock.changes.some((it) => it === "PATCH /services/surgery-report/api/v1/reports/process-0"));
    await close();
  }],
];
