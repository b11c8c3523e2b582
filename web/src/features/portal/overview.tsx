/** An entity at one glance: what it is for, what is around it, what it is made of. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { refsQuery } from "~/data/catalog";
import { neighbourhoodQuery } from "~/data/graph";
import { failureOf } from "~/data/http";
import { docPageQuery, siteQuery } from "~/data/techdocs";
import { documentedAt, listOf, related, textOf, type Entity } from "~/lib/entity";
import { clockTime } from "~/lib/format";
import { systemOf, wiresOf } from "~/lib/graph";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { inOrder } from "~/lib/site";
import { Button } from "~/ui/button";
import { Empty, Loading, Problem } from "~/ui/states";

import { Drawing } from "./drawing";
import { PortalIcon } from "./icons";
import { Operations, OwnOperations } from "./operations";
import { EntityIcon, Go, kindOfRef, Note, RefLink, useKindOf } from "./parts";

export function Overview({ entity }: { entity: Entity }) {
  const { p } = usePortal();
  const isGraph = wiresOf(entity).length > 0;
  const provided = related(entity, "providesApi");
  return (
    <>
      {entity.description === "" ? <p className="lead t3">{p("lead.none")}</p> : <p className="lead">{entity.description}</p>}
      {isGraph ? <Around entity={entity} /> : null}
      <Parts entity={entity} />
      <div className="cols">
        {provided[0] === undefined ? entity.kind.toLowerCase() === "api" ? <OwnOperations entity={entity} /> : null : <Operations api={provided[0]} more={provided.length - 1} entity={entity} />}
        {documentedAt(entity) === undefined ? null : <DocsCard entity={entity} />}
      </div>
    </>
  );
}

const STEPS = [1, 2, 3] as const;

function Around({ entity }: { entity: Entity }) {
  const { p } = usePortal();
  const client = useQueryClient();
  const search = useSearch({ from: "/portal/catalog/$namespace/$kind/$name" });
  const navigate = useNavigate({ from: "/portal/catalog/$namespace/$kind/$name" });
  const steps = search.steps ?? 1;
  const graph = useQuery({ ...neighbourhoodQuery(entity, steps, client), placeholderData: keepPreviousData });
  return (
    <section className="around">
      <div className="sec">
        <h2>{p("relations")}</h2>
        <span className="t3">{p(steps === 1 ? "relations.one" : "relations.steps", { count: steps })}</span>
        <span className="grow" />
        <Go to={places.graph({ system: systemOf(entity), at: entity.ref })}>{p("graph.open")}</Go>
        <div className="segments" role="group" aria-label={p("steps")}>
          {STEPS.map((it) => (
            <Button key={it} pressed={it === steps} label={p("steps.label", { count: it })} onClick={() => void navigate({ search: (before) => ({ ...before, steps: it === 1 ? undefined : it }), replace: true })}>
              {it}
            </Button>
          ))}
        </div>
      </div>
      {graph.error === null ? null : <Problem trouble={failureOf(graph.error)} what={p("relations")} onRetry={() => void graph.refetch()} />}
      {graph.data === undefined ? graph.error === null ? <Loading rows={3} what={p("relations")} /> : null : <Drawing graph={graph.data} centre={entity.ref} />}
      {graph.data?.isCut === true ? (
        <Note level="fine" title={p("graph.cut", { count: graph.data.knots.length })}>
          <p className="t2">{p("graph.cut.text")}</p>
        </Note>
      ) : null}
    </section>
  );
}

/** Pages that are named beside an entity. */
const PAGES = 6;
const NOWHERE = { kind: "", namespace: "", name: "" };

function DocsCard({ entity }: { entity: Entity }) {
  const { p, language } = usePortal();
  const at = documentedAt(entity);
  const site = useQuery({ ...siteQuery(at ?? NOWHERE), enabled: at !== undefined });
  // Its tree names them; without it the site alone is named.
  const first = useQuery({ ...docPageQuery(at ?? NOWHERE, ""), enabled: site.data !== null && site.data !== undefined });
  const pages = inOrder(first.data?.tree ?? []);
  const isOther = at !== undefined && entity.annotations["backstage.io/techdocs-ref"] === undefined;
  return (
    <section>
      <div className="sec">
        <h2>{p("tab.docs")}</h2>
        <span className="grow" />
        <span className="t3">{site.data === null || site.data === undefined ? "" : p("pages", { count: site.data.pages })}</span>
      </div>
      {site.error === null ? null : <Problem trouble={failureOf(site.error)} what={p("tab.docs")} onRetry={() => void site.refetch()} />}
      {site.data === null ? <p className="t2">{p("docs.none")}</p> : null}
      {site.data === null || site.data === undefined ? null : (
        <>
          <ul className="plain">
            {(pages.length === 0 ? [{ title: site.data.name, path: "" }] : pages.slice(0, PAGES)).map((it) => (
              <li key={it.path}>
                <PortalIcon name="docs" /> <Go to={places.page(at ?? NOWHERE, it.path)}>{it.title}</Go>
              </li>
            ))}
          </ul>
          <p className="t3 under">
            {isOther ? p("docs.other", { name: at.name }) : ""} {site.data.built === undefined ? "" : p("built", { time: clockTime(site.data.built, language) })}
          </p>
        </>
      )}
    </section>
  );
}

/** Rows of a list on this page before it leads to the catalogue. */
const ROWS = 40;

/** What one looks for first stands first. */
const KINDS = ["domain", "system", "component", "api", "resource", "group", "user"];
const placeOfKind = (ref: string) => (KINDS.indexOf(kindOfRef(ref)) + KINDS.length + 1) % (KINDS.length + 1);

/** What belongs to a system, a domain or a team. */
function Parts({ entity }: { entity: Entity }) {
  const { p, term } = usePortal();
  const kind = entity.kind.toLowerCase();
  const parts = [...related(entity, "hasPart"), ...related(entity, "parentOf"), ...related(entity, "hasMember"), ...(kind === "group" || kind === "user" ? related(entity, "ownerOf") : [])];
  const targets = kind === "location" ? [textOf(entity.spec["target"]), ...listOf(entity.spec["targets"]).map(textOf)].filter((it) => it !== "") : [];
  const shown = parts.toSorted((a, b) => placeOfKind(a) - placeOfKind(b)).slice(0, ROWS);
  const found = useQuery({ ...refsQuery(shown), enabled: shown.length > 0 });
  const kindOf = useKindOf();
  if (targets.length > 0) {
    return (
      <section>
        <div className="sec">
          <h2>{p("targets")}</h2>
          <span className="t3">{targets.length}</span>
        </div>
        <ul className="plain">
          {targets.map((it) => (
            <li key={it}>
              <code>{it}</code>
            </li>
          ))}
        </ul>
      </section>
    );
  }
  if (parts.length === 0) {
    return ["system", "domain", "group"].includes(kind) ? (
      <Empty title={p("parts.none")}>
        <p>{p("parts.none.text")}</p>
      </Empty>
    ) : null;
  }
  const all = kind === "system" || kind === "domain" ? places.catalogue({ system: entity.ref }) : places.catalogue({ owner: entity.ref });
  return (
    <section>
      <div className="sec">
        <h2>{p(kind === "group" ? "parts.team" : kind === "user" ? "parts.owned" : "parts")}</h2>
        <span className="t3">{parts.length}</span>
        <span className="grow" />
        <Go to={all}>{p("inCatalogue")}</Go>
      </div>
      {found.error === null ? null : <Problem trouble={failureOf(found.error)} what={p("parts")} onRetry={() => void found.refetch()} />}
      {found.data === undefined ? (
        found.error === null ? <Loading what={p("parts")} /> : null
      ) : (
        <div className="table-wrap">
          <table className="tb">
            <thead>
              <tr>
                <th scope="col">{p("col.name")}</th>
                <th scope="col">{p("facet.kind")}</th>
                <th scope="col">{p("col.type")}</th>
                <th scope="col">{p("col.lifecycle")}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((ref) => {
                const it = found.data.get(ref);
                return (
                  <tr key={ref}>
                    <td className="c-name">
                      {it === null || it === undefined ? (
                        <RefLink to={ref} isMissing />
                      ) : (
                        <>
                          <EntityIcon kind={it.kind} type={textOf(it.spec["type"])} />{" "}
                          <Go className="n" to={places.entity(ref)}>
                            {it.title}
                          </Go>
                        </>
                      )}
                    </td>
                    <td>{term("kind", it?.kind ?? kindOfRef(ref))}</td>
                    <td>{it === null || it === undefined ? "" : kindOf(it)}</td>
                    <td>{it === null || it === undefined ? "" : term("life", textOf(it.spec["lifecycle"]))}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
          {parts.length > shown.length ? (
            <p className="t3 pager">{p("parts.more", { count: parts.length - shown.length })}</p>
          ) : null}
        </div>
      )}
    </section>
  );
}
