/** Entities as a graph: from what is needed to who needs it, the way in which a change travels. */
import { isTopic, parseRef, related, textOf, type Entity } from "./entity";
import { ranksOf } from "./layers";

export interface Knot {
  readonly ref: string;
  /** Null for what is named and not there. */
  readonly entity: Entity | null;
  /** Its column: what it needs stands left of it, who feels its change on its right. */
  readonly rank: number;
}

export interface Wire {
  readonly from: string;
  readonly to: string;
  /** Carries events or calls to whom it leads to, or is merely needed there. */
  readonly carries: boolean;
}

export interface Graph {
  readonly knots: readonly Knot[];
  readonly wires: readonly Wire[];
}

/** Nodes that a drawing can show and still be read. */
export const MOST_KNOTS = 60;

/** An entity's own edges. */
export function wiresOf(entity: Entity): readonly Wire[] {
  return entity.relations.flatMap(({ type, target }): Wire[] => {
    switch (type) {
      case "consumesApi":
      case "apiProvidedBy":
        return [{ from: target, to: entity.ref, carries: true }];
      case "providesApi":
      case "apiConsumedBy":
        return [{ from: entity.ref, to: target, carries: true }];
      case "dependsOn":
        return [{ from: target, to: entity.ref, carries: false }];
      case "dependencyOf":
        return [{ from: entity.ref, to: target, carries: false }];
      default:
        return [];
    }
  });
}

export function isPill({ ref, entity }: Knot): boolean {
  const kind = entity?.kind ?? parseRef(ref)?.kind ?? "";
  return isTopic(kind, entity === null ? "" : textOf(entity.spec["type"]));
}

/** Each edge once; of two between the same nodes the one that carries something. */
function unique(wires: readonly Wire[]): readonly Wire[] {
  const all = new Map<string, Wire>();
  for (const wire of wires) {
    const key = `${wire.from} ${wire.to}`;
    if (wire.from !== wire.to && all.get(key)?.carries !== true) all.set(key, wire);
  }
  return [...all.values()];
}

/** Whom a change of one reaches in the end, or all that it needs; itself among them. */
export function reached(wires: readonly Wire[], at: string, way: "up" | "down"): ReadonlySet<string> {
  const next = new Map<string, string[]>();
  for (const { from, to } of wires) {
    const [here, there] = way === "down" ? [from, to] : [to, from];
    next.set(here, [...(next.get(here) ?? []), there]);
  }
  const found = new Set([at]);
  for (const ref of found) for (const other of next.get(ref) ?? []) found.add(other);
  return found;
}

type Entities = ReadonlyMap<string, Entity | null>;

/** What has relations, in columns; of one way around a node, when one is named. */
export function graphOf(entities: Entities, given: readonly Wire[], at?: string, way?: "up" | "down"): Graph {
  const all = unique(given);
  const within = at === undefined || way === undefined ? undefined : reached(all, at, way);
  const wires = within === undefined ? all : all.filter((it) => within.has(it.from) && within.has(it.to));
  const refs = [...(within ?? new Set(wires.flatMap((it) => [it.from, it.to])))].sort();
  const ranks = ranksOf(refs, wires);
  return { knots: refs.map((ref) => ({ ref, entity: entities.get(ref) ?? null, rank: ranks.get(ref) ?? 0 })), wires };
}

export const systemOf = (entity: Entity) => related(entity, "partOf")[0];

/** Edges between systems; what belongs to none stays what it is. */
export function folded(entities: Entities, wires: readonly Wire[]): readonly Wire[] {
  const fold = (ref: string) => {
    const entity = entities.get(ref);
    return (entity === null || entity === undefined ? undefined : systemOf(entity)) ?? ref;
  };
  return wires.map((it) => ({ ...it, from: fold(it.from), to: fold(it.to) }));
}
