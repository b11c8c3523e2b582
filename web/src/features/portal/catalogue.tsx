/** The catalogue: everything there is, narrowed by what it is, whose it is and what it is called. */
import { Modal, TextInput } from "@mantine/core";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState, type FormEvent } from "react";

import { countQuery, everything, facetsQuery, ROWS, rowsQuery } from "~/data/catalog";
import { failureOf } from "~/data/http";
import { useStars, useViews, type View } from "~/data/kept";
import { blockNow } from "~/lib/clock";
import { csv, download } from "~/lib/csv";
import { namedBy, parseRef, refName, related, textOf, type Entity } from "~/lib/entity";
import { changed, conditionOf, FACETS, isSameView, searchOf, toggled, wantedOf, type CatalogueSearch, type Order, type Wanted } from "~/lib/facets";
import { number } from "~/lib/format";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { Empty, Problem } from "~/ui/states";

import { Facets, useFacetName } from "./facets";
import { Crumbs, EntityIcon, Go, Note, RefLink, Star, useMe, useResting } from "./parts";
import { useStates } from "./state";

/** Views that everybody has. */
const VIEWS: readonly { readonly key: "view.all" | "view.services" | "view.mine" | "view.orphans"; readonly search: CatalogueSearch }[] = [
  { key: "view.services", search: { kind: "component", type: "service" } },
  { key: "view.mine", search: { only: "mine" } },
  { key: "view.orphans", search: { only: "orphans" } },
  { key: "view.all", search: {} },
];

export function CataloguePage() {
  const { p, term, language } = usePortal();
  const search = useSearch({ from: "/portal/catalog" });
  const navigate = useNavigate({ from: "/portal/catalog" });
  const { me } = useMe();
  const mine = me?.refs ?? [];
  const wanted = wantedOf(search);
  // The screen follows the keys; what is asked for follows when they rest.
  const restingWanted = { ...wanted, text: useResting(wanted.text) };
  const change = (to: Wanted, replace = false) => void navigate({ search: searchOf(to), replace });

  // What is mine cannot be asked for before it is known.
  const isKnown = me !== undefined || restingWanted.only !== "mine";
  const rows = useQuery({ ...rowsQuery(restingWanted, mine), enabled: isKnown, placeholderData: keepPreviousData });
  const facets = useQuery({ ...facetsQuery(restingWanted, mine), enabled: isKnown, placeholderData: keepPreviousData });
  const all = useQuery({ ...countQuery(conditionOf(restingWanted, mine)), enabled: isKnown && restingWanted.order !== "name" });
  const items = rows.data?.items ?? [];
  const total = rows.data?.total ?? 0;
  const left = restingWanted.order === "name" || all.data === undefined ? 0 : Math.max(0, all.data.total - total);
  const here = wanted.kind === undefined ? p("view.all") : term("kinds", wanted.kind);
  return (
    <main className="pmain" id="main" tabIndex={-1}>
      <Crumbs path={wanted.kind === undefined ? [{ text: p("nav.catalogue") }] : [{ text: p("nav.catalogue"), to: places.catalogue() }, { text: here }]} />
      <div className="ph">
        <h1>{p("nav.catalogue")}</h1>
        {rows.data === undefined ? null : <span className="t3">{p("count", { count: number(total, language) })}</span>}
      </div>
      <Views search={search} mine={mine} isMineKnown={me !== undefined} onOpen={(to) => void navigate({ search: to })} />
      {wanted.only === "mine" && me !== undefined && mine.length === 0 ? (
        <Note level="fine" title={p("nobody")}>
          <p className="t2">{p("nobody.text")}</p>
        </Note>
      ) : null}
      <div className="cat">
        <Facets wanted={wanted} counts={facets.data} error={rows.error === null ? facets.error : null} onRetry={() => void facets.refetch()} onChange={change} />
        <div className="cat-list">
          <Tokens wanted={wanted} mine={mine} onChange={change} />
          {rows.error === null ? null : <Problem trouble={failureOf(rows.error)} what={p("what.catalogue")} onRetry={() => void rows.refetch()} />}
          {rows.data !== undefined && items.length === 0 ? <Nothing wanted={wanted} onChange={change} /> : null}
          {left > 0 ? (
            <Note level="fine" title={p("order.left", { count: left, field: p(`col.${restingWanted.order}`) })}>
              <Button onClick={() => change(changed(wanted, { order: "name", isDown: false }))}>{p("order.name")}</Button>
            </Note>
          ) : null}
          {rows.error !== null && rows.data === undefined ? null : rows.data !== undefined && items.length === 0 ? null : (
            <Table items={rows.data === undefined ? undefined : items} wanted={wanted} isStale={rows.isPlaceholderData} onChange={change} />
          )}
          {rows.data === undefined || items.length === 0 ? null : (
            <div className="pager">
              <span>
                {p("span", { from: number(restingWanted.from + 1, language), to: number(restingWanted.from + items.length, language), total: number(total, language) })}
              </span>
              {rows.data.previous === undefined && rows.data.next === undefined ? null : (
                <div className="btn-row">
                  <Button
                    disabled={rows.data.previous === undefined ? p("page.first") : undefined}
                    onClick={() => {
                      const from = Math.max(0, restingWanted.from - ROWS);
                      // A page that ends where the list begins is the first one, whole.
                      change({ ...wanted, at: from === 0 ? undefined : rows.data.previous, from });
                    }}
                  >
                    {p("page.previous")}
                  </Button>
                  <Button disabled={rows.data.next === undefined ? p("page.last") : undefined} onClick={() => change({ ...wanted, at: rows.data.next, from: restingWanted.from + items.length })}>
                    {p("page.next")}
                  </Button>
                </div>
              )}
              <span className="t3 keys-hint">{p("keys.rows")}</span>
            </div>
          )}
        </div>
      </div>
    </main>
  );
}

function Views({ search, mine, isMineKnown, onOpen }: { search: CatalogueSearch; mine: readonly string[]; isMineKnown: boolean; onOpen: (search: CatalogueSearch) => void }) {
  const { p, t, language } = usePortal();
  const views = useViews();
  const [isNaming, setNaming] = useState(false);
  const [name, setName] = useState("");
  const own: readonly (View & { isOwn: boolean })[] = [...VIEWS.map((it) => ({ name: p(it.key), search: it.search, isOwn: false })), ...views.all.map((it) => ({ ...it, isOwn: true }))];
  const counts = useQueries({
    queries: own.map((it) => ({ ...countQuery(conditionOf(wantedOf(it.search), mine)), enabled: isMineKnown || it.search.only !== "mine" })),
  });
  const current = own.find((it) => isSameView(it.search, search));
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return;
    views.save({ name: name.trim(), search: searchOf(changed(wantedOf(search), {})) });
    setNaming(false);
    setName("");
  };
  return (
    <div className="tabs" role="group" aria-label={p("views")}>
      {own.map((it, index) => (
        <Go
          key={`${it.isOwn ? "own" : "all"} ${it.name}`}
          to={places.catalogue(it.search)}
          aria-current={it === current ? "true" : undefined}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            onOpen(it.search);
          }}
        >
          {it.name} <span>{counts[index]?.data === undefined ? "" : number(counts[index].data.total, language)}</span>
        </Go>
      ))}
      {current?.isOwn === true ? (
        <button type="button" onClick={() => views.remove(current.name)}>
          <Icon name="cross" /> {p("view.remove")}
        </button>
      ) : current === undefined ? (
        <button type="button" onClick={() => setNaming(true)}>
          <Icon name="plus" /> {p("view.save")}
        </button>
      ) : null}
      <Modal opened={isNaming} onClose={() => setNaming(false)} title={p("view.save")} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
        <form className="fields" onSubmit={save}>
          <TextInput data-autofocus label={t("col.name")} value={name} maxLength={40} onChange={(event) => setName(event.currentTarget.value)} />
          <p className="t2">{p("view.how")}</p>
          <div className="btn-row">
            <Button type="submit" look="primary" disabled={name.trim() === "" ? t("fill") : undefined}>
              {t("save")}
            </Button>
            <Button onClick={() => setNaming(false)}>{t("close")}</Button>
          </div>
        </form>
      </Modal>
    </div>
  );
}

function Tokens({ wanted, mine, onChange }: { wanted: Wanted; mine: readonly string[]; onChange: (wanted: Wanted, replace?: boolean) => void }) {
  const { p, term } = usePortal();
  const nameOf = useFacetName();
  const tokens: { readonly key: string; readonly name: string; readonly value: string; readonly without: Wanted }[] = [
    ...(wanted.kind === undefined ? [] : [{ key: "kind", name: p("facet.kind"), value: term("kind", wanted.kind), without: changed(wanted, { kind: undefined }) }]),
    ...(wanted.only === undefined ? [] : [{ key: "only", name: p("only"), value: p(`only.${wanted.only}`), without: changed(wanted, { only: undefined }) }]),
    ...FACETS.flatMap((facet) => wanted.chosen[facet].map((value) => ({ key: `${facet} ${value}`, name: p(`facet.${facet}`), value: nameOf(facet, value), without: toggled(wanted, facet, value) }))),
  ];
  return (
    <div className="cat-tools">
      <TextInput
        id="filter"
        aria-label={p("filter")}
        placeholder={p("filter")}
        value={wanted.text}
        onChange={(event) => onChange(changed(wanted, { text: event.currentTarget.value }), true)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      {tokens.map((it) => (
        <button key={it.key} type="button" className="token" onClick={() => onChange(it.without)} aria-label={p("token.drop", { name: it.name, value: it.value })}>
          <span>
            {it.name} <b>{it.value}</b>
          </span>
          <Icon name="cross" />
        </button>
      ))}
      <span className="grow" />
      <Export wanted={wanted} mine={mine} />
    </div>
  );
}

function Export({ wanted, mine }: { wanted: Wanted; mine: readonly string[] }) {
  const { p, t } = usePortal();
  const [state, setState] = useState<"ready" | "reading" | "failed">("ready");
  const write = () => {
    setState("reading");
    everything(wanted, mine).then(
      (all) => {
        const head = [p("csv.ref"), t("col.name"), p("col.title"), p("col.type"), p("col.system"), p("col.owner"), p("col.lifecycle"), p("facet.tag"), p("col.description")];
        const rows = all.map((it) => [it.ref, it.name, it.title, textOf(it.spec["type"]), textOf(it.spec["system"]), textOf(it.spec["owner"]), textOf(it.spec["lifecycle"]), it.tags.join(" "), it.description]);
        download(`${p("csv.file")}.csv`, csv([head, ...rows]));
        setState("ready");
      },
      () => setState("failed"),
    );
  };
  return (
    <Button icon="download" onClick={write} disabled={state === "reading" ? t("state.reading") : undefined}>
      {state === "failed" ? p("csv.failed") : t("csv")}
    </Button>
  );
}

function Nothing({ wanted, onChange }: { wanted: Wanted; onChange: (wanted: Wanted) => void }) {
  const { p } = usePortal();
  const isNarrow = !isSameView(searchOf(wanted), {});
  const last = FACETS.findLast((facet) => wanted.chosen[facet].length > 0);
  const value = last === undefined ? undefined : wanted.chosen[last].at(-1);
  const nameOf = useFacetName();
  return (
    <Empty title={p(isNarrow ? "none" : "none.all")}>
      <p>{p(isNarrow ? "none.text" : "none.all.text")}</p>
      {isNarrow ? (
        <div className="btn-row">
          {wanted.text === "" ? null : <Button onClick={() => onChange(changed(wanted, { text: "" }))}>{p("none.drop", { value: wanted.text })}</Button>}
          {last === undefined || value === undefined ? null : <Button onClick={() => onChange(toggled(wanted, last, value))}>{p("none.drop", { value: nameOf(last, value) })}</Button>}
          <Button onClick={() => onChange(wantedOf({}))}>{p("none.clear")}</Button>
        </div>
      ) : null}
    </Empty>
  );
}

const COLUMNS: readonly { readonly order: Order; readonly key: "col.name" | "col.type" | "col.system" | "col.owner" | "col.lifecycle" }[] = [
  { order: "name", key: "col.name" },
  { order: "type", key: "col.type" },
  { order: "system", key: "col.system" },
  { order: "owner", key: "col.owner" },
  { order: "lifecycle", key: "col.lifecycle" },
];

interface TableProps {
  /** Nothing while they are read for the first time. */
  readonly items: readonly Entity[] | undefined;
  readonly wanted: Wanted;
  readonly isStale: boolean;
  readonly onChange: (wanted: Wanted) => void;
}

function Table({ items, wanted, isStale, onChange }: TableProps) {
  const { p } = usePortal();
  const router = useRouter();
  const stars = useStars();
  const [row, setRow] = useState(-1);
  const body = useRef<HTMLTableSectionElement>(null);
  const list = useMemo(() => items ?? [], [items]);
  const { lost, stateOf } = useStates(list);
  const first = list[0]?.ref;
  useEffect(() => setRow(-1), [first]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("[role=dialog]") !== null)) return;
      const isFree = !(target instanceof HTMLElement) || !/^(A|BUTTON)$/.test(target.tagName);
      const move = (to: number) => {
        event.preventDefault();
        const next = Math.max(0, Math.min(list.length - 1, to));
        setRow(next);
        body.current?.rows[next]?.scrollIntoView({ block: "nearest" });
      };
      const entity = list[row];
      if (event.key === "j" || (event.key === "ArrowDown" && row >= 0 && isFree)) move(row + 1);
      else if (event.key === "k" || (event.key === "ArrowUp" && row >= 0 && isFree)) move(row - 1);
      else if (event.key === "Enter" && isFree && entity !== undefined) router.history.push(places.entity(entity.ref));
      else if (event.key === "s" && entity !== undefined) stars.toggle(starOf(entity));
      else if (event.key === "f") {
        event.preventDefault();
        document.getElementById("filter")?.focus();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [list, row, router, stars]);
  return (
    <div className="table-wrap">
      <table className={`tb ${isStale ? "is-old" : ""}`} aria-busy={items === undefined}>
        <thead>
          <tr>
            <th scope="col" className="c-star">
              <span className="vh">{p("col.star")}</span>
            </th>
            {COLUMNS.map((it) => (
              <th key={it.order} scope="col" className={`c-${it.order}`} aria-sort={wanted.order === it.order ? (wanted.isDown ? "descending" : "ascending") : undefined}>
                <button type="button" onClick={() => onChange(changed(wanted, { order: it.order, isDown: wanted.order === it.order && !wanted.isDown }))}>
                  {p(it.key)}
                  {wanted.order === it.order ? <span aria-hidden="true">{wanted.isDown ? " ↓" : " ↑"}</span> : null}
                </button>
              </th>
            ))}
            <th scope="col" className="c-state">
              {p("col.state")}
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {items === undefined
            ? Array.from({ length: 12 }, (_, index) => (
                <tr key={index} aria-hidden="true">
                  <td />
                  {COLUMNS.map((it) => (
                    <td key={it.order}>
                      <span className="bone sk" />
                    </td>
                  ))}
                  <td />
                </tr>
              ))
            : null}
          {list.map((it, index) => {
            const owner = related(it, "ownedBy")[0] ?? refOfField(it, "owner");
            const system = refOfField(it, "system") ?? refOfField(it, "domain");
            return (
              <tr key={it.ref} aria-selected={index === row} onClick={() => setRow(index)}>
                <td className="c-star">
                  <Star it={starOf(it)} />
                </td>
                <td className="c-name">
                  <EntityIcon kind={it.kind} type={textOf(it.spec["type"])} />{" "}
                  <Go to={places.entity(it.ref)} className="n">
                    {it.title}
                  </Go>
                  {it.title === it.name ? null : <span className="t3 kind-word">{it.name}</span>}
                  {wanted.kind === undefined ? <KindWord kind={it.kind} /> : null}
                </td>
                <td>
                  <TypeWord entity={it} />
                </td>
                <td className="c-system">{system === undefined ? null : <RefText to={system} usual="system" isMissing={lost.has(system)} />}</td>
                <td>{owner === undefined ? null : <RefText to={owner} usual="group" isMissing={lost.has(owner)} />}</td>
                <td>
                  <LifeWord life={textOf(it.spec["lifecycle"])} />
                </td>
                <td className="c-state">
                  {stateOf(it)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const starOf = (it: Entity) => ({ to: places.entity(it.ref), title: it.title, kind: it.kind.toLowerCase(), at: blockNow() });

function refOfField(entity: Entity, field: string): string | undefined {
  return namedBy(entity).find((it) => it.field === field)?.ref;
}

function RefText({ to, usual, isMissing }: { to: string; usual: string; isMissing: boolean }) {
  return isMissing ? <span className="t3">{refName(to, usual)}</span> : parseRef(to) === undefined ? <>{to}</> : <RefLink to={to} usual={usual} />;
}

function KindWord({ kind }: { kind: string }) {
  const { term } = usePortal();
  return <span className="t3 kind-word">{term("kind", kind)}</span>;
}

function TypeWord({ entity }: { entity: Entity }) {
  const { term } = usePortal();
  return <>{term("type", textOf(entity.spec["type"]))}</>;
}

function LifeWord({ life }: { life: string }) {
  const { term } = usePortal();
  return <>{term("life", life)}</>;
}
