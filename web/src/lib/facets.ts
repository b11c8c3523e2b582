/** What is looked for in the catalogue: in the address, as a predicate of its API, and back. */

export const FACETS = ["type", "owner", "lifecycle", "system", "tag"] as const;
export type Facet = (typeof FACETS)[number];

/** Where a facet's values stand in an entity. */
export const PATHS: Readonly<Record<Facet, string>> = {
  type: "spec.type",
  owner: "relations.ownedBy",
  lifecycle: "spec.lifecycle",
  system: "relations.partOf",
  tag: "metadata.tags",
};

/** By what a list can be ordered. Entities without the field are not in such a list. */
export const ORDERS = { name: "metadata.name", type: "spec.type", owner: "spec.owner", lifecycle: "spec.lifecycle", system: "spec.system" } as const;
export type Order = keyof typeof ORDERS;

/** The catalogue's part of an address, every value a text. */
export type CatalogueSearch = { readonly [K in Facet | "kind" | "only" | "q" | "sort" | "at" | "from"]?: string | undefined };

export interface Wanted {
  /** In lower case; none for all. */
  readonly kind?: string | undefined;
  readonly chosen: Readonly<Record<Facet, readonly string[]>>;
  /** What belongs to me, or what nobody emits any more. */
  readonly only?: "mine" | "orphans" | undefined;
  readonly text: string;
  readonly order: Order;
  readonly isDown: boolean;
  /** The place of a page, as the catalogue names it, and how many entities come before it. */
  readonly at?: string | undefined;
  readonly from: number;
}

/** Values in one text: commas between them, and those within them escaped. */
export function joinValues(values: readonly string[]): string {
  return values.map((it) => it.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
}

export function splitValues(text: string | undefined): readonly string[] {
  if (text === undefined || text === "") return [];
  return [...new Set(text.split(",").map((it) => it.replaceAll("%2C", ",").replaceAll("%25", "%")))].filter((it) => it !== "");
}

export function wantedOf(search: CatalogueSearch): Wanted {
  const sort = search.sort ?? "name";
  const name = sort.replace(/^-/, "");
  const order = ORDER_NAMES.find((it) => it === name) ?? "name";
  const from = Number(search.from ?? "0");
  return {
    kind: search.kind?.toLowerCase(),
    chosen: {
      type: splitValues(search.type),
      owner: splitValues(search.owner),
      lifecycle: splitValues(search.lifecycle),
      system: splitValues(search.system),
      tag: splitValues(search.tag),
    },
    only: search.only === "mine" || search.only === "orphans" ? search.only : undefined,
    text: search.q ?? "",
    order,
    isDown: sort.startsWith("-") && order === name,
    at: search.at,
    from: Number.isInteger(from) && from > 0 ? from : 0,
  };
}

const ORDER_NAMES: readonly Order[] = ["name", "type", "owner", "lifecycle", "system"];

const some = (text: string) => (text === "" ? undefined : text);

export function searchOf(wanted: Wanted): CatalogueSearch {
  const sort = `${wanted.isDown ? "-" : ""}${wanted.order}`;
  const facet = (name: Facet) => some(joinValues(wanted.chosen[name]));
  return {
    kind: wanted.kind,
    type: facet("type"),
    owner: facet("owner"),
    lifecycle: facet("lifecycle"),
    system: facet("system"),
    tag: facet("tag"),
    only: wanted.only,
    q: some(wanted.text),
    sort: sort === "name" ? undefined : sort,
    at: wanted.at,
    from: wanted.from === 0 ? undefined : String(wanted.from),
  };
}

/** The same list with something else chosen: from its beginning. */
export function changed(wanted: Wanted, some: Partial<Wanted>): Wanted {
  return { ...wanted, at: undefined, from: 0, ...some };
}

export function toggled(wanted: Wanted, facet: Facet, value: string): Wanted {
  const before = wanted.chosen[facet];
  const after = before.includes(value) ? before.filter((it) => it !== value) : [...before, value];
  return changed(wanted, { chosen: { ...wanted.chosen, [facet]: after } });
}

/** Whether two say the same, wherever in the list one is, and however it is ordered. */
export function isSameView(a: CatalogueSearch, b: CatalogueSearch): boolean {
  const plain = (it: CatalogueSearch) => JSON.stringify(searchOf({ ...wantedOf(it), order: "name", isDown: false, at: undefined, from: 0 }));
  return plain(a) === plain(b);
}

export type Predicate = { readonly $all: readonly Predicate[] } | { readonly [path: string]: unknown };

/** The condition of the catalogue's API; without the facet that is counted. Nothing when all is wanted. */
export function predicateOf(wanted: Wanted, mine: readonly string[], without?: Facet | "kind"): Predicate | undefined {
  const all: Predicate[] = [];
  if (wanted.kind !== undefined && without !== "kind") all.push({ kind: { $in: [wanted.kind] } });
  for (const facet of FACETS) {
    const values = wanted.chosen[facet];
    if (values.length > 0 && facet !== without) all.push({ [PATHS[facet]]: { $in: values } });
  }
  // Who belongs to no team is shown everything, and told so.
  if (wanted.only === "mine" && mine.length > 0) all.push({ "relations.ownedBy": { $in: mine } });
  if (wanted.only === "orphans") all.push({ "metadata.annotations.backstage.io/orphan": "true" });
  return all.length === 0 ? undefined : all.length === 1 ? all[0] : { $all: all };
}

/** What a text is looked for in. */
export const TEXT_FIELDS: readonly string[] = ["metadata.name", "metadata.title", "metadata.description", "metadata.tags"];

export interface Condition {
  readonly query?: Predicate;
  readonly fullTextFilter?: { readonly term: string; readonly fields: readonly string[] };
}

/** Everything that narrows, for a body of the API. */
export function conditionOf(wanted: Wanted, mine: readonly string[]): Condition {
  const query = predicateOf(wanted, mine);
  const term = wanted.text.trim();
  return {
    ...(query === undefined ? {} : { query }),
    ...(term === "" ? {} : { fullTextFilter: { term, fields: TEXT_FIELDS } }),
  };
}
