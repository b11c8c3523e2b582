/** How does the block stand: who is where, what is late, what is out of range? */
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useMay } from "~/data/hooks";
import { LATE } from "~/data/process";
import type { DayCase } from "~/data/performance";
import { patientQuery } from "~/data/queries";
import { csv, download } from "~/lib/csv";
import { clockTime, dayKey, dayText, duration, instant, minutes, number, THIN } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { periodOf } from "~/lib/series";
import { AlarmSign } from "~/ui/alarm";
import { Button } from "~/ui/button";
import { Lane } from "~/ui/lane";
import { PatientCode, useCodes } from "~/ui/patient";
import { Empty, Loading, Problem } from "~/ui/states";

import "./block.css";
import { CauseDialog, CauseOf } from "./cause";
import { Strip } from "./figure";
import { Floor } from "./floor";
import { Timeline } from "./timeline";
import { useBlock, type BlockView, type RoomView } from "./view";
import { Wall } from "./wall";

export type Sort = "room" | "delay" | "elapsed" | "team";

export interface BlockSearch {
  readonly view?: "floor" | undefined;
  readonly room?: string | undefined;
  readonly only?: "news" | undefined;
  readonly q?: string | undefined;
  readonly sort?: Sort | undefined;
  readonly wall?: boolean | undefined;
}

export function BlockPage() {
  const { wall } = useSearch({ from: "/block" });
  const may = useMay();
  return wall === true || may.isWall ? <Wall /> : <Desk />;
}

/** Rooms as the address asks: words, news only, sorted. */
export function chosen(rooms: readonly RoomView[], search: BlockSearch, codes: ReadonlyMap<string, string>, now: number): RoomView[] {
  const words = (search.q ?? "").toLowerCase();
  const some = rooms.filter((it) => {
    const text = `${it.room.name} ${it.room.id} ${it.course?.process.type ?? ""} ${codes.get(it.course?.process.patientId ?? "") ?? ""}`.toLowerCase();
    const isNews = it.isLate || it.climate.alarms.length > 0;
    return text.includes(words) && (search.only === undefined || isNews);
  });
  const rank = (it: RoomView): number => {
    switch (search.sort) {
      case "delay":
        return -(it.course?.standing.delay ?? Number.NEGATIVE_INFINITY);
      case "elapsed":
        return it.course === undefined ? 0 : it.course.since - now;
      case "team":
        return -it.count;
      default:
        return 0;
    }
  };
  return some.toSorted((a, b) => rank(a) - rank(b) || a.room.name.localeCompare(b.room.name, undefined, { numeric: true }));
}

function Desk() {
  const { t, language } = useWords();
  const block = useBlock();
  const search = useSearch({ from: "/block" });
  const navigate = useNavigate({ from: "/block" });
  const change = (some: Partial<BlockSearch>) => void navigate({ search: (before) => ({ ...before, ...some }), replace: true });
  const alarms = block.rooms.reduce((sum, it) => sum + it.climate.alarms.filter((alarm) => alarm.priority === "medium").length, 0);
  const late = block.rooms.filter((it) => it.isLate).length;
  const codes = useCodes(block.rooms.flatMap((it) => (it.course === undefined ? [] : [it.course.process.patientId])));
  const rooms = chosen(block.rooms, search, codes, block.now);
  const selected = block.rooms.find((it) => it.room.id === search.room);
  const hasData = block.rooms.length > 0;
  const [asked, setAsked] = useState<DayCase>();
  const exported = () => {
    const head = [t("col.room"), t("col.step"), t("col.patient"), t("col.elapsed"), t("col.plan"), t("col.delay"), t("col.temperature"), t("col.humidity"), t("col.team")];
    const rows = rooms.map((it) => [
      it.room.name,
      it.course === undefined ? t("room.free") : it.course.stage === undefined ? t("step.emergency") : t(`step.${it.course.stage}`),
      codes.get(it.course?.process.patientId ?? ""),
      it.course === undefined ? undefined : duration(block.now - it.course.since),
      it.course?.plan === undefined ? undefined : duration(it.course.plan.length),
      it.course?.standing.delay === undefined ? undefined : minutes(it.course.standing.delay),
      it.climate.history.temperature.at(-1)?.value,
      it.climate.history.humidity.at(-1)?.value,
      it.count,
    ]);
    download(`${t("block.file")}-${dayKey(block.now)}.csv`, csv([head, ...rows]));
  };
  return (
    <div className={selected === undefined ? "block" : "block has-drawer"}>
      <main className="page" id="main" tabIndex={-1}>
        <div className="page-head">
          <h1>{t("block.title")}</h1>
          <span className="t2">{dayText(block.now, language)}</span>
          {alarms > 0 ? <AlarmSign priority="medium">{t("block.alarms", { count: alarms })}</AlarmSign> : null}
          {late > 0 ? <span className="chip">{t("block.late", { count: late })}</span> : null}
          <div className="push btn-row">
            <div className="segments" role="group" aria-label={t("block.view")}>
              <Button pressed={search.view === undefined} onClick={() => change({ view: undefined })}>
                {t("block.list")}
              </Button>
              <Button pressed={search.view === "floor"} onClick={() => change({ view: "floor" })}>
                {t("block.floor")}
              </Button>
            </div>
            <Button pressed={search.only === "news"} look={search.only === "news" ? "on" : "plain"} onClick={() => change({ only: search.only === undefined ? "news" : undefined })}>
              {t("block.news")}
            </Button>
            <TextInput aria-label={t("filter")} placeholder={t("filter")} value={search.q ?? ""} onChange={(event) => change({ q: event.currentTarget.value === "" ? undefined : event.currentTarget.value })} className="filter" />
            <Button icon="download" onClick={exported}>
              {t("csv")}
            </Button>
          </div>
        </div>
        {block.failure !== undefined && !hasData ? <Problem trouble={block.failure} what={t("what.rooms")} onRetry={block.retry} /> : null}
        {block.failure !== undefined && hasData ? <Problem trouble={block.failure} what={t("what.processes")} onRetry={block.retry} /> : null}
        {block.isPending ? <Loading what={t("what.rooms")} rows={6} /> : null}
        {!block.isPending && !hasData && block.failure === undefined ? <Empty title={t("rooms.none")}>{t("rooms.none.text")}</Empty> : null}
        {!block.isPending && hasData ? (
          <>
            <Strip />
            {search.view === "floor" ? (
              <Floor block={block} rooms={rooms} selected={search.room} onSelect={(room) => change({ room })} />
            ) : (
              <List rooms={rooms} now={block.now} sort={search.sort} selected={search.room} onSort={(sort) => change({ sort })} onSelect={(room) => change({ room })} onAsk={setAsked} />
            )}
            {block.dayFailure === undefined ? null : <Problem trouble={block.dayFailure} what={t("what.day")} onRetry={block.retry} />}
            <Timeline cases={block.cases} theatres={block.theatres} now={block.now} isWall={false} />
          </>
        ) : null}
      </main>
      {selected === undefined ? null : <Drawer it={selected} block={block} onClose={() => change({ room: undefined })} onAsk={setAsked} />}
      {asked === undefined ? null : <CauseDialog it={asked} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

interface ListProps {
  readonly rooms: readonly RoomView[];
  readonly now: number;
  readonly sort: Sort | undefined;
  readonly selected: string | undefined;
  readonly onSort: (sort: Sort | undefined) => void;
  readonly onSelect: (room: string) => void;
  readonly onAsk: (it: DayCase) => void;
}

function List({ rooms, now, sort, selected, onSort, onSelect, onAsk }: ListProps) {
  const { t } = useWords();
  const head = (key: Sort, text: string, isNumeric = false) => {
    const isNow = (sort ?? "room") === key;
    return (
      <th scope="col" className={isNumeric ? "numeric" : ""} aria-sort={isNow ? (key === "room" ? "ascending" : "descending") : undefined}>
        <button type="button" onClick={() => onSort(key === "room" ? undefined : key)}>
          {text} {isNow ? (key === "room" ? "▴" : "▾") : ""}
        </button>
      </th>
    );
  };
  if (rooms.length === 0) return <Empty title={t("block.nothing")}>{t("block.nothing.text")}</Empty>;
  return (
    <div className="table-wrap">
      <table className="list">
        <thead>
          <tr>
            {head("room", t("col.room"))}
            <th scope="col">{t("col.step")}</th>
            <th scope="col">{t("col.patient")}</th>
            {head("elapsed", t("col.elapsed"), true)}
            <th scope="col" className="numeric">
              {t("col.plan")}
            </th>
            {head("delay", t("col.delay"))}
            <th scope="col">{t("col.environment")}</th>
            {head("team", t("col.team"), true)}
          </tr>
        </thead>
        <tbody>
          {(["OPERATING_ROOM", "PRE_OPERATING_ROOM"] as const).map((type) => {
            const some = rooms.filter((it) => it.room.type === type);
            return some.length === 0 ? null : (
              <Group key={type} title={t(type === "OPERATING_ROOM" ? "rooms.theatres" : "rooms.others")} rooms={some} now={now} selected={selected} onSelect={onSelect} onAsk={onAsk} />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface GroupProps extends Pick<ListProps, "rooms" | "now" | "selected" | "onSelect" | "onAsk"> {
  readonly title: string;
}

function Group({ title, rooms, now, selected, onSelect, onAsk }: GroupProps) {
  const { t, language } = useWords();
  return (
    <>
      <tr className="group">
        <td colSpan={8}>{title}</td>
      </tr>
      {rooms.map((it) => {
        const { course } = it;
        return (
          <tr key={it.room.id} className={course === undefined && it.turnoverSince === undefined ? "pick rest" : "pick"} aria-selected={selected === it.room.id} onClick={() => onSelect(it.room.id)}>
            <td>
              <button type="button" className="row-name" onClick={() => onSelect(it.room.id)}>
                {it.room.name === "" ? it.room.id : it.room.name}
              </button>
            </td>
            <td>{stepText(it, t)}</td>
            <td>
              {course === undefined ? (
                it.next === undefined ? null : (
                  <span className="t3">
                    {clockTime(instant(it.next.surgeryDateTime), language)} <PatientCode id={it.next.patientID} />
                  </span>
                )
              ) : (
                <PatientCode id={course.process.patientId} />
              )}
            </td>
            <td className="numeric">{elapsedOf(it, now)}</td>
            <td className="numeric t3">{course?.plan === undefined ? "" : duration(course.plan.length)}</td>
            <td>
              <Delay it={it} /> {it.onDay?.delay === null || it.onDay?.delay === undefined ? <CauseOf it={it.onDay} onAsk={onAsk} /> : null}
            </td>
            <td>
              <Climate it={it} />
            </td>
            <td className="numeric">{it.count}</td>
          </tr>
        );
      })}
    </>
  );
}

export function elapsedOf(it: RoomView, now: number): string {
  if (it.course !== undefined) return duration(now - it.course.since);
  return it.turnoverSince === undefined ? "" : duration(now - it.turnoverSince);
}

export function stepText(it: RoomView, t: ReturnType<typeof useWords>["t"]): string {
  if (it.course !== undefined) {
    if (it.course.process.state === "INTERRUPTED") return t("state.INTERRUPTED");
    return it.course.stage === undefined ? t("step.emergency") : t(`step.${it.course.stage}`);
  }
  return it.turnoverSince === undefined ? t("room.free") : t("room.turnover");
}

export function Delay({ it }: { it: RoomView }) {
  const { t } = useWords();
  const delay = it.course?.standing.delay;
  if (it.course === undefined) return null;
  if (delay === undefined) return <span className="t3">{t("room.unplanned")}</span>;
  if (delay >= LATE) return <span className="chip">{t("late", { minutes: minutes(delay) })}</span>;
  return <>{t("onTime")}</>;
}

export function Climate({ it }: { it: RoomView }) {
  const { t, language } = useWords();
  const { temperature, humidity } = it.climate.history;
  const [warm, damp] = [temperature.at(-1), humidity.at(-1)];
  const alarm = it.climate.alarms[0];
  const values = (
    <>
      {warm === undefined ? "–" : `${number(warm.value, language, 1)}${THIN}°C`} <span className="gap" /> {damp === undefined ? "–" : `${number(damp.value, language)}${THIN}%`}
    </>
  );
  if (alarm !== undefined) {
    const value = alarm.quantity === "temperature" ? `${number(alarm.value, language, 1)}${THIN}°C` : `${number(alarm.value, language)}${THIN}%`;
    return (
      <AlarmSign priority={alarm.priority}>
        {t(alarm.quantity === "temperature" ? "col.temperature" : "col.humidity")} {value}
      </AlarmSign>
    );
  }
  const isOld = it.climate.isStale.temperature && it.climate.isStale.humidity && warm !== undefined;
  return isOld ? (
    <span className="t3">
      {values} {t("since", { time: clockTime(warm.at, language) })}
    </span>
  ) : (
    values
  );
}

function Drawer({ it, block, onClose, onAsk }: { it: RoomView; block: BlockView; onClose: () => void; onAsk: (it: DayCase) => void }) {
  const { t, language } = useWords();
  const may = useMay();
  const { course, climate, room } = it;
  const tax = course?.followed?.detail.patientTaxCode;
  const patient = useQuery({ ...patientQuery(tax ?? ""), enabled: may.readNames && tax !== null && tax !== undefined && tax !== "" });
  const nexts = block.bookings.filter((booking) => booking.operatingRoomId === room.id && booking.status === "BOOKED").slice(0, 3);
  const alarm = climate.alarms[0];
  const window = { from: block.now - 3_600_000, to: block.now };
  return (
    <aside className="drawer" aria-label={room.name}>
      <div className="drawer-head">
        <h2>
          <b>{room.name}</b> <span className="t2">{course?.process.type}</span>
        </h2>
        <Button look="quiet" icon="cross" label={t("close")} onClick={onClose} />
      </div>
      <div className="drawer-now">
        <span className="num">{stepText(it, t)}</span> <span className="num">{elapsedOf(it, block.now)}</span>
        {course?.standing.end === undefined ? null : <span className="t2">{t("drawer.end", { time: clockTime(course.standing.end, language) })}</span>}
      </div>
      {course === undefined ? null : (
        <p>
          {patient.data === null || patient.data === undefined ? "" : `${patient.data.name} ${patient.data.surname} `}
          <span className="t2">
            <PatientCode id={course.process.patientId} />
          </span>
        </p>
      )}
      {it.onDay?.late === null || it.onDay?.late === undefined ? null : (
        <div className="pair">
          <span>{t(`cause.late.${it.onDay.late.kind}`, { minutes: number(it.onDay.late.minutes, language) })}</span> <CauseOf it={it.onDay} onAsk={onAsk} />
        </div>
      )}
      <section>
        {alarm === undefined ? null : (
          <AlarmSign priority={alarm.priority}>
            {t(`alarm.${alarm.quantity}.${alarm.side}`)}, {t("alarm.detail", { value: number(alarm.value, language, 1), limit: alarm.limit, time: clockTime(alarm.since, language) })}
          </AlarmSign>
        )}
        {(["temperature", "humidity"] as const).map((quantity) => (
          <div key={quantity} className="drawer-lane">
            <span className="t2">{t(quantity === "temperature" ? "col.temperature" : "col.humidity")}</span>
            <Lane points={climate.history[quantity]} window={window} band={climate.ranges[quantity]} period={periodOf(climate.history[quantity]) ?? 30_000} isLive={!climate.isStale[quantity]} color="var(--text)" />
            <b className="nw">
              {climate.history[quantity].at(-1) === undefined ? "–" : number(climate.history[quantity].at(-1)?.value ?? 0, language, 1)}
              {THIN}
              {quantity === "temperature" ? "°C" : "%"}
            </b>
          </div>
        ))}
        <p className="t3">{t("alarm.notPrimary")}</p>
      </section>
      <section>
        <h3>{t("team", { count: it.count })}</h3>
        <ul>
          {it.people.map((person) => (
            <li key={person.healthProfessionalId} className="pair">
              <span>
                {person.healthProfessionalName ?? ""} {person.healthProfessionalSurname ?? person.healthProfessionalId}
              </span>
              <span className="t3">{roleOf(person.healthProfessionalRole, t)}</span>
            </li>
          ))}
        </ul>
      </section>
      {room.type === "OPERATING_ROOM" ? (
        <section>
          <h3>{t("drawer.next")}</h3>
          {nexts.length === 0 ? <p className="t3">{t("room.empty.none")}</p> : null}
          <ul>
            {nexts.map((booking) => (
              <li key={booking.surgeryID} className="pair">
                <span>
                  {clockTime(instant(booking.surgeryDateTime), language)} <PatientCode id={booking.patientID} />
                </span>
                <span className="t2">
                  {booking.surgeryType} {duration(booking.expectedDurationMinutes * 60_000)}
                </span>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <div className="btn-row drawer-foot">
        <Link className="btn btn-primary" to="/rooms/$roomId" params={{ roomId: room.id }}>
          {t("drawer.open")}
        </Link>
        {may.readStaffHistory ? (
          <Link className="btn" to="/staff" search={{ room: room.id }}>
            {t("drawer.movements")}
          </Link>
        ) : null}
        {may.readNames ? (
          <Link className="btn" to="/bookings">
            {t("nav.bookings")}
          </Link>
        ) : null}
      </div>
    </aside>
  );
}

export function roleOf(role: string | null | undefined, t: ReturnType<typeof useWords>["t"]): string {
  return role === "SURGEON" || role === "NURSE" || role === "ANESTHETIST" ? t(`role.${role}`) : t("role.UNKNOWN");
}
