/** Entities as a graph, as letters. */
import { expect, it as test } from "vitest";

import { entityOf, type Entity } from "./entity";
import { folded, graphOf, reached, wiresOf, type Wire } from "./graph";

const wires = (text: string): Wire[] => text.split(" ").map((it) => ({ from: it.split(/[>-]/)[0]!, to: it.split(/[>-]/)[1]!, carries: it.includes(">") }));
const said = (all: readonly Wire[]) => all.map((it) => `${it.from}${it.carries ? ">" : "-"}${it.to}`).join(" ");
const inSystem = (name: string, system: string): Entity => entityOf({ kind: "Component", metadata: { name }, relations: [{ type: "partOf", targetRef: `system:default/${system}` }] })!;

test("relations lead from the needed to who needs it", () => {
  const entity = entityOf({
    kind: "Component",
    metadata: { name: "a" },
    relations: [
      { type: "consumesApi", targetRef: "api:default/x" },
      { type: "providesApi", targetRef: "api:default/a" },
      { type: "dependsOn", targetRef: "resource:default/db" },
      { type: "dependencyOf", targetRef: "component:default/b" },
      { type: "ownedBy", targetRef: "group:default/g" },
    ],
  })!;
  expect(wiresOf(entity).map((it) => `${it.from} > ${it.to} ${it.carries ? "carries" : "needs"}`)).toEqual([
    "api:default/x > component:default/a carries",
    "component:default/a > api:default/a carries",
    "resource:default/db > component:default/a needs",
    "component:default/a > component:default/b needs",
  ]);
});

test("a change travels on, round circles too, and what is needed is found backwards", () => {
  const all = wires("a>b b>c c>a c>d x>b");
  expect([...reached(all, "b", "down")].sort()).toEqual(["a", "b", "c", "d"]);
  expect([...reached(all, "b", "up")].sort()).toEqual(["a", "b", "c", "x"]);
  expect([...reached(all, "d", "down")]).toEqual(["d"]);
});

test("each edge is drawn once, as what it carries, and none to itself", () => {
  expect(said(graphOf(new Map(), wires("a-b a>b a>b a-b b>b")).wires)).toBe("a>b");
});

test("what is named and not there is a node; what has no relation is none", () => {
  const graph = graphOf(new Map([["a", inSystem("a", "s")], ["lonely", inSystem("lonely", "s")]]), wires("gone>a"));
  expect(graph.knots.map((it) => [it.ref, it.entity === null, it.rank])).toEqual([["a", false, 1], ["gone", true, 0]]);
});

test("one way around a node is that way alone", () => {
  const all = wires("a>b b>c x>c c>d");
  const refs = (at?: string, way?: "up" | "down") => graphOf(new Map(), all, at, way).knots.map((it) => it.ref).join("");
  expect(refs()).toBe("abcdx");
  expect(refs("c", "up")).toBe("abcx");
  expect(refs("c", "down")).toBe("cd");
  expect(refs("c")).toBe("abcdx");
  expect(said(graphOf(new Map(), all, "c", "up").wires)).toBe("a>b b>c x>c");
});

test("systems take the place of what is in them", () => {
  const entities = new Map([["a", inSystem("a", "one")], ["b", inSystem("b", "one")], ["c", inSystem("c", "two")]]);
  expect(said(graphOf(entities, folded(entities, wires("a>b b>c c-loose"))).wires)).toBe("system:default/one>system:default/two system:default/two-loose");
});
