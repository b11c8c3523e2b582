/**
 * The wall: read from four metres, touched by nobody. Codes only. Four theatres at a time, turning
 * by itself where there are more; after any outage it comes back by itself.
 */
import { useEffect, useState } from "react";

import { useClock, useConnection, usePartial } from "~/data/hooks";
import { clockTime, dayText, duration, instant, minutes, number, THIN } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { AlarmSign, Shape } from "~/ui/alarm";
import { Icon } from "~/ui/icons";
import { PatientCode } from "~/ui/patient";
import { Empty, Loading, Problem } from "~/ui/states";

import { WallStrip } from "./figure";
import { elapsedOf, stepText } from "./page";
import { Timeline } from "./timeline";
import { useBlock, type RoomView } from "./view";
import { LATE } from "~/data/process";

const AT_ONCE = 4;
const TURN = 12_000;

export function Wall() {
  const { t, language } = useWords();
  const block = useBlock();
  const connection = useConnection();
  const lacking = usePartial();
  const clock = useClock();
  const theatres = block.rooms.filter((it) => it.room.type === "OPERATING_ROOM");
  const others = block.rooms.filter((it) => it.room.type !== "OPERATING_ROOM" && it.course !== undefined);
  const pages = Math.max(1, Math.ceil(theatres.length / AT_ONCE));
  const page = useTurning(pages);
  const shown = theatres.slice(page * AT_ONCE, page * AT_ONCE + AT_ONCE);
  const alarms = block.rooms.reduce((sum, it) => sum + it.climate.alarms.filter((alarm) => alarm.priority === "medium").length, 0);
  const late = block.rooms.filter((it) => it.isLate).length;
  const live = block.rooms.filter((it) => !it.climate.isStale.temperature && it.climate.history.temperature.length > 0).length;
  const isLost = connection.kind === "lost";
  return (
    <main className={isLost ? "wall is-offline" : "wall"} id="main">
      <header className="wall-head">
        <h1>{t("block.title")}</h1>
        <span className="t2">{dayText(clock, language, "short")}</span>
        {alarms > 0 ? <AlarmSign priority="medium">{t("block.alarms", { count: alarms })}</AlarmSign> : null}
        {late > 0 ? <span className="chip">{t("block.late", { count: late })}</span> : null}
        <span className="grow" />
        {pages > 1 ? <span className="t3">{t("wall.page", { page: page + 1, pages })}</span> : null}
        {isLost ? (
          <span className="chip" role="alert">
            <Icon name="offline" /> {t("live.since", { time: clockTime(connection.since, language) })}
          </span>
        ) : (
          <span className="live">{lacking === "" ? t("wall.live", { live, all: block.rooms.length }) : t("partial.short")}</span>
        )}
        <time className="wall-clock">{clockTime(clock, language)}</time>
      </header>
      {block.isPending ? <Loading what={t("what.rooms")} rows={4} /> : null}
      {block.failure !== undefined && block.rooms.length === 0 ? <Problem trouble={block.failure} what={t("what.rooms")} /> : null}
      {!block.isPending && theatres.length === 0 && block.failure === undefined ? <Empty title={t("rooms.none")}>{t("rooms.none.text")}</Empty> : null}
      <div className="wall-rows">
        {shown.map((it) => (
          <Row key={it.room.id} it={it} now={block.now} />
        ))}
      </div>
      <div className="wall-others">
        {others.slice(0, 2).map((it) => (
          <span key={it.room.id}>
            {it.room.name} <span className="t2">{it.course === undefined ? "" : <PatientCode id={it.course.process.patientId} />}</span> <span className="t2">{stepText(it, t)}</span> {elapsedOf(it, block.now)}
          </span>
        ))}
        <span className="grow" />
        <span className="t3">{t("wall.notPrimary")}</span>
      </div>
      <Timeline cases={block.cases} theatres={shown.map((it) => it.room)} now={block.now} isWall />
      <WallStrip />
    </main>
  );
}

function useTurning(pages: number): number {
  const [page, setPage] = useState(0);
  useEffect(() => {
    if (pages < 2) return;
    const timer = setInterval(() => setPage((it) => it + 1), TURN);
    return () => clearInterval(timer);
  }, [pages]);
  return page % pages;
}

function Row({ it, now }: { it: RoomView; now: number }) {
  const { t, language } = useWords();
  const { course, climate } = it;
  const delay = course?.standing.delay;
  const alarm = climate.alarms.find((some) => some.priority === "medium") ?? climate.alarms[0];
  const isRest = course === undefined && it.turnoverSince === undefined;
  const [warm, damp] = [climate.history.temperature.at(-1), climate.history.humidity.at(-1)];
  return (
    <div className={isRest ? "wall-row rest" : "wall-row"}>
      <span className="wall-room">{it.room.name === "" ? it.room.id : it.room.name}</span>
      <span className="wall-step">
        <b>{stepText(it, t)}</b>
        <span>
          {course === undefined ? (
            it.next === undefined ? (
              ""
            ) : (
              <>
                {clockTime(instant(it.next.surgeryDateTime), language)} <PatientCode id={it.next.patientID} />
              </>
            )
          ) : (
            <>
              <PatientCode id={course.process.patientId} /> · {t("wall.team", { count: it.count })}
            </>
          )}
        </span>
      </span>
      <span className="wall-elapsed">{elapsedOf(it, now)}</span>
      <span className="wall-delay">
        {delay === undefined ? course === undefined ? "" : <span>{t("room.unplanned")}</span> : delay >= LATE ? <span className="chip">{t("late", { minutes: minutes(delay) })}</span> : <span>{t("onTime")}</span>}
        {course?.plan === undefined ? null : <span>{t("room.of", { time: duration(course.plan.length) })}</span>}
      </span>
      {alarm === undefined ? (
        <span className={climate.isStale.temperature ? "wall-climate t3" : "wall-climate"}>
          {warm === undefined ? "–" : `${number(warm.value, language, 1)}${THIN}°C`} <span className="gap" /> {damp === undefined ? "–" : `${number(damp.value, language)}${THIN}%`}
        </span>
      ) : (
        <span className={`wall-alarm alarm-${alarm.priority}`}>
          <b>
            <Shape priority={alarm.priority} /> {t(alarm.quantity === "temperature" ? "col.temperature" : "col.humidity")} {number(alarm.value, language, alarm.quantity === "temperature" ? 1 : 0)}
            {THIN}
            {alarm.quantity === "temperature" ? "°C" : "%"}
          </b>
          <span>{t(`wall.${alarm.side}`, { word: t(`alarm.${alarm.priority}`), limit: alarm.limit, time: clockTime(alarm.since, language) })}</span>
        </span>
      )}
    </div>
  );
}
