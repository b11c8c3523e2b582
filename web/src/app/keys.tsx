/** Keys that work everywhere, and the search that they open. */
import { Modal, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";

import { useDay, useMay } from "~/data/hooks";
import { bookingsQuery, reportsQuery, roomsQuery } from "~/data/queries";
import { lock } from "~/data/session";
import { useWords } from "~/lib/i18n";
import { NO_CODE, useCodes } from "~/ui/patient";

import { paths } from "./paths";
import { usePreferences } from "./preferences";

const PortalSearch = lazy(() => import("~/features/portal/search"));

let open: () => void = () => undefined;

/** Opens the search from the shell. */
export function openSearch(): void {
  open();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function Keys({ isWall, isPortal }: { isWall: boolean; isPortal: boolean }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const { theme, setTheme } = usePreferences();
  const [isSearching, setSearching] = useState(false);
  const [isHelp, setHelp] = useState(false);
  useEffect(() => {
    open = () => setSearching(true);
  }, []);
  useEffect(() => {
    if (isWall) return;
    let prefix = Number.NEGATIVE_INFINITY;
    const press = (event: KeyboardEvent) => {
      if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        setSearching(true);
        return;
      }
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (performance.now() - prefix < 1_500) {
        const to = { b: paths.block(), f: paths.figures(), r: paths.rooms(), p: paths.reports(), s: paths.staff(), k: paths.bookings(), m: paths.building(), d: paths.portal() }[event.key];
        prefix = Number.NEGATIVE_INFINITY;
        if (to !== undefined) void navigate({ to });
        return;
      }
      switch (event.key) {
        case "/":
          event.preventDefault();
          setSearching(true);
          return;
        case "?":
          setHelp(true);
          return;
        case "g":
          prefix = performance.now();
          return;
        case "t":
          setTheme(theme === "day" ? "theatre" : "day");
          return;
        case "L":
          lock();
          return;
        default:
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [isWall, navigate, theme, setTheme]);
  const close = { "aria-label": t("close") };
  return (
    <>
      <Modal opened={isHelp} onClose={() => setHelp(false)} title={t("keys")} lockScroll={false} closeButtonProps={close}>
        <dl className="keys-list">
          {(
            [
              ["/", t("keys.search")],
              ["?", t("keys.help")],
              ["g b", t("nav.block")],
              ["g f", t("nav.figures")],
              ["g r", t("nav.rooms")],
              ["g p", t("nav.reports")],
              ["g s", t("nav.staff")],
              ["g k", t("nav.bookings")],
              ["g m", t("nav.building")],
              ["g d", t("nav.portal")],
              ["t", t("keys.theme")],
              ["L", t("lock")],
            ] as const
          ).map(([key, text]) => (
            <div key={key} style={{ display: "contents" }}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </Modal>
      {isPortal && isSearching ? (
        <Suspense fallback={null}>
          <PortalSearch onClose={() => setSearching(false)} />
        </Suspense>
      ) : null}
      <Modal opened={isSearching && !isPortal} onClose={() => setSearching(false)} title={t("search")} lockScroll={false} closeButtonProps={close}>
        <Search onDone={() => setSearching(false)} />
      </Modal>
    </>
  );
}

interface Found {
  readonly to: string;
  readonly text: string;
  /** Found by these words too, which are not shown. */
  readonly also?: string;
  readonly kind: string;
}

function Search({ onDone }: { onDone: () => void }) {
  const { t } = useWords();
  const may = useMay();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const rooms = useQuery(roomsQuery);
  const day = useDay();
  const bookings = useQuery({ ...bookingsQuery(day), enabled: may.readNames });
  const reports = useQuery({ ...reportsQuery, enabled: may.readReports });
  const patients = [...(bookings.data ?? []).map((it) => it.patientID), ...(reports.data ?? []).map((it) => it.patientId)];
  const codes = useCodes(patients);
  const found = useMemo(() => {
    const all: Found[] = [
      { to: paths.block(), text: t("nav.block"), kind: t("search.page") },
      { to: paths.figures(), text: t("figures.title"), kind: t("search.page") },
      { to: paths.rooms(), text: t("nav.rooms"), kind: t("search.page") },
      { to: paths.design(), text: t("nav.design"), kind: t("search.page") },
      ...(rooms.data ?? []).map((room) => ({ to: paths.room(room.id), text: `${room.name} ${room.id}`, kind: t("search.room") })),
      ...(bookings.data ?? []).map((it) => ({
        to: paths.bookings(),
        text: `${it.surgeryType} ${codes.get(it.patientID) ?? NO_CODE}`,
        also: it.patientID,
        kind: t("search.booking"),
      })),
      ...(reports.data ?? []).map((it) => ({
        to: paths.report(it.surgicalProcessID),
        text: `${it.surgicalProcessDescription} ${it.patientName ?? ""} ${it.patientSurname ?? ""} ${codes.get(it.patientId) ?? NO_CODE}`,
        also: it.patientId,
        kind: t("search.report"),
      })),
    ];
    const words = text.toLowerCase().split(/\s+/);
    return all.filter((it) => words.every((word) => `${it.text} ${it.also ?? ""}`.toLowerCase().includes(word))).slice(0, 12);
  }, [text, rooms.data, bookings.data, reports.data, codes, t]);
  const go = (to: string) => {
    onDone();
    void navigate({ to });
  };
  return (
    <>
      <TextInput
        data-autofocus
        aria-label={t("search")}
        placeholder={t("search.hint")}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt((it) => Math.min(it + 1, found.length - 1));
          if (event.key === "ArrowUp") setAt((it) => Math.max(it - 1, 0));
          const chosen = found[at];
          if (event.key === "Enter" && chosen !== undefined) go(chosen.to);
        }}
      />
      <div className="finds" role="listbox" aria-label={t("search.results")}>
        {found.map((it, index) => (
          <a
            key={`${it.kind} ${it.to} ${it.text}`}
            href={it.to}
            role="option"
            aria-selected={index === at}
            onClick={(event) => {
              event.preventDefault();
              go(it.to);
            }}
          >
            <span>{it.text}</span>
            <span className="t3">{it.kind}</span>
          </a>
        ))}
        {found.length === 0 ? <p className="t2">{t("search.none")}</p> : null}
      </div>
    </>
  );
}
