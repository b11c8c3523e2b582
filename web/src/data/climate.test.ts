/** Climate alarms: when, since when, how loud. */
import { expect, it as test } from "vitest";

import { alarmOf } from "./climate";

const range = { low: 20, high: 60 };
const points = (...values: number[]) => values.map((value, index) => ({ at: index, value }));

test("a value in range, its ends included, is no alarm", () => {
  for (const value of [20, 40, 60]) expect(alarmOf("humidity", points(value), range, "medium")).toBeUndefined();
  expect(alarmOf("humidity", [], range, "medium")).toBeUndefined();
});

test("an alarm lasts since the first value beyond the same side", () => {
  expect(alarmOf("humidity", points(70, 50, 61, 62, 63), range, "medium")).toEqual({
    quantity: "humidity",
    priority: "medium",
    value: 63,
    side: "high",
    limit: 60,
    since: 2,
  });
  expect(alarmOf("humidity", points(70, 19), range, "medium")).toMatchObject({ side: "low", limit: 20, since: 1 });
});

test("a room that waits for a patient is less urgent, an empty one is no news", () => {
  expect(alarmOf("humidity", points(61), range, "low")?.priority).toBe("low");
  expect(alarmOf("humidity", points(61), range, undefined)).toBeUndefined();
});
