/** What the stream tells ends in what the pages read. */
import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it as test, vi } from "vitest";

import { apply, currentLive, dropProposal, follow, onLive, watchPatient } from "./live";
import { keys, type RoomHistory, type VitalSigns } from "./queries";

const client = new QueryClient();
const empty: RoomHistory = { temperature: [], humidity: [], luminosity: [], presence: [] };
const at = "2026-05-15T08:42:00Z";
const tell = (event: string, data: unknown) => apply(client, { event, data: JSON.stringify(data) });

beforeEach(() => {
  vi.useFakeTimers();
  client.clear();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("samples are added to a room that is read, each once", () => {
  const sample = (key: string, data: object) => tell("room", { key, roomId: "or-1", data, dateTime: at });
  sample("TEMPERATURE_EVENT", { temperatureValue: 21 });
  expect(client.getQueryData(keys.roomHistory("or-1"))).toBeUndefined();
  client.setQueryData(keys.roomHistory("or-1"), empty);
  sample("TEMPERATURE_EVENT", { temperatureValue: 21.5 });
  sample("TEMPERATURE_EVENT", { temperatureValue: 21.5 });
  sample("HUMIDITY_EVENT", { humidityPercentage: 57 });
  sample("LUMINOSITY_EVENT", { luminosityValue: 98 });
  sample("PRESENCE_EVENT", { presenceDetected: true });
  sample("HUMIDITY_EVENT", { unheardOf: 1 });
  sample("SMELL_EVENT", { value: 1 });
  const point = (value: number) => [{ at: Date.parse(at), value }];
  expect(client.getQueryData(keys.roomHistory("or-1"))).toEqual({ temperature: point(21.5), humidity: point(57), luminosity: point(98), presence: point(1) });
});

const none: VitalSigns = {
  series: { heartBeat: [], saturationPercentage: [], systolicBloodPressure: [], diastolicBloodPressure: [], respiratoryRate: [], bodyTemperature: [] },
  asOf: 0,
  readTo: 0,
};
const seconds = (count: number) => new Date(Date.parse(at) + count * 1_000).toISOString();
const sign = (patientId: string, key: string, figures: object, later = 0) =>
  tell("vital", { key: `PATIENT_${key}_UPDATE_EVENT`, data: { patientId, data: figures }, dateTime: seconds(later) });
const signs = (process: string) => client.getQueryData<VitalSigns>(keys.vitals(process))?.series;

test("vital signs are added to every process that shows the patient, each once and in order", () => {
  const over = [watchPatient("ada", "p-1"), watchPatient("ada", "p-2"), watchPatient("bea", "p-3")];
  for (const process of ["p-1", "p-2", "p-3", "p-4"]) client.setQueryData(keys.vitals(process), none);
  sign("ada", "HEARTBEAT", { heartbeat: 71 }, 10);
  sign("ada", "HEARTBEAT", { heartbeat: 72 }, 0);
  sign("ada", "HEARTBEAT", { heartbeat: 71 }, 10);
  sign("ada", "HEARTBEAT", { pressure: 71 }, 20);
  sign("cleo", "HEARTBEAT", { heartbeat: 73 });
  expect(signs("p-1")?.heartBeat).toEqual([{ at: Date.parse(at), value: 72 }, { at: Date.parse(at) + 10_000, value: 71 }]);
  expect(signs("p-2")).toEqual(signs("p-1"));
  expect(signs("p-3")).toEqual(none.series);
  expect(signs("p-4")).toEqual(none.series);
  sign("ada", "HEARTBEAT", { heartbeat: 70 }, 86_405);
  expect(signs("p-1")?.heartBeat.map((it) => it.value)).toEqual([71, 70]);
  for (const it of over) it();
  sign("ada", "HEARTBEAT", { heartbeat: 69 }, 86_410);
  expect(signs("p-1")?.heartBeat).toHaveLength(2);
});

test("each vital sign has its name", () => {
  const over = watchPatient("ada", "p-1");
  sign("ada", "HEARTBEAT", { heartbeat: 71 });
  expect(signs("p-1")).toBeUndefined();
  client.setQueryData(keys.vitals("p-1"), none);
  sign("ada", "HEARTBEAT", { heartbeat: 71 });
  sign("ada", "DIASTOLIC_PRESSURE", { pressure: 78 });
  sign("ada", "SYSTOLIC_PRESSURE", { pressure: 121 });
  sign("ada", "RESPIRATORY_RATE", { rate: 15 });
  sign("ada", "SATURATION", { saturation: 98 });
  sign("ada", "BODY_TEMPERATURE", { temperature: 36.4 });
  sign("ada", "MOOD", { mood: 1 });
  const point = (value: number) => [{ at: Date.parse(at), value }];
  expect(signs("p-1")).toEqual({
    heartBeat: point(71), diastolicBloodPressure: point(78), systolicBloodPressure: point(121), respiratoryRate: point(15), saturationPercentage: point(98), bodyTemperature: point(36.4),
  });
  over();
});

/** Streams as they are opened; each tells what it is given. */
function gateway() {
  vi.stubGlobal("window", new EventTarget());
  const opened: { address: string; place: string | undefined; say: (text: string) => void }[] = [];
  vi.stubGlobal("fetch", (address: string, { headers, signal }: { headers: Record<string, string>; signal: AbortSignal }) => {
    const pipe = new TransformStream<string, string>();
    const writer = pipe.writable.getWriter();
    signal.addEventListener("abort", () => void writer.abort(new Error("left")));
    opened.push({ address, place: headers["last-event-id"], say: (text) => void writer.write(text) });
    return Promise.resolve(new Response(pipe.readable.pipeThrough(new TextEncoderStream())));
  });
  return opened;
}

test("the stream names no more patients than the gateway answers for", async () => {
  const opened = gateway();
  const over = Array.from({ length: 70 }, (_, index) => watchPatient(`patient-${index}`, `process-${index}`));
  const stop = follow(client);
  await vi.advanceTimersByTimeAsync(100);
  expect(opened.map((it) => new URLSearchParams(it.address.split("?")[1]).getAll("patientId").length)).toEqual([64]);
  for (const it of over) it();
  stop();
  await vi.advanceTimersByTimeAsync(100);
});

test("the stream moves to who is watched, at its place, and is not lost on the way", async () => {
  const opened = gateway();
  const read = vi.spyOn(client, "invalidateQueries");
  const kinds = new Set<string>();
  const stop = follow(client);
  await vi.advanceTimersByTimeAsync(100);
  const deaf = onLive(() => kinds.add(currentLive().connection.kind));
  opened[0]?.say("id: 7\n\n");
  await vi.advanceTimersByTimeAsync(10);
  read.mockClear();
  const over = [watchPatient("b&b", "p-2"), watchPatient("ada", "p-1"), watchPatient("ada", "p-1")];
  await vi.advanceTimersByTimeAsync(100);
  expect(opened.map((it) => [it.address, it.place])).toEqual([
    ["/api/v1/obd/live", undefined],
    ["/api/v1/obd/live?patientId=ada&patientId=b%26b", "7"],
  ]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(read.mock.calls.map(([it]) => it)).toEqual([{ queryKey: keys.vitals("p-2") }, { queryKey: keys.vitals("p-1") }]);
  over[1]?.();
  over[1]?.();
  await vi.advanceTimersByTimeAsync(100);
  expect(opened).toHaveLength(2);
  over[2]?.();
  const again = watchPatient("ada", "p-1");
  await vi.advanceTimersByTimeAsync(100);
  expect(opened).toHaveLength(2);
  again();
  over[0]?.();
  await vi.advanceTimersByTimeAsync(100);
  expect(opened.at(-1)).toMatchObject({ address: "/api/v1/obd/live", place: "7" });
  expect(kinds).toEqual(new Set(["live"]));
  deaf();
  stop();
  await vi.advanceTimersByTimeAsync(100);
  expect(opened).toHaveLength(3);
});

test("many events are one reading", () => {
  const read = vi.spyOn(client, "invalidateQueries");
  for (let index = 0; index < 20; index += 1) tell("position", { key: "TRACKING", roomId: "or-1", data: {}, dateTime: at });
  expect(read).not.toHaveBeenCalled();
  vi.advanceTimersByTime(400);
  expect(read).toHaveBeenCalledTimes(1);
  expect(read).toHaveBeenCalledWith({ queryKey: keys.whereabouts });
});

test("proposals wait until they are answered", () => {
  tell("proposal", { roomId: "or-2", data: { roomId: "or-2", medicalTechnologyType: "endoscope", ambientLightLux: 60, surgicalLightLux: 150000 }, dateTime: at });
  expect(currentLive().proposals["or-2"]).toMatchObject({ ambientLux: 60, surgicalLux: 150000, technology: "endoscope" });
  dropProposal("or-2");
  expect(currentLive().proposals["or-2"]).toBeUndefined();
});

test("outcomes are known by the name of the command", () => {
  tell("command", { key: "C", commandId: "c-1", outcome: "REFUSED", roomId: "or-2", data: { reason: "NOT_IN_USE", detail: "off" }, dateTime: at });
  expect(currentLive().outcomes["c-1"]).toMatchObject({ outcome: "REFUSED", reason: "NOT_IN_USE: off" });
});

test("a gap reads everything anew, nonsense nothing", () => {
  const read = vi.spyOn(client, "invalidateQueries");
  apply(client, { event: "room", data: "{" });
  apply(client, { event: "room", data: "[]" });
  expect(read).not.toHaveBeenCalled();
  tell("gap", { reason: "BEHIND", leftOut: 3 });
  expect(read).toHaveBeenCalledWith();
});
