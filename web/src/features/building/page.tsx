/** The block's rooms and technologies: what there is, and for the manager what shall be. */
import { Modal, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, type UseMutationResult } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";

import { useMay } from "~/data/hooks";
import { api, body, failureOf } from "~/data/http";
import { roomsQuery, technologiesQuery, zonesQuery, type Room, type Technology, type Zone } from "~/data/queries";
import { useWords } from "~/lib/i18n";
import { Button, HoldButton } from "~/ui/button";
import { Empty, Loading, Problem, Refusal } from "~/ui/states";

import { Plan } from "./plan";

type Open = { readonly kind: "zone"; readonly zone: Zone } | { readonly kind: "room"; readonly room: Room | undefined } | { readonly kind: "technology" } | { readonly kind: "remove"; readonly room?: Room; readonly technology?: Technology };

export function BuildingPage() {
  const { t } = useWords();
  const may = useMay();
  const rooms = useQuery(roomsQuery);
  const technologies = useQuery(technologiesQuery);
  const zones = useQuery(zonesQuery);
  const zoneName = (id: string) => {
    const name = zones.data?.find((zone) => zone.zoneId === id)?.name ?? "";
    return name === "" ? id : name;
  };
  const [open, setOpen] = useState<Open>();
  const reason = may.manage ? undefined : t("forbidden.manage");
  const close = () => setOpen(undefined);
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="page-head">
        <h1>{t("building.title")}</h1>
      </div>
      <section style={{ display: "grid", gap: 8 }}>
        <div className="page-head">
          <h2 className="section">{t("nav.rooms")}</h2>
          <div className="push">
            <Button icon="plus" disabled={reason} onClick={() => setOpen({ kind: "room", room: undefined })}>
              {t("building.newRoom")}
            </Button>
          </div>
        </div>
        {rooms.isPending ? <Loading what={t("what.rooms")} /> : null}
        {rooms.error === null ? null : <Problem trouble={failureOf(rooms.error)} what={t("what.rooms")} onRetry={() => void rooms.refetch()} />}
        {rooms.data?.length === 0 ? <Empty title={t("rooms.none")}>{t("rooms.none.text")}</Empty> : null}
        {(rooms.data?.length ?? 0) === 0 ? null : (
          <div className="table-wrap">
            <table className="list">
              <thead>
                <tr>
                  <th scope="col">{t("col.name")}</th>
                  <th scope="col">{t("col.id")}</th>
                  <th scope="col">{t("col.kind")}</th>
                  <th scope="col">{t("col.zone")}</th>
                  <th scope="col">
                    <span className="vh">{t("actions")}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {rooms.data?.map((room) => (
                  <tr key={room.id}>
                    <td>
                      <b>{room.name}</b>
                    </td>
                    <td className="t2">{room.id}</td>
                    <td>{t(room.type === "OPERATING_ROOM" ? "kind.theatre" : "kind.other")}</td>
                    <td>{zoneName(room.zoneId)}</td>
                    <td>
                      <span className="btn-row" style={{ flexWrap: "nowrap" }}>
                        <Button look="quiet" disabled={reason} onClick={() => setOpen({ kind: "room", room })}>
                          {t("change")}
                        </Button>
                        <Button look="quiet" disabled={reason} onClick={() => setOpen({ kind: "remove", room })}>
                          {t("remove")}
                        </Button>
                      </span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      <section style={{ display: "grid", gap: 8 }}>
        <div className="page-head">
          <h2 className="section">{t("floor.technologies")}</h2>
          <div className="push">
            <Button icon="plus" disabled={reason} onClick={() => setOpen({ kind: "technology" })}>
              {t("building.newTechnology")}
            </Button>
          </div>
        </div>
        {technologies.isPending ? <Loading what={t("what.technologies")} /> : null}
        {technologies.error === null ? null : <Problem trouble={failureOf(technologies.error)} what={t("what.technologies")} onRetry={() => void technologies.refetch()} />}
        {technologies.data?.length === 0 ? <Empty title={t("technologies.none")}>{t("rooms.none.text")}</Empty> : null}
        {(technologies.data?.length ?? 0) === 0 ? null : (
          <div className="table-wrap">
            <table className="list">
              <thead>
                <tr>
                  <th scope="col">{t("col.name")}</th>
                  <th scope="col">{t("col.kind")}</th>
                  <th scope="col">{t("col.room")}</th>
                  <th scope="col">{t("col.status")}</th>
                  <th scope="col">
                    <span className="vh">{t("actions")}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {technologies.data?.map((it) => (
                  <Row key={it.id} it={it} rooms={rooms.data ?? []} reason={reason} onRemove={() => setOpen({ kind: "remove", technology: it })} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      <section style={{ display: "grid", gap: 8 }}>
        <h2 className="section">{t("zones.title")}</h2>
        {zones.isPending ? <Loading what={t("what.zones")} rows={2} /> : null}
        {zones.error === null ? null : <Problem trouble={failureOf(zones.error)} what={t("what.zones")} onRetry={() => void zones.refetch()} />}
        {zones.data?.length === 0 ? <Empty title={t("zones.none")}>{t("zones.none.text")}</Empty> : null}
        {(zones.data?.length ?? 0) === 0 ? null : (
          <div className="table-wrap">
            <table className="list">
              <thead>
                <tr>
                  <th scope="col" className="numeric">
                    {t("zone.order")}
                  </th>
                  <th scope="col">{t("col.name")}</th>
                  <th scope="col">{t("col.id")}</th>
                  <th scope="col">{t("nav.rooms")}</th>
                  <th scope="col">
                    <span className="vh">{t("actions")}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {zones.data?.map((zone) => (
                  <tr key={zone.zoneId}>
                    <td className="numeric">{zone.order ?? "–"}</td>
                    <td>
                      <b>{zoneName(zone.zoneId)}</b>
                    </td>
                    <td className="t2">{zone.zoneId}</td>
                    <td>{zone.rooms.length}</td>
                    <td>
                      <Button look="quiet" disabled={reason} label={t("zone.change", { id: zone.zoneId })} onClick={() => setOpen({ kind: "zone", zone })}>
                        {t("change")}
                      </Button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      {(rooms.data?.length ?? 0) === 0
        ? null
        : [...new Set((rooms.data ?? []).map((room) => room.zoneId))].map((zone, _, all) => (
            <Plan key={zone} title={all.length > 1 ? `${t("plan.title")}, ${zoneName(zone)}` : t("plan.title")} rooms={(rooms.data ?? []).filter((room) => room.zoneId === zone)} reason={reason} />
          ))}
      {open?.kind === "zone" ? <ZoneForm zone={open.zone} onClose={close} /> : null}
      {open?.kind === "room" ? <RoomForm room={open.room} onClose={close} /> : null}
      {open?.kind === "technology" ? <TechnologyForm onClose={close} /> : null}
      {open?.kind === "remove" ? <Remove room={open.room} technology={open.technology} onClose={close} /> : null}
    </main>
  );
}

function useChange<T>(work: (given: T) => Promise<unknown>, onDone: () => void): UseMutationResult<unknown, Error, T> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: work,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["rooms"] });
      void client.invalidateQueries({ queryKey: ["technologies"] });
      void client.invalidateQueries({ queryKey: ["zones"] });
      onDone();
    },
  });
}

function Row({ it, rooms, reason, onRemove }: { it: Technology; rooms: readonly Room[]; reason: string | undefined; onRemove: () => void }) {
  const { t } = useWords();
  const place = useChange(
    (roomId: string | null) => body(api.building.PATCH("/api/v1/medical-technologies/{technologyId}", { params: { path: { technologyId: it.id } }, body: { roomId } })),
    () => undefined,
  );
  return (
    <tr>
      <td>
        <b>{it.name}</b>
      </td>
      <td>{t(`tech.${it.type}`)}</td>
      <td>
        <NativeSelect
          aria-label={t("building.place", { name: it.name })}
          value={it.roomId ?? ""}
          disabled={reason !== undefined || place.isPending}
          onChange={(event) => place.mutate(event.currentTarget.value === "" ? null : event.currentTarget.value)}
          data={[{ value: "", label: t("building.nowhere") }, ...rooms.filter((room) => room.type === "OPERATING_ROOM").map((room) => ({ value: room.id, label: room.name }))]}
        />
        {place.error === null ? null : <Refusal trouble={failureOf(place.error)} />}
      </td>
      <td>{t(it.inUse ? "tech.inUse" : "tech.free")}</td>
      <td>
        <Button look="quiet" disabled={reason} onClick={onRemove}>
          {t("remove")}
        </Button>
      </td>
    </tr>
  );
}

function Form({ title, isWhole, work, onClose, children }: { title: string; isWhole: boolean; work: UseMutationResult<unknown, Error, void>; onClose: () => void; children: ReactNode }) {
  const { t } = useWords();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isWhole && !work.isPending) work.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={title} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
      <form className="fields" onSubmit={submit}>
        {children}
        {work.error === null ? null : <Refusal trouble={failureOf(work.error)} />}
        <div className="btn-row">
          <Button type="submit" look="primary" disabled={work.isPending ? t("action.sent") : isWhole ? undefined : t("fill")}>
            {t("save")}
          </Button>
          <Button onClick={onClose}>{t("close")}</Button>
        </div>
      </form>
    </Modal>
  );
}

function RoomForm({ room, onClose }: { room: Room | undefined; onClose: () => void }) {
  const { t } = useWords();
  const [id, setId] = useState(room?.id ?? "");
  const [name, setName] = useState(room?.name ?? "");
  const [zoneId, setZone] = useState(room?.zoneId ?? "");
  const [type, setType] = useState<Room["type"]>(room?.type ?? "OPERATING_ROOM");
  const save = useChange<void>(
    () =>
      room === undefined
        ? body(api.building.POST("/api/v1/rooms", { body: { id, name, zoneId, type } }))
        : body(api.building.PATCH("/api/v1/rooms/{roomId}", { params: { path: { roomId: room.id } }, body: { name, zoneId } })),
    onClose,
  );
  return (
    <Form title={t(room === undefined ? "building.newRoom" : "change")} isWhole={[id, name, zoneId].every((text) => text.trim() !== "")} work={save} onClose={onClose}>
      <TextInput label={t("col.id")} value={id} disabled={room !== undefined} onChange={(event) => setId(event.currentTarget.value)} />
      <TextInput label={t("col.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <TextInput label={t("col.zone")} value={zoneId} onChange={(event) => setZone(event.currentTarget.value)} />
      <NativeSelect
        label={t("col.kind")}
        value={type}
        disabled={room !== undefined}
        onChange={(event) => setType(event.currentTarget.value === "OPERATING_ROOM" ? "OPERATING_ROOM" : "PRE_OPERATING_ROOM")}
        data={[
          { value: "OPERATING_ROOM", label: t("kind.theatre") },
          { value: "PRE_OPERATING_ROOM", label: t("kind.other") },
        ]}
      />
    </Form>
  );
}

function ZoneForm({ zone, onClose }: { zone: Zone; onClose: () => void }) {
  const { t } = useWords();
  const [name, setName] = useState(zone.name ?? "");
  const [order, setOrder] = useState<number | string>(zone.order ?? 0);
  const save = useChange<void>(() => body(api.building.PUT("/api/v1/zones/{zoneId}", { params: { path: { zoneId: zone.zoneId } }, body: { name: name.trim(), order: Number(order) } })), onClose);
  return (
    <Form title={t("zone.change", { id: zone.zoneId })} isWhole={order !== ""} work={save} onClose={onClose}>
      <TextInput label={t("col.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
      <NumberInput label={t("zone.order")} value={order} min={0} max={10_000} allowDecimal={false} hideControls onChange={setOrder} />
      <p className="t3">{t("zone.how")}</p>
    </Form>
  );
}

function TechnologyForm({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const [type, setType] = useState<Technology["type"]>("ENDOSCOPE");
  const save = useChange<void>(() => body(api.building.POST("/api/v1/medical-technologies", { body: { id, name, description: name, type } })), onClose);
  return (
    <Form title={t("building.newTechnology")} isWhole={[id, name].every((text) => text.trim() !== "")} work={save} onClose={onClose}>
      <TextInput label={t("col.id")} value={id} onChange={(event) => setId(event.currentTarget.value)} />
      <TextInput label={t("col.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <NativeSelect
        label={t("col.kind")}
        value={type}
        onChange={(event) => setType(event.currentTarget.value === "XRAY" ? "XRAY" : "ENDOSCOPE")}
        data={[
          { value: "ENDOSCOPE", label: t("tech.ENDOSCOPE") },
          { value: "XRAY", label: t("tech.XRAY") },
        ]}
      />
    </Form>
  );
}

function Remove({ room, technology, onClose }: { room: Room | undefined; technology: Technology | undefined; onClose: () => void }) {
  const { t } = useWords();
  const work = useChange<void>(async () => {
    if (room !== undefined) await body(api.building.DELETE("/api/v1/rooms/{roomId}", { params: { path: { roomId: room.id } } }));
    if (technology !== undefined) await body(api.building.DELETE("/api/v1/medical-technologies/{technologyId}", { params: { path: { technologyId: technology.id } } }));
  }, onClose);
  return (
    <Modal opened onClose={onClose} title={t("remove.title", { name: room?.name ?? technology?.name ?? "" })} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
      <div className="fields">
        <p>{t("remove.text")}</p>
        {work.error === null ? null : <Refusal trouble={failureOf(work.error)} />}
        <div className="btn-row">
          <HoldButton hold={1_500} disabled={work.isPending ? t("action.sent") : undefined} onDone={() => work.mutate()}>
            {t("remove")}
          </HoldButton>
          <Button onClick={onClose}>{t("close")}</Button>
        </div>
      </div>
    </Modal>
  );
}
