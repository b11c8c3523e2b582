/** Key figures: shares, what is nothing, and the order of rows. */
import { expect, it as test } from "vitest";

import { isNothing, shareOf, sorted, valueOf, type FiguresOf } from "./performance";

const nothing: FiguresOf = {
  firstCases: { count: 0, onTime: 0 },
  turnover: { count: 0, medianMinutes: null, meanMinutes: null },
  use: { patientMinutes: 0, staffedMinutes: 0 },
  duration: { count: 0, medianMinutes: null, meanMinutes: null },
  dayEnd: { count: 0, meanMinutes: null },
  delays: { count: 0, minutes: 0, causes: [] },
  environment: { inRangeMinutes: 0, knownMinutes: 0, surgeryMinutes: 0 },
};
const used = (patientMinutes: number, staffedMinutes = 100): FiguresOf => ({ ...nothing, use: { patientMinutes, staffedMinutes } });

test("a share has a whole", () => {
  expect(shareOf(3, 4)).toBe(0.75);
  expect(shareOf(0, 0)).toBeUndefined();
  expect(valueOf("firstCases", nothing)).toBeUndefined();
  expect(valueOf("environment", { ...nothing, environment: { inRangeMinutes: 90, knownMinutes: 100, surgeryMinutes: 200 } })).toBe(0.9);
  expect(valueOf("turnover", nothing)).toBeUndefined();
  expect(valueOf("dayEnd", { ...nothing, dayEnd: { count: 1, meanMinutes: -12 } })).toBe(-12);
});

test("nothing is nothing until a patient was in a theatre", () => {
  expect(isNothing({ ...nothing, use: { patientMinutes: 0, staffedMinutes: 480 } })).toBe(true);
  expect(isNothing(used(5))).toBe(false);
  expect(isNothing({ ...nothing, delays: { count: 1, minutes: 12, causes: [] } })).toBe(false);
});

test("rows without a figure come last, whichever way", () => {
  const rows = [
    { id: "a", of: used(50) },
    { id: "b", of: used(0, 0) },
    { id: "c", of: used(70) },
    { id: "d", of: used(20) },
  ];
  const ids = (sort: string | undefined) => sorted(rows, sort, (it) => it.of).map((it) => it.id).join("");
  expect(ids(undefined)).toBe("abcd");
  expect(ids("-")).toBe("dcba");
  expect(ids("use")).toBe("dacb");
  expect(ids("-use")).toBe("cadb");
  expect(ids("constructor")).toBe("abcd");
});
