/** Where one begins: what needs my teams, what is theirs, what I come back to. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { missingQuery, MOST_OWNED, namesQuery, ownedQuery, refsQuery, troublesQuery, type Trouble } from "~/data/catalog";
import { failureOf } from "~/data/http";
import { useRecent, useStars, type Kept } from "~/data/kept";
import { docProblemsQuery, type DocProblem } from "~/data/techdocs";
import { documentedAt, meant, namedBy, parseRef, placeOf, refName, related, textOf, type Entity } from "~/lib/entity";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { pathOfFile } from "~/lib/site";
import { Button } from "~/ui/button";
import { Empty, Loading, Problem } from "~/ui/states";

import { kindIcon, PortalIcon } from "./icons";
import { Crumbs, Go, kindOfRef, Note, RefLink, Said, Sign, useMe, useWhen, type Level } from "./parts";
import { useStates } from "./state";

/** Sites whose problems are asked for: each is looked at by the hub. */
const SITES = 12;
/** What is shown of a long list before one asks for the rest. */
const SHORT = 6;
const COMPONENTS = 12;

interface Need {
  readonly key: string;
  readonly level: Level;
  readonly word: string;
  readonly where: string;
  readonly subject: string;
  readonly said: string;
  readonly consequence: React.ReactNode;
  readonly to: string;
  readonly action: string;
}

export function HomePage() {
  const { p } = usePortal();
  const { me, error, again } = useMe();
  return (
    <main className="home" id="main" tabIndex={-1}>
      <Crumbs path={[{ text: p("nav.home") }]} />
      <div className="home-main">
        {error === null || error === undefined ? null : <Problem trouble={failureOf(error)} what={p("what.me")} onRetry={again} />}
        {me === undefined ? (
          error === null ? <Loading what={p("what.me")} rows={8} /> : null
        ) : (
          <>
            {me.refs.length === 0 ? (
              <Note level="fine" title={p("nobody")}>
                <p className="t2">{p("nobody.text")}</p>
              </Note>
            ) : null}
            <Needs mine={me.refs} teams={me.teams} />
            <Mine mine={me.refs} teams={me.teams} />
          </>
        )}
      </div>
      <aside className="home-context" aria-label={p("context")}>
        <Lists />
      </aside>
    </main>
  );
}

/** Who the page is about: my teams, or everybody when I have none. */
function useOf(teams: readonly string[]): string {
  const { p } = usePortal();
  return teams.length === 0 ? p("everybody") : teams.map((it) => refName(it, "group")).join(", ");
}

function Needs({ mine, teams }: { mine: readonly string[]; teams: readonly string[] }) {
  const { p, term } = usePortal();
  const [isLong, setLong] = useState(false);
  const of = useOf(teams);
  const owned = useQuery(ownedQuery(mine));
  const troubles = useQuery(troublesQuery);
  const all = owned.data ?? [];
  const missing = useQuery({ ...missingQuery(all), enabled: all.length > 0 });
  const lost = new Set(missing.data ?? []);
  const dangling = all.flatMap((entity) => namedBy(entity).filter((it) => lost.has(it.ref)).map((it) => ({ ...it, entity })));
  const kinds = [...new Set(dangling.map((it) => kindOfRef(it.ref)))].sort();
  const names = useQuery({ ...namesQuery(kinds), enabled: kinds.length > 0 });
  // Whose an entity is that could not be read is known only where an earlier form of it is shown.
  const bad = troubles.data ?? [];
  const owners = useQuery({ ...refsQuery(bad.map((it) => it.ref), ["kind", "metadata.name", "metadata.namespace", "metadata.title", "spec.owner", "relations"]), enabled: bad.length > 0 });
  const documented = all.filter((it) => it.annotations["backstage.io/techdocs-ref"] !== undefined);
  const sites = documented.slice(0, SITES);
  const isPartial = all.length >= MOST_OWNED || documented.length > SITES;
  const problems = useQueries({ queries: sites.map((it) => docProblemsQuery(parseRef(it.ref) ?? { kind: "", namespace: "", name: "" })) });

  const isMine = (trouble: Trouble) => {
    const entity = owners.data?.get(trouble.ref);
    return mine.length === 0 || entity === null || entity === undefined || related(entity, "ownedBy").some((it) => mine.includes(it));
  };
  const nameOf = (ref: string) => owners.data?.get(ref)?.title ?? refName(ref, kindOfRef(ref));
  const needs: Need[] = [
    ...bad.filter(isMine).flatMap((it): Need[] => [
      ...it.errors.map((error, index) => ({
        key: `error ${it.ref} ${index}`,
        level: "medium" as const,
        word: p("need.invalid"),
        where: term("kind", kindOfRef(it.ref)),
        subject: nameOf(it.ref),
        said: p(it.isShown ? "need.invalid.kept" : "need.invalid.lost"),
        consequence: (
          <>
            <code>{`${placeOf(it.location).file}:${error.line ?? 1}`}</code> <code>{error.pointer.slice(1).replaceAll("/", ".")}</code> <Said text={error.detail} />
          </>
        ),
        to: it.isShown ? places.entity(it.ref, "origin") : places.catalogue({ kind: kindOfRef(it.ref) }),
        action: p(it.isShown ? "need.invalid.open" : "need.invalid.list"),
      })),
      ...(it.isOrphan
        ? [{ key: `orphan ${it.ref}`, level: "low" as const, word: p("need.orphan"), where: term("kind", kindOfRef(it.ref)), subject: nameOf(it.ref), said: p("need.orphan.said"), consequence: p("need.orphan.text"), to: places.entity(it.ref), action: p("need.orphan.open") }]
        : []),
      ...it.conflicts.map((other, index) => ({ key: `conflict ${it.ref} ${index}`, level: "low" as const, word: p("need.conflict"), where: term("kind", kindOfRef(it.ref)), subject: nameOf(it.ref), said: p("need.conflict.said"), consequence: p("need.conflict.text", { place: other }), to: places.entity(it.ref, "origin"), action: p("need.invalid.open") })),
    ]),
    ...dangling.map((it): Need => {
      const better = meant(it.ref, names.data ?? []);
      return {
        key: `dangling ${it.entity.ref} ${it.pointer}`,
        level: "low",
        word: p("need.dangling"),
        where: term("kind", it.entity.kind),
        subject: it.entity.title,
        said: p("need.dangling.said", { kind: term("kind", kindOfRef(it.ref)) }),
        consequence: (
          <>
            <code>{it.pointer}</code> <code>{refName(it.ref)}</code>. {better === undefined ? p("need.dangling.text") : p("need.dangling.meant")} {better === undefined ? null : <code>{refName(better)}</code>}
          </>
        ),
        to: places.entity(it.entity.ref),
        action: p("need.dangling.open"),
      };
    }),
    ...problems.flatMap((it, index): Need[] => {
      const site = sites[index];
      const first: DocProblem | undefined = it.data?.[0];
      const at = site === undefined ? undefined : documentedAt(site);
      if (site === undefined || first === undefined || at === undefined) return [];
      const isBroken = first.kind === "not-built";
      return [
        {
          key: `docs ${site.ref}`,
          level: isBroken ? "medium" : "low",
          word: p("need.docs"),
          where: term("doc", first.kind),
          subject: site.title,
          said: isBroken ? p("need.docs.broken") : p("need.docs.said", { count: it.data?.length ?? 0 }),
          consequence: (
            <>
              <code>{first.line === undefined ? first.page : `${first.page}:${first.line}`}</code> <Said text={first.detail} />
            </>
          ),
          to: places.page(at, isBroken ? "" : pathOfFile(first.page)),
          action: p("need.docs.open"),
        },
      ];
    }),
  ];
  const sorted = needs.toSorted((a, b) => Number(b.level === "medium") - Number(a.level === "medium"));
  const failed = [owned, troubles, missing, owners].find((it) => it.error !== null);
  const isReading = owned.isPending || troubles.isPending || (all.length > 0 && missing.isPending) || (bad.length > 0 && owners.isPending);
  const isChecking = problems.some((it) => it.isPending);
  return (
    <section aria-labelledby="needs">
      <div className="ph">
        <h1 id="needs">{isReading ? p("needs.reading") : needs.length === 0 ? p("needs.none") : p(needs.length === 1 ? "needs.one" : "needs", { count: needs.length })}</h1>
        <span className="t3">{needs.length === 0 ? of : p("needs.of", { of })}</span>
      </div>
      {failed === undefined ? null : <Problem trouble={failureOf(failed.error)} what={p("what.needs")} onRetry={() => void failed.refetch()} />}
      {isReading && failed === undefined ? <Loading what={p("what.needs")} rows={4} /> : null}
      {!isReading && failed === undefined && needs.length === 0 ? <p className="t2">{p("needs.none.text")}</p> : null}
      <ul className="att">
        {(isLong ? sorted : sorted.slice(0, SHORT)).map((it) => (
          <li key={it.key}>
            <Sign level={it.level}>{it.word}</Sign>
            <p className="t1">
              <b>{it.subject}</b> {it.said}
            </p>
            <Go to={it.to}>{it.action}</Go>
            <span className="t3">{it.where}</span>
            <p className="t2l">{it.consequence}</p>
          </li>
        ))}
      </ul>
      {sorted.length > SHORT ? (
        <div className="more-row">
          <Button onClick={() => setLong(!isLong)}>{isLong ? p("facet.less") : p("facet.more", { count: sorted.length - SHORT })}</Button>
        </div>
      ) : null}
      {isPartial ? <p className="t3">{p("needs.partial", { entities: MOST_OWNED, sites: SITES })}</p> : null}
      {isChecking && !isReading ? (
        <p className="t3" role="status">
          {p("needs.docs")}
        </p>
      ) : null}
    </section>
  );
}

function Mine({ mine, teams }: { mine: readonly string[]; teams: readonly string[] }) {
  const { p, term } = usePortal();
  const of = useOf(teams);
  const components = useQuery(ownedQuery(mine, "component", 200));
  const list = (components.data ?? []).slice(0, COMPONENTS);
  const { stateOf } = useStates(list);
  const all = mine.length === 0 ? places.catalogue({ kind: "component" }) : places.catalogue({ kind: "component", only: "mine" });
  return (
    <section aria-labelledby="mine">
      <div className="sec">
        <h2 id="mine">{p(mine.length === 0 ? "mine.all" : "mine")}</h2>
        <span className="t3">{mine.length === 0 ? "" : p("mine.of", { of })}</span>
        <span className="grow" />
        <Go to={all}>{p("inCatalogue")}</Go>
      </div>
      {components.error === null ? null : <Problem trouble={failureOf(components.error)} what={p("mine")} onRetry={() => void components.refetch()} />}
      {components.isPending ? <Loading what={p("mine")} /> : null}
      {components.data?.length === 0 ? (
        <Empty title={p(mine.length === 0 ? "none.all" : "mine.none")}>
          <p>{p(mine.length === 0 ? "none.all.text" : "mine.none.text")}</p>
        </Empty>
      ) : null}
      {list.length === 0 ? null : (
        <div className="table-wrap">
          <table className="tb">
            <thead>
              <tr>
                <th scope="col">{p("col.name")}</th>
                <th scope="col">{p("col.lifecycle")}</th>
                <th scope="col">{p("col.type")}</th>
                <th scope="col">{p("col.system")}</th>
                <th scope="col">{p("col.state")}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((it) => (
                <tr key={it.ref}>
                  <td>
                    <Go className="n" to={places.entity(it.ref)}>
                      {it.title}
                    </Go>
                  </td>
                  <td>{term("life", textOf(it.spec["lifecycle"]))}</td>
                  <td>{term("type", textOf(it.spec["type"]))}</td>
                  <td>
                    <SystemOf entity={it} />
                  </td>
                  <td>
                    {stateOf(it)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function SystemOf({ entity }: { entity: Entity }) {
  const system = namedBy(entity).find((it) => it.field === "system")?.ref;
  return system === undefined ? null : <RefLink to={system} usual="system" />;
}

function Lists() {
  const { p, term } = usePortal();
  const stars = useStars();
  const [recent] = useRecent();
  const when = useWhen();
  const kindOf = (it: Kept) => (it.kind === "docs" ? p("page") : term("kind", it.kind));
  return (
    <>
      <section>
        <div className="sec">
          <h2>{p("starred")}</h2>
        </div>
        {stars.all.length === 0 ? <p className="t2">{p("starred.none")}</p> : null}
        <ul className="ctxl">
          {stars.all.map((it) => (
            <li key={it.to}>
              <Go to={it.to}>
                <PortalIcon name={kindIcon(it.kind)} />
                <span>{it.title}</span>
                <span className="t3">{kindOf(it)}</span>
              </Go>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <div className="sec">
          <h2>{p("recent")}</h2>
        </div>
        {recent.length === 0 ? <p className="t2">{p("recent.none")}</p> : null}
        <ul className="ctxl">
          {recent.slice(0, 8).map((it) => (
            <li key={it.to}>
              <Go to={it.to}>
                <PortalIcon name={kindIcon(it.kind)} />
                <span>{it.title}</span>
                <span className="t3">{when(it.at)}</span>
              </Go>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
