/** Who is where now; and, for who may know, who went where in a span of time. */
import { NativeSelect, TextInput } from "@mantine/core";
import { queryOptions, useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { useDay, useMay, useNow } from "~/data/hooks";
import { api, body, entries, failureOf } from "~/data/http";
import { keys, professionalQuery, roomsQuery, whereaboutsQuery, type Movement } from "~/data/queries";
import { csv, download } from "~/lib/csv";
import { clockSeconds, clockTime, fromLocalInput, instant, localInput } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Empty, Loading, Problem } from "~/ui/states";

export interface StaffSearch {
  readonly room?: string | undefined;
  readonly person?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const movementsQuery = (of: { room: string | undefined; person: string | undefined }, from: string, to: string) =>
  queryOptions({
    queryKey: [...keys.movements, of.room ?? "", of.person ?? "", from, to],
    queryFn: async (): Promise<readonly Movement[]> => {
      const all = await entries<Movement>(20, (place) => {
        const query = { from, to, limit: 500, ...place };
        return of.person !== undefined
          ? body(api.tracking.GET("/api/v1/health-professionals-tracking-data/{healthProfessionalId}", { params: { path: { healthProfessionalId: of.person }, query } }))
          : of.room !== undefined
            ? body(api.tracking.GET("/api/v1/rooms-tracking-data/{roomId}", { params: { path: { roomId: of.room }, query } }))
            : body(api.tracking.GET("/api/v1/block-tracking-data", { params: { query } }));
      });
      return all.reverse();
    },
    staleTime: 10_000,
  });

export function StaffPage() {
  const { t } = useWords();
  const may = useMay();
  const where = useQuery({ ...whereaboutsQuery, enabled: may.readNames });
  const rooms = useQuery(roomsQuery);
  const nameOf = (id: string) => rooms.data?.find((it) => it.id === id)?.name ?? id;
  const people = (where.data?.people ?? []).toSorted((a, b) => a.room.localeCompare(b.room, undefined, { numeric: true }) || (a.healthProfessionalSurname ?? "").localeCompare(b.healthProfessionalSurname ?? ""));
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="page-head">
        <h1>{t("staff.title")}</h1>
        <span className="t2">{t("staff.count", { count: people.length })}</span>
      </div>
      {!may.readNames ? <Problem trouble={{ kind: "forbidden" }} what={t("what.staff")} /> : null}
      {where.isPending && may.readNames ? <Loading what={t("what.staff")} /> : null}
      {where.error === null ? null : <Problem trouble={failureOf(where.error)} what={t("what.staff")} onRetry={() => void where.refetch()} />}
      {where.data !== undefined && people.length === 0 ? <Empty title={t("staff.none")}>{t("staff.none.text")}</Empty> : null}
      {people.length === 0 ? null : (
        <div className="table-wrap">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">{t("col.room")}</th>
                <th scope="col">{t("col.name")}</th>
                <th scope="col">{t("col.role")}</th>
              </tr>
            </thead>
            <tbody>
              {people.map((person) => (
                <tr key={person.healthProfessionalId}>
                  <td>{nameOf(person.room)}</td>
                  <td>
                    <b>
                      {person.healthProfessionalName ?? ""} {person.healthProfessionalSurname ?? person.healthProfessionalId}
                    </b>
                  </td>
                  <td className="t2">{roleOf(person.healthProfessionalRole, t)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <section style={{ display: "grid", gap: 12 }}>
        <h2 className="section">{t("staff.movements")}</h2>
        {may.readStaffHistory ? <Movements nameOf={nameOf} /> : <Problem trouble={{ kind: "forbidden" }} what={t("what.movements")} />}
      </section>
    </main>
  );
}

function roleOf(role: string | null | undefined, t: ReturnType<typeof useWords>["t"]): string {
  return role === "SURGEON" || role === "NURSE" || role === "ANESTHETIST" ? t(`role.${role}`) : t("role.UNKNOWN");
}

function Movements({ nameOf }: { nameOf: (id: string) => string }) {
  const { t, language } = useWords();
  const search = useSearch({ from: "/staff" });
  const navigate = useNavigate({ from: "/staff" });
  const change = (some: Partial<StaffSearch>) => void navigate({ search: (before) => ({ ...before, ...some }), replace: true });
  const rooms = useQuery(roomsQuery);
  const day = useDay();
  const now = useNow();
  const from = search.from ?? `${day}T00:00`;
  const to = search.to ?? `${day}T23:59`;
  const [begin, end] = [fromLocalInput(from), fromLocalInput(to)];
  const isSound = begin < end;
  const of = { room: search.room, person: search.person };
  const found = useQuery({
    ...movementsQuery(of, isSound ? new Date(begin).toISOString() : "", isSound ? new Date(end).toISOString() : ""),
    enabled: isSound,
  });
  const list = found.data ?? [];
  const ids = [...new Set(list.map((it) => it.healthProfessionalId))].slice(0, 200);
  const names = useQueries({ queries: ids.map((id) => professionalQuery(id)) });
  const personOf = (id: string) => {
    const data = names[ids.indexOf(id)]?.data;
    return data === null || data === undefined ? id : `${data.name} ${data.surname}`;
  };
  const exported = () => {
    const rows = list.map((it) => [it.dateTime, personOf(it.healthProfessionalId), nameOf(it.roomId), it.trackingType === "ENTER" ? t("moved.in") : t("moved.out")]);
    download(`${t("staff.file")}.csv`, csv([[t("col.time"), t("col.name"), t("col.room"), t("col.passage")], ...rows]));
  };
  return (
    <>
      <div className="fields-row">
        <NativeSelect
          label={t("col.room")}
          value={search.room ?? ""}
          onChange={(event) => change({ room: event.currentTarget.value === "" ? undefined : event.currentTarget.value, person: undefined })}
          data={[{ value: "", label: t("staff.all") }, ...(rooms.data ?? []).map((room) => ({ value: room.id, label: room.name }))]}
        />
        <TextInput type="datetime-local" label={t("from")} value={from} max={localInput(now)} onChange={(event) => change({ from: event.currentTarget.value })} />
        <TextInput type="datetime-local" label={t("to")} value={to} error={isSound ? undefined : t("span.wrong")} onChange={(event) => change({ to: event.currentTarget.value })} />
        {search.person === undefined ? null : (
          <Button icon="cross" onClick={() => change({ person: undefined })}>
            {personOf(search.person)}
          </Button>
        )}
        <Button icon="download" onClick={exported}>
          {t("csv")}
        </Button>
      </div>
      {found.isLoading ? <Loading what={t("what.movements")} /> : null}
      {found.error === null ? null : <Problem trouble={failureOf(found.error)} what={t("what.movements")} onRetry={() => void found.refetch()} />}
      {found.data !== undefined && list.length === 0 ? <Empty title={t("movements.none")}>{t("movements.none.text")}</Empty> : null}
      {list.length === 0 ? null : (
        <div className="table-wrap">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">{t("col.time")}</th>
                <th scope="col">{t("col.name")}</th>
                <th scope="col">{t("col.passage")}</th>
                <th scope="col">{t("col.room")}</th>
              </tr>
            </thead>
            <tbody>
              {list.slice(0, 300).map((it) => (
                <tr key={`${it.dateTime}${it.healthProfessionalId}${it.roomId}${it.trackingType}`}>
                  <td title={it.dateTime}>{clockSeconds(instant(it.dateTime), language)}</td>
                  <td>
                    <button type="button" className="row-name" onClick={() => change({ person: it.healthProfessionalId, room: undefined })}>
                      {personOf(it.healthProfessionalId)}
                    </button>
                  </td>
                  <td>{it.trackingType === "ENTER" ? t("moved.in") : t("moved.out")}</td>
                  <td>{nameOf(it.roomId)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {list.length > 300 ? <p className="t2">{t("list.more", { shown: 300, all: list.length, time: clockTime(end, language) })}</p> : null}
        </div>
      )}
    </>
  );
}
