/** What depends on what: a system or all of them, and what a change of one thing reaches. */
import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { countQuery } from "~/data/catalog";
import { estateQuery, MOST_READ, systemsQuery, type Estate } from "~/data/graph";
import { failureOf } from "~/data/http";
import { isTopic, refName, related, textOf } from "~/lib/entity";
import { number } from "~/lib/format";
import { folded, graphOf, MOST_KNOTS, reached, type Wire } from "~/lib/graph";
import { places, type GraphSearch } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { Button } from "~/ui/button";
import { Empty, Loading, Problem } from "~/ui/states";

import { Drawing } from "./drawing";
import { kindIcon, PortalIcon } from "./icons";
import { Crumbs, Go, kindOfRef, Note, RefLink, Sign } from "./parts";
import { useStates } from "./state";

/** Nodes that are drawn at all; more would be a wall of lines. */
const MOST_DRAWN = 250;
const WAYS = ["up", undefined, "down"] as const;

export function GraphPage() {
  const { p, language } = usePortal();
  const router = useRouter();
  const search = useSearch({ from: "/portal/graph" });
  const { system, at } = search;
  const way = search.way === "up" || search.way === "down" ? search.way : undefined;
  const go = (to: GraphSearch) => router.history.push(places.graph(to));
  const estate = useQuery(estateQuery(system));
  const systems = useQuery(systemsQuery);
  const total = useQuery(countQuery({ query: { kind: { $in: ["component", "api", "resource"] } } }));
  const whole = estate.data === undefined ? undefined : graphOf(estate.data.entities, estate.data.wires, at, way);
  const isFolded = whole !== undefined && whole.knots.length > MOST_KNOTS && system === undefined && way === undefined;
  const graph = isFolded && estate.data !== undefined ? graphOf(estate.data.entities, folded(estate.data.entities, estate.data.wires)) : whole;
  const chosen = at !== undefined && !isFolded && graph?.knots.some((it) => it.ref === at) === true ? at : undefined;
  const isDrawn = graph !== undefined && graph.knots.length > 0 && graph.knots.length <= MOST_DRAWN;
  const names = [...new Set([...(systems.data ?? []), ...(system === undefined ? [] : [system])])];
  return (
    <main className="graph-page" id="main" tabIndex={-1}>
      <Crumbs path={system === undefined ? [{ text: p("nav.graph") }] : [{ text: p("nav.graph"), to: places.graph() }, { text: refName(system, "system") }]} />
      <div className="ph">
        <h1>{p("graph.title")}</h1>
        {graph === undefined || total.data === undefined ? null : <span className="t3">{p(isFolded ? "graph.count.folded" : "graph.count", { count: number(graph.knots.length, language), total: number(total.data.total, language) })}</span>}
        <span className="grow" />
        <NativeSelect
          size="xs"
          aria-label={p("col.system")}
          value={system ?? ""}
          data={[{ value: "", label: p("graph.all") }, ...names.map((it) => ({ value: it, label: refName(it, "system") }))]}
          onChange={(event) => go({ system: event.currentTarget.value || undefined })}
        />
        <div className="segments" role="group" aria-label={p("graph.way")}>
          {WAYS.map((it) => (
            <Button key={it ?? "both"} pressed={way === it} disabled={chosen === undefined && it !== way ? p("graph.way.who") : undefined} onClick={() => go({ ...search, way: it })}>
              {p(`graph.way.${it ?? "both"}`)}
            </Button>
          ))}
        </div>
      </div>
      <div className="canvas">
        {estate.error === null ? null : <Problem trouble={failureOf(estate.error)} what={p("graph.what")} onRetry={() => void estate.refetch()} />}
        {estate.isPending ? <Loading what={p("graph.what")} rows={8} /> : null}
        {(estate.data?.own ?? 0) >= MOST_READ ? <Note level="fine" title={p("graph.read", { count: number(MOST_READ, language) })} /> : null}
        {isFolded ? (
          <Note level="fine" title={p("graph.folded", { count: number(whole.knots.length, language) })}>
            <p className="t2">{p("graph.folded.text")}</p>
          </Note>
        ) : null}
        {graph !== undefined && graph.knots.length > MOST_DRAWN ? (
          <Empty title={p("graph.many", { count: number(graph.knots.length, language) })}>
            <p>{p("graph.many.text")}</p>
          </Empty>
        ) : null}
        {graph?.knots.length === 0 ? (
          <Empty title={p("graph.none")}>
            <p>{p("graph.none.text")}</p>
          </Empty>
        ) : null}
        {isDrawn ? <Drawing graph={graph} centre={chosen} to={isFolded ? within : (ref) => places.graph({ ...search, at: ref, way: undefined })} /> : null}
      </div>
      {isDrawn && estate.data !== undefined && !isFolded ? chosen === undefined ? <p className="strip-hint t2">{p("graph.choose")}</p> : <Strip at={chosen} estate={estate.data} /> : null}
    </main>
  );
}

/** From a node that stands for a system, into it. */
const within = (ref: string) => (kindOfRef(ref) === "system" ? places.graph({ system: ref }) : places.entity(ref));

/** What is known of the node that is looked at. */
function Strip({ at, estate }: { at: string; estate: Estate }) {
  const { p, term } = usePortal();
  const entity = estate.entities.get(at) ?? undefined;
  const { stateOf } = useStates(entity === undefined ? [] : [entity]);
  const owner = entity === undefined ? undefined : related(entity, "ownedBy")[0];
  const other = (test: (wire: Wire) => boolean, end: "from" | "to") => [...new Set(estate.wires.filter(test).map((it) => it[end]))].sort();
  const given = other((it) => it.from === at, "to");
  const reaches = [...reached(estate.wires, at, "down")].filter((it) => it !== at && !given.includes(it));
  return (
    <section className="strip" aria-label={p("graph.about", { name: refName(at) })}>
      <div>
        <h2>{entity?.title ?? refName(at)}</h2>
        {entity === undefined ? (
          <Sign level="low">{p("missing")}</Sign>
        ) : (
          <>
            {owner === undefined ? null : <RefLink to={owner} usual="group" />}
            <span className="t2">{term("life", textOf(entity.spec["lifecycle"]))}</span>
            {stateOf(entity)}
            <Go to={places.entity(at)}>{p("graph.entity")}</Go>
          </>
        )}
      </div>
      <List title={p("graph.consumes")} refs={other((it) => it.to === at && it.carries, "from")} estate={estate} />
      <List title={p("graph.depends")} refs={other((it) => it.to === at && !it.carries, "from")} estate={estate} />
      <List title={p("graph.gives")} refs={given} estate={estate} />
      <List title={p("graph.reaches")} refs={reaches} estate={estate} />
    </section>
  );
}

function List({ title, refs, estate }: { title: ReactNode; refs: readonly string[]; estate: Estate }) {
  return (
    <div>
      <h3>
        {title} {refs.length}
      </h3>
      <ul>
        {refs.map((ref) => {
          const it = estate.entities.get(ref);
          return (
            <li key={ref}>
              <PortalIcon name={kindIcon(kindOfRef(ref), it !== null && it !== undefined && isTopic(it.kind, textOf(it.spec["type"])))} />
              <span>
                <RefLink to={ref} usual={kindOfRef(ref)} isMissing={it === null} />
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
