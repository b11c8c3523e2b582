/** The reader of documentation: the pages of a site, the one that is read, and what is on it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams, useRouterState } from "@tanstack/react-router";
import { useEffect, useMemo, useReducer, useState } from "react";

import { entityQuery } from "~/data/catalog";
import { failureOf, type Failure } from "~/data/http";
import { useRecent } from "~/data/kept";
import { docPageQuery, docProblemsQuery, docsKeys, siteQuery, sync, type DocProblem, type Told } from "~/data/techdocs";
import { blockNow } from "~/lib/clock";
import { isAddress, namedBy, refText, type Ref } from "~/lib/entity";
import { clockTime } from "~/lib/format";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { inOrder, pagePath, pathOfFile, type Heading, type Leaf } from "~/lib/site";
import { Button } from "~/ui/button";
import { Banner, Empty, Loading, Problem } from "~/ui/states";

import { PortalIcon } from "./icons";
import { Crumbs, Go, Note, RefLink, Said, Sign } from "./parts";
import { anchorId, Prose } from "./prose";

interface Building {
  readonly state: "building" | "done" | "failed";
  readonly lines: readonly string[];
  /** Why it could not be built, as the hub says; or why the hub could not be asked. */
  readonly why: string;
  readonly failure: Failure | undefined;
}

const BEGUN: Building = { state: "building", lines: [], why: "", failure: undefined };

type Event = Told | { readonly kind: "begin" } | { readonly kind: "unasked"; readonly failure: Failure };

function next(before: Building, event: Event): Building {
  switch (event.kind) {
    case "begin":
      return BEGUN;
    case "line":
      return { ...before, lines: [...before.lines, event.text].slice(-6) };
    case "end":
      return { ...before, state: "done" };
    case "failed":
      return { ...before, state: "failed", why: event.text };
    case "unasked":
      return { ...before, state: "failed", failure: event.failure };
  }
}

/** Brings a site up to date when it is opened, and tells how far that is. */
function useBuilt(site: Ref): readonly [Building, () => void] {
  const client = useQueryClient();
  const [building, tell] = useReducer(next, BEGUN);
  const [round, setRound] = useState(0);
  const name = refText(site);
  useEffect(() => {
    const ending = new AbortController();
    tell({ kind: "begin" });
    sync(
      site,
      (told) => {
        tell(told);
        if (told.kind === "end" && told.isNew) void client.invalidateQueries({ queryKey: docsKeys(site) });
      },
      ending.signal,
    ).catch((error: unknown) => {
      if (!ending.signal.aborted) tell({ kind: "unasked", failure: failureOf(error) });
    });
    return () => ending.abort();
    // A site is what it is called.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [name, round, client]);
  return [building, () => setRound((it) => it + 1)];
}

export function ReaderPage() {
  const { p, t } = usePortal();
  const params = useParams({ from: "/portal/docs/$namespace/$kind/$name/$" });
  const site = { namespace: params.namespace.toLowerCase(), kind: params.kind.toLowerCase(), name: params.name.toLowerCase() };
  const path = pagePath(params._splat ?? "");
  const [building, build] = useBuilt(site);
  const isReady = building.state !== "building";
  const page = useQuery({ ...docPageQuery(site, path), enabled: isReady });
  const root = useQuery({ ...docPageQuery(site, ""), enabled: isReady && page.data === null });
  const about = useQuery({ ...siteQuery(site), enabled: isReady });
  const problems = useQuery({ ...docProblemsQuery(site), enabled: building.state === "done" });
  const entity = useQuery(entityQuery(site));
  const shown = page.data ?? undefined;
  const tree = shown?.tree ?? root.data?.tree ?? [];
  const name = entity.data?.title ?? shown?.site ?? site.name;
  useAnchor(shown?.title, path);
  const [, note] = useRecent();
  const title = shown?.title;
  useEffect(() => {
    if (title !== undefined) note({ to: places.page(site, path), title, kind: "docs", at: blockNow() });
    // Once for each page that is opened.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [title, path]);
  const isMissing = page.data === null;
  const isNoSite = isMissing && root.data === null;
  return (
    <main className="reader" id="main" tabIndex={-1}>
      <Crumbs path={[{ text: p("nav.docs"), to: places.documented() }, { text: name, to: places.page(site) }, ...(path === "" ? [] : [{ text: shown?.title ?? path }])]} />
      <Tree tree={tree} site={site} path={path} name={name} problems={problems.data ?? []} isWaiting={!isReady || page.isPending} />
      <div className="dbody">
        {building.state === "building" ? <Progress lines={building.lines} name={name} /> : null}
        {building.state === "failed" ? (
          building.failure === undefined ? (
            <Banner icon="partial" title={p("build.failed")}>
              <p>{building.why}</p>
              <p>{p(shown === undefined ? "build.failed.none" : "build.failed.kept")}</p>
              <div className="btn-row">
                <Button onClick={build}>{t("again")}</Button>
              </div>
            </Banner>
          ) : building.failure.kind === "missing" ? null : (
            <Problem trouble={building.failure} what={name} onRetry={build} />
          )
        ) : null}
        {isReady && page.isPending && page.error === null && building.failure === undefined ? <Loading what={name} /> : null}
        {page.error === null || building.failure !== undefined ? null : <Problem trouble={failureOf(page.error)} what={name} onRetry={() => void page.refetch()} />}
        {isMissing && isNoSite && building.why === "" ? (
          <Empty title={p("docs.nosite", { name: site.name })}>
            <p>{p("docs.nosite.text")}</p>
            <Go to={places.entity(site)}>{p("docs.toEntity")}</Go>
          </Empty>
        ) : isMissing && root.data !== undefined ? (
          <Empty title={p("page.none", { path })}>
            <p>{p("page.none.text")}</p>
            <Go to={places.page(site)}>{p("page.none.first")}</Go>
          </Empty>
        ) : null}
        {shown?.article === undefined || shown.article === null ? null : (
          <article>
            <Prose article={shown.article} site={site} path={path} below={<ByLine site={site} built={about.data?.built} />} />
            <Around tree={tree} path={path} site={site} />
          </article>
        )}
        {path === "" && problems.data !== undefined && problems.data !== null && problems.data.length > 0 ? <Problems problems={problems.data} site={site} /> : null}
      </div>
      <Context headings={shown?.headings ?? []} edit={shown?.edit} site={site} problems={problems.data ?? undefined} path={path} />
    </main>
  );
}

/** Goes to the place of a page that the address names, when the page is there. */
function useAnchor(title: string | undefined, path: string): void {
  const hash = useRouterState({ select: (state) => state.location.hash });
  useEffect(() => {
    if (title === undefined) return undefined;
    let id = hash.replace(/^#/, "");
    try {
      id = decodeURIComponent(id);
    } catch {
      // An escape that is none is a name.
    }
    const target = id === "" ? null : document.getElementById(anchorId(id));
    if (target === null) {
      window.scrollTo(0, 0);
      return undefined;
    }
    // Images above it push it down as they come, until the reader moves on.
    const ending = new AbortController();
    const { signal } = ending;
    const go = () => target.scrollIntoView();
    go();
    for (const it of document.querySelectorAll<HTMLImageElement>(".prose img")) if (!it.complete) it.addEventListener("load", go, { signal });
    for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) addEventListener(kind, () => ending.abort(), { signal, passive: true });
    return () => ending.abort();
  }, [hash, title, path]);
}

function Progress({ lines, name }: { lines: readonly string[]; name: string }) {
  const { p } = usePortal();
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 400);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="prose" role="status" aria-busy="true">
      <span className={isSlow ? "" : "vh"}>{p("building", { name })}</span>
      {isSlow ? (
        <ul className="log">
          {lines.map((it, index) => (
            <li key={`${index} ${it}`}>{it}</li>
          ))}
        </ul>
      ) : null}
      <div aria-hidden="true" className="bones-text">
        {[60, 100, 94, 98, 40, 100, 88].map((width, index) => (
          <span key={index} className={`bone w${width}`} />
        ))}
      </div>
    </div>
  );
}

interface TreeProps {
  readonly tree: readonly Leaf[];
  readonly site: Ref;
  readonly path: string;
  readonly name: string;
  readonly problems: readonly DocProblem[];
  readonly isWaiting: boolean;
}

function Tree({ tree, site, path, name, problems, isWaiting }: TreeProps) {
  const { p } = usePortal();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  const counts = useMemo(() => {
    const all = new Map<string, number>();
    for (const { page } of problems) {
      const at = pathOfFile(page);
      all.set(at, (all.get(at) ?? 0) + 1);
    }
    return all;
  }, [problems]);
  return (
    <nav className={isOpen ? "dtree is-open" : "dtree"} aria-label={p("docs.pages")}>
      <button type="button" className="toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <PortalIcon name="docs" /> {p("docs.pages")}
      </button>
      <div className="dpick">
        <Go to={places.entity(site)}>{name}</Go>
      </div>
      {tree.length === 0 && isWaiting ? (
        <div className="bones-text" aria-hidden="true">
          {[60, 80, 50, 70, 60, 40].map((width, index) => (
            <span key={index} className={`bone w${width}`} />
          ))}
        </div>
      ) : null}
      <Leaves items={tree} site={site} path={path} counts={counts} />
    </nav>
  );
}

function Leaves({ items, site, path, counts }: { items: readonly Leaf[]; site: Ref; path: string; counts: ReadonlyMap<string, number> }) {
  const { p } = usePortal();
  if (items.length === 0) return null;
  return (
    <ul>
      {items.map((it, index) => {
        const count = it.path === undefined ? 0 : (counts.get(it.path) ?? 0);
        return (
          <li key={`${index} ${it.title}`} className={it.path === undefined && it.url === undefined ? "grp" : ""}>
            {it.path !== undefined ? (
              <Go to={places.page(site, it.path)} aria-current={it.path === path ? "page" : undefined}>
                <span>{it.title}</span>
                {count === 0 ? null : <Sign level="low">{p("docs.wrong", { count })}</Sign>}
              </Go>
            ) : it.url !== undefined && isAddress(it.url) ? (
              <a href={it.url} target="_blank" rel="noreferrer">
                <span>{it.title}</span> <PortalIcon name="away" />
              </a>
            ) : (
              <span>{it.title}</span>
            )}
            <Leaves items={it.items} site={site} path={path} counts={counts} />
          </li>
        );
      })}
    </ul>
  );
}

function ByLine({ site, built }: { site: Ref; built: number | undefined }) {
  const { p, language } = usePortal();
  const entity = useQuery(entityQuery(site));
  const owner = entity.data === null || entity.data === undefined ? undefined : namedBy(entity.data).find((it) => it.field === "owner")?.ref;
  return (
    <p className="by">
      <Go to={places.entity(site)}>{entity.data?.title ?? site.name}</Go>
      {owner === undefined ? null : (
        <>
          {", "}
          <RefLink to={owner} usual="group" />
        </>
      )}
      {built === undefined ? null : <> · {p("built", { time: clockTime(built, language) })}</>}
    </p>
  );
}

/** The pages before and after this one. */
function Around({ tree, path, site }: { tree: readonly Leaf[]; path: string; site: Ref }) {
  const { p } = usePortal();
  const all = inOrder(tree);
  const at = all.findIndex((it) => it.path === path);
  if (at < 0) return null;
  const [before, after] = [all[at - 1], all[at + 1]];
  return (
    <nav className="turn" aria-label={p("page.turn")}>
      {before === undefined ? <span /> : <Go to={places.page(site, before.path)}>← {before.title}</Go>}
      {after === undefined ? null : <Go to={places.page(site, after.path)}>{after.title} →</Go>}
    </nav>
  );
}

function Context({ headings, edit, site, problems, path }: { headings: readonly Heading[]; edit: string | undefined; site: Ref; problems: readonly DocProblem[] | undefined; path: string }) {
  const { p } = usePortal();
  const here = useHere(headings);
  return (
    <aside className="dtoc" aria-label={p("docs.onPage")}>
      {headings.length === 0 ? null : (
        <section>
          <h2>{p("docs.onPage")}</h2>
          <ul>
            {headings.map((it) => (
              <li key={it.id} className={it.level === 3 ? "deep" : ""}>
                <Go to={places.page(site, path, it.id)} aria-current={it.id === here ? "location" : undefined}>
                  {it.title}
                </Go>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h2>{p("docs.page")}</h2>
        {edit !== undefined && isAddress(edit) ? (
          <p>
            <a href={edit} target="_blank" rel="noreferrer">
              {p("docs.edit")} <PortalIcon name="away" />
            </a>
          </p>
        ) : null}
        <p>
          <Go to={places.entity(site)}>{p("docs.toEntity")}</Go>
        </p>
        {problems === undefined ? null : problems.length === 0 ? (
          <p>
            <Sign level="fine">{p("docs.fine")}</Sign>
          </p>
        ) : (
          <p>
            <Go to={places.page(site)}>
              <Sign level="low">{p("warn.docs", { count: problems.length })}</Sign>
            </Go>
          </p>
        )}
      </section>
    </aside>
  );
}

/** The heading that one reads: the last that has passed the top. */
function useHere(headings: readonly Heading[]): string | undefined {
  const [here, setHere] = useState<string>();
  useEffect(() => {
    const look = () => {
      let found: string | undefined;
      for (const { id } of headings) {
        const box = document.getElementById(anchorId(id))?.getBoundingClientRect();
        if (box !== undefined && box.top < 120) found = id;
      }
      setHere(found ?? headings[0]?.id);
    };
    look();
    addEventListener("scroll", look, { passive: true });
    return () => removeEventListener("scroll", look);
  }, [headings]);
  return here;
}

function Problems({ problems, site }: { problems: readonly DocProblem[]; site: Ref }) {
  const { p, term } = usePortal();
  return (
    <section className="prose problems">
      <h2>{p("warn.docs", { count: problems.length })}</h2>
      <Note level="low" title={p("docs.wrong.title")}>
        <ul>
          {problems.slice(0, 50).map((it) => (
            <li key={`${it.page} ${it.line ?? 0} ${it.detail}`}>
              <Go to={places.page(site, pathOfFile(it.page))}>
                <code>{it.line === undefined ? it.page : `${it.page}:${it.line}`}</code>
              </Go>{" "}
              {term("doc", it.kind)}: <Said text={it.detail} />
            </li>
          ))}
        </ul>
      </Note>
    </section>
  );
}
