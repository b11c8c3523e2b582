/** What is read to draw what depends on what. */
import { queryOptions, type QueryClient } from "@tanstack/react-query";

import type { Entity } from "~/lib/entity";
import { MOST_KNOTS, systemOf, wiresOf, type Graph, type Knot, type Wire } from "~/lib/graph";

import { byRefs, catalogKeys, refsQuery, whole } from "./catalog";

const FIELDS: readonly string[] = ["kind", "metadata.name", "metadata.namespace", "metadata.title", "spec.type", "spec.owner", "spec.system", "spec.lifecycle", "relations"];
const FRESH = 20_000;

/** Entities that are read for one drawing at the most. */
export const MOST_READ = 2_000;

export interface Neighbourhood extends Graph {
  /** There is more than is drawn. */
  readonly isCut: boolean;
}

/** What is so many steps around an entity, upstream and downstream. */
export const neighbourhoodQuery = (centre: Entity, depth: number, queries: QueryClient) =>
  queryOptions({
    queryKey: [...catalogKeys.entity(centre.ref), "around", depth, centre.relations],
    queryFn: async (): Promise<Neighbourhood> => {
      const knots = new Map<string, Knot>([[centre.ref, { ref: centre.ref, entity: centre, rank: 0 }]]);
      const wires = new Map<string, Wire>();
      let edge: readonly Knot[] = [...knots.values()];
      let isCut = false;
      for (let step = 1; step <= depth && edge.length > 0; step += 1) {
        const next = new Map<string, number>();
        for (const { ref, entity, rank } of edge) {
          for (const wire of entity === null ? [] : wiresOf(entity)) {
            const isUp = wire.to === ref;
            const other = isUp ? wire.from : wire.to;
            // One goes on in the direction in which one came.
            if (rank < 0 && !isUp) continue;
            if (rank > 0 && isUp) continue;
            if (!knots.has(other) && !next.has(other)) {
              if (knots.size + next.size >= MOST_KNOTS) {
                isCut = true;
                continue;
              }
              next.set(other, isUp ? rank - 1 : rank + 1);
            }
            wires.set(`${wire.from} ${wire.to}`, wire);
          }
        }
        const found = await queries.fetchQuery(refsQuery([...next.keys()], FIELDS));
        edge = [...next].map(([ref, rank]) => ({ ref, entity: found.get(ref) ?? null, rank }));
        for (const knot of edge) knots.set(knot.ref, knot);
      }
      return { knots: [...knots.values()], wires: [...wires.values()], isCut };
    },
    staleTime: FRESH,
  });

/** The systems that there are. */
export const systemsQuery = queryOptions({
  queryKey: [...catalogKeys.all, "systems"],
  queryFn: async (): Promise<readonly string[]> => {
    const all = await whole({ query: { kind: { $in: ["system"] } }, orderBy: [{ field: "metadata.name", order: "asc" }], fields: ["kind", "metadata.name", "metadata.namespace"] }, MOST_READ);
    return all.map((it) => it.ref);
  },
  staleTime: 60_000,
});

export interface Estate {
  /** All that is named: null for what is not there. */
  readonly entities: ReadonlyMap<string, Entity | null>;
  readonly wires: readonly Wire[];
  /** How many were asked for; the others are named by them. */
  readonly own: number;
}

/** Components, interfaces and resources, of one system or of all, with what they name. */
export const estateQuery = (system: string | undefined) =>
  queryOptions({
    queryKey: [...catalogKeys.all, "estate", system],
    queryFn: async (): Promise<Estate> => {
      const query = { $all: [{ kind: { $in: ["component", "api", "resource"] } }, ...(system === undefined ? [] : [{ "relations.partOf": { $in: [system] } }])] };
      const own = await whole({ query, orderBy: [{ field: "metadata.name", order: "asc" }], fields: FIELDS }, MOST_READ);
      const wires = own.flatMap(wiresOf);
      const entities = new Map<string, Entity | null>(own.map((it) => [it.ref, it]));
      const beyond = new Set([...wires.flatMap((it) => [it.from, it.to]), ...own.flatMap((it) => systemOf(it) ?? [])]);
      const found = await byRefs([...beyond].filter((it) => !entities.has(it)), FIELDS);
      for (const [ref, entity] of found) entities.set(ref, entity);
      return { entities, wires, own: own.length };
    },
    staleTime: FRESH,
    structuralSharing: false,
  });
