/** Steps over time and lateness. */
import { describe, expect, it as test } from "vitest";

import { buttonsOf, spansOf, standing, stageOf } from "./process";

const minute = 60_000;
const entry = (minutes: number, value: string, kind = "STEP") => ({
  dateTime: new Date(minutes * minute).toISOString(),
  kind,
  value,
});
const plan = { start: 10 * minute, length: 45 * minute };

describe("steps", () => {
  test("last until the next, the last one until the end", () => {
    const history = [
      entry(0, "or-1", "ROOM"),
      entry(1, "PATIENT_ON_OPERATING_TABLE"),
      entry(5, "ANESTHESIA"),
      entry(6, "ANESTHESIA"),
      entry(9, "UNHEARD_OF"),
    ];
    const table = { stage: "table", from: minute, to: 5 * minute };
    expect(spansOf(history, undefined)).toEqual([table, { stage: "anaes", from: 5 * minute, to: undefined }]);
    expect(spansOf(history, 20 * minute)).toEqual([table, { stage: "anaes", from: 5 * minute, to: 20 * minute }]);
    expect(spansOf([], undefined)).toEqual([]);
  });

  test("are known by name only", () => {
    expect(stageOf("SURGERY_IN_PROGRESS")).toBe("surg");
    expect(stageOf("LUNCH")).toBeUndefined();
    expect(stageOf(null)).toBeUndefined();
  });
});

describe("lateness", () => {
  const spans = (...steps: [number, string][]) => spansOf(steps.map(([at, step]) => entry(at, step)), undefined);

  test("begins with the planned start", () => {
    expect(standing([], plan, 5 * minute)).toEqual({ delay: 0, end: 55 * minute });
    expect(standing([], plan, 17 * minute)).toEqual({ delay: 7 * minute, end: 62 * minute });
  });

  test("is that of the end once the surgery has begun", () => {
    const begun = spans([12, "SURGERY_IN_PROGRESS"]);
    expect(standing(begun, plan, 20 * minute)).toEqual({ delay: 2 * minute, end: 57 * minute });
    expect(standing(begun, plan, 70 * minute)).toEqual({ delay: 15 * minute, end: 70 * minute });
  });

  test("is fixed when the surgery is over", () => {
    const over = spans([12, "SURGERY_IN_PROGRESS"], [50, "END_OF_SURGERY"]);
    expect(standing(over, plan, 500 * minute)).toEqual({ delay: -5 * minute, end: 50 * minute });
  });

  test("is unknown without a plan", () => {
    expect(standing(spans([1, "ANESTHESIA"]), undefined, minute).delay).toBeUndefined();
  });
});

test("only the next step is expected", () => {
  expect(buttonsOf("table")).toEqual({ anaes: "next", surg: "later", end: "later" });
  expect(buttonsOf("surg")).toEqual({ anaes: "done", surg: "done", end: "next" });
  expect(buttonsOf("prep")).toEqual({ anaes: "later", surg: "later", end: "later" });
  expect(buttonsOf(undefined)).toEqual({ anaes: "next", surg: "later", end: "later" });
});
