/** The day's timeline from processes and bookings. */
import { describe, expect, it as test } from "vitest";

import { casesOf, hoursOf, turnoversOf, type Case } from "./day";
import type { Booking, Followed, Process } from "./queries";
import { courseOf } from "./room";

const minute = 60_000;
const iso = (at: number) => new Date(at * minute).toISOString();
const now = 100 * minute;

const booking = (id: string, start: number, status: Booking["status"] = "BOOKED"): Booking => ({
  surgeryID: id,
  surgeryType: "Appendectomy",
  healthProfessionalID: "hp",
  patientID: `patient-${id}`,
  surgeryDateTime: iso(start),
  operatingRoomId: "or-1",
  expectedDurationMinutes: 30,
  status,
});

function course(id: string, enter: number, leave: number | null, booked?: Booking) {
  const process: Process = {
    processId: id,
    patientId: `patient-${id}`,
    dateTime: iso(enter - 20),
    type: "Appendectomy",
    state: "SURGERY",
    stale: false,
  };
  const followed = {
    detail: {
      ...process,
      rooms: [
        { roomId: "pre-1", roomType: "PRE_POST_OPERATING_ROOM", from: iso(enter - 20), to: iso(enter) },
        { roomId: "or-1", roomType: "OPERATING_ROOM", from: iso(enter), to: leave === null ? null : iso(leave) },
      ],
    },
    history: [
      { dateTime: iso(enter - 20), kind: "STEP", value: "PATIENT_IN_PREPARATION" },
      { dateTime: iso(enter), kind: "STEP", value: "PATIENT_ON_OPERATING_TABLE" },
      { dateTime: iso(enter + 10), kind: "STEP", value: "SURGERY_IN_PROGRESS" },
    ],
  } as unknown as Followed;
  return courseOf(process, followed, booked, now);
}

describe("cases", () => {
  test("begun ones show their time in the theatre and a forecast", () => {
    const [only] = casesOf([course("a", 80, null, booking("s", 85))], [booking("s", 85)], now);
    expect(only).toMatchObject({
      room: "or-1",
      enter: 80 * minute,
      leave: undefined,
      forecast: 120 * minute,
      plan: { from: 85 * minute, to: 115 * minute },
      spans: [
        { stage: "table", from: 80 * minute, to: 90 * minute },
        { stage: "surg", from: 90 * minute, to: now },
      ],
    });
  });

  test("booked ones show until a theatre is entered, called off ones never", () => {
    const all = casesOf([], [booking("a", 120), booking("b", 10, "CANCELLED"), booking("c", 5, "DONE")], now);
    expect(all.map((it) => it.id)).toEqual(["a"]);
    expect(all[0]?.spans).toEqual([]);
  });
});

test("a turnover is a gap of at most ninety minutes in one theatre", () => {
  const stay = (enter: number, leave: number | undefined, room = "or-1"): Case => ({
    id: String(enter),
    room,
    patientId: "",
    surgery: "",
    spans: [],
    enter: enter * minute,
    leave: leave === undefined ? undefined : leave * minute,
    forecast: undefined,
    plan: undefined,
  });
  const cases = [stay(0, 30), stay(10, 20, "or-2"), stay(53, 60), stay(151, undefined)];
  expect(turnoversOf(cases, "or-1")).toEqual([{ from: 30 * minute, to: 53 * minute }]);
  expect(turnoversOf([stay(0, 30), stay(120, 130)], "or-1")).toHaveLength(1);
});

test("the hours hold everything and the present", () => {
  const hour = 60 * minute;
  expect(hoursOf([], 10.5 * hour)).toEqual({ from: 9 * hour, to: 13 * hour });
});
