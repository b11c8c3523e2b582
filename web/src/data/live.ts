/**
 * The live stream: one for the whole application, resumed where it ended.
 *
 * It patches what was read before, so that a lost stream leaves the last values and a slower way to
 * refresh them. How it is, since when, is there for every page to say.
 */
import { notifyManager, type QueryClient } from "@tanstack/react-query";

import { blockNow } from "~/lib/clock";
import { instant } from "~/lib/format";
import { SseParser, type Told } from "~/lib/sse";

import { continueSession } from "./session";
import { addSample, addSign, keys, type RoomHistory, type Vital, type VitalSigns } from "./queries";

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "lost"; readonly since: number };

/** Lights that the automation proposes for a technology in use. */
export interface Proposal {
  readonly roomId: string;
  readonly technology: string;
  readonly ambientLux: number;
  readonly surgicalLux: number;
  readonly at: number;
}

/** What became of a command. */
export interface Outcome {
  readonly commandId: string;
  readonly outcome: string;
  readonly reason: string;
  readonly at: number;
}

export interface Live {
  readonly connection: Connection;
  readonly proposals: Readonly<Record<string, Proposal>>;
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/** Longer than two of the gateway's signs of life: the stream has fallen silent. */
const SILENCE = 35_000;

let live: Live = { connection: { kind: "connecting" }, proposals: {}, outcomes: {} };
const listeners = new Set<() => void>();

export function currentLive(): Live {
  return live;
}

export function onLive(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(change: Partial<Live>): void {
  live = { ...live, ...change };
  for (const listener of listeners) listener();
}

/** The person has answered, or the question is no longer one. */
export function dropProposal(roomId: string): void {
  const others = Object.entries(live.proposals).filter(([room]) => room !== roomId);
  become({ proposals: Object.fromEntries(others) });
}

const ADDRESS = "/api/v1/obd/live";
/** The gateway tells the vital signs of so many patients at once. */
const MOST_PATIENTS = 64;
/** How long others may still come or go before the stream is opened anew, milliseconds. */
const GATHERING = 50;

/** Patients whose vital signs are told, each with the processes that show them, counted. */
const watched = new Map<string, Map<string, number>>();
/** Streams that are open, or opening: they look whether their address is still the right one. */
const streams = new Set<() => void>();
let moving: ReturnType<typeof setTimeout> | undefined;

/** Has a patient's vital signs told, and added to those of the process, until what it gives is called. */
export function watchPatient(patientId: string, processId: string): () => void {
  const processes = watched.get(patientId) ?? new Map<string, number>();
  watched.set(patientId, processes);
  processes.set(processId, (processes.get(processId) ?? 0) + 1);
  moveSoon();
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    const left = (processes.get(processId) ?? 1) - 1;
    if (left > 0) processes.set(processId, left);
    else processes.delete(processId);
    if (processes.size === 0 && watched.get(patientId) === processes) watched.delete(patientId);
    moveSoon();
  };
}

function moveSoon(): void {
  clearTimeout(moving);
  moving = setTimeout(() => {
    for (const look of [...streams]) look();
  }, GATHERING);
}

function addressNow(): string {
  const query = new URLSearchParams([...watched.keys()].sort().slice(0, MOST_PATIENTS).map((id) => ["patientId", id]));
  return query.size === 0 ? ADDRESS : `${ADDRESS}?${query.toString()}`;
}

function processesWatched(): Set<string> {
  return new Set([...watched.values()].flatMap((processes) => [...processes.keys()]));
}

/** Follows the stream until told to stop. */
export function follow(client: QueryClient): () => void {
  const stop = new AbortController();
  void run(client, stop.signal);
  return () => stop.abort();
}

async function run(client: QueryClient, stop: AbortSignal): Promise<void> {
  let place: string | undefined;
  let wait = 500;
  let heard = new Set<string>();
  while (!stop.aborted) {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    const address = addressNow();
    let isMoved = false;
    const look = () => {
      if (addressNow() === address) return;
      isMoved = true;
      abort();
    };
    streams.add(look);
    stop.addEventListener("abort", abort);
    window.addEventListener("offline", abort);
    let watch = setTimeout(abort, 10_000);
    try {
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (place !== undefined) headers["last-event-id"] = place;
      const response = await fetch(address, { headers, signal: attempt.signal });
      if (response.status === 401) await continueSession();
      if (response.ok && response.body !== null) {
        const wasLost = live.connection.kind === "lost";
        become({ connection: { kind: "live" } });
        wait = 500;
        // What was read before the stream began may miss what happened between.
        if (place === undefined || wasLost) void client.invalidateQueries();
        const shown = processesWatched();
        for (const process of shown) if (!heard.has(process)) soon(client, keys.vitals(process), 1_000);
        heard = shown;
        const parser = new SseParser();
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
          clearTimeout(watch);
          watch = setTimeout(abort, SILENCE);
          const { done, value } = await reader.read();
          if (done) break;
          const fed = parser.feed(value);
          // What came together is drawn together.
          notifyManager.batch(() => {
            for (const told of fed.events) apply(client, told);
          });
          place = fed.id ?? place;
        }
      }
    } catch {
      // Whatever ended it: it is tried again, and the screen says since when.
    }
    clearTimeout(watch);
    streams.delete(look);
    stop.removeEventListener("abort", abort);
    window.removeEventListener("offline", abort);
    if (stop.aborted) break;
    // Left for another address, at the place that was reached: nothing is lost.
    if (isMoved) continue;
    if (live.connection.kind !== "lost") become({ connection: { kind: "lost", since: blockNow() } });
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, 5_000);
  }
  become({ connection: { kind: "connecting" } });
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const figure = (value: unknown): number => (typeof value === "number" ? value : Number.NaN);

/** Exported for its tests. */
export function apply(client: QueryClient, told: Told): void {
  let event: unknown;
  try {
    event = JSON.parse(told.data);
  } catch {
    return;
  }
  if (!isObject(event)) return;
  const data = isObject(event["data"]) ? event["data"] : {};
  const roomId = text(event["roomId"]);
  const at = instant(text(event["dateTime"]));
  switch (told.event) {
    case "room": {
      const sample = sampleOf(text(event["key"]), data, at);
      if (sample === undefined) return;
      client.setQueryData<RoomHistory>(keys.roomHistory(roomId), (before) =>
        before === undefined ? before : addSample(before, sample.quantity, { at, value: sample.value }),
      );
      return;
    }
    case "vital": {
      const sign = signOf(text(event["key"]), data);
      if (sign === undefined) return;
      for (const process of watched.get(text(data["patientId"]))?.keys() ?? []) {
        client.setQueryData<VitalSigns>(keys.vitals(process), (before) =>
          before === undefined ? before : addSign(before, sign.vital, { at, value: sign.value }),
        );
      }
      return;
    }
    case "process":
      soon(client, keys.processes, 300);
      soon(client, keys.process(text(data["processId"])), 100);
      soon(client, keys.bookings, 1_000);
      soon(client, keys.reports, 1_000);
      soon(client, keys.performance, 1_000);
      return;
    case "position":
      soon(client, keys.whereabouts, 300);
      soon(client, keys.movements, 2_000);
      return;
    case "proposal": {
      const proposal: Proposal = {
        roomId: text(data["roomId"]),
        technology: text(data["medicalTechnologyType"]),
        ambientLux: figure(data["ambientLightLux"]),
        surgicalLux: figure(data["surgicalLightLux"]),
        at,
      };
      become({ proposals: { ...live.proposals, [proposal.roomId]: proposal } });
      return;
    }
    case "command": {
      const commandId = text(event["commandId"]);
      const reason = [text(data["reason"]), text(data["detail"])].filter((it) => it !== "").join(": ");
      const outcome: Outcome = { commandId, outcome: text(event["outcome"]), reason, at };
      const entries = Object.entries(live.outcomes).slice(-63);
      become({ outcomes: { ...Object.fromEntries(entries), [commandId]: outcome } });
      soon(client, keys.decisions, 500);
      return;
    }
    case "gap":
      void client.invalidateQueries();
      return;
    default:
  }
}

function sampleOf(key: string, data: Json, at: number): { quantity: keyof RoomHistory; value: number } | undefined {
  if (Number.isNaN(at)) return undefined;
  switch (key) {
    case "TEMPERATURE_EVENT":
      return { quantity: "temperature", value: figure(data["temperatureValue"]) };
    case "HUMIDITY_EVENT":
      return { quantity: "humidity", value: figure(data["humidityPercentage"] ?? data["humidityValue"]) };
    case "LUMINOSITY_EVENT":
      return { quantity: "luminosity", value: figure(data["luminosityValue"]) };
    case "PRESENCE_EVENT":
      return { quantity: "presence", value: data["presenceDetected"] === true ? 1 : 0 };
    default:
      return undefined;
  }
}

function signOf(key: string, data: Json): { vital: Vital; value: number } | undefined {
  const of = isObject(data["data"]) ? data["data"] : {};
  switch (key) {
    case "PATIENT_HEARTBEAT_UPDATE_EVENT":
      return { vital: "heartBeat", value: figure(of["heartbeat"]) };
    case "PATIENT_DIASTOLIC_PRESSURE_UPDATE_EVENT":
      return { vital: "diastolicBloodPressure", value: figure(of["pressure"]) };
    case "PATIENT_SYSTOLIC_PRESSURE_UPDATE_EVENT":
      return { vital: "systolicBloodPressure", value: figure(of["pressure"]) };
    case "PATIENT_RESPIRATORY_RATE_UPDATE_EVENT":
      return { vital: "respiratoryRate", value: figure(of["rate"]) };
    case "PATIENT_SATURATION_UPDATE_EVENT":
      return { vital: "saturationPercentage", value: figure(of["saturation"]) };
    case "PATIENT_BODY_TEMPERATURE_UPDATE_EVENT":
      return { vital: "bodyTemperature", value: figure(of["temperature"]) };
    default:
      return undefined;
  }
}

const due = new Map<string, ReturnType<typeof setTimeout>>();

/** Reads something anew, once for many events. */
function soon(client: QueryClient, queryKey: readonly unknown[], milliseconds: number): void {
  const name = JSON.stringify(queryKey);
  if (due.has(name)) return;
  const timer = setTimeout(() => {
    due.delete(name);
    void client.invalidateQueries({ queryKey });
  }, milliseconds);
  due.set(name, timer);
}
