/** One journey against the program itself, on a seeded day: the screen against what the services say. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ARTIFACTS, faults, must, open, signIn, until } from "./kit.mjs";

const OFFSET = Number(process.env["CHIRON_E2E_PORT_OFFSET"] ?? "25600");

export function binary() {
  const target = process.env["CARGO_TARGET_DIR"] ?? new URL("../../target", import.meta.url).pathname;
  const path = join(target, "debug/chiron");
  return existsSync(path) ? path : undefined;
}

export async function startReal() {
  const data = mkdtempSync(join(tmpdir(), "chiron-e2e-"));
  const args = ["up", "--scenario", "three-surgeries", "--seed", "1", "--rate", "20", "--data", data, "--port-offset", String(OFFSET)];
  const child = spawn(binary(), args, { stdio: "ignore", env: { ...process.env, CHIRON_TIME_ZONE: "Europe/Rome", CHIRON_LOG__FILTER: "warn" } });
  const url = `http://127.0.0.1:${8080 + OFFSET}`;
  const stop = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 15_000))]);
    if (child.exitCode === null) child.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await until("chiron", async () => (await fetch(`${url}/api/v1/clock`)).ok, 60_000);
  } catch (error) {
    await stop();
    throw error;
  }
  const password = (user) => JSON.parse(readFileSync(join(data, "accounts.json"), "utf8")).people[user];
  return { url, data, stop, password };
}

const STEPS = {
  PATIENT_IN_PREPARATION: "Preparation",
  PATIENT_ON_OPERATING_TABLE: "On table",
  ANESTHESIA: "Anaesthesia",
  SURGERY_IN_PROGRESS: "Surgery",
  END_OF_SURGERY: "End of surgery",
  PATIENT_UNDER_OBSERVATION: "Observation",
};

export async function realJourney(browser, real) {
  const tab = await open(browser, real.url, { size: [1180, 820], theme: "theatre" });
  const { page } = tab;
  await until("the nurse's account", () => real.password("demo-nurse") !== undefined, 20_000);
  await tab.go("/rooms");
  // The account is known when the day's people have been created.
  const credentials = { userId: "demo-nurse", password: real.password("demo-nurse") };
  const asked = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(credentials) };
  await until("the nurse may sign in", async () => (await fetch(`${real.url}/api/v1/obd/auth`, asked)).ok, 40_000);
  await signIn(page, "demo-nurse", credentials.password);
  await page.getByRole("heading", { name: "Rooms" }).waitFor({ timeout: 60_000 });
  const read = (path) => page.evaluate(async (path) => {
    const response = await fetch(path);
    return response.status === 204 ? undefined : await response.json();
  }, path);
  const spm = "/services/surgical-process-monitoring/api/v1/processes";
  const process = await until("a surgery under way", async () => {
    const list = await read(spm);
    // Early enough for the patient to stay in the room while we look.
    const early = ["PATIENT_ON_OPERATING_TABLE", "ANESTHESIA"];
    return list?.entries?.find((it) => it.operatingRoom !== null && it.state === "SURGERY" && early.includes(it.step));
  }, 300_000);
  const room = process.operatingRoom.id.id;
  await page.evaluate((path) => history.pushState(null, "", path), `/rooms/${room}`);
  await page.reload();
  const { entries } = await read(`/api/v1/obd/patient-codes?patientId=${encodeURIComponent(process.patientId)}`);
  await page.getByText(entries[0].code).first().waitFor({ timeout: 15_000 });
  must((await page.getByText(process.patientId).count()) === 0, "the patient's id is on the screen");
  await until("the step on the screen", async () => {
    const now = await read(`${spm}/${process.processId}`);
    return (await page.locator(".now .step").innerText()) === STEPS[now.step];
  }, 20_000);
  await until("a heart rate on the screen that the service has", async () => {
    const from = new Date(Date.parse((await read("/api/v1/clock")).now) - 120_000).toISOString();
    const told = await read(`${spm}/${process.processId}/vital-signs?from=${from}&limit=1000`);
    const values = new Set((told?.entries ?? []).filter((it) => it.quantity === "heartBeat").map((it) => String(it.value)));
    return values.has((await page.locator(".row .num").first().innerText()).trim());
  }, 20_000);
  await until("a temperature on the screen", async () => /^\d+\.\d/.test((await page.locator(".er .num").first().innerText()).replace(/^[^\d-]+/, "")), 20_000);
  await page.screenshot({ path: `${ARTIFACTS}real-room.png` });
  const wrong = [...(await faults(page)), ...tab.wrong];
  must(wrong.length === 0, wrong.join("; "));
  await tab.close();
}
