/** Differences between versions. */
import { expect, it as test } from "vitest";

import { differences, isTold, named } from "./report";

test("only figures that differ are told, by their place", () => {
  const before = { version: 1, steps: { ANESTHESIA: { mean: 76, std: 1 } }, rooms: ["or-1"], gone: 1 };
  const after = { version: 2, steps: { ANESTHESIA: { mean: 77, std: 1 } }, rooms: ["or-1", "or-2"] };
  expect(differences(before, after)).toEqual([
    { where: "steps.ANESTHESIA.mean", before: "76", after: "77" },
    { where: "rooms.2", before: "–", after: "or-2" },
    { where: "gone", before: "1", after: "–" },
  ]);
  expect(differences(before, before)).toEqual([]);
  expect(differences({ stepData: 1 }, { stepData: 2 })).toEqual([]);
});

test("a value that became a record is one difference", () => {
  expect(differences({ a: 1 }, { a: { b: 2 } })).toEqual([{ where: "a", before: "1", after: '{"b":2}' }]);
});

test("a figure is known by its step, its room and its statistic", () => {
  const steps = [{ step: "PATIENT_IN_PREPARATION" }, { step: "ANESTHESIA" }];
  expect(named("steps.2.patientVitalSignAggregateData.average.heartBeat", steps)).toEqual({ step: "ANESTHESIA", room: undefined, quantity: "heartBeat", statistic: "average" });
  expect(named("steps.1.environmentByRoom.or.2.samples.humidity.count", steps)).toEqual({ step: "PATIENT_IN_PREPARATION", room: "or.2", quantity: "humidity", statistic: "samples" });
  expect(named("steps.2.patientVitalSignAggregateData.maximum.bodyTemperature.value", steps)?.quantity).toBe("bodyTemperature");
  expect(named("steps.3.patientVitalSignAggregateData.average.heartBeat", steps)).toBeUndefined();
  expect(named("steps.2.stopDateTime", steps)).toBeUndefined();
  expect(named("complete", steps)).toBeUndefined();
});

test("what stands behind a figure is not told apart from it", () => {
  const of = (where: string) => isTold({ where, before: "1", after: "2" });
  expect(of("steps.2.patientVitalSignAggregateData.samples.heartBeat.count")).toBe(true);
  expect(of("steps.2.patientVitalSignAggregateData.samples.heartBeat.secondsCovered")).toBe(false);
  expect(of("steps.2.environmentalAggregateData.OPERATING_ROOM.average.humidity")).toBe(false);
});
