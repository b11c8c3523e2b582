/** The bar at the top: where one is, what there is, who one is. */
import { Modal } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { useClock, useConnection, useLive, useMay } from "~/data/hooks";
import { lock, signOut } from "~/data/session";
import { clockTime } from "~/lib/format";
import { useWords, type Key } from "~/lib/i18n";
import { Icon, Mark } from "~/ui/icons";

import { openSearch } from "./keys";
import { paths } from "./paths";
import { usePreferences } from "./preferences";

const TABS: readonly { readonly to: string; readonly key: Key; readonly needs?: "readReports" | "readProcesses" | "readNames" }[] = [
  { to: paths.block(), key: "nav.block" },
  { to: paths.rooms(), key: "nav.rooms" },
  { to: paths.reports(), key: "nav.reports", needs: "readReports" },
  { to: paths.staff(), key: "nav.staff", needs: "readNames" },
  { to: paths.bookings(), key: "nav.bookings", needs: "readNames" },
  { to: paths.figures(), key: "nav.figures", needs: "readProcesses" },
  { to: paths.building(), key: "nav.building" },
  { to: paths.portal(), key: "nav.portal" },
];

export function Shell({ userId, isPortal }: { userId: string; isPortal: boolean }) {
  const { t, language } = useWords();
  const may = useMay();
  const { theme, setTheme, setLanguage } = usePreferences();
  const connection = useConnection();
  const now = useClock();
  // The first keys that one types are the search's, not the page's.
  useEffect(() => void (isPortal ? import("~/features/portal/search") : import("./search")), [isPortal]);
  return (
    <header className={isPortal ? "shell shell-portal" : "shell"}>
      <a className="skip" href="#main">
        {t("skip")}
      </a>
      <Link to={isPortal ? "/portal" : "/block"} className="mark" aria-label={isPortal ? `${t("product")} ${t("portal")}` : t("product")}>
        <Mark />
        <span>{t("product")}</span>{" "}
        {isPortal ? <span className="t3">{t("portal")}</span> : null}
      </Link>
      {isPortal ? <div id="crumbs" /> : null}
      <nav aria-label={t("nav")} hidden={isPortal}>
        {TABS.filter((tab) => tab.needs === undefined || may[tab.needs]).map((tab) => (
          <Link key={tab.to} to={tab.to} activeOptions={{ exact: tab.to === paths.block(), includeSearch: false }} activeProps={{ "aria-current": "page" }}>
            {t(tab.key)}
          </Link>
        ))}
      </nav>
      <span className="grow" />
      <button type="button" className="find" onClick={openSearch} aria-label={`${t("search")} ${t("search.key")}`}>
        <Icon name="search" />
        <span>{t("search")}</span>{" "}
        <kbd>{t("search.key")}</kbd>
      </button>
      {isPortal ? null : connection.kind === "lost" ? (
        <span className="chip">{t("live.lost")}</span>
      ) : (
        <span className="live">
          <span>{connection.kind === "live" ? t("live") : t("live.connecting")}</span> {clockTime(now, language)}
        </span>
      )}
      <div className="tools">
        <button
          type="button"
          className="tool"
          lang={language === "en" ? "it" : "en"}
          onClick={() => setLanguage(language === "en" ? "it" : "en")}
          aria-label={`${t("language.short")}, ${t("language.other")}`}
        >
          {t("language.short")}
        </button>
        <button type="button" className="tool" onClick={() => setTheme(theme === "day" ? "theatre" : "day")} aria-label={t(theme === "day" ? "theme.theatre" : "theme.day")}>
          <Icon name={theme === "day" ? "moon" : "sun"} />
        </button>
        <Notifications />
        <span className="me">
          <span className="who" aria-hidden="true">
            {userId.slice(0, 2).toUpperCase()}
          </span>
          <span>{userId}</span>
        </span>
        <button type="button" className="tool" onClick={lock} aria-label={t("lock")}>
          <Icon name="lock" />
        </button>
        <button type="button" className="tool" onClick={() => void signOut()} aria-label={t("signOut")}>
          <Icon name="out" />
        </button>
      </div>
    </header>
  );
}

interface Note {
  readonly id: string;
  readonly at: number;
  readonly text: string;
}

/** What happened while one looked elsewhere: proposals, refusals, lost connections. The newest thirty. */
function Notifications() {
  const { t, language } = useWords();
  const { connection, proposals, outcomes } = useLive();
  const [notes, setNotes] = useState<readonly Note[]>([]);
  const [seen, setSeen] = useState(0);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const found: Note[] = [
      ...Object.values(proposals).map((it) => ({
        id: `proposal-${it.roomId}-${it.at}`,
        at: it.at,
        text: t("note.proposal", { room: it.roomId, technology: t(it.technology === "xray" ? "tech.XRAY" : "tech.ENDOSCOPE") }),
      })),
      ...Object.values(outcomes)
        .filter((it) => it.outcome === "REFUSED" || it.outcome === "FAILED")
        .map((it) => ({ id: `outcome-${it.commandId}`, at: it.at, text: t("note.refused", { reason: it.reason }) })),
      ...(connection.kind === "lost"
        ? [{ id: `lost-${connection.since}`, at: connection.since, text: t("live.since", { time: clockTime(connection.since, language) }) }]
        : []),
    ];
    setNotes((before) => {
      const known = new Set(before.map((it) => it.id));
      const fresh = found.filter((it) => !known.has(it.id));
      return fresh.length === 0 ? before : [...fresh, ...before].slice(0, 30);
    });
  }, [connection, proposals, outcomes, t, language]);
  const unread = notes.filter((it) => it.at > seen).length;
  return (
    <>
      <button
        type="button"
        className="tool bell"
        aria-label={t("notes.open", { count: unread })}
        onClick={() => {
          setOpen(true);
          setSeen(Math.max(0, ...notes.map((it) => it.at)));
        }}
      >
        <Icon name="bell" />
        {unread > 0 ? <i /> : null}
      </button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={t("notes")} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
        {notes.length === 0 ? <p className="t2">{t("notes.none")}</p> : null}
        <ul className="notes">
          {notes.map((it) => (
            <li key={it.id}>
              <time className="t3">{clockTime(it.at, language)}</time>
              <span>{it.text}</span>
            </li>
          ))}
        </ul>
      </Modal>
    </>
  );
}
