/** One entity: what it is, whose, what it needs and who needs it, where it comes from, what is wrong with it. */
import { Modal } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useState, type ReactNode } from "react";

import { catalogKeys, entityQuery, missingQuery, namesQuery, neighbourhoodQuery, refresh, refsQuery, troublesQuery, unregister, wiresOf } from "~/data/catalog";
import { useSession } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { useRecent } from "~/data/kept";
import { docProblemsQuery, siteQuery } from "~/data/techdocs";
import { blockNow } from "~/lib/clock";
import { documentedAt, isAddress, isOrphan, listOf, meant, namedBy, operationsOf, parseRef, placeOf, refName, related, textOf, type Entity } from "~/lib/entity";
import { clockTime } from "~/lib/format";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { parsed } from "~/lib/yaml";
import { Button, HoldButton } from "~/ui/button";
import { Empty, Loading, Problem, Refusal } from "~/ui/states";

import { CodeBox } from "./code";
import { Drawing } from "./drawing";
import { PortalIcon } from "./icons";
import { Origin, Descriptor } from "./origin";
import { Crumbs, EntityIcon, Go, kindOfRef, Note, RefLink, Said, Sign, Star, useKindOf, useMe } from "./parts";

const TABS = ["overview", "api", "definition", "dependencies", "origin", "descriptor"] as const;
type Tab = (typeof TABS)[number];

export function EntityPage() {
  const { p, term } = usePortal();
  const named = useParams({ from: "/portal/catalog/$namespace/$kind/$name" });
  const ref = { kind: named.kind.toLowerCase(), namespace: named.namespace.toLowerCase(), name: named.name.toLowerCase() };
  const entity = useQuery(entityQuery(ref));
  const [, note] = useRecent();
  const it = entity.data;
  useEffect(() => {
    if (it !== null && it !== undefined) note({ to: places.entity(it.ref), title: it.title, kind: it.kind.toLowerCase(), at: blockNow() });
    // Once for each entity that is opened.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [it?.ref]);
  const title = it?.title ?? named.name;
  return (
    <main className="pmain is-flush" id="main" tabIndex={-1}>
      <Crumbs path={[{ text: p("nav.catalogue"), to: places.catalogue() }, { text: term("kinds", named.kind), to: places.catalogue({ kind: ref.kind }) }, { text: title }]} />
      {entity.error === null ? null : (
        <div className="pad">
          <Problem trouble={failureOf(entity.error)} what={named.name} onRetry={() => void entity.refetch()} />
        </div>
      )}
      {entity.isPending ? (
        <div className="pad">
          <Loading what={named.name} rows={8} />
        </div>
      ) : null}
      {it === null ? (
        <div className="pad">
          <Empty title={p("entity.none", { name: named.name })}>
            <p>{p("entity.none.text")}</p>
            <Go to={places.catalogue({ kind: ref.kind, q: named.name.slice(0, 4) })}>{p("entity.none.like")}</Go>
          </Empty>
        </div>
      ) : null}
      {it === null || it === undefined ? null : <Shown key={it.ref} entity={it} />}
    </main>
  );
}

function Shown({ entity }: { entity: Entity }) {
  const { p, term } = usePortal();
  const search = useSearch({ from: "/portal/catalog/$namespace/$kind/$name" });
  const isApi = entity.kind.toLowerCase() === "api";
  const apis = [...related(entity, "providesApi"), ...related(entity, "consumesApi")];
  const wires = wiresOf(entity);
  const docs = documentedAt(entity);
  const tabs = TABS.filter((it) => (it === "api" ? apis.length > 0 : it === "definition" ? isApi : it === "dependencies" ? wires.length > 0 : true));
  const tab: Tab = tabs.find((it) => it === search.tab) ?? "overview";
  const owner = related(entity, "ownedBy")[0] ?? namedBy(entity).find((it) => it.field === "owner")?.ref;
  const life = textOf(entity.spec["lifecycle"]);
  const counts: Partial<Record<Tab, number>> = { api: apis.length, dependencies: wires.length };
  const missing = useQuery(missingQuery([entity]));
  return (
    <>
      <div className="eh">
        <h1>
          <EntityIcon kind={entity.kind} type={textOf(entity.spec["type"])} />
          <span>{entity.title}</span>
        </h1>
        <dl>
          {owner === undefined ? null : (
            <div>
              <dt>{p("col.owner")}</dt>
              <dd>
                <RefLink to={owner} usual="group" isMissing={missing.data?.includes(owner) === true} />
              </dd>
            </div>
          )}
          {life === "" ? null : (
            <div>
              <dt>{p("col.lifecycle")}</dt>
              <dd>{term("life", life)}</dd>
            </div>
          )}
          <div>
            <dt>{p("facet.kind")}</dt>
            <dd>{term("kind", entity.kind)}</dd>
          </div>
        </dl>
        <Actions entity={entity} owners={related(entity, "ownedBy")} />
      </div>
      <nav className="tabs etabs" aria-label={p("tabs")}>
        {tabs.map((it) => (
          <Go key={it} to={places.entity(entity.ref, it === "overview" ? undefined : it)} aria-current={it === tab ? "page" : undefined}>
            {p(`tab.${it}`)} <span>{counts[it] ?? ""}</span>
          </Go>
        ))}
        {docs === undefined ? null : (
          <Go to={places.page(docs)}>
            {p("tab.docs")} <PortalIcon name="right" />
          </Go>
        )}
      </nav>
      <div className="ebody">
        <div className="emain">
          {tab === "overview" ? <Overview entity={entity} docs={docs === undefined ? undefined : places.page(docs)} /> : null}
          {tab === "dependencies" ? <Dependencies entity={entity} /> : null}
          {tab === "api" ? <Apis entity={entity} /> : null}
          {tab === "definition" ? <Definition entity={entity} /> : null}
          {tab === "origin" ? <Origin entity={entity} /> : null}
          {tab === "descriptor" ? <Descriptor entity={entity} /> : null}
        </div>
        <aside className="econtext" aria-label={p("context")}>
          <Warnings entity={entity} missing={missing.data ?? []} />
          <Facts entity={entity} missing={missing.data ?? []} />
        </aside>
      </div>
    </>
  );
}

function Actions({ entity, owners }: { entity: Entity; owners: readonly string[] }) {
  const { p, t } = usePortal();
  const client = useQueryClient();
  const router = useRouter();
  const session = useSession();
  const { me } = useMe();
  const [isAsking, setAsking] = useState(false);
  const again = useMutation({ mutationFn: () => refresh(entity.ref), onSuccess: () => client.invalidateQueries({ queryKey: catalogKeys.all }) });
  const remove = useMutation({
    mutationFn: () => unregister(entity.uid),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: catalogKeys.all });
      setAsking(false);
      router.history.push(places.catalogue());
    },
  });
  const isAdmin = session.kind === "open" && session.roles.includes("admin");
  const isMine = owners.some((it) => me?.refs.includes(it) === true);
  const source = entity.annotations["backstage.io/view-url"] ?? "";
  return (
    <div className="acts">
      {again.isSuccess ? <span className="t3 nw" role="status">{p("refreshed")}</span> : null}
      <Star it={{ to: places.entity(entity.ref), title: entity.title, kind: entity.kind.toLowerCase() }} />
      <Button onClick={() => again.mutate()} disabled={again.isPending ? t("state.reading") : undefined}>
        {p("refresh")}
      </Button>
      {isAddress(source) ? (
        <a className="btn btn-plain" href={source} target="_blank" rel="noreferrer">
          <span>{p("source")}</span> <PortalIcon name="away" />
        </a>
      ) : null}
      <Button onClick={() => setAsking(true)} disabled={isAdmin || isMine ? undefined : p("unregister.who")}>
        {p("unregister")}
      </Button>
      {again.error === null ? null : <Refusal trouble={failureOf(again.error)} />}
      <Modal opened={isAsking} onClose={() => setAsking(false)} title={p("unregister.title", { name: entity.title })} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
        <div className="fields">
          <p>{p(isOrphan(entity) ? "unregister.orphan" : "unregister.text")}</p>
          {remove.error === null ? null : <Refusal trouble={failureOf(remove.error)} />}
          <div className="btn-row">
            <HoldButton hold={1_000} disabled={remove.isPending ? t("action.sent") : undefined} onDone={() => remove.mutate()}>
              {p("unregister")}
            </HoldButton>
            <Button onClick={() => setAsking(false)}>{t("close")}</Button>
          </div>
        </div>
      </Modal>
    </div>
  );
}

/** What is shown of a list of warnings before one asks for more. */
const SHORT = 3;

function Warnings({ entity, missing }: { entity: Entity; missing: readonly string[] }) {
  const { p } = usePortal();
  const [isLong, setLong] = useState(false);
  const troubles = useQuery(troublesQuery);
  const dangling = namedBy(entity).filter((it) => missing.includes(it.ref));
  const kinds = [...new Set(dangling.map((it) => kindOfRef(it.ref)))];
  const names = useQuery({ ...namesQuery(kinds), enabled: dangling.length > 0 });
  const docs = entity.annotations["backstage.io/techdocs-ref"] === undefined ? undefined : parseRef(entity.ref);
  const problems = useQuery({ ...docProblemsQuery(docs ?? { kind: "", namespace: "", name: "" }), enabled: docs !== undefined });
  const own = troubles.data?.find((it) => it.ref === entity.ref);
  const relations = namedBy(entity).length - dangling.length;
  const all: ReactNode[] = [
    ...(own?.errors ?? []).map((it) => (
      <Note key={`error ${it.pointer} ${it.line ?? 0}`} level="medium" title={p("warn.error")}>
        <p>
          <code>{it.pointer.slice(1).replaceAll("/", ".")}</code> <Said text={it.detail} />
        </p>
        <p className="t2">{p("warn.error.kept")}</p>
        <p className="t3">{p("warn.line", { file: placeOf(own?.location ?? "").file, line: it.line ?? 1 })}</p>
      </Note>
    )),
    ...(own?.conflicts ?? []).map((it) => (
      <Note key={`conflict ${it}`} level="low" title={p("warn.conflict")}>
        <p>{p("warn.conflict.text", { place: it })}</p>
      </Note>
    )),
    ...(isOrphan(entity)
      ? [
          <Note key="orphan" level="low" title={p("warn.orphan")}>
            <p>{p("warn.orphan.text")}</p>
          </Note>,
        ]
      : []),
    ...dangling.map((it) => {
      const better = meant(it.ref, names.data ?? []);
      return (
        <Note key={`dangling ${it.pointer}`} level="low" title={p("warn.dangling")}>
          <p>
            <code>{it.pointer}</code> {p("warn.dangling.names", { name: refName(it.ref) })} {p("warn.dangling.rest", { count: relations })}
          </p>
          {better === undefined ? null : (
            <p>
              {p("warn.dangling.write")} <code>{better}</code>
            </p>
          )}
        </Note>
      );
    }),
    ...entity.notes.map((it) => (
      <Note key={`note ${it.message}`} level={it.level === "error" ? "medium" : "low"} title={p("warn.note")}>
        <p>{it.message}</p>
      </Note>
    )),
    ...(problems.data !== null && problems.data !== undefined && problems.data.length > 0 && docs !== undefined
      ? [
          <Note key="docs" level="low" title={p("warn.docs", { count: problems.data.length })}>
            <p>
              <Said text={problems.data[0]?.detail ?? ""} />
            </p>
            <p>
              <Go to={places.page(docs)}>{p("warn.docs.open")}</Go>
            </p>
          </Note>,
        ]
      : []),
  ];
  if (all.length === 0) {
    const isKnown = troubles.data !== undefined;
    return (
      <section className="ctxs">
        <h2>{p("state.title")}</h2>
        {troubles.error === null ? (
          <Sign level={isKnown ? "fine" : "none"}>{p(isKnown ? "state.fine.long" : "state.unknown")}</Sign>
        ) : (
          <Problem trouble={failureOf(troubles.error)} what={p("state.title")} onRetry={() => void troubles.refetch()} />
        )}
      </section>
    );
  }
  return (
    <section className="ctxs">
      <h2>{p(all.length === 1 ? "state.warning" : "state.warnings", { count: all.length })}</h2>
      {isLong ? all : all.slice(0, SHORT)}
      {all.length > SHORT ? (
        <button type="button" className="more" onClick={() => setLong(!isLong)}>
          {isLong ? p("facet.less") : p("facet.more", { count: all.length - SHORT })}
        </button>
      ) : null}
    </section>
  );
}

const FACTS: readonly { readonly relation: string; readonly key: "col.system" | "fact.parent" | "fact.memberOf" }[] = [
  { relation: "partOf", key: "col.system" },
  { relation: "childOf", key: "fact.parent" },
  { relation: "memberOf", key: "fact.memberOf" },
];

function Facts({ entity, missing }: { entity: Entity; missing: readonly string[] }) {
  const { p, term } = usePortal();
  const type = textOf(entity.spec["type"]);
  const place = placeOf(entity.annotations["backstage.io/managed-by-location"] ?? "");
  return (
    <>
      <section className="ctxs">
        <h2>{p("facts")}</h2>
        <dl className="kv">
          <dt>{p("fact.name")}</dt>
          <dd>
            <code>{refName(entity.ref, "any")}</code>
          </dd>
          {type === "" ? null : (
            <>
              <dt>{p("col.type")}</dt>
              <dd>{term("type", type)}</dd>
            </>
          )}
          {FACTS.flatMap(({ relation, key }) => {
            const targets = related(entity, relation);
            return targets.length === 0
              ? []
              : [
                  <dt key={`t ${relation}`}>{p(key)}</dt>,
                  <dd key={`d ${relation}`}>
                    {targets.map((it) => (
                      <div key={it}>
                        <RefLink to={it} usual={kindOfRef(it)} isMissing={missing.includes(it)} />
                      </div>
                    ))}
                  </dd>,
                ];
          })}
          {entity.tags.length === 0 ? null : (
            <>
              <dt>{p("fact.tags")}</dt>
              <dd>
                {entity.tags.map((it, index) => (
                  <span key={it}>
                    {index > 0 ? ", " : ""}
                    <Go to={places.catalogue({ tag: it })}>{it}</Go>
                  </span>
                ))}
              </dd>
            </>
          )}
        </dl>
      </section>
      {entity.links.length === 0 ? null : (
        <section className="ctxs">
          <h2>{p("links")}</h2>
          <ul>
            {entity.links.map((it) => (
              <li key={it.url}>
                <a href={it.url} target="_blank" rel="noreferrer">
                  {it.title} <PortalIcon name="away" />
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      {place.file === "" ? null : (
        <section className="ctxs">
          <h2>
            {p("origin")} <Go to={places.entity(entity.ref, "origin")}>{p("ancestry")}</Go>
          </h2>
          <dl className="kv">
            <dt>{p("origin.file")}</dt>
            <dd>
              <code>{place.file}</code>
            </dd>
            <dt>{p("origin.folder")}</dt>
            <dd className="t2">{place.folder}</dd>
          </dl>
        </section>
      )}
    </>
  );
}

function Overview({ entity, docs }: { entity: Entity; docs: string | undefined }) {
  const { p } = usePortal();
  const isGraph = wiresOf(entity).length > 0;
  const provided = related(entity, "providesApi");
  const site = documentedAt(entity);
  return (
    <>
      {entity.description === "" ? <p className="lead t3">{p("lead.none")}</p> : <p className="lead">{entity.description}</p>}
      {isGraph ? <Around entity={entity} /> : null}
      <Parts entity={entity} />
      <div className="cols">
        {provided[0] === undefined ? entity.kind.toLowerCase() === "api" ? <OwnOperations entity={entity} /> : null : <Operations api={provided[0]} more={provided.length - 1} entity={entity} />}
        {site === undefined || docs === undefined ? null : <DocsCard entity={entity} to={docs} />}
      </div>
    </>
  );
}

const STEPS = ["1", "2", "3"] as const;

function Around({ entity }: { entity: Entity }) {
  const { p } = usePortal();
  const client = useQueryClient();
  const search = useSearch({ from: "/portal/catalog/$namespace/$kind/$name" });
  const navigate = useNavigate({ from: "/portal/catalog/$namespace/$kind/$name" });
  const steps = STEPS.find((it) => it === search.steps) ?? "1";
  const graph = useQuery({ ...neighbourhoodQuery(entity, Number(steps), client), placeholderData: keepPreviousData });
  return (
    <section className="around">
      <div className="sec">
        <h2>{p("relations")}</h2>
        <span className="t3">{p(steps === "1" ? "relations.one" : "relations.steps", { count: steps })}</span>
        <span className="grow" />
        <div className="segments" role="group" aria-label={p("steps")}>
          {STEPS.map((it) => (
            <Button key={it} pressed={it === steps} label={p("steps.label", { count: it })} onClick={() => void navigate({ search: (before) => ({ ...before, steps: it === "1" ? undefined : it }), replace: true })}>
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

/** Rows of a list on this page before it leads to the catalogue. */
const ROWS = 40;

/** What belongs to a system, a domain or a team. */
function Parts({ entity }: { entity: Entity }) {
  const { p, term } = usePortal();
  const kind = entity.kind.toLowerCase();
  const parts = [...related(entity, "hasPart"), ...related(entity, "parentOf"), ...related(entity, "hasMember"), ...(kind === "group" || kind === "user" ? related(entity, "ownerOf") : [])];
  const targets = kind === "location" ? [textOf(entity.spec["target"]), ...listOf(entity.spec["targets"]).map(textOf)].filter((it) => it !== "") : [];
  const shown = parts.slice(0, ROWS);
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

function useOperations(entity: Entity | null | undefined) {
  const text = textOf(entity?.spec["definition"]);
  return useQuery({
    queryKey: [...catalogKeys.entity(entity?.ref ?? ""), "operations", entity?.whole["metadata"]],
    queryFn: async () => operationsOf(await parsed(text)),
    enabled: text !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function OperationRows({ entity, most }: { entity: Entity; most: number }) {
  const { p } = usePortal();
  const operations = useOperations(entity);
  const all = operations.data ?? [];
  if (operations.data !== undefined && all.length === 0) return <p className="t3">{p("operations.none")}</p>;
  return (
    <>
      <table className={most > 20 ? "tb operations is-whole" : "tb operations"}>
        <tbody>
          {all.slice(0, most).map((it) => (
            <tr key={`${it.verb} ${it.path}`}>
              <td className="c-verb">
                <code>{it.verb}</code>
              </td>
              <td className="c-path">
                <code>{it.path}</code>
              </td>
              <td className="c-about">
                <Said text={it.about} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > most ? (
        <p className="pager">
          <Go to={places.entity(entity.ref, "definition")}>{p("operations.more", { count: all.length - most })}</Go>
        </p>
      ) : null}
    </>
  );
}

function OwnOperations({ entity }: { entity: Entity }) {
  const { p, term } = usePortal();
  return (
    <section>
      <div className="sec">
        <h2>{p("operations")}</h2>
        <span className="t3">{term("type", textOf(entity.spec["type"]))}</span>
      </div>
      <OperationRows entity={entity} most={12} />
    </section>
  );
}

/** The first interface that an entity provides. */
function Operations({ api: target, more, entity }: { api: string; more: number; entity: Entity }) {
  const { p, term } = usePortal();
  const ref = parseRef(target);
  const api = useQuery({ ...entityQuery(ref ?? { kind: "api", namespace: "default", name: "" }), enabled: ref !== undefined });
  return (
    <section>
      <div className="sec">
        <h2>{p("tab.api")}</h2>
        <span className="t3">{api.data === null || api.data === undefined ? "" : term("type", textOf(api.data.spec["type"]))}</span>
        <span className="grow" />
        {more > 0 ? <Go to={places.entity(entity.ref, "api")}>{p("api.more", { count: more })}</Go> : <Go to={places.entity(target)}>{p("api.open")}</Go>}
      </div>
      {api.error === null ? null : <Problem trouble={failureOf(api.error)} what={p("tab.api")} onRetry={() => void api.refetch()} />}
      {api.data === null ? <RefLink to={target} isMissing /> : null}
      {api.data === null || api.data === undefined ? null : <OperationRows entity={api.data} most={6} />}
    </section>
  );
}

function DocsCard({ entity, to }: { entity: Entity; to: string }) {
  const { p, language } = usePortal();
  const at = documentedAt(entity);
  const site = useQuery({ ...siteQuery(at ?? { kind: "", namespace: "", name: "" }), enabled: at !== undefined });
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
        <ul className="plain">
          <li>
            <PortalIcon name="docs" /> <Go to={to}>{site.data.name}</Go>
            <span className="grow" />
            <span className="t3">{site.data.built === undefined ? "" : p("built", { time: clockTime(site.data.built, language) })}</span>
          </li>
        </ul>
      )}
      {isOther ? <p className="t3">{p("docs.other", { name: at.name })}</p> : null}
    </section>
  );
}

const DEPENDING = ["dependsOn", "dependencyOf", "consumesApi", "providesApi", "apiConsumedBy", "apiProvidedBy"] as const;

function Dependencies({ entity }: { entity: Entity }) {
  const { term } = usePortal();
  return (
    <div className="dependencies">
      {DEPENDING.map((type) => (related(entity, type).length === 0 ? null : <RefTable key={type} title={term("relation", type)} refs={related(entity, type)} />))}
    </div>
  );
}

function Apis({ entity }: { entity: Entity }) {
  const { term } = usePortal();
  return (
    <div className="dependencies">
      {(["providesApi", "consumesApi"] as const).map((type) => {
        const refs = related(entity, type);
        return refs.length === 0 ? null : <RefTable key={type} title={term("relation", type)} refs={refs} />;
      })}
    </div>
  );
}

function RefTable({ title, refs }: { title: string; refs: readonly string[] }) {
  const { p, term } = usePortal();
  const found = useQuery(refsQuery(refs));
  const kindOf = useKindOf();
  return (
    <section>
      <div className="sec">
        <h2>{title}</h2>
        <span className="t3">{refs.length}</span>
      </div>
      {found.error === null ? null : <Problem trouble={failureOf(found.error)} what={title} onRetry={() => void found.refetch()} />}
      {found.data === undefined && found.error === null ? <Loading rows={Math.min(refs.length, 4)} what={title} /> : null}
      {found.data === undefined ? null : (
        <div className="table-wrap">
          <table className="tb">
            <thead>
              <tr>
                <th scope="col">{p("col.name")}</th>
                <th scope="col">{p("col.type")}</th>
                <th scope="col">{p("col.owner")}</th>
                <th scope="col">{p("col.lifecycle")}</th>
                <th scope="col">{p("col.description")}</th>
              </tr>
            </thead>
            <tbody>
              {refs.map((ref) => {
                const it = found.data.get(ref);
                if (it === null || it === undefined) {
                  return (
                    <tr key={ref}>
                      <td colSpan={5}>
                        <RefLink to={ref} isMissing />
                      </td>
                    </tr>
                  );
                }
                const owner = namedBy(it).find((named) => named.field === "owner")?.ref;
                return (
                  <tr key={ref}>
                    <td className="c-name">
                      <EntityIcon kind={it.kind} type={textOf(it.spec["type"])} />{" "}
                      <Go className="n" to={places.entity(ref)}>
                        {it.title}
                      </Go>
                    </td>
                    <td>{kindOf(it)}</td>
                    <td>{owner === undefined ? "" : <RefLink to={owner} usual="group" />}</td>
                    <td>{term("life", textOf(it.spec["lifecycle"]))}</td>
                    <td className="wrap">{it.description}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Definition({ entity }: { entity: Entity }) {
  const { p, term } = usePortal();
  const text = textOf(entity.spec["definition"]);
  if (text === "") {
    return (
      <Empty title={p("definition.none")}>
        <p>{p("definition.none.text")}</p>
      </Empty>
    );
  }
  return (
    <>
      <section>
        <div className="sec">
          <h2>{p("operations")}</h2>
        </div>
        <OperationRows entity={entity} most={500} />
      </section>
      <section>
        <div className="sec">
          <h2>{p("definition")}</h2>
        </div>
        <CodeBox name={term("type", textOf(entity.spec["type"]))} text={text} />
      </section>
    </>
  );
}
