/** What the portal's pages share: where one is, links within it, signs, what is starred. */
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { Fragment, useEffect, useState, type AnchorHTMLAttributes, type ReactNode } from "react";
import { createPortal } from "react-dom";

import { meQuery, type Me } from "~/data/catalog";
import { useSession } from "~/data/hooks";
import { useStars, type Kept } from "~/data/kept";
import { blockNow } from "~/lib/clock";
import { clockTime, dayKey, dayText } from "~/lib/format";
import { isTopic, parseRef, refName, textOf, type Entity } from "~/lib/entity";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { Shape } from "~/ui/alarm";

import { kindIcon, PortalIcon } from "./icons";

interface GoProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: string;
}

/** A link to a place of the portal: followed within the page, and by the browser where it is asked to. */
export function Go({ to, onClick, children, ...rest }: GoProps) {
  const router = useRouter();
  return (
    <a
      {...rest}
      href={to}
      onClick={(event) => {
        onClick?.(event);
        if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        router.history.push(to);
      }}
    >
      {children}
    </a>
  );
}

export interface Crumb {
  readonly text: string;
  readonly to?: string;
}

/** Where one is, in the bar above and as the name of the window. The last one is the page itself. */
export function Crumbs({ path }: { path: readonly Crumb[] }) {
  const { p, t } = usePortal();
  const [place, setPlace] = useState<HTMLElement | null>(null);
  useEffect(() => setPlace(document.getElementById("crumbs")), []);
  const name = path.at(-1)?.text ?? "";
  useEffect(() => {
    const before = document.title;
    document.title = `${name} · ${t("product")}`;
    return () => {
      document.title = before;
    };
  }, [name, t]);
  if (place === null) return null;
  return createPortal(
    <nav className="crumbs" aria-label={p("crumbs")}>
      <ol>
        {path.map((it, index) => (
          <li key={`${index} ${it.text}`}>
            {index > 0 ? <PortalIcon name="right" /> : null}
            {it.to === undefined || index === path.length - 1 ? <b aria-current={index === path.length - 1 ? "page" : undefined}>{it.text}</b> : <Go to={it.to}>{it.text}</Go>}
          </li>
        ))}
      </ol>
    </nav>,
    place,
  );
}

/** A text once nobody has typed for a moment. */
export function useResting(text: string): string {
  const [resting, setResting] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setResting(text), 150);
    return () => clearTimeout(timer);
  }, [text]);
  return resting;
}

/** Who is signed in, as the catalogue knows them. */
export function useMe(): { readonly userId: string; readonly me: Me | undefined; readonly error: unknown; readonly again: () => void } {
  const session = useSession();
  const userId = session.kind === "open" ? session.userId : "";
  const me = useQuery({ ...meQuery(userId), enabled: userId !== "" });
  return { userId, me: me.data, error: me.error, again: () => void me.refetch() };
}

export type Level = "fine" | "low" | "medium" | "none";

/** How something is: hollow and grey when it is well; a filled shape and its word when it needs somebody. */
export function Sign({ level, children }: { level: Level; children: ReactNode }) {
  return (
    <span className={`sg sg-${level}`}>
      {level === "low" || level === "medium" ? (
        <Shape priority={level} />
      ) : (
        <svg className="shape" viewBox="0 0 10 10" aria-hidden="true">
          <circle cx="5" cy="5" r="4" />
        </svg>
      )}
      <span>{children}</span>
    </span>
  );
}

/** A named entity: where it is, or that it is not there. */
export function RefLink({ to, usual, isMissing = false }: { to: string; usual?: string; isMissing?: boolean }) {
  const { p } = usePortal();
  if (isMissing) {
    return (
      <span className="missing">
        {refName(to, usual)} <Sign level="low">{p("missing")}</Sign>
      </span>
    );
  }
  return <Go to={places.entity(to)}>{refName(to, usual)}</Go>;
}

export function EntityIcon({ kind, type = "" }: { kind: string; type?: string }) {
  return <PortalIcon name={kindIcon(kind, isTopic(kind, type))} />;
}

/** What an entity is, in few words: its type, else its kind. */
export function useKindOf(): (entity: Pick<Entity, "kind" | "spec">) => string {
  const { term } = usePortal();
  return (entity) => {
    const type = textOf(entity.spec["type"]);
    return type === "" ? term("kind", entity.kind) : term("type", type);
  };
}

export function Star({ it }: { it: Omit<Kept, "at"> }) {
  const { p } = usePortal();
  const stars = useStars();
  const isOn = stars.has(it.to);
  return (
    <button type="button" className="tool star" aria-pressed={isOn} aria-label={p(isOn ? "star.off" : "star.on", { name: it.title })} onClick={() => stars.toggle({ ...it, at: blockNow() })}>
      <PortalIcon name="star" />
    </button>
  );
}

/** When it was: the time today, else the day. */
export function useWhen(): (at: number) => string {
  const { language, p } = usePortal();
  return (at) => {
    const now = blockNow();
    if (dayKey(at) === dayKey(now)) return clockTime(at, language);
    return dayKey(at) === dayKey(now - 86_400_000) ? p("yesterday") : dayText(at, language, "short");
  };
}

/** Something that is so, and what follows from it; with a bar at its side. */
export function Note({ level, title, children }: { level: Level; title: ReactNode; children?: ReactNode }) {
  return (
    <div className={`note note-${level}`}>
      <p className="note-title">{level === "low" || level === "medium" ? <Sign level={level}>{title}</Sign> : <b>{title}</b>}</p>
      {children}
    </div>
  );
}

/** A sentence in which what is typed stands between backticks. */
export function Said({ text }: { text: string }) {
  return (
    <>
      {text.split("`").map((it, index) => (index % 2 === 0 ? it : <code key={index}>{it}</code>))}
    </>
  );
}

/** A path or a name that is typed: it breaks between its parts. */
export function Path({ text }: { text: string }) {
  return (
    <code className="path">
      {text.split(/(?<=[/:])/).map((it, index) => (
        <Fragment key={index}>
          {it}
          <wbr />
        </Fragment>
      ))}
    </code>
  );
}

export function kindOfRef(ref: string): string {
  return parseRef(ref)?.kind ?? "";
}
