/** The day's timeline from the cases of the day. */
import { describe, expect, it as test } from "vitest";

import { casesOf, hoursOf, turnoversOf, type Case } from "./day";
import type { DayCase } from "./performance";

const minute = 60_000;
const iso = (at: number) => new Date(at * minute).toISOString();
const now = 100 * minute;

const planned = (id: string, start: number, more: Partial<DayCase> = {}): DayCase => ({
  surgeryId: id,
  processId: null,
  patientId: `patient-${id}`,
  operatingRoomId: "or-1",
  surgeryType: "Appendectomy",
  plannedStart: iso(start),
  plannedMinutes: 30,
  status: "BOOKED",
  theatre: [],
  settled: false,
  ...more,
});
const stay = (from: number, to: number | null, operatingRoomId = "or-1") => ({ operatingRoomId, from: iso(from), to: to === null ? null : iso(to) });

describe("cases", () => {
  test("under way show what was and a forecast", () => {
    const [only] = casesOf([planned("s", 85, { processId: "p", status: "IN_PROGRESS", theatre: [stay(80, null)], surgeryStart: iso(90) })], now);
    expect(only).toMatchObject({
      id: "p",
      room: "or-1",
      patientId: "patient-s",
      enter: 80 * minute,
      leave: undefined,
      forecast: 120 * minute,
      plan: { from: 85 * minute, to: 115 * minute },
      delay: 5 * minute,
      spans: [
        { stage: "table", from: 80 * minute, to: 90 * minute },
        { stage: "surg", from: 90 * minute, to: now },
      ],
    });
  });

  test("that are over have no forecast, and tell how late they were and why", () => {
    const done = planned("s", 20, {
      processId: "p",
      status: "DONE",
      theatre: [stay(18, 75)],
      surgeryStart: iso(40),
      surgeryEnd: iso(70),
      late: { kind: "START", minutes: 20 },
      delay: { cause: "STAFF", by: "nurse", at: iso(60) },
    });
    const [only] = casesOf([done], now);
    expect(only).toMatchObject({ leave: 75 * minute, forecast: undefined, delay: 20 * minute, late: 20, cause: "STAFF" });
    expect(only?.spans.map((it) => it.stage)).toEqual(["table", "surg", "end"]);
  });

  test("in a second theatre count from there", () => {
    const [only] = casesOf([planned("s", 10, { processId: "p", operatingRoomId: "or-2", theatre: [stay(10, 20), stay(22, 90, "or-2")], surgeryStart: iso(15), surgeryEnd: iso(80) })], now);
    expect(only).toMatchObject({ room: "or-2", enter: 22 * minute, leave: 90 * minute });
    expect(only?.spans[0]).toEqual({ stage: "surg", from: 22 * minute, to: 80 * minute });
  });

  test("that are only planned show until a theatre is entered, called off ones never", () => {
    const all = casesOf([planned("b", 10, { status: "CANCELLED" }), planned("c", 5, { status: "DONE" }), planned("a", 120), planned("d", 110, { status: "IN_PROGRESS" })], now);
    expect(all.map((it) => it.id)).toEqual(["d", "a"]);
    expect(all[0]?.spans).toEqual([]);
  });

  test("of emergencies have no plan", () => {
    const [only] = casesOf([planned("", 0, { surgeryId: null, processId: "e", plannedStart: null, plannedMinutes: null, status: "IN_PROGRESS", theatre: [stay(80, null)] })], now);
    expect(only).toMatchObject({ id: "e", plan: undefined, delay: undefined, forecast: undefined });
  });
});

const at = (enter: number, leave: number | undefined, room = "or-1"): Case => ({
  id: String(enter),
  processId: undefined,
  room,
  patientId: "",
  surgery: "",
  spans: [],
  enter: enter * minute,
  leave: leave === undefined ? undefined : leave * minute,
  forecast: undefined,
  plan: undefined,
  delay: undefined,
  late: undefined,
  cause: undefined,
});

test("a turnover is a gap of at most ninety minutes in one theatre", () => {
  const cases = [at(0, 30), at(10, 20, "or-2"), at(53, 60), at(151, undefined)];
  expect(turnoversOf(cases, "or-1")).toEqual([{ from: 30 * minute, to: 53 * minute }]);
  expect(turnoversOf([at(0, 30), at(120, 130)], "or-1")).toHaveLength(1);
});

test("the hours hold everything, and the present of the day", () => {
  const hour = 60 * minute;
  expect(hoursOf([], 10.5 * hour)).toEqual({ from: 9 * hour, to: 13 * hour });
  expect(hoursOf([at(610, 905)], undefined)).toEqual({ from: 10 * hour, to: 16 * hour });
});
