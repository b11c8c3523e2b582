// @vitest-environment jsdom
/** What the portal stands on: references, filters and their addresses, marked texts, pages taken apart. */
import { describe, expect, it as test } from "vitest";

import { distance, documentedAt, entityOf, meant, namedBy, operationsOf, parseRef, placeOf, refName, refText, type Entity } from "./entity";
import { changed, conditionOf, isSameView, joinValues, predicateOf, searchOf, splitValues, toggled, wantedOf } from "./facets";
import { excerpt, pieces } from "./marked";
import { places } from "./places";
import { portalCatalogues } from "./portal-words";
import { docPage, inOrder, pagePath, targetOf } from "./site";

const component = (spec: object, metadata: object = {}): Entity => entityOf({ kind: "Component", metadata: { name: "a", ...metadata }, spec })!;

describe("references", () => {
  test("are read in every form, and written in one", () => {
    const of = (text: string, otherwise = {}) => {
      const ref = parseRef(text, otherwise);
      return ref === undefined ? undefined : refText(ref);
    };
    expect(of("Component:Default/Staff-Tracking")).toBe("component:default/staff-tracking");
    expect(of("staff", { kind: "group" })).toBe("group:default/staff");
    expect(of("wards/staff", { kind: "Group", namespace: "x" })).toBe("group:wards/staff");
    expect(of("staff", { kind: "group", namespace: "x" })).toBe("group:x/staff");
    for (const text of ["staff", "", "a:b:c", "component:", "a/b/c", "component:x y"]) expect(of(text)).toBeUndefined();
  });

  test("are shown with what is not usual about them", () => {
    expect(refName("group:default/block", "group")).toBe("block");
    expect(refName("user:default/ada", "group")).toBe("user:ada");
    expect(refName("group:wards/night", "group")).toBe("wards/night");
  });

  test("of a descriptor have their field, its kind and the entity's own namespace", () => {
    const it = component({ owner: "block", consumesApis: ["x", "API:default/y"], dependsOn: ["resource:db", "nameless"], providesApis: "z" }, { namespace: "wards" });
    expect(namedBy(it).map(({ pointer, ref }) => `${pointer} ${ref}`)).toEqual([
      "spec.owner group:wards/block",
      "spec.providesApis api:wards/z",
      "spec.consumesApis[0] api:wards/x",
      "spec.consumesApis[1] api:default/y",
      "spec.dependsOn[0] resource:wards/db",
    ]);
  });

  test("to nothing are told what was probably meant", () => {
    const there = ["api:default/building-management", "api:default/staff-tracking"];
    expect(meant("api:default/building-managment", there)).toBe("api:default/building-management");
    expect(meant("api:default/buildings", there)).toBeUndefined();
    expect(distance("abc", "abc", 3)).toBe(0);
    expect(distance("abcdefgh", "hgfedcba", 3)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("entities", () => {
  test("without a name or kind are none, and what is odd in them is left out", () => {
    for (const wrong of [null, [], "x", {}, { kind: "API" }, { metadata: { name: "a" } }]) expect(entityOf(wrong)).toBeUndefined();
    const it = entityOf({
      kind: "API",
      metadata: { name: "a", tags: ["x", 1], links: [{ url: "javascript:alert(1)" }, { url: "https://a.example" }], annotations: { k: 1, l: "m" } },
      relations: [{ type: "ownedBy" }, { type: "ownedBy", targetRef: "group:default/b" }],
    });
    expect(it).toMatchObject({ ref: "api:default/a", tags: ["x"], links: [{ url: "https://a.example", title: "https://a.example" }], annotations: { l: "m" }, relations: [{ target: "group:default/b" }] });
  });

  test("are documented at themselves or elsewhere", () => {
    const at = (annotations: object) => documentedAt(component({}, { annotations }));
    expect(at({})).toBeUndefined();
    expect(at({ "backstage.io/techdocs-ref": "dir:." })).toEqual({ kind: "component", namespace: "default", name: "a" });
    expect(at({ "backstage.io/techdocs-entity": "system:default/s" })).toEqual({ kind: "system", namespace: "default", name: "s" });
  });

  test("come from a file in a folder", () => {
    expect(placeOf("file:/srv/a/catalog-info.yaml")).toEqual({ file: "catalog-info.yaml", folder: "/srv/a" });
    expect(placeOf("url:https://git.example/a/b.yaml")).toEqual({ file: "b.yaml", folder: "https://git.example/a" });
  });

  test("offer the operations of their definition", () => {
    const paths = { "/a": { parameters: [], get: { summary: "One\nTwo" }, post: {} }, "/b": null };
    expect(operationsOf({ openapi: "3.1.0", paths })).toEqual([
      { verb: "GET", path: "/a", about: "One" },
      { verb: "POST", path: "/a", about: "" },
    ]);
    expect(operationsOf({ asyncapi: "3.0.0", channels: { c: { address: "room-events", publish: {} } } })).toEqual([{ verb: "pub", path: "room-events", about: "" }]);
    for (const wrong of [undefined, null, "x", [], { paths: 3 }]) expect(operationsOf(wrong)).toEqual([]);
  });
});

describe("what is looked for", () => {
  test("stands in the address and is the same again", () => {
    for (const search of [
      {},
      { kind: "component", type: "service,library", owner: "group:default/a", lifecycle: "production", system: "system:default/s", tag: "x", only: "mine", q: "a b", sort: "-owner", at: "abc", from: "50" },
      { only: "orphans", sort: "type" },
    ]) {
      expect(JSON.parse(JSON.stringify(searchOf(wantedOf(search))))).toEqual(search);
    }
    expect(searchOf(wantedOf({ sort: "-weight", only: "all", from: "-3" }))).toEqual({});
  });

  test("values may have commas and signs", () => {
    for (const values of [["a,b", "c"], ["50%", "%2C"], ["a"]]) expect(splitValues(joinValues(values))).toEqual(values);
    expect(splitValues("a,,a,b")).toEqual(["a", "b"]);
  });

  test("is one condition, of which a facet leaves itself out", () => {
    const wanted = wantedOf({ kind: "Component", type: "service,library", only: "mine", q: " Surg " });
    expect(conditionOf(wanted, ["group:default/a"])).toEqual({
      query: { $all: [{ kind: { $in: ["component"] } }, { "spec.type": { $in: ["service", "library"] } }, { "relations.ownedBy": { $in: ["group:default/a"] } }] },
      fullTextFilter: { term: "Surg", fields: ["metadata.name", "metadata.title", "metadata.description", "metadata.tags"] },
    });
    expect(predicateOf(wanted, [], "type")).toEqual({ kind: { $in: ["component"] } });
    expect(predicateOf(wantedOf({ only: "mine" }), [])).toBeUndefined();
    expect(predicateOf(wantedOf({ only: "orphans" }), [])).toEqual({ "metadata.annotations.backstage.io/orphan": "true" });
  });

  test("changes from the beginning of the list", () => {
    const before = wantedOf({ type: "service", at: "c", from: "50" });
    expect(searchOf(toggled(before, "type", "library"))).toMatchObject({ type: "service,library", at: undefined, from: undefined });
    expect(searchOf(toggled(before, "type", "service")).type).toBeUndefined();
    expect(changed(before, { text: "x" })).toMatchObject({ text: "x", from: 0, at: undefined });
  });

  test("is the same view however it is ordered and paged", () => {
    expect(isSameView({ type: "a", sort: "-owner", from: "50" }, { type: "a" })).toBe(true);
    expect(isSameView({ type: "a" }, { type: "b" })).toBe(false);
  });
});

test("places are addresses, whatever names have in them", () => {
  expect(places.entity("api:default/a")).toBe("/portal/catalog/default/api/a");
  expect(places.entity({ kind: "api", namespace: "x", name: "a/b" }, "origin")).toBe("/portal/catalog/x/api/a%2Fb?tab=origin");
  expect(places.entity("nothing at all")).toBe("/portal/catalog");
  expect(places.catalogue({ kind: "api", q: "a&b", tag: undefined })).toBe("/portal/catalog?kind=api&q=a%26b");
  expect(places.page({ kind: "system", namespace: "default", name: "s" }, "a b/c", "d e")).toBe("/portal/docs/default/system/s/a%20b/c#d%20e");
});

describe("found texts", () => {
  test("are pieces, whatever stands in them", () => {
    expect(pieces("a <i>b</i> c", "<i>", "</i>")).toEqual([
      { text: "a ", isFound: false },
      { text: "b", isFound: true },
      { text: " c", isFound: false },
    ]);
    expect(pieces("<script>x</script>", "<1>", "</1>")).toEqual([{ text: "<script>x</script>", isFound: false }]);
    expect(pieces("a <1>b", "<1>", "</1>")).toEqual([{ text: "a b", isFound: false }]);
    expect(pieces("a", "", "")).toEqual([{ text: "a", isFound: false }]);
  });

  test("are cut around what was found", () => {
    const long = pieces(`${"x".repeat(300)} <1>found</1> ${"y".repeat(300)}`, "<1>", "</1>");
    const cut = excerpt(long, 100);
    expect(cut.map((it) => it.text).join("").length).toBe(102);
    expect(cut.some((it) => it.isFound && it.text === "found")).toBe(true);
    expect(excerpt(pieces("short", "<1>", "</1>"), 100)).toEqual([{ text: "short", isFound: false }]);
  });
});

describe("documentation", () => {
  const root = "/api/techdocs/static/docs/default/system/s/";
  const to = (href: string, page = "how/states") => targetOf(href, root, page, "https://portal");

  test("links lead to pages, files, elsewhere or nowhere", () => {
    expect(to("../late/#why")).toEqual({ kind: "page", path: "how/late", anchor: "why" });
    expect(to("#here")).toEqual({ kind: "page", path: "how/states", anchor: "here" });
    expect(to("../../")).toEqual({ kind: "page", path: "", anchor: "" });
    expect(to("a%20b/index.html", "")).toEqual({ kind: "page", path: "a b", anchor: "" });
    expect(to("../../files/plan.pdf")).toEqual({ kind: "file", url: `${root}files/plan.pdf` });
    expect(to("../../../other/")).toEqual({ kind: "outside", url: "https://portal/api/techdocs/static/docs/default/system/other/" });
    expect(to("https://example.org/a")).toEqual({ kind: "outside", url: "https://example.org/a" });
    for (const wrong of ["javascript:alert(1)", "data:text/html,x", "http://"]) expect(to(wrong)).toEqual({ kind: "none" });
  });

  test("a page is taken apart by the names of its parts", () => {
    const html = `<html><head><title>T - S</title></head><body><a class="md-header__title">S</a>
      <div data-md-type="navigation"><nav><ul><li><a href="../">Home</a></li><li><label>How</label><nav><ul><li><a href="./">Here</a></li><li><a href="https://x.example/">X</a></li></ul></nav></li></ul></nav></div>
      <article class="md-content__inner"><a class="md-content__button" rel="edit noopener" href="https://git/e">Edit</a>
      <h1 id="t">Title<a class="headerlink" href="#t">¶</a></h1><h2 id="a">A <code>b</code><a class="headerlink" href="#a">¶</a></h2><table><tr><td style="text-align:right">1</td></tr></table></article></body></html>`;
    const page = docPage(html, root, "here", "https://portal");
    expect(page).toMatchObject({ title: "Title", site: "S", edit: "https://git/e", headings: [{ id: "a", title: "A b", level: 2 }] });
    expect(page.tree).toEqual([
      { title: "Home", path: "", items: [] },
      { title: "How", items: [{ title: "Here", path: "here", items: [] }, { title: "X", url: "https://x.example/", items: [] }] },
    ]);
    expect(inOrder(page.tree).map((it) => it.path)).toEqual(["", "here"]);
    expect(page.article?.querySelector("td")?.getAttribute("align")).toBe("right");
    expect(page.article?.querySelector(".md-content__button")).toBeNull();
    expect(pagePath("a/index.html")).toBe("a");
    expect(pagePath("index.html")).toBe("");
  });
});

test("the portal's words are in both languages, with the same places", () => {
  const { en, it } = portalCatalogues;
  expect(Object.keys(it).sort()).toEqual(Object.keys(en).sort());
  for (const [key, text] of Object.entries(en)) {
    const other = it[key as keyof typeof it];
    const spots = (from: string) => [...from.matchAll(/\{\w+\}/g)].map((found) => found[0]).sort();
    expect(spots(other), key).toEqual(spots(text));
    expect(other.trim(), key).not.toBe("");
    expect(`${text}${other}`, key).not.toContain("!");
  }
});
