/** What is read of the software catalogue: each thing once, with its key and how fresh it is. */
import { queryOptions } from "@tanstack/react-query";

import type { paths } from "~/api/catalog";
import { blockNow } from "~/lib/clock";
import { documentedAt, entityOf, isRecord, listOf, NAMING_FIELDS, namedBy, parseRef, related, textOf, type Entity, type Ref } from "~/lib/entity";
import { conditionOf, FACETS, ORDERS, PATHS, predicateOf, type Condition, type Facet, type Predicate, type Wanted } from "~/lib/facets";

import { body, orNull, served } from "./http";

const client = served<paths>();

const MINUTE = 60_000;
/** What others do to the catalogue is seen after this, when nothing else asks; milliseconds. */
const FRESH = 20_000;

/** What a list shows of an entity. */
const LISTED: readonly string[] = [
  "kind",
  "metadata.name",
  "metadata.namespace",
  "metadata.title",
  "metadata.description",
  "metadata.annotations",
  "metadata.tags",
  "spec.type",
  "spec.lifecycle",
  ...NAMING_FIELDS,
];

export const catalogKeys = {
  all: ["catalog"],
  entity: (ref: string) => ["catalog", "entity", ref],
} as const;

function entitiesOf(items: unknown): Entity[] {
  return listOf(items).flatMap((it) => entityOf(it) ?? []);
}

export interface Page {
  readonly items: readonly Entity[];
  readonly total: number;
  readonly next: string | undefined;
  readonly previous: string | undefined;
}

interface Asked extends Condition {
  readonly orderBy?: readonly { readonly field: string; readonly order: "asc" | "desc" }[];
  readonly fields?: readonly string[];
  readonly limit: number;
  readonly cursor?: string | undefined;
}

async function page(asked: Asked): Promise<Page> {
  const given: unknown = await body(client.POST("/api/catalog/entities/by-query", { body: asked }));
  const told = isRecord(given) ? given : {};
  const info = isRecord(told["pageInfo"]) ? told["pageInfo"] : {};
  return {
    items: entitiesOf(told["items"]),
    total: Number(told["totalItems"] ?? 0),
    next: textOf(info["nextCursor"]) || undefined,
    previous: textOf(info["prevCursor"]) || undefined,
  };
}

/** How many rows a page of the table has. */
export const ROWS = 50;

function askedOf(wanted: Wanted, mine: readonly string[]): Omit<Asked, "limit"> {
  // A cursor carries condition and order in itself.
  if (wanted.at !== undefined) return { cursor: wanted.at, fields: LISTED };
  return { ...conditionOf(wanted, mine), orderBy: [{ field: ORDERS[wanted.order], order: wanted.isDown ? "desc" : "asc" }], fields: LISTED };
}

/** A page of the table. */
export const rowsQuery = (wanted: Wanted, mine: readonly string[]) =>
  queryOptions({
    queryKey: [...catalogKeys.all, "rows", askedOf(wanted, mine)],
    queryFn: () => page({ ...askedOf(wanted, mine), limit: ROWS }),
    staleTime: FRESH,
    refetchInterval: MINUTE,
  });

/** All of a list, for a file. */
export async function everything(wanted: Wanted, mine: readonly string[], most = 20_000): Promise<Entity[]> {
  return whole(askedOf({ ...wanted, at: undefined }, mine), most);
}

/** All that is asked for, page by page. */
export async function whole(asked: Omit<Asked, "limit">, most: number): Promise<Entity[]> {
  const all: Entity[] = [];
  let cursor: string | undefined;
  do {
    const told: Page = await page(cursor === undefined ? { ...asked, limit: 500 } : { cursor, ...(asked.fields === undefined ? {} : { fields: asked.fields }), limit: 500 });
    all.push(...told.items);
    cursor = told.next;
  } while (cursor !== undefined && all.length < most);
  return all;
}

/** How many entities meet a condition. */
export const countQuery = (condition: Condition) =>
  queryOptions({
    queryKey: [...catalogKeys.all, "count", condition],
    queryFn: async () => {
      // A full text without an order looks into the fields that are named all the same.
      const { total } = await page({ ...condition, limit: 0 });
      return { total, at: blockNow() };
    },
    staleTime: FRESH,
    refetchInterval: MINUTE,
  });

export interface FacetValue {
  readonly value: string;
  readonly count: number;
}

async function counted(facets: readonly string[], query: Predicate | undefined): Promise<Readonly<Record<string, readonly FacetValue[]>>> {
  const given: unknown = await body(client.POST("/api/catalog/entity-facets", { body: { facets, ...(query === undefined ? {} : { query }) } }));
  const told = isRecord(given) && isRecord(given["facets"]) ? given["facets"] : {};
  return Object.fromEntries(
    facets.map((facet) => [
      facet,
      listOf(told[facet]).flatMap((it) => (isRecord(it) ? [{ value: textOf(it["value"]), count: Number(it["count"] ?? 0) }] : [])),
    ]),
  );
}

export type Counts = Readonly<Record<Facet | "kind", readonly FacetValue[]>>;

/** Values with their counts, each facet as if nothing of it were chosen: what would be added stands beside it. */
export const facetsQuery = (wanted: Wanted, mine: readonly string[]) => {
  const plain = { kind: wanted.kind, chosen: wanted.chosen, only: wanted.only };
  return queryOptions({
    queryKey: [...catalogKeys.all, "facets", plain, mine],
    queryFn: async (): Promise<Counts> => {
      const open = FACETS.filter((facet) => wanted.chosen[facet].length === 0);
      const narrowed = FACETS.filter((facet) => wanted.chosen[facet].length > 0);
      const path = (facet: Facet) => PATHS[facet];
      const parts = await Promise.all([
        // Another kind has other types: choosing one drops them.
        counted(["kind"], predicateOf({ ...wanted, chosen: { ...wanted.chosen, type: [] } }, mine, "kind")),
        counted(open.map(path), predicateOf(wanted, mine)),
        ...narrowed.map((facet) => counted([PATHS[facet]], predicateOf(wanted, mine, facet))),
      ]);
      const all: Readonly<Record<string, readonly FacetValue[]>> = Object.assign({}, ...parts);
      const values = (name: string) => (all[name] ?? []).toSorted((a, b) => b.count - a.count || a.value.localeCompare(b.value));
      return { kind: values("kind"), type: values(PATHS.type), owner: values(PATHS.owner), lifecycle: values(PATHS.lifecycle), system: values(PATHS.system), tag: values(PATHS.tag) };
    },
    staleTime: FRESH,
  });
};

const nameOf = (ref: Ref) => ({ params: { path: { kind: ref.kind, namespace: ref.namespace, name: ref.name } } });

/** One entity; null when there is none. */
export const entityQuery = (ref: Ref) =>
  queryOptions({
    queryKey: catalogKeys.entity(`${ref.kind}:${ref.namespace}/${ref.name}`),
    queryFn: async () => entityOf(await orNull(body<unknown>(client.GET("/api/catalog/entities/by-name/{kind}/{namespace}/{name}", nameOf(ref))))) ?? null,
    staleTime: FRESH,
    refetchInterval: MINUTE,
  });

export interface Ancestor {
  readonly entity: Entity;
  readonly parents: readonly string[];
}

/** Who emits an entity: itself first, its root last. */
export const ancestryQuery = (ref: Ref) =>
  queryOptions({
    queryKey: [...catalogKeys.entity(`${ref.kind}:${ref.namespace}/${ref.name}`), "ancestry"],
    queryFn: async (): Promise<readonly Ancestor[]> => {
      const given: unknown = await body<unknown>(client.GET("/api/catalog/entities/by-name/{kind}/{namespace}/{name}/ancestry", nameOf(ref)));
      return listOf(isRecord(given) ? given["items"] : []).flatMap((it) => {
        const entity = isRecord(it) ? entityOf(it["entity"]) : undefined;
        return entity === undefined || !isRecord(it) ? [] : [{ entity, parents: listOf(it["parentEntityRefs"]).map(textOf) }];
      });
    },
    staleTime: MINUTE,
  });

export async function byRefs(refs: readonly string[], fields: readonly string[]): Promise<ReadonlyMap<string, Entity | null>> {
  const found = new Map<string, Entity | null>();
  for (let from = 0; from < refs.length; from += 500) {
    const asked = refs.slice(from, from + 500);
    const given: unknown = await body(client.POST("/api/catalog/entities/by-refs", { body: { entityRefs: asked, fields } }));
    const items = listOf(isRecord(given) ? given["items"] : []);
    for (const [index, ref] of asked.entries()) found.set(ref, entityOf(items[index]) ?? null);
  }
  return found;
}

/** What is behind references; null for those that name nothing. */
export const refsQuery = (refs: readonly string[], fields: readonly string[] = LISTED) => {
  const all = [...new Set(refs)].sort();
  return queryOptions({
    queryKey: [...catalogKeys.all, "refs", all, fields],
    queryFn: () => byRefs(all, fields),
    staleTime: FRESH,
    structuralSharing: false,
  });
};

/** Which of the entities that others name are not there. */
export const missingQuery = (entities: readonly Entity[]) => {
  const refs = [...new Set(entities.flatMap((it) => namedBy(it).map((named) => named.ref)))].sort();
  return queryOptions({
    queryKey: [...catalogKeys.all, "missing", refs],
    queryFn: async (): Promise<readonly string[]> => {
      const found = await byRefs(refs, ["kind", "metadata.name", "metadata.namespace"]);
      return refs.filter((ref) => found.get(ref) === null);
    },
    staleTime: FRESH,
  });
};

/** All references of a kind, to find what was meant by one that names nothing. */
export const namesQuery = (kinds: readonly string[]) =>
  queryOptions({
    queryKey: [...catalogKeys.all, "names", kinds],
    queryFn: async (): Promise<readonly string[]> => {
      if (kinds.length === 0) return [];
      const all = await whole({ query: { kind: { $in: kinds } }, fields: ["kind", "metadata.name", "metadata.namespace"] }, 5_000);
      return all.map((it) => it.ref);
    },
    staleTime: MINUTE,
  });

export interface Trouble {
  readonly ref: string;
  readonly location: string;
  readonly isOrphan: boolean;
  /** Whether an earlier form of it is shown. */
  readonly isShown: boolean;
  readonly conflicts: readonly string[];
  readonly errors: readonly { readonly pointer: string; readonly detail: string; readonly line: number | undefined; readonly column: number | undefined }[];
}

const numberOf = (value: unknown) => (typeof value === "number" ? value : undefined);

/** What is wrong with which entities, as the catalogue has judged them. */
export const troublesQuery = queryOptions({
  queryKey: [...catalogKeys.all, "problems"],
  queryFn: async (): Promise<readonly Trouble[]> => {
    const given: unknown = await body<unknown>(client.GET("/api/catalog/problems"));
    return listOf(isRecord(given) ? given["entries"] : []).flatMap((it) =>
      isRecord(it)
        ? [
            {
              ref: textOf(it["entityRef"]),
              location: textOf(it["location"]),
              isOrphan: it["orphan"] === true,
              isShown: it["shown"] === true,
              conflicts: listOf(it["conflicts"]).map((other) => (isRecord(other) ? textOf(other["location"]) || textOf(other["entityRef"]) : textOf(other))),
              errors: listOf(it["errors"]).flatMap((error) =>
                isRecord(error) ? [{ pointer: textOf(error["pointer"]), detail: textOf(error["detail"]), line: numberOf(error["line"]), column: numberOf(error["column"]) }] : [],
              ),
            },
          ]
        : [],
    );
  },
  staleTime: FRESH,
  refetchInterval: MINUTE,
});

export interface Me {
  /** My own reference and those of my teams; nothing for somebody whom the catalogue does not know. */
  readonly refs: readonly string[];
  readonly teams: readonly string[];
}

/** Who a signed-in person is in the catalogue: the user of that name, and its teams. */
export const meQuery = (userId: string) =>
  queryOptions({
    queryKey: [...catalogKeys.all, "me", userId],
    queryFn: async (): Promise<Me> => {
      const ref = parseRef(userId, { kind: "user" });
      const user = ref === undefined ? null : entityOf(await orNull(body<unknown>(client.GET("/api/catalog/entities/by-name/{kind}/{namespace}/{name}", nameOf(ref)))));
      if (user === null || user === undefined) return { refs: [], teams: [] };
      const teams = related(user, "memberOf");
      return { refs: [user.ref, ...teams], teams };
    },
    staleTime: MINUTE,
  });

/** Entities of one owner that are read at the most. */
export const MOST_OWNED = 500;

/** Entities of one owner, or of all. */
export const ownedQuery = (mine: readonly string[], kind?: string, most = MOST_OWNED) =>
  queryOptions({
    queryKey: [...catalogKeys.all, "owned", mine, kind, most],
    queryFn: () => {
      const all: Predicate[] = [];
      if (mine.length > 0) all.push({ "relations.ownedBy": { $in: mine } });
      if (kind !== undefined) all.push({ kind: { $in: [kind] } });
      const query = all.length === 0 ? {} : { query: { $all: all } };
      return whole({ ...query, orderBy: [{ field: "metadata.name", order: "asc" }], fields: LISTED }, most);
    },
    staleTime: FRESH,
    refetchInterval: MINUTE,
  });

/** Entities with documentation of their own. */
export const documentedQuery = queryOptions({
  queryKey: [...catalogKeys.all, "documented"],
  queryFn: async () => {
    const query = { "metadata.annotations.backstage.io/techdocs-ref": { $exists: true } };
    const all = await whole({ query, orderBy: [{ field: "metadata.name", order: "asc" }], fields: LISTED }, 2_000);
    return all.filter((it) => documentedAt(it) !== undefined);
  },
  staleTime: MINUTE,
});

/** Has an entity's source looked at again. */
export function refresh(ref: string): Promise<unknown> {
  return body(client.POST("/api/catalog/refresh", { body: { entityRef: ref }, parseAs: "text" }));
}

/** Takes an entity out of the catalogue; it comes back when its source still has it. */
export function unregister(uid: string): Promise<unknown> {
  return body(client.DELETE("/api/catalog/entities/by-uid/{uid}", { params: { path: { uid } }, parseAs: "text" }));
}

