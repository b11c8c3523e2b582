/** Whether a room's climate is in its range, and since when it is not. */
import type { Point } from "~/lib/series";

export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * How loud a departure is: medium while a patient is in the room, low while one is expected soon.
 * An empty room that nobody waits for is no news.
 */
export type Priority = "medium" | "low";

export interface Alarm {
  readonly quantity: "temperature" | "humidity";
  readonly priority: Priority;
  readonly value: number;
  readonly side: "high" | "low";
  readonly limit: number;
  /** Since when, as far as the values at hand reach. */
  readonly since: number;
}

/** The alarm of a series, if its newest value is out of range. */
export function alarmOf(
  quantity: Alarm["quantity"],
  points: readonly Point[],
  range: Range,
  priority: Priority | undefined,
): Alarm | undefined {
  const newest = points.at(-1);
  if (newest === undefined || priority === undefined) return undefined;
  const sideOf = (value: number) => (value > range.high ? "high" : value < range.low ? "low" : undefined);
  const side = sideOf(newest.value);
  if (side === undefined) return undefined;
  let since = newest.at;
  for (const point of points.toReversed()) {
    if (sideOf(point.value) !== side) break;
    since = point.at;
  }
  const limit = side === "high" ? range.high : range.low;
  return { quantity, priority, value: newest.value, side, limit, since };
}
