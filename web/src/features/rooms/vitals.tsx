/** Vital signs: a row each with its number, and its trace on one common axis of time. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState, type CSSProperties } from "react";

import { useConnection, useNow, useWatched } from "~/data/hooks";
import { vitalsQuery, type Vital, type VitalSigns } from "~/data/queries";
import type { Climate, Course } from "~/data/room";
import { clockRate } from "~/lib/clock";
import { clockTime, instant, number } from "~/lib/format";
import { useWords, type Key } from "~/lib/i18n";
import { isStale, periodOf, trendOf, type Point, type Trend } from "~/lib/series";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { Lane, type LaneWindow } from "~/ui/lane";

import type { DashboardSettings } from "~/data/queries";

const HistoryDialog = lazy(() => import("./history").then((module) => ({ default: module.HistoryDialog })));

/** Monitors send every ten seconds unless their values show another period, milliseconds. */
const PERIOD = 10_000;

type Ranges = DashboardSettings["ranges"];

interface Row {
  readonly id: string;
  readonly label: Key;
  readonly color: string;
  readonly of: Vital;
  readonly lower?: Vital;
  readonly unit: string;
  readonly decimals: number;
  readonly range: keyof Ranges;
}

const ROWS: readonly Row[] = [
  { id: "hr", label: "vital.hr", color: "var(--v-hr)", of: "heartBeat", unit: "/min", decimals: 0, range: "heartRate" },
  { id: "spo2", label: "vital.spo2", color: "var(--v-spo2)", of: "saturationPercentage", unit: "%", decimals: 0, range: "saturation" },
  {
    id: "bp",
    label: "vital.bp",
    color: "var(--v-bp)",
    of: "systolicBloodPressure",
    lower: "diastolicBloodPressure",
    unit: "mmHg",
    decimals: 0,
    range: "bloodPressure",
  },
  { id: "rr", label: "vital.rr", color: "var(--v-rr)", of: "respiratoryRate", unit: "/min", decimals: 0, range: "respiratoryRate" },
  { id: "temp", label: "vital.temp", color: "var(--v-temp)", of: "bodyTemperature", unit: "°C", decimals: 1, range: "bodyTemperature" },
];

const HOUR = 3_600_000;

/** From when to when the lanes show: the last hour, or all of the surgery. */
export function windowOf(begin: number, now: number, isWhole: boolean): LaneWindow {
  const from = isWhole ? Math.min(begin, now - 10 * 60_000) : now - HOUR;
  // A little room on the right, so that the newest value is not on the edge.
  return { from, to: now + (now - from) * 0.02 };
}

/** Times to write on the axis: whole hours or quarters, never more than six, none near the end. */
export function ticksOf(window: LaneWindow, now: number): number[] {
  const steps = [5, 10, 15, 30, 60, 120].map((minutes) => minutes * 60_000);
  const span = window.to - window.from;
  const step = steps.find((it) => span / it <= 5) ?? 4 * HOUR;
  const ticks: number[] = [];
  for (let at = Math.ceil(window.from / step) * step; at < now; at += step) {
    if (at - window.from > span * 0.06 && now - at > span * 0.24) ticks.push(at);
  }
  return ticks;
}

export function Vitals({ course, climate, ranges }: { course: Course; climate: Climate; ranges: Ranges | undefined }) {
  const { t, language } = useWords();
  const client = useQueryClient();
  const connection = useConnection();
  const isLive = connection.kind === "live";
  const { patientId, processId } = course.process;
  useWatched(patientId, processId);
  const vitals = useQuery(vitalsQuery(client, processId, isLive));
  const now = useNow();
  const [isWhole, setWhole] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const window = windowOf(instant(course.process.dateTime), now, isWhole);
  const isLost = connection.kind === "lost" || vitals.isError;
  // A stream that lives would have told what is newer.
  const asOf = isLive && !vitals.isError ? now : (vitals.data?.asOf ?? now);
  const x = (at: number) => ((at - window.from) / (window.to - window.from)) * 100;
  // A label stands in a band only where it fits: letters are wider beside a narrow chart.
  const perLetter = document.documentElement.dataset["density"] === "tablet" ? 3.5 : 1.5;
  const isNothing = vitals.data !== undefined && ROWS.every((row) => vitals.data.series[row.of].length === 0);
  return (
    <section className="vitals" aria-label={t("vitals")}>
      <h2 className="vt">
        <span>{isLost ? t("vitals.last", { time: clockTime(asOf, language) }) : isNothing ? t("vitals.none") : t("vitals")}</span>
      </h2>
      <div className="bands" aria-hidden="true">
        {course.spans.map((span) => {
          const [left, right] = [Math.max(0, x(span.from)), Math.min(100, x(span.to ?? now))];
          if (right <= left) return null;
          const style: CSSProperties = { left: `${left}%`, width: `${right - left}%`, background: `var(--p-${span.stage}-wash)` };
          return (
            <div key={`${span.stage}-${span.from}`} className="b" style={style}>
              {right - left > t(`step.${span.stage}.small`).length * perLetter + 2 ? <span>{t(`step.${span.stage}.small`)}</span> : null}
            </div>
          );
        })}
      </div>
      <div className="zoom no-print">
        <Button look="quiet" onClick={() => setWhole(!isWhole)} label={t(isWhole ? "chart.hour.label" : "chart.whole.label")}>
          {t(isWhole ? "chart.hour" : "chart.whole")}
        </Button>
        <Button look="quiet" onClick={() => setOpen(true)} icon="search" label={t("chart.history")} />
      </div>
      {ROWS.map((row, index) => (
        <VitalRow key={row.id} row={row} at={index + 2} vitals={vitals.data} window={window} asOf={asOf} isLost={isLost} range={ranges?.[row.range]} />
      ))}
      {(["temperature", "humidity", "luminosity"] as const).map((quantity, index) => {
        const range = quantity === "luminosity" ? undefined : climate.ranges[quantity];
        return (
          <div className="row envl desk-only" style={{ "--r": index + 7 }} key={quantity}>
            <div className="n">
              <span>{t(`room.${quantity}`)}</span>
              <span className="t3">{range === undefined ? "" : `${range.low}–${range.high} ${quantity === "temperature" ? "°C" : "%"}`}</span>
            </div>
            <Lane
              points={climate.history[quantity]}
              window={window}
              band={range}
              period={periodOf(climate.history[quantity]) ?? 30_000}
              isLive={!isLost && !climate.isStale[quantity]}
              color="var(--text-2)"
            />
          </div>
        );
      })}
      <Events course={course} x={x} now={now} perLetter={perLetter} />
      <div className="axis" aria-hidden="true">
        {ticksOf(window, now).map((at) => (
          <span key={at} style={{ left: `${x(at)}%` }}>
            {clockTime(at, language)}
          </span>
        ))}
        <span className="now">{clockTime(now, language)}</span>
      </div>
      {isOpen ? (
        <Suspense fallback={null}>
          <HistoryDialog series={vitals.data?.series} spans={course.spans} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </section>
  );
}

interface VitalRowProps {
  readonly row: Row;
  readonly at: number;
  readonly vitals: VitalSigns | undefined;
  readonly window: LaneWindow;
  readonly asOf: number;
  readonly isLost: boolean;
  readonly range: { readonly low: number; readonly high: number } | undefined;
}

const NONE: readonly Point[] = [];

function VitalRow({ row, at, vitals, window, asOf, isLost, range }: VitalRowProps) {
  const { t, language } = useWords();
  const points = vitals?.series[row.of] ?? NONE;
  const lower = row.lower === undefined ? undefined : (vitals?.series[row.lower] ?? NONE);
  const newest = points.at(-1);
  const stale = isStale(points, asOf, PERIOD, 3_000 * clockRate());
  const isOld = stale || isLost;
  const pairedLow = lower?.at(-1);
  const figure =
    newest === undefined
      ? "–"
      : pairedLow === undefined
        ? number(newest.value, language, row.decimals)
        : `${number(newest.value, language)}/${number(pairedLow.value, language)}`;
  const since = newest === undefined ? undefined : t("since", { time: clockTime(stale ? newest.at : asOf, language) });
  const second =
    newest === undefined
      ? t("vital.never")
      : isOld
        ? since
        : pairedLow !== undefined
          ? t("vital.mean", { value: Math.round((newest.value + 2 * pairedLow.value) / 3) })
          : range === undefined
            ? ""
            : `${number(range.low, language, range.low % 1 === 0 ? 0 : 1)}–${number(range.high, language, range.high % 1 === 0 ? 0 : 1)}`;
  return (
    <div className={isOld || newest === undefined ? "row is-stale" : "row"} style={{ "--r": at }}>
      <div className="n">
        <span style={{ color: row.color }}>{row.id === "spo2" ? <>{"SpO"}<sub>2</sub></> : t(row.label)}</span>
      </div>
      <div className="num">{figure}</div>
      <div className="un">
        <span>
          {row.unit} {isOld ? null : <TrendArrow trend={trendOf(points, 5 * 60_000)} />}
        </span>
        <span>{second}</span>
      </div>
      <Lane
        points={points}
        window={window}
        band={range}
        period={periodOf(points) ?? PERIOD}
        isLive={!isOld}
        color={row.color}
        {...(lower === undefined ? {} : { lower })}
      />
    </div>
  );
}

function TrendArrow({ trend }: { trend: Trend | undefined }) {
  const { t } = useWords();
  if (trend === undefined) return null;
  return (
    <>
      <Icon name={trend} />
      <span className="vh">{t(`trend.${trend}`)}</span>
    </>
  );
}

/** Technologies while they were on, and devices when they were implanted. */
function Events({ course, x, now, perLetter }: { course: Course; x: (at: number) => number; now: number; perLetter: number }) {
  const { t } = useWords();
  const uses = usesOf(course, now);
  const devices = course.followed?.detail.devices ?? [];
  // A word stands only where nothing else does; the line below names everything.
  const marks = devices.map((device) => x(instant(device.dateTime)));
  const isClear = (from: number, to: number) => from >= 0 && to <= 100 && marks.every((at) => at + 4 < from || at > to);
  const nameOf = (device: (typeof devices)[number]) => (device.type === null || device.type === undefined ? device.id : t(`device.${device.type}`));
  const isFree = (from: number, to: number) =>
    to <= 100 &&
    marks.every((at) => at <= from || at > to) &&
    uses.every((use) => x(use.to ?? now) < from || x(use.from) - ("endoscope".length * perLetter + 3) > to);
  return (
    <div className="row ev">
      <div className="n">{t("events")}</div>
      <div className="lane">
        {uses.map((use) => {
          const [left, right] = [Math.max(0, x(use.from)), Math.min(100, x(use.to ?? now))];
          if (right <= 0) return null;
          const word = t(use.type === "XRAY" ? "tech.XRAY.small" : "tech.ENDOSCOPE.small");
          const size = word.length * perLetter + 3;
          const [before, after] = [isClear(left - size, left), isClear(right, right + size)];
          return (
            <span key={`${use.id}-${use.from}`}>
              <span className="tech" style={{ left: `${left}%`, width: `${Math.max(0.6, right - left)}%` }} />
              {before || after ? (
                <span className="lab" style={before ? { right: `calc(${100 - left}% + 8px)` } : { left: `calc(${right}% + 8px)` }}>
                  {word}
                </span>
              ) : null}
            </span>
          );
        })}
        {devices.map((device) => {
          const left = x(instant(device.dateTime));
          return left < 0 ? null : (
            <span key={device.id}>
              <span className="dev" style={{ left: `${left}%` }} />
              {isFree(left + 2, left + 4 + nameOf(device).length * perLetter) ? (
                <span className="lab" style={{ left: `calc(${left}% + 16px)` }}>
                  {nameOf(device)}
                </span>
              ) : null}
            </span>
          );
        })}
      </div>
    </div>
  );
}

export interface Use {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly from: number;
  readonly to: number | undefined;
}

/** When each technology was in use in the room, from its switches on and off. */
export function usesOf(course: Course, now: number): Use[] {
  const detail = course.followed?.detail;
  if (detail === undefined) return [];
  const uses: Use[] = [];
  const on = new Map<string, { name: string; type: string; from: number }>();
  const begin = instant(detail.dateTime);
  for (const it of detail.technologiesInUseAtEntry) on.set(it.id, { name: it.name, type: it.type ?? "", from: begin });
  for (const { dateTime, medicalTechnology: it } of detail.medicalTechnologyUsage) {
    const at = instant(dateTime);
    const before = on.get(it.id);
    if (it.inUse && before === undefined) on.set(it.id, { name: it.name, type: it.type ?? "", from: at });
    if (!it.inUse && before !== undefined) {
      uses.push({ id: it.id, ...before, to: at });
      on.delete(it.id);
    }
  }
  for (const [id, use] of on) if (use.from <= now) uses.push({ id, ...use, to: undefined });
  return uses;
}
