/** How did the block do: on a day, in a week, between two dates; per theatre and per day. */
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { casesOf } from "~/data/day";
import { useDay, useMay, useNow } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { dayQuery, FIGURES, figuresQuery, isNothing, isShare, MOST_DAYS, sorted, valueOf, type DayCase, type Figure, type Figures, type FiguresOf } from "~/data/performance";
import { roomsQuery } from "~/data/queries";
import { csv, download } from "~/lib/csv";
import { addDays, instantOf, isDay, lengthOf, weekOf, type Days } from "~/lib/days";
import { clockTime, dayText, instant, number } from "~/lib/format";
import { useWords, type Words } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { PatientCode } from "~/ui/patient";
import { Empty, Loading, Problem } from "~/ui/states";

import "./block.css";
import { CauseDialog, CauseOf, useCauseText } from "./cause";
import { Cards, inOne, written } from "./figure";
import { Timeline } from "./timeline";

export interface FiguresSearch {
  readonly span?: "week" | "dates" | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly sort?: string | undefined;
  readonly about?: Figure | undefined;
}

/** The days that an address means. */
export function daysOf(search: FiguresSearch, today: string): Days {
  const from = isDay(search.from) ? search.from : today;
  switch (search.span) {
    case "week":
      return weekOf(from);
    case "dates":
      return { from, to: isDay(search.to) ? search.to : from };
    default:
      return { from, to: from };
  }
}

export function FiguresPage() {
  const words = useWords();
  const { t, language } = words;
  const may = useMay();
  const today = useDay();
  const search = useSearch({ from: "/block/figures" });
  const navigate = useNavigate({ from: "/block/figures" });
  const change = (some: Partial<FiguresSearch>) => void navigate({ search: (before) => ({ ...before, ...some }), replace: true });
  const days = daysOf(search, today);
  const length = lengthOf(days);
  const wrong = length < 1 ? t("span.wrong") : length > MOST_DAYS ? t("figures.long", { days: MOST_DAYS }) : undefined;
  const figures = useQuery({ ...figuresQuery(days.from, days.to), enabled: may.readProcesses && wrong === undefined });
  const rooms = useQuery(roomsQuery);
  const nameOf = (id: string) => rooms.data?.find((it) => it.id === id)?.name ?? id;
  const dayName = (day: string, form: "long" | "short" = "long") => dayText(instantOf(day), language, form);
  const step = search.span === "week" ? 7 : length;
  const move = (count: number) => change({ from: addDays(days.from, count), to: search.span === "dates" ? addDays(days.to, count) : undefined });
  const told = wrong === undefined ? figures.data : undefined;
  const isEmpty = told !== undefined && isNothing(told.total);
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="page-head">
        <h1>{t("figures.title")}</h1>
        <span className="t2">{length > 1 ? `${dayName(days.from)} – ${dayName(days.to)}` : dayName(days.from)}</span>
        <div className="push btn-row">
          <Button onClick={() => move(-step)} label={t("figures.before")}>
            {"‹"}
          </Button>
          <Button onClick={() => move(step)} label={t("figures.after")}>
            {"›"}
          </Button>
          <div className="segments" role="group" aria-label={t("figures.span")}>
            <Button pressed={search.span === undefined} onClick={() => change({ span: undefined, to: undefined })}>
              {t("day")}
            </Button>
            <Button pressed={search.span === "week"} onClick={() => change({ span: "week", to: undefined })}>
              {t("figures.week")}
            </Button>
            <Button pressed={search.span === "dates"} onClick={() => change({ span: "dates", from: days.from, to: days.to })}>
              {t("figures.dates")}
            </Button>
          </div>
          <TextInput type="date" aria-label={t(search.span === "dates" ? "from" : "day")} value={search.from ?? (search.span === "dates" ? days.from : today)} onChange={(event) => change({ from: event.currentTarget.value === "" ? undefined : event.currentTarget.value })} />
          {search.span === "dates" ? <TextInput type="date" aria-label={t("to")} value={days.to} onChange={(event) => change({ to: event.currentTarget.value === "" ? undefined : event.currentTarget.value })} /> : null}
          <Button icon="download" disabled={told === undefined ? t("state.reading") : undefined} onClick={() => (told === undefined ? undefined : download(`${t("figures.file")}-${days.from}-${days.to}.csv`, csv(rowsOf(told, nameOf, t))))}>
            {t("csv")}
          </Button>
        </div>
      </div>
      {wrong === undefined ? null : <p role="alert">{wrong}</p>}
      {!may.readProcesses ? <Problem trouble={{ kind: "forbidden" }} what={t("what.figures")} /> : null}
      {figures.error === null || wrong !== undefined ? null : <Problem trouble={failureOf(figures.error)} what={t("what.figures")} onRetry={() => void figures.refetch()} />}
      {may.readProcesses && figures.isPending && wrong === undefined ? <Loading what={t("what.figures")} rows={7} /> : null}
      {isEmpty ? <Empty title={t("figures.empty")}>{t("figures.empty.text")}</Empty> : null}
      {told === undefined || isEmpty ? null : (
        <>
          <Cards figures={FIGURES} of={told.total} about={search.about} onAbout={(about) => change({ about })} />
          <Table head={t("rooms.theatres")} rows={told.theatres.map((it) => ({ id: it.operatingRoomId, name: nameOf(it.operatingRoomId), of: it.figures }))} total={told.total} sort={search.sort} onSort={(sort) => change({ sort })} />
          {told.days.length > 1 ? (
            <Table
              head={t("figures.days")}
              rows={told.days.map((it) => ({ id: it.day, name: dayName(it.day, "short"), of: it.figures, day: it.day }))}
              total={undefined}
              sort={search.sort}
              onSort={(sort) => change({ sort })}
            />
          ) : null}
          <Causes of={told.total} />
        </>
      )}
      {length === 1 && wrong === undefined && may.readProcesses ? <TheDay day={days.from} isToday={days.from === today} /> : null}
    </main>
  );
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly of: FiguresOf;
  /** Leads to the day. */
  readonly day?: string;
}

interface TableProps {
  readonly head: string;
  readonly rows: readonly Row[];
  readonly total: FiguresOf | undefined;
  readonly sort: string | undefined;
  readonly onSort: (sort: string | undefined) => void;
}

/** One row each, one column for each figure. A share has a bar that is full at one; delays one that is full at the most. */
function Table({ head, rows, total, sort, onSort }: TableProps) {
  const { t } = useWords();
  const isDown = sort?.startsWith("-") ?? false;
  const chosen = sort?.replace("-", "") ?? "";
  const most = Math.max(1, ...rows.map((it) => it.of.delays.minutes));
  const title = (key: string, text: string, isNumeric: boolean) => {
    const isNow = chosen === key;
    return (
      <th key={key} scope="col" className={isNumeric ? "numeric" : ""} aria-sort={isNow ? (isDown ? "descending" : "ascending") : undefined}>
        <button type="button" onClick={() => onSort(isNow ? (isDown ? (key === "" ? undefined : key) : `-${key}`) : key === "" ? undefined : `-${key}`)}>
          {text} {isNow ? (isDown ? "▾" : "▴") : ""}
        </button>
      </th>
    );
  };
  return (
    <div className="table-wrap">
      <table className="list figure-table">
        <thead>
          <tr>
            {title("", head, false)}
            {FIGURES.map((figure) => title(figure, t(`figure.${figure}.column`), true))}
          </tr>
        </thead>
        <tbody>
          {sorted(rows, sort, (it) => it.of).map((row) => (
            <tr key={row.id}>
              <th scope="row">
                {row.day === undefined ? (
                  row.name
                ) : (
                  <Link to="/block/figures" search={{ from: row.day }}>
                    {row.name}
                  </Link>
                )}
              </th>
              {FIGURES.map((figure) => (
                <Cell key={figure} figure={figure} of={row.of} most={most} />
              ))}
            </tr>
          ))}
          {total === undefined ? null : (
            <tr className="total">
              <th scope="row">{t("figures.total")}</th>
              {FIGURES.map((figure) => (
                <Cell key={figure} figure={figure} of={total} most={undefined} />
              ))}
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ figure, of, most }: { figure: Figure; of: FiguresOf; most: number | undefined }) {
  const words = useWords();
  const value = valueOf(figure, of);
  const part = value === undefined || most === undefined ? undefined : isShare(figure) ? value : figure === "delays" ? value / most : undefined;
  return (
    <td className="numeric">
      {inOne(written(figure, of, words))}
      {part === undefined ? null : (
        <span className="bar" aria-hidden="true">
          <i style={{ width: `${Math.min(1, Math.max(0, part)) * 100}%` }} />
        </span>
      )}
    </td>
  );
}

function Causes({ of }: { of: FiguresOf }) {
  const { t, language } = useWords();
  const text = useCauseText();
  const causes = of.delays.causes.toSorted((a, b) => b.minutes - a.minutes);
  const most = Math.max(1, ...causes.map((it) => it.minutes));
  return (
    <section className="causes">
      <h2 className="section">{t("figures.causes")}</h2>
      {causes.length === 0 ? <p className="t2">{t("figures.causes.none")}</p> : null}
      {causes.length === 0 ? null : (
        <table className="list">
          <thead>
            <tr>
              <th scope="col">{t("cause")}</th>
              <th scope="col" className="numeric">
                {t("figures.count")}
              </th>
              <th scope="col" className="numeric">
                {t("figures.minutes")}
              </th>
            </tr>
          </thead>
          <tbody>
            {causes.map((it) => (
              <tr key={it.cause ?? ""}>
                <th scope="row">{it.cause === null || it.cause === undefined ? t("cause.none") : text(it.cause)}</th>
                <td className="numeric">{it.count}</td>
                <td className="numeric">
                  {number(it.minutes, language)}
                  <span className="bar" aria-hidden="true">
                    <i style={{ width: `${(it.minutes / most) * 100}%` }} />
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** One day as it went: the timeline, and who was late and why. */
function TheDay({ day, isToday }: { day: string; isToday: boolean }) {
  const { t, language } = useWords();
  const now = useNow();
  const cases = useQuery(dayQuery(day));
  const rooms = useQuery(roomsQuery);
  const [asked, setAsked] = useState<DayCase>();
  const shown = casesOf(cases.data ?? [], now);
  const late = (cases.data ?? []).filter((it) => it.late !== null && it.late !== undefined);
  const theatres = (rooms.data ?? []).filter((room) => room.type === "OPERATING_ROOM");
  return (
    <>
      {cases.error === null ? null : <Problem trouble={failureOf(cases.error)} what={t("what.day")} onRetry={() => void cases.refetch()} />}
      {late.length === 0 ? null : (
        <section>
          <h2 className="section">{t("figures.late")}</h2>
          <div className="table-wrap">
            <table className="list">
              <thead>
                <tr>
                  <th scope="col">{t("col.plan")}</th>
                  <th scope="col">{t("col.room")}</th>
                  <th scope="col">{t("col.surgery")}</th>
                  <th scope="col">{t("col.patient")}</th>
                  <th scope="col">{t("col.delay")}</th>
                  <th scope="col">{t("cause")}</th>
                </tr>
              </thead>
              <tbody>
                {late.map((it) => (
                  <tr key={it.processId ?? it.surgeryId ?? ""}>
                    <td>{it.plannedStart === null || it.plannedStart === undefined ? "–" : clockTime(instant(it.plannedStart), language)}</td>
                    <td>{rooms.data?.find((room) => room.id === it.operatingRoomId)?.name ?? it.operatingRoomId}</td>
                    <td>
                      <b>{it.surgeryType}</b>
                    </td>
                    <td>
                      <PatientCode id={it.patientId} />
                    </td>
                    <td>{it.late === null || it.late === undefined ? "" : t(`cause.late.${it.late.kind}`, { minutes: number(it.late.minutes, language) })}</td>
                    <td>
                      <CauseOf it={it} onAsk={setAsked} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      {shown.length === 0 ? null : <Timeline cases={shown} theatres={theatres} now={isToday ? now : undefined} isWall={false} />}
      {asked === undefined ? null : <CauseDialog it={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

/** What the figures are made of, for who counts further. */
function rowsOf(told: Figures, nameOf: (id: string) => string, t: Words["t"]): (string | number | undefined)[][] {
  const head = [
    t("figures.of.what"),
    `${t("figure.firstCases.column")} (n)`,
    t("figure.firstCases.column"),
    `${t("figure.turnover.column")} (n)`,
    t("csv.mean", { of: t("figure.turnover.column") }),
    t("csv.median", { of: t("figure.turnover.column") }),
    t("csv.patientMinutes"),
    t("csv.staffedMinutes"),
    `${t("figure.duration.column")} (n)`,
    t("csv.mean", { of: t("figure.duration.column") }),
    t("csv.median", { of: t("figure.duration.column") }),
    `${t("figure.dayEnd.column")} (n)`,
    t("csv.mean", { of: t("figure.dayEnd.column") }),
    `${t("figure.delays.column")} (n)`,
    t("csv.minutes", { of: t("figure.delays.column") }),
    t("csv.inRange"),
    t("csv.known"),
    t("csv.surgery"),
  ];
  const row = (name: string, it: FiguresOf): (string | number | undefined)[] => [
    name,
    it.firstCases.count,
    it.firstCases.onTime,
    it.turnover.count,
    it.turnover.meanMinutes ?? undefined,
    it.turnover.medianMinutes ?? undefined,
    it.use.patientMinutes,
    it.use.staffedMinutes,
    it.duration.count,
    it.duration.meanMinutes ?? undefined,
    it.duration.medianMinutes ?? undefined,
    it.dayEnd.count,
    it.dayEnd.meanMinutes ?? undefined,
    it.delays.count,
    it.delays.minutes,
    it.environment.inRangeMinutes,
    it.environment.knownMinutes,
    it.environment.surgeryMinutes,
  ];
  return [head, row(t("figures.total"), told.total), ...told.theatres.map((it) => row(nameOf(it.operatingRoomId), it.figures)), ...told.days.map((it) => row(it.day, it.figures))];
}
