/** How an entity is, as the catalogue knows: its errors, who keeps it, whether what it names is there. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { missingQuery, troublesQuery } from "~/data/catalog";
import { isOrphan, namedBy, type Entity } from "~/lib/entity";
import { usePortal } from "~/lib/portal-words";

import { Sign } from "./parts";

interface States {
  /** What is named by these entities and is not there. */
  readonly lost: ReadonlySet<string>;
  readonly stateOf: (entity: Entity) => ReactNode;
}

export function useStates(list: readonly Entity[]): States {
  const { p, t } = usePortal();
  const missing = useQuery({ ...missingQuery(list), enabled: list.length > 0 });
  const troubles = useQuery(troublesQuery);
  const lost = new Set(missing.data ?? []);
  const stateOf = (entity: Entity) => {
    const errors = troubles.data?.find((it) => it.ref === entity.ref)?.errors.length ?? 0;
    const dangling = namedBy(entity).filter((it) => lost.has(it.ref)).length;
    if (errors > 0) return <Sign level="medium">{p(errors === 1 ? "state.error" : "state.errors", { count: errors })}</Sign>;
    if (isOrphan(entity)) return <Sign level="low">{p("state.orphan")}</Sign>;
    if (dangling > 0) return <Sign level="low">{p("state.dangling", { count: dangling })}</Sign>;
    if (missing.data !== undefined && troubles.data !== undefined) return <Sign level="fine">{p("state.fine")}</Sign>;
    return <Sign level="none">{missing.error === null && troubles.error === null ? t("state.reading") : p("state.unknown")}</Sign>;
  };
  return { lost, stateOf };
}
