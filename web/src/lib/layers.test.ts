/** Graphs in layers: nothing over anything else, edges to the right, the same again. */
import { describe, expect, it as test } from "vitest";

import { draw, pathOf, ranksOf, type Box, type Drawing, type Link, type Spot } from "./layers";

const boxes = (...ids: string[]): Box[] => ids.map((id) => ({ id, width: 120, height: 48 }));
const links = (text: string): Link[] => text.split(" ").map((it) => ({ from: it.split(">")[0]!, to: it.split(">")[1]! }));

function segments(points: readonly Spot[]): [Spot, Spot][] {
  return points.slice(1).map((to, index) => [points[index]!, to]);
}

/** What holds of every drawing. */
function check(drawing: Drawing, wanted: readonly Link[]): void {
  const all = [...drawing.places.values()];
  for (const [index, a] of all.entries()) {
    expect(a.x).toBeGreaterThanOrEqual(0);
    expect(a.y).toBeGreaterThanOrEqual(0);
    expect(a.x + a.width).toBeLessThanOrEqual(drawing.width);
    expect(a.y + a.height).toBeLessThanOrEqual(drawing.height);
    for (const b of all.slice(index + 1)) {
      const isApart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      if (!isApart) expect.fail(`${a.id} lies on ${b.id}`);
    }
  }
  expect(drawing.routes).toHaveLength(wanted.length);
  for (const { from, to, points, isBack } of drawing.routes) {
    const [a, b] = [drawing.places.get(from)!, drawing.places.get(to)!];
    expect(points[0]?.x).toBe(a.x + a.width);
    expect(points.at(-1)?.x).toBe(b.x);
    expect(points.at(-1)!.y).toBeGreaterThanOrEqual(b.y);
    expect(points.at(-1)!.y).toBeLessThanOrEqual(b.y + b.height);
    for (const [p, q] of segments(points)) {
      expect(p.x === q.x || p.y === q.y, `${from}>${to} runs askew`).toBe(true);
      if (!isBack) expect(q.x).toBeGreaterThanOrEqual(p.x);
      for (const box of all) {
        const [left, right] = [Math.min(p.x, q.x), Math.max(p.x, q.x)];
        const [top, bottom] = [Math.min(p.y, q.y), Math.max(p.y, q.y)];
        const isThrough = left < box.x + box.width && right > box.x && top < box.y + box.height && bottom > box.y;
        if (isThrough) expect.fail(`${from}>${to} runs through ${box.id}`);
      }
    }
  }
}

describe("columns", () => {
  test("lie right of all that lead to them, sources beside what they lead to", () => {
    expect(Object.fromEntries(ranksOf(["a", "b", "c", "d", "db"], links("a>b b>c a>c c>d db>d")))).toEqual({ a: 0, b: 1, c: 2, d: 3, db: 2 });
  });

  test("of a circle are found all the same", () => {
    const ranks = ranksOf(["a", "b", "c"], links("a>b b>c c>a a>a"));
    expect([ranks.get("a"), ranks.get("b"), ranks.get("c")]).toEqual([0, 1, 2]);
  });
});

describe("drawings", () => {
  test("keep nodes and edges apart", () => {
    for (const text of ["a>b", "a>b a>c a>d b>e c>e d>e a>e", "a>d b>d c>d d>e d>f d>g a>g", "a>b b>c c>a", "a>b b>c c>d d>a d>b a>c b>d"]) {
      const wanted = links(text);
      const ids = [...new Set(wanted.flatMap((it) => [it.from, it.to]))];
      check(draw(boxes(...ids), wanted), wanted);
    }
  });

  test("are made of many too, and the same again", () => {
    const ids = Array.from({ length: 200 }, (_, index) => `n${index}`);
    // Every node leads to a few later ones, some of them far away.
    const wanted = ids.flatMap((from, index) => [(index * 7) % 23, (index * 13) % 41].map((step) => ids[index + 1 + step]).flatMap((to) => (to === undefined ? [] : [{ from, to }])));
    const unique = [...new Map(wanted.map((it) => [`${it.from}>${it.to}`, it])).values()];
    const drawing = draw(boxes(...ids), unique);
    check(drawing, unique);
    expect(draw(boxes(...ids), unique)).toEqual(drawing);
  });

  test("uncross what can be uncrossed", () => {
    const drawing = draw(boxes("a", "b", "x", "y"), links("a>y b>x"));
    const y = (id: string) => drawing.places.get(id)!.y;
    expect((y("a") - y("b")) * (y("y") - y("x"))).toBeGreaterThan(0);
  });

  test("stand in the columns that are given, and lead back along the bottom", () => {
    const wanted = links("a>m m>b b>a");
    const drawing = draw(boxes("m", "a", "b"), wanted, new Map([["a", -1], ["m", 0], ["b", 1]]));
    check(drawing, wanted);
    const back = drawing.routes.find((it) => it.from === "b")!;
    expect(back.isBack).toBe(true);
    expect(Math.max(...back.points.map((it) => it.y))).toBeGreaterThan(Math.max(...[...drawing.places.values()].map((it) => it.y + it.height)));
  });

  test("of nothing are nothing; what names no node, itself or the same twice is left out", () => {
    expect(draw([], [])).toMatchObject({ width: 0, height: 0, routes: [] });
    const drawing = draw(boxes("a", "b"), links("a>b a>b a>a a>z"));
    expect(drawing.routes).toHaveLength(1);
  });
});

test("corners are rounded, and no more than there is room", () => {
  expect(pathOf([])).toBe("");
  expect(pathOf([{ x: 0, y: 0 }, { x: 10, y: 0 }])).toBe("M0 0L10 0");
  expect(pathOf([{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 4 }, { x: 20, y: 4 }])).toBe("M0 0L8 0Q10 0 10 2L10 2Q10 4 12 4L20 4");
});
