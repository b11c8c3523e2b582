/** Boxes on the floor plan. */
import { expect, it as test } from "vitest";

import { areOver, extentOf, freePlace, MOST, snapped } from "./plan";

const box = (x: number, y: number, w = 4, h = 3) => ({ x, y, w, h });

test("a box lies on the grid and on the plan", () => {
  expect(snapped({ x: 1.4, y: -2, w: 0, h: 2.6 })).toEqual({ x: 1, y: 0, w: 1, h: 3 });
  expect(snapped({ x: 5_000, y: 0, w: 4, h: 5_000 })).toEqual({ x: MOST - 4, y: 0, w: 4, h: MOST });
  expect(snapped({ x: Number.NaN, y: 0, w: 1, h: Number.POSITIVE_INFINITY })).toEqual({ x: 0, y: 0, w: 1, h: 1 });
});

test("a shared wall is no overlap", () => {
  expect(areOver(box(0, 0), box(3, 2))).toBe(true);
  for (const other of [box(4, 0), box(0, 3)]) {
    expect(areOver(box(0, 0), other)).toBe(false);
    expect(areOver(other, box(0, 0))).toBe(false);
  }
  expect(areOver(box(0, 0, 10, 10), box(4, 4, 1, 1))).toBe(true);
});

test("the plan holds all boxes", () => {
  expect(extentOf([box(0, 0), box(8, 2)])).toEqual({ w: 12, h: 5 });
  expect(extentOf([])).toEqual({ w: 1, h: 1 });
});

test("a new box takes the first free place", () => {
  expect(freePlace([], { w: 4, h: 3 }, 12)).toEqual(box(0, 0));
  expect(freePlace([box(0, 0)], { w: 4, h: 3 }, 12)).toEqual(box(4, 0));
  expect(freePlace([box(0, 0), box(4, 0), box(8, 0)], { w: 4, h: 3 }, 12)).toEqual(box(0, 3));
  expect(freePlace([box(0, 0), box(5, 0)], { w: 4, h: 3 }, 12)).toEqual(box(0, 3));
});
