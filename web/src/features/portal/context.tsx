/** What stands beside an entity: what is wrong with it, and its facts. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { namesQuery, troublesQuery } from "~/data/catalog";
import { failureOf } from "~/data/http";
import { docProblemsQuery } from "~/data/techdocs";
import { isOrphan, meant, namedBy, parseRef, placeOf, refName, related, textOf, type Entity } from "~/lib/entity";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { Problem } from "~/ui/states";

import { PortalIcon } from "./icons";
import { Go, kindOfRef, Note, Path, RefLink, Said, Sign } from "./parts";

/** What is shown of a list of warnings before one asks for more. */
const SHORT = 3;

export function Warnings({ entity, missing }: { entity: Entity; missing: readonly string[] }) {
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

export function Facts({ entity, missing }: { entity: Entity; missing: readonly string[] }) {
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
            <Path text={refName(entity.ref, "any")} />
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
            <dd className="t2">
              <Path text={place.folder} />
            </dd>
          </dl>
        </section>
      )}
    </>
  );
}
