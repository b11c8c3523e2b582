/**
 * The journeys in a browser. `--full` looks at every page in every size, theme and language;
 * `--only <words>` runs those whose name has the words; `--no-real` leaves the program out.
 * `--soak` plays a day of twelve hours instead, and prints what the tabs need; `--figures` prints what
 * the first look at a room costs.
 */
import { figures } from "./figures.mjs";
import { launch, Wrong } from "./kit.mjs";
import { startMock } from "./mock.mjs";
import { PORTAL_JOURNEYS } from "./portal-journeys.mjs";
import { JOURNEYS, looks } from "./rare.mjs";
import { binary, realJourney, startReal } from "./real.mjs";
import { soak } from "./soak.mjs";

const args = process.argv.slice(2);
const only = args.includes("--only") ? args[args.indexOf("--only") + 1] : undefined;
const isFull = args.includes("--full");
/** What is run alone, and takes its time. */
const alone = [
  ...(args.includes("--soak") ? [["a tab over a day of twelve hours", soak]] : []),
  ...(args.includes("--figures") ? [["the first look at a room", figures]] : []),
];
const isChosen = (name) => only === undefined || name.includes(only);

const browser = await launch();
const failed = [];
let count = 0;

async function attempt(name, work) {
  const begun = performance.now();
  count += 1;
  try {
    await work();
    console.log(`ok    ${((performance.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${name}`);
  } catch (error) {
    failed.push(name);
    console.log(`WRONG ${((performance.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${name}\n      ${error instanceof Wrong ? error.message : String(error.stack ?? error).slice(0, 900)}`);
  }
}

// The program starts and plays its day while the made-up gateway is looked at.
const real = alone.length === 0 && !args.includes("--no-real") && isChosen("real") ? startReal() : undefined;
real?.catch(() => undefined);

const queue = alone.length > 0 ? alone : [...looks(isFull), ...JOURNEYS, ...PORTAL_JOURNEYS].filter(([name]) => isChosen(name));
async function worker() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [name, work] = next;
    const mock = await startMock();
    await attempt(name, () => work(browser, mock));
    await mock.close();
  }
}
// What is measured is measured by itself.
await Promise.all(alone.length > 0 ? [worker()] : [worker(), worker()]);

if (real !== undefined) {
  await attempt("real: the screen says what the services say", async () => {
    if (binary() === undefined) throw new Wrong("target/debug/chiron is not built");
    const running = await real;
    try {
      await realJourney(browser, running);
    } finally {
      await running.stop();
    }
  });
}
await browser.close();
console.log(failed.length === 0 ? `${count} journeys, all well` : `${failed.length} of ${count} journeys went wrong`);
process.exit(failed.length === 0 ? 0 : 1);
