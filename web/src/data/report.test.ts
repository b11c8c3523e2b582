/** Differences between versions. */
import { expect, it as test } from "vitest";

import { differences } from "./report";

test("only figures that differ are told, by their place", () => {
  const before = { version: 1, steps: { ANESTHESIA: { mean: 76, std: 1 } }, rooms: ["or-1"], gone: 1 };
  const after = { version: 2, steps: { ANESTHESIA: { mean: 77, std: 1 } }, rooms: ["or-1", "or-2"] };
  expect(differences(before, after)).toEqual([
    { where: "steps.ANESTHESIA.mean", before: "76", after: "77" },
    { where: "rooms.2", before: "–", after: "or-2" },
    { where: "gone", before: "1", after: "–" },
  ]);
  expect(differences(before, before)).toEqual([]);
});

test("a value that became a record is one difference", () => {
  expect(differences({ a: 1 }, { a: { b: 2 } })).toEqual([{ where: "a", before: "1", after: '{"b":2}' }]);
});
