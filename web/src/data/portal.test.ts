/** What the portal reads, from the wire to what is shown. */
import { expect, it as test } from "vitest";

import { findParams, foundOf } from "./find";
import { toldOf } from "./techdocs";

test("a result leads into the portal, or is none", () => {
  const document = { title: "twin-engine", text: "Twins", location: "/catalog/default/component/twin-engine", kind: "Component", type: "service", owner: "group:default/twins" };
  const highlight = { preTag: "<1>", postTag: "</1>", fields: { title: "<1>twin</1>-engine" } };
  expect(foundOf({ type: "software-catalog", document, highlight })).toMatchObject({
    group: "catalog", to: "/portal/catalog/default/component/twin-engine", ref: "component:default/twin-engine", type: "service", title: [{ text: "twin", isFound: true }, { text: "-engine", isFound: false }], text: [{ text: "Twins", isFound: false }],
  });
  expect(foundOf({ type: "software-catalog", document: { ...document, location: "/catalog/default/api/a" } })?.group).toBe("apis");
  expect(foundOf({ type: "techdocs", document: { ...document, location: "/docs/default/system/s/a/#b" } })).toMatchObject({ group: "docs", to: "/portal/docs/default/system/s/a/#b", ref: "system:default/s" });
  for (const location of ["https://elsewhere.example", "//elsewhere.example/catalog/x", "/catalog/", "/block"]) expect(foundOf({ type: "x", document: { ...document, location } })).toBeUndefined();
  expect(foundOf(null)).toBeUndefined();
});

test("a search asks by type, interfaces by their kind", () => {
  expect(findParams("a b", "docs").toString()).toBe("term=a+b&types%5B%5D=techdocs&pageLimit=25");
  expect(findParams("a", "apis").getAll("filters[kind]")).toEqual(["API"]);
  expect(findParams("a", "entities").get("types[]")).toBe("software-catalog");
});

test("what the hub tells of a build", () => {
  expect(toldOf("log", '"26 of 26 pages rendered"')).toEqual({ kind: "line", text: "26 of 26 pages rendered" });
  expect(toldOf("finish", '{"updated":true}')).toEqual({ kind: "end", isNew: true });
  expect(toldOf("finish", '{"updated":false}')).toEqual({ kind: "end", isNew: false });
  expect(toldOf("error", "not json")).toEqual({ kind: "failed", text: "not json" });
  expect(toldOf("ping", "1")).toBeUndefined();
});
