/** The search over the whole portal: answers while one types, by keys alone. */
import { Modal } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useId, useState } from "react";

import "./portal.css";
import { entityQuery } from "~/data/catalog";
import { findQuery, type Finds, type Found, type Group } from "~/data/find";
import { failureOf } from "~/data/http";
import { useRecent, useStars, useTerms, type Kept } from "~/data/kept";
import { isTopic, parseRef, refName, related, textOf } from "~/lib/entity";
import { number } from "~/lib/format";
import type { Piece } from "~/lib/marked";
import { usePortal } from "~/lib/portal-words";
import { Icon } from "~/ui/icons";
import { Empty, Problem } from "~/ui/states";

import { kindIcon, PortalIcon, type PortalIconName } from "./icons";
import { RefLink, useResting, useWhen } from "./parts";

const GROUPS: readonly Group[] = ["catalog", "apis", "docs"];
/** How many of a group are shown beside the others, and alone. */
const FEW = 5;
const MANY = 12;

export default function PortalSearch({ onClose }: { onClose: () => void }) {
  const { p, t, language } = usePortal();
  const router = useRouter();
  const id = useId();
  const [text, setText] = useState("");
  const [only, setOnly] = useState<Group>();
  const [at, setAt] = useState(0);
  const term = useResting(text.trim());
  const answers = useQuery({ ...findQuery(term), placeholderData: keepPreviousData });
  const [recent] = useRecent();
  const [terms, noteTerm] = useTerms();
  const stars = useStars();
  const isEmpty = text.trim() === "";
  const told = isEmpty ? undefined : answers.data;
  const lists: readonly (readonly [Group, Finds])[] = told === undefined ? [] : GROUPS.filter((it) => only === undefined || it === only).map((it) => [it, told[it]] as const);
  const most = only === undefined ? FEW : MANY;
  const found = lists.flatMap(([, it]) => it.found.slice(0, most));
  const known: readonly Kept[] = isEmpty ? [...recent, ...stars.all.filter((it) => !recent.some((other) => other.to === it.to))].slice(0, MANY) : [];
  const count = isEmpty ? known.length : found.length;
  const total = told === undefined ? 0 : GROUPS.reduce((sum, it) => sum + told[it].total, 0);
  useEffect(() => setAt(0), [term, only, isEmpty]);
  const chosen = found[Math.min(at, found.length - 1)];
  const go = (to: string, isNew: boolean) => {
    if (!isEmpty) noteTerm(text.trim());
    if (isNew) window.open(to, "_blank", "noopener");
    else {
      onClose();
      router.history.push(to);
    }
  };
  const option = (index: number) => `${id}-${index}`;
  return (
    <Modal opened onClose={onClose} withCloseButton={false} lockScroll={false} padding={0} size={1024} yOffset={72} classNames={{ content: "pal" }} aria-label={t("search")}>
      <div className="q">
        <Icon name="search" />
        <input
          data-autofocus
          type="text"
          role="combobox"
          aria-label={t("search")}
          aria-expanded={count > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={count > 0 ? option(at) : undefined}
          aria-autocomplete="list"
          placeholder={p("find.hint")}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown" || event.key === "ArrowUp") {
              event.preventDefault();
              const next = Math.max(0, Math.min(count - 1, at + (event.key === "ArrowDown" ? 1 : -1)));
              setAt(next);
              document.getElementById(option(next))?.scrollIntoView({ block: "nearest" });
            }
            const to = isEmpty ? known[at]?.to : chosen?.to;
            // What is shown must be what was asked for.
            if (event.key === "Enter" && to !== undefined && (isEmpty || (!answers.isPlaceholderData && term === text.trim()))) go(to, event.ctrlKey || event.metaKey);
          }}
        />
        {told === undefined ? null : (
          <span className="n" role="status">
            {p(total === 1 ? "find.count.one" : "find.count", { count: number(total, language) })}
          </span>
        )}
        <kbd>{"Esc"}</kbd>
      </div>
      {isEmpty ? null : (
        <div className="tabs" role="group" aria-label={p("find.kinds")}>
          <button type="button" aria-pressed={only === undefined} onClick={() => setOnly(undefined)}>
            {p("find.all")} <span>{told === undefined ? "" : number(total, language)}</span>
          </button>
          {GROUPS.map((it) => (
            <button key={it} type="button" aria-pressed={only === it} onClick={() => setOnly(it)}>
              {p(`find.${it}`)} <span>{told === undefined ? "" : number(told[it].total, language)}</span>
            </button>
          ))}
        </div>
      )}
      <div className="two">
        <div className="res" id={`${id}-list`} role="listbox" aria-label={t("search.results")}>
          {isEmpty ? (
            known.length === 0 ? null : (
              <div role="group" aria-label={p("find.recent")}>
                <h3 aria-hidden="true">{p("find.recent")}</h3>
                {known.map((it, index) => (
                  <Line key={it.to} id={option(index)} isChosen={index === at} onChoose={() => setAt(index)} onGo={(isNew) => go(it.to, isNew)} icon={kindIcon(it.kind)}>
                    <KnownLine it={it} />
                  </Line>
                ))}
              </div>
            )
          ) : null}
          {lists.map(([group, { found: all, total: sum }]) =>
            all.length === 0 ? null : (
              <div key={group} role="group" aria-label={p(`find.${group}`)}>
                <h3 aria-hidden="true">
                  {p(`find.${group}`)} <span>{number(sum, language)}</span>
                </h3>
                {all.slice(0, most).map((it) => {
                  const index = found.indexOf(it);
                  return (
                    <Line key={it.to} id={option(index)} isChosen={index === at} onChoose={() => setAt(index)} onGo={(isNew) => go(it.to, isNew)} icon={group === "docs" ? "docs" : kindIcon(it.kind, isTopic(it.kind, it.type))}>
                      <FoundLine it={it} />
                    </Line>
                  );
                })}
              </div>
            ),
          )}
        </div>
        {isEmpty && known.length === 0 ? <p className="quiet t2">{p("find.begin")}</p> : null}
        {isEmpty && terms.length > 0 ? (
          <div className="pv">
            <h3>{p("find.terms")}</h3>
            <ul className="terms">
              {terms.map((it) => (
                <li key={it}>
                  <button type="button" onClick={() => setText(it)}>
                    {it}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ) : null}
        {!isEmpty && answers.error !== null ? (
          <div className="quiet">
            <Problem trouble={failureOf(answers.error)} what={p("find.what")} onRetry={() => void answers.refetch()} />
          </div>
        ) : null}
        {!isEmpty && told === undefined && answers.error === null ? (
          <p className="quiet t3" role="status">
            {t("state.reading")}
          </p>
        ) : null}
        {told !== undefined && found.length === 0 && answers.error === null ? (
          <div className="quiet">
            <Empty title={p("find.none", { term })}>
              <p>{p("find.none.text")}</p>
            </Empty>
          </div>
        ) : null}
        {chosen === undefined || isEmpty ? null : <Preview found={chosen} />}
      </div>
      <div className="keys" aria-hidden="true">
        <span>
          <kbd>↑</kbd>
          <kbd>↓</kbd> {p("find.move")}
        </span>
        <span>
          <kbd>{"Enter"}</kbd> {p("find.open")}
        </span>
        <span>
          <kbd>{"Ctrl Enter"}</kbd> {p("find.tab")}
        </span>
      </div>
    </Modal>
  );
}

interface LineProps {
  readonly id: string;
  readonly isChosen: boolean;
  readonly icon: PortalIconName;
  readonly onChoose: () => void;
  readonly onGo: (isNew: boolean) => void;
  readonly children: React.ReactNode;
}

function Line({ id, isChosen, icon, onChoose, onGo, children }: LineProps) {
  return (
    // Chosen by the arrow keys of the field, which says so.
    <div id={id} role="option" aria-selected={isChosen} tabIndex={-1} className="line" onMouseMove={onChoose} onClick={(event) => onGo(event.ctrlKey || event.metaKey)}>
      <PortalIcon name={icon} />
      {children}
    </div>
  );
}

function Marked({ pieces }: { pieces: readonly Piece[] }) {
  return (
    <>
      {pieces.map((it, index) => (it.isFound ? <mark key={index}>{it.text}</mark> : <span key={index}>{it.text}</span>))}
    </>
  );
}

function FoundLine({ it }: { it: Found }) {
  const { term } = usePortal();
  const kind = it.group === "docs" ? it.name : [it.type === "" ? term("kind", it.kind) : term("type", it.type), it.owner === "" ? "" : refName(it.owner, "group")].filter((text) => text !== "").join(", ");
  return (
    <>
      <b>
        <Marked pieces={it.title} />
      </b>
      <span className="kd">{kind}</span>
      <p>
        <Marked pieces={it.text} />
      </p>
    </>
  );
}

function KnownLine({ it }: { it: Kept }) {
  const { term } = usePortal();
  const when = useWhen();
  return (
    <>
      <b>{it.title}</b>
      <span className="kd">
        {it.kind === "docs" ? "" : `${term("kind", it.kind)}, `}
        {when(it.at)}
      </span>
    </>
  );
}

/** What is behind the chosen result. */
function Preview({ found }: { found: Found }) {
  const { p, term } = usePortal();
  const ref = parseRef(found.ref);
  const entity = useQuery({ ...entityQuery(ref ?? { kind: "", namespace: "", name: "" }), enabled: ref !== undefined });
  const it = entity.data;
  const owner = it === null || it === undefined ? undefined : related(it, "ownedBy")[0];
  const system = it === null || it === undefined ? undefined : related(it, "partOf")[0];
  return (
    <div className="pv" aria-live="polite">
      <h3>{found.title.map((piece) => piece.text).join("")}</h3>
      <p className="t2">{found.group === "docs" ? found.text.map((piece) => piece.text).join("") : (it?.description ?? "")}</p>
      <dl className="kv">
        {found.group === "docs" ? (
          <>
            <dt>{p("find.of")}</dt>
            <dd>{it?.title ?? found.name}</dd>
          </>
        ) : (
          <>
            <dt>{p("facet.kind")}</dt>
            <dd>{term("kind", found.kind)}</dd>
            <dt>{p("col.type")}</dt>
            <dd>{term("type", found.type || textOf(it?.spec["type"]))}</dd>
          </>
        )}
        {owner === undefined ? null : (
          <>
            <dt>{p("col.owner")}</dt>
            <dd>
              <RefLink to={owner} usual="group" />
            </dd>
          </>
        )}
        {system === undefined ? null : (
          <>
            <dt>{p("col.system")}</dt>
            <dd>
              <RefLink to={system} usual="system" />
            </dd>
          </>
        )}
        {found.lifecycle === "" || found.group === "docs" ? null : (
          <>
            <dt>{p("col.lifecycle")}</dt>
            <dd>{term("life", found.lifecycle)}</dd>
          </>
        )}
      </dl>
    </div>
  );
}
