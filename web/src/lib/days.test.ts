/** Arithmetic of the calendar. */
import { expect, it as test } from "vitest";

import { addDays, isDay, lengthOf, weekOf } from "./days";

test("days are counted over months, leap days and changes of the clock", () => {
  expect(addDays("2026-03-31", 1)).toBe("2026-04-01");
  expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  expect(addDays("2026-01-01", -1)).toBe("2025-12-31");
  expect(addDays("2026-03-28", 2)).toBe("2026-03-30");
});

test("a week begins on Monday", () => {
  const week = { from: "2026-05-11", to: "2026-05-17" };
  for (const day of ["2026-05-11", "2026-05-15", "2026-05-17"]) expect(weekOf(day)).toEqual(week);
  expect(weekOf("2026-05-18").from).toBe("2026-05-18");
});

test("a span counts both ends", () => {
  expect(lengthOf({ from: "2026-05-15", to: "2026-05-15" })).toBe(1);
  expect(lengthOf({ from: "2026-05-01", to: "2026-07-31" })).toBe(92);
  expect(lengthOf({ from: "2026-05-02", to: "2026-05-01" })).toBe(0);
});

test("only days are days", () => {
  expect(isDay("2026-05-15")).toBe(true);
  for (const text of [undefined, "", "2026-5-1", "2026-13-01", "today"]) expect(isDay(text)).toBe(false);
});
