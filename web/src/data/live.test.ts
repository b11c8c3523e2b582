/** What the stream tells ends in what the pages read. */
import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it as test, vi } from "vitest";

import { apply, currentLive, dropProposal } from "./live";
import { inserted, keys, type RoomHistory } from "./queries";

const client = new QueryClient();
const empty: RoomHistory = { temperature: [], humidity: [], luminosity: [], presence: [] };
const at = "2026-05-15T08:42:00Z";
const tell = (event: string, data: unknown) => apply(client, { event, data: JSON.stringify(data) });

beforeEach(() => {
  vi.useFakeTimers();
  client.clear();
});
afterEach(() => vi.useRealTimers());

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

test("a late sample takes its place", () => {
  const series = [10, 20, 40].map((it) => ({ at: it, value: it }));
  expect(inserted(series, { at: 30, value: 30 }).map((it) => it.at)).toEqual([10, 20, 30, 40]);
  expect(inserted(series, { at: 20, value: 7 })).toHaveLength(3);
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
