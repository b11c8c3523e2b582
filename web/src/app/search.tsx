/** The search of the dashboards: pages, rooms, bookings, reports. */
import { Modal, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { useDay, useMay } from "~/data/hooks";
import { bookingsQuery, reportsQuery, roomsQuery } from "~/data/queries";
import { useWords } from "~/lib/i18n";
import { NO_CODE, useCodes } from "~/ui/patient";

import { paths } from "./paths";

interface Found {
  readonly to: string;
  readonly text: string;
  /** Found by these words too, which are not shown. */
  readonly also?: string;
  readonly kind: string;
}

export default function Search({ onClose }: { onClose: () => void }) {
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
    onClose();
    void navigate({ to });
  };
  return (
    <Modal opened onClose={onClose} title={t("search")} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
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
    </Modal>
  );
}
