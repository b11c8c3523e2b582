/** What is planned for the day; and, for the manager, to plan, move and call off. */
import { Modal, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";

import { commandId, useDay, useMay } from "~/data/hooks";
import { api, body, failureOf } from "~/data/http";
import { bookingsQuery, keys, professionalQuery, roomsQuery, type Booking } from "~/data/queries";
import { csv, download } from "~/lib/csv";
import { clockTime, dayText, duration, fromLocalInput, instant, localInput } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { Button, HoldButton } from "~/ui/button";
import { PatientCode, useCodes } from "~/ui/patient";
import { Empty, Loading, Problem, Refusal } from "~/ui/states";

export interface BookingsSearch {
  readonly day?: string | undefined;
  readonly q?: string | undefined;
}

export function BookingsPage() {
  const { t, language } = useWords();
  const may = useMay();
  const today = useDay();
  const search = useSearch({ from: "/bookings" });
  const navigate = useNavigate({ from: "/bookings" });
  const change = (some: Partial<BookingsSearch>) => void navigate({ search: (before) => ({ ...before, ...some }), replace: true });
  const day = search.day ?? today;
  const bookings = useQuery(bookingsQuery(day));
  const rooms = useQuery(roomsQuery);
  const [edited, setEdited] = useState<Booking | "new">();
  const [called, setCalled] = useState<Booking>();
  const roomOf = (id: string | null | undefined) => (id === null || id === undefined ? t("booking.noRoom") : (rooms.data?.find((it) => it.id === id)?.name ?? id));
  const words = (search.q ?? "").toLowerCase();
  const codes = useCodes((bookings.data ?? []).map((it) => it.patientID));
  const list = (bookings.data ?? []).filter((it) => `${it.surgeryType} ${codes.get(it.patientID) ?? ""} ${it.patientID} ${it.surgeryID} ${roomOf(it.operatingRoomId)}`.toLowerCase().includes(words));
  const exported = () => {
    const rows = list.map((it) => [clockTime(instant(it.surgeryDateTime)), it.expectedDurationMinutes, roomOf(it.operatingRoomId), it.surgeryType, codes.get(it.patientID), t(`booking.${it.status}`)]);
    download(`${t("bookings.file")}-${day}.csv`, csv([[t("col.time"), t("col.plan"), t("col.room"), t("col.surgery"), t("col.patient"), t("col.status")], ...rows]));
  };
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="page-head">
        <h1>{t("bookings.title")}</h1>
        <span className="t2">{dayText(Date.parse(`${day}T12:00:00Z`), language)}</span>
        <div className="push btn-row">
          <TextInput type="date" aria-label={t("day")} value={day} onChange={(event) => change({ day: event.currentTarget.value === "" ? undefined : event.currentTarget.value })} />
          <TextInput aria-label={t("filter")} placeholder={t("filter")} value={search.q ?? ""} onChange={(event) => change({ q: event.currentTarget.value === "" ? undefined : event.currentTarget.value })} />
          <Button icon="download" onClick={exported}>
            {t("csv")}
          </Button>
          <Button look="primary" icon="plus" disabled={may.manage ? undefined : t("forbidden.manage")} onClick={() => setEdited("new")}>
            {t("booking.new")}
          </Button>
        </div>
      </div>
      {bookings.isPending ? <Loading what={t("what.bookings")} /> : null}
      {bookings.error === null ? null : <Problem trouble={failureOf(bookings.error)} what={t("what.bookings")} onRetry={() => void bookings.refetch()} />}
      {bookings.data !== undefined && list.length === 0 ? <Empty title={t("bookings.none")}>{t("bookings.none.text")}</Empty> : null}
      {list.length === 0 ? null : (
        <div className="table-wrap">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">{t("col.time")}</th>
                <th scope="col" className="numeric">
                  {t("col.plan")}
                </th>
                <th scope="col">{t("col.room")}</th>
                <th scope="col">{t("col.surgery")}</th>
                <th scope="col">{t("col.patient")}</th>
                <th scope="col">{t("booking.surgeon")}</th>
                <th scope="col">{t("col.status")}</th>
                <th scope="col">
                  <span className="vh">{t("actions")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((it) => {
                const fixed = it.status !== "BOOKED" ? t("booking.fixed") : may.manage ? undefined : t("forbidden.manage");
                return (
                  <tr key={it.surgeryID} className={it.status === "CANCELLED" || it.status === "DONE" ? "rest" : ""}>
                    <td>{clockTime(instant(it.surgeryDateTime), language)}</td>
                    <td className="numeric">{duration(it.expectedDurationMinutes * 60_000)}</td>
                    <td>{roomOf(it.operatingRoomId)}</td>
                    <td>
                      <b>{it.surgeryType}</b>
                    </td>
                    <td>
                      <PatientCode id={it.patientID} />
                    </td>
                    <td>
                      <Professional id={it.healthProfessionalID} />
                    </td>
                    <td>{t(`booking.${it.status}`)}</td>
                    <td>
                      <span className="btn-row" style={{ flexWrap: "nowrap" }}>
                        <Button look="quiet" disabled={fixed} onClick={() => setEdited(it)}>
                          {t("booking.move")}
                        </Button>
                        <Button look="quiet" disabled={fixed} onClick={() => setCalled(it)}>
                          {t("booking.cancel")}
                        </Button>
                      </span>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {edited === undefined ? null : <Editor day={day} booking={edited === "new" ? undefined : edited} onClose={() => setEdited(undefined)} />}
      {called === undefined ? null : <CallOff booking={called} onClose={() => setCalled(undefined)} />}
    </main>
  );
}

function Professional({ id }: { id: string }) {
  const { data } = useQuery(professionalQuery(id));
  return <>{data === null || data === undefined ? id : `${data.name} ${data.surname}`}</>;
}

function Editor({ booking, day, onClose }: { booking: Booking | undefined; day: string; onClose: () => void }) {
  const { t } = useWords();
  const client = useQueryClient();
  const rooms = useQuery(roomsQuery);
  const [surgeryType, setSurgeryType] = useState(booking?.surgeryType ?? "");
  const [patientID, setPatient] = useState(booking?.patientID ?? "");
  const [healthcareUserID, setTaxCode] = useState(booking?.healthcareUserID ?? "");
  const [healthProfessionalID, setProfessional] = useState(booking?.healthProfessionalID ?? "");
  const [at, setAt] = useState(booking === undefined ? `${day}T08:00` : localInput(instant(booking.surgeryDateTime)));
  const [length, setLength] = useState<number>(booking?.expectedDurationMinutes ?? 60);
  const [room, setRoom] = useState(booking?.operatingRoomId ?? "");
  const [surgeryID] = useState(() => booking?.surgeryID ?? commandId());
  const save = useMutation({
    mutationFn: async () => {
      const wanted = {
        surgeryID,
        surgeryType,
        patientID,
        healthcareUserID,
        healthProfessionalID,
        surgeryDateTime: new Date(fromLocalInput(at)).toISOString(),
        expectedDurationMinutes: length,
        ...(room === "" ? {} : { operatingRoomId: room }),
      };
      if (booking === undefined) await body(api.bookings.POST("/api/v1/surgeryBooking", { body: wanted }));
      else await body(api.bookings.PUT("/api/v1/surgeryBookings/{id}", { params: { path: { id: surgeryID } }, body: wanted }));
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.bookings });
      onClose();
    },
  });
  const isWhole = [surgeryType, patientID, healthcareUserID, healthProfessionalID].every((text) => text.trim() !== "") && !Number.isNaN(fromLocalInput(at));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isWhole && !save.isPending) save.mutate();
  };
  const isNew = booking === undefined;
  return (
    <Modal opened onClose={onClose} title={t(isNew ? "booking.new" : "booking.move")} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
      <form className="fields" onSubmit={submit}>
        <TextInput label={t("col.surgery")} value={surgeryType} disabled={!isNew} onChange={(event) => setSurgeryType(event.currentTarget.value)} data-autofocus={isNew} />
        <TextInput label={t("booking.patient")} value={patientID} disabled={!isNew} onChange={(event) => setPatient(event.currentTarget.value)} />
        <TextInput label={t("booking.taxCode")} value={healthcareUserID} disabled={!isNew && booking.healthcareUserID !== null && booking.healthcareUserID !== undefined} onChange={(event) => setTaxCode(event.currentTarget.value)} />
        <TextInput label={t("booking.surgeon")} value={healthProfessionalID} onChange={(event) => setProfessional(event.currentTarget.value)} />
        <TextInput type="datetime-local" label={t("booking.at")} value={at} onChange={(event) => setAt(event.currentTarget.value)} data-autofocus={!isNew} />
        <NumberInput label={t("booking.minutes")} value={length} min={1} max={1440} hideControls onChange={(value) => setLength(Number(value))} />
        <NativeSelect
          label={t("col.room")}
          value={room}
          onChange={(event) => setRoom(event.currentTarget.value)}
          data={[{ value: "", label: t("booking.noRoom") }, ...(rooms.data ?? []).filter((it) => it.type === "OPERATING_ROOM").map((it) => ({ value: it.id, label: it.name }))]}
        />
        {save.error === null ? null : <Refusal trouble={failureOf(save.error)} />}
        <div className="btn-row">
          <Button type="submit" look="primary" disabled={save.isPending ? t("action.sent") : isWhole ? undefined : t("fill")}>
            {t("save")}
          </Button>
          <Button onClick={onClose}>{t("close")}</Button>
        </div>
      </form>
    </Modal>
  );
}

function CallOff({ booking, onClose }: { booking: Booking; onClose: () => void }) {
  const { t, language } = useWords();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => body(api.bookings.DELETE("/api/v1/surgeryBookings/{id}", { params: { path: { id: booking.surgeryID } } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.bookings });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t("booking.cancel.title")} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
      <div className="fields">
        <p>{t("booking.cancel.text", { surgery: booking.surgeryType, time: clockTime(instant(booking.surgeryDateTime), language) })}</p>
        {remove.error === null ? null : <Refusal trouble={failureOf(remove.error)} />}
        <div className="btn-row">
          <HoldButton hold={1_000} disabled={remove.isPending ? t("action.sent") : undefined} onDone={() => remove.mutate()}>
            {t("booking.cancel")}
          </HoldButton>
          <Button onClick={onClose}>{t("close")}</Button>
        </div>
      </div>
    </Modal>
  );
}
