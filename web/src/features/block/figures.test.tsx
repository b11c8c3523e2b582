/** How key figures are written, and which days an address means. */
import { describe, expect, it as test } from "vitest";

import { FIGURES, type FiguresOf } from "~/data/performance";
import { wordsOf } from "~/lib/i18n";

import { inOne, signed, written } from "./figure";
import { daysOf } from "./figures";

const nothing: FiguresOf = {
  firstCases: { count: 0, onTime: 0 },
  turnover: { count: 0, medianMinutes: null, meanMinutes: null },
  use: { patientMinutes: 0, staffedMinutes: 0 },
  duration: { count: 0, medianMinutes: null, meanMinutes: null },
  dayEnd: { count: 0, meanMinutes: null },
  delays: { count: 0, minutes: 0, causes: [] },
  environment: { inRangeMinutes: 0, knownMinutes: 0, surgeryMinutes: 0 },
};
const some: FiguresOf = {
  firstCases: { count: 4, onTime: 3 },
  turnover: { count: 2, medianMinutes: 23, meanMinutes: 24.4 },
  use: { patientMinutes: 374, staffedMinutes: 480 },
  duration: { count: 6, medianMinutes: 4, meanMinutes: 6 },
  dayEnd: { count: 4, meanMinutes: -12.3 },
  delays: { count: 2, minutes: 1_034, causes: [] },
  environment: { inRangeMinutes: 97, knownMinutes: 100, surgeryMinutes: 300 },
};

describe("figures", () => {
  const all = (of: FiguresOf, language: "en" | "it") => FIGURES.map((figure) => inOne(written(figure, of, wordsOf(language))).replaceAll("\u202f", "_"));

  test("are written with their unit, in both languages", () => {
    expect(all(some, "en")).toEqual(["3 of 4", "24_min", "78_%", "+6_min", "−12_min", "2 with 1_034 min", "97_%"]);
    expect(all(some, "it")[0]).toBe("3 di 4");
  });

  test("are a dash where there is nothing to divide by, and no delay is none", () => {
    expect(all(nothing, "en")).toEqual(["–", "–", "–", "–", "–", "0", "–"]);
  });

  test("say of how many they were made", () => {
    expect(written("turnover", some, wordsOf("en")).note).toBe("mean of 2");
    expect(written("use", some, wordsOf("en")).note).toBe("");
  });

  test("nearly nothing has no sign", () => {
    expect([0.4, -0.4, 0.6, -0.6].map((it) => signed(it, "en"))).toEqual(["0", "0", "+1", "−1"]);
  });
});

test("an address means a day, its week, or two dates; what is no day is today", () => {
  const today = "2026-05-15";
  expect(daysOf({}, today)).toEqual({ from: today, to: today });
  expect(daysOf({ from: "nonsense", to: "2026-05-20" }, today)).toEqual({ from: today, to: today });
  expect(daysOf({ span: "week", from: "2026-05-06" }, today)).toEqual({ from: "2026-05-04", to: "2026-05-10" });
  expect(daysOf({ span: "dates", from: "2026-05-01", to: "2026-05-03" }, today)).toEqual({ from: "2026-05-01", to: "2026-05-03" });
  expect(daysOf({ span: "dates", from: "2026-05-01" }, today)).toEqual({ from: "2026-05-01", to: "2026-05-01" });
});
