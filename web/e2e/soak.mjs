/**
 * A day of twelve hours at high speed, on a room's tablet and on the wall: what a tab needs may not
 * grow with the time that it is open. Only with `--soak`; it takes some minutes.
 */
import { must, open, signIn, SIZES, until } from "./kit.mjs";
import { codeOf, iso, NOW, processes, rooms, wave } from "./world.mjs";

const HOURS = 12;
const HOUR = 3_600_000;
/** Between two looks of the made-up monitors, and between two leaps of the tabs' time, milliseconds. */
const STEP = 10_000;
/** How long each patient is in the theatre. */
const SURGERY = 2 * HOUR;
/** What the last hours may need beyond the second. */
const MOST = 1.2;

/** A time that leaps, for the page: timers that became due run once, as in a tab that was slow. */
function leaping() {
  const [now, date] = [performance.now.bind(performance), Date.now.bind(Date)];
  const pump = window.setInterval.bind(window);
  const timers = new Map();
  let ahead = 0;
  let last = 0;
  performance.now = () => now() + ahead;
  Date.now = () => date() + ahead;
  const add = (every) => (work, wait = 0, ...rest) => {
    last += 1;
    timers.set(last, { at: performance.now() + wait, every: every ? Math.max(wait, 1) : undefined, work: () => work(...rest) });
    return last;
  };
  const run = () => {
    const due = [...timers].filter(([, it]) => it.at <= performance.now()).sort(([, a], [, b]) => a.at - b.at);
    for (const [id, timer] of due) {
      if (timers.get(id) !== timer) continue;
      if (timer.every === undefined) timers.delete(id);
      else timer.at = performance.now() + timer.every;
      timer.work();
    }
  };
  window.setTimeout = add(false);
  window.setInterval = add(true);
  window.clearTimeout = window.clearInterval = (id) => timers.delete(id);
  window.leap = (milliseconds) => {
    ahead += milliseconds;
    run();
  };
  pump(run, 5);
}

/** The surgery in the second theatre, once more for another patient. */
function surgery(number, begin) {
  const model = processes.find((it) => it.entry.processId === "process-2");
  const later = begin - Date.parse(iso(88));
  const text = JSON.stringify(model)
    .replace(/"process-2"/g, `"day-${number}"`)
    .replace(/"patient-0417"/g, `"patient-${5000 + number}"`)
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (it) => new Date(Date.parse(it) + later).toISOString());
  return JSON.parse(text);
}

async function tabOf(browser, mock, path, user, size) {
  const tab = await open(browser, mock.url, { size, theme: "theatre" });
  await tab.page.addInitScript(leaping);
  await tab.go(path);
  await signIn(tab.page, user);
  await tab.page.getByText("OR 2").first().waitFor();
  const tools = await tab.context.newCDPSession(tab.page);
  await tools.send("HeapProfiler.enable");
  await tools.send("Performance.enable");
  return {
    ...tab,
    // What was told is on its way: a tab whose time leaps without it would think that it is deaf.
    leap: () => tab.page.evaluate((step) => new Promise((done) => window.requestAnimationFrame(() => done(window.leap(step)))), STEP),
    /** Megabytes in use after everything was let go of that can be, and nodes of the page. */
    async needs() {
      for (let count = 0; count < 3; count += 1) await tools.send("HeapProfiler.collectGarbage");
      const { usedSize } = await tools.send("Runtime.getHeapUsage");
      const { metrics } = await tools.send("Performance.getMetrics");
      return { megabytes: usedSize / 2 ** 20, nodes: metrics.find((it) => it.name === "Nodes").value };
    },
  };
}

/** What happens in the block between two instants. */
function* happens(from, to, patient) {
  const dateTime = new Date(to).toISOString();
  for (const [index, [key, figure, value]] of [
    ["HEARTBEAT", "heartbeat", Math.round(wave(1, to, 73, 6))],
    ["SATURATION", "saturation", Math.round(wave(2, to, 98, 1.2))],
    ["SYSTOLIC_PRESSURE", "pressure", Math.round(wave(3, to, 120, 6))],
    ["DIASTOLIC_PRESSURE", "pressure", Math.round(wave(4, to, 77, 4))],
    ["RESPIRATORY_RATE", "rate", Math.round(wave(5, to, 14, 2))],
    ["BODY_TEMPERATURE", "temperature", Number(wave(6, to, 36.5, 0.2).toFixed(1))],
  ].entries()) {
    yield ["vital", { key: `PATIENT_${key}_UPDATE_EVENT`, data: { patientId: patient, data: { [figure]: value } }, dateTime }, QUANTITIES[index], value];
  }
  const isEvery = (period) => Math.floor(from / period) !== Math.floor(to / period);
  if (isEvery(30_000)) {
    for (const [seed, { id }] of rooms.entries()) {
      const of = (key, data) => ["room", { key, roomId: id, roomType: "OPERATING_ROOM", data, dateTime }];
      yield of("TEMPERATURE_EVENT", { temperatureValue: Number(wave(seed, to, 21.2, 0.3).toFixed(1)), temperatureUnit: "CELSIUS" });
      yield of("HUMIDITY_EVENT", { humidityPercentage: Math.round(wave(seed, to, 50, 2)) });
      yield of("LUMINOSITY_EVENT", { luminosityValue: Math.round(wave(seed, to, 98, 2)), luminosityUnit: "LUX" });
      yield of("PRESENCE_EVENT", { presenceDetected: true });
    }
  }
  if (isEvery(40_000)) yield ["position", { key: "TRACKING_EVENT", roomId: "or-2", data: true, dateTime }];
  if (isEvery(15 * 60_000)) yield ["process", { key: "SURGICAL_PROCESS_EVENT", data: { processId: "process-1" }, dateTime }];
  if (isEvery(20 * 60_000)) yield ["command", { key: "C", commandId: `c-${to}`, outcome: "CONFIRMED", roomId: "or-2", data: {}, dateTime }];
  if (isEvery(50 * 60_000)) yield ["proposal", { key: "P", roomId: "or-2", data: { roomId: "or-2", medicalTechnologyType: "endoscope", ambientLightLux: 60, surgicalLightLux: 150_000 }, dateTime }];
}

const QUANTITIES = ["heartBeat", "saturationPercentage", "systolicBloodPressure", "diastolicBloodPressure", "respiratoryRate", "bodyTemperature"];

export async function soak(browser, mock) {
  const others = processes.filter((it) => it.entry.processId !== "process-2");
  let recorded = [];
  let present = surgery(0, NOW);
  mock.day.processes = [...others, present];
  mock.day.vitals = (id, from) => {
    const entries = id === present.entry.processId ? recorded.filter((it) => Date.parse(it.dateTime) >= from) : [];
    return { entries, total: entries.length, next: null };
  };
  const room = await tabOf(browser, mock, "/rooms/or-2", "nurse", SIZES[2]);
  const wall = await tabOf(browser, mock, "/block?wall=true", "display", SIZES[0]);
  const tabs = { room, wall };
  const measured = { room: [], wall: [] };
  let told = 0;
  const look = async (hour) => {
    const line = [String(hour).padStart(4)];
    for (const [name, tab] of Object.entries(tabs)) {
      const { megabytes, nodes } = await tab.needs();
      measured[name].push(megabytes);
      line.push(megabytes.toFixed(1).padStart(8), String(nodes).padStart(8));
    }
    console.log(`${line.join("")}${String(told).padStart(9)}${String(mock.opened.length).padStart(9)}`);
  };
  console.log("hour room MB   nodes wall MB   nodes   events  streams");
  await look(0);
  for (let at = NOW; at < NOW + HOURS * HOUR; ) {
    at += STEP;
    mock.day.now = at;
    // Between two looks, so that none of them sees the patient before too.
    const number = Math.floor((at - NOW + HOUR / 2) / SURGERY);
    if (present.entry.processId !== `day-${number}`) {
      present = surgery(number, at);
      recorded = [];
      mock.day.processes = [...others, present];
      mock.tell("process", { key: "SURGICAL_PROCESS_EVENT", data: { processId: present.entry.processId }, dateTime: new Date(at).toISOString() });
    }
    for (const [event, data, quantity, value] of happens(at - STEP, at, present.entry.patientId)) {
      mock.tell(event, data);
      told += 1;
      if (quantity !== undefined) recorded.push({ dateTime: data.dateTime, quantity, value, unit: "" });
    }
    mock.beat();
    await Promise.all([room.leap(), wall.leap()]);
    const since = at - NOW;
    // Somebody is there: a screen that nobody touches locks itself.
    if (since % (5 * 60_000) === 0) await room.page.keyboard.press("Shift");
    if (since % HOUR === 0) await look(since / HOUR);
  }
  const last = recorded.findLast((it) => it.quantity === "heartBeat");
  await until("the last heart rate", async () => (await room.page.getByRole("region", { name: "Vital signs" }).getByText(String(last.value), { exact: true }).count()) > 0);
  await room.page.getByText(codeOf(present.entry.patientId)).first().waitFor();
  const wrong = [...room.wrong, ...wall.wrong];
  await Promise.all([room.close(), wall.close()]);
  must(wrong.length === 0, wrong.slice(0, 5).join("; "));
  for (const [name, all] of Object.entries(measured)) {
    const most = Math.max(...all.slice(-3));
    must(most <= MOST * all[2], `the ${name} needs ${most.toFixed(1)} MB in the last hours, ${all[2].toFixed(1)} MB in the second`);
  }
}
