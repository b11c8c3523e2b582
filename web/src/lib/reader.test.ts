import { expect, test } from "vitest";

import { BadgeReader } from "./reader";

/** Types a text and Enter with the same pause before each key. */
function typed(reader: BadgeReader, text: string, pause: number, from = 1_000): string | undefined {
  const keys = [...text, "Enter"];
  return keys.map((key, nth) => reader.key(key, from + nth * pause)).at(-1);
}

test("what a reader types is a badge", () => {
  const reader = new BadgeReader();
  expect(typed(reader, "0417-22", 8)).toBe("0417-22");
  expect(typed(reader, "0417-23", 50, 9_000)).toBe("0417-23");
});

test("what a person types is none", () => {
  const reader = new BadgeReader();
  expect(typed(reader, "correct horse", 90)).toBeUndefined();
  expect(typed(reader, "abc", 5, 9_000)).toBeUndefined();
  // A key pressed long before belongs to somebody's typing.
  reader.key("x", 20_000);
  expect(typed(reader, "0417", 5, 21_000)).toBe("0417");
  // Nor is one whose Enter comes by hand.
  for (const [nth, key] of [..."0417-22"].entries()) reader.key(key, 30_000 + nth * 5);
  expect(reader.key("Enter", 31_000)).toBeUndefined();
});

test("keys that write nothing are no part of it", () => {
  const reader = new BadgeReader();
  const keys = ["Shift", "A", "Shift", "B", "1", "2", "Enter"];
  expect(keys.map((key, nth) => reader.key(key, nth * 5)).at(-1)).toBe("AB12");
});
