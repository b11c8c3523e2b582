/** The curves of a surgery: all vital signs on one axis of time, and one small curve beside each figure. */
import { useQueries, useQuery } from "@tanstack/react-query";

import type { Stage } from "~/data/process";
import { roomSpanQuery, settingsQuery, vitalSpanQuery, type DashboardSettings, type RoomHistory, type Vital } from "~/data/queries";
import { clockTime } from "~/lib/format";
import { useWords, type Key } from "~/lib/i18n";
import { departuresOf, gapsOf, periodOf, type Point, type Stretch } from "~/lib/series";
import { Lane } from "~/ui/lane";

type Ranges = DashboardSettings["ranges"];

export interface Curves {
  readonly isPending: boolean;
  /** Undefined where they could not be read, or are not there any more. */
  readonly vitals: Readonly<Record<Vital, readonly Point[]>> | undefined;
  readonly rooms: ReadonlyMap<string, RoomHistory>;
  readonly ranges: Ranges | undefined;
}

/** What was measured of a patient and in the rooms, from beginning to end. */
export function useCurves(processId: string, rooms: readonly string[], span: Stretch | undefined): Curves {
  const isSpan = span !== undefined;
  const { from, to } = span ?? { from: 0, to: 0 };
  const ranges = useQuery(settingsQuery).data?.ranges;
  const vitals = useQuery({ ...vitalSpanQuery(processId, from, to), enabled: isSpan });
  const histories = useQueries({ queries: rooms.map((room) => ({ ...roomSpanQuery(room, from, to), enabled: isSpan })) });
  return {
    isPending: isSpan && vitals.isPending,
    vitals: vitals.data ?? undefined,
    rooms: new Map(
      rooms.flatMap((room, index) => {
        const history = histories[index]?.data;
        return history === null || history === undefined ? [] : [[room, history] as const];
      }),
    ),
    ranges,
  };
}

interface Row {
  readonly label: Key;
  readonly unit: string;
  readonly color: string;
  readonly of: Vital;
  readonly lower?: Vital;
  readonly range: keyof Ranges;
}

const ROWS: readonly Row[] = [
  { label: "vital.hr", unit: "/min", color: "var(--v-hr)", of: "heartBeat", range: "heartRate" },
  { label: "vital.spo2", unit: "%", color: "var(--v-spo2)", of: "saturationPercentage", range: "saturation" },
  { label: "vital.bp", unit: "mmHg", color: "var(--v-bp)", of: "systolicBloodPressure", lower: "diastolicBloodPressure", range: "bloodPressure" },
  { label: "vital.rr", unit: "/min", color: "var(--v-rr)", of: "respiratoryRate", range: "respiratoryRate" },
  { label: "vital.temp", unit: "°C", color: "var(--v-temp)", of: "bodyTemperature", range: "bodyTemperature" },
];

const MINUTE = 60_000;
/** Where too few values tell how often they come, milliseconds. */
const PERIOD = 10_000;

/** Whole quarters, halves or hours, at most six. */
export function ticksOf({ from, to }: Stretch): number[] {
  const step = [5, 10, 15, 30, 60, 120, 240].map((minutes) => minutes * MINUTE).find((it) => (to - from) / it <= 6) ?? 480 * MINUTE;
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, index) => first + index * step);
}

interface StepSpan extends Stretch {
  readonly stage: Stage;
}

export function VitalLanes({ curves, steps, span }: { curves: Curves; steps: readonly StepSpan[]; span: Stretch }) {
  const { t, language } = useWords();
  const { vitals, ranges } = curves;
  if (curves.isPending) return <p className="t2">{t("state.reading")}</p>;
  if (vitals === undefined || ROWS.every((row) => vitals[row.of].length === 0)) return <p className="t2">{t("report.curves.none")}</p>;
  const x = (at: number) => ((at - span.from) / (span.to - span.from)) * 100;
  return (
    <>
      <div className="curves" role="img" aria-label={t("vitals")}>
        <div className="curve-bands">
          {steps.map((step) => {
            const width = x(step.to) - x(step.from);
            const word = t(`step.${step.stage}.small`);
            return (
              <div key={step.from} style={{ left: `${x(step.from)}%`, width: `${width}%`, background: `var(--p-${step.stage}-wash)` }}>
                {width > word.length * 1.6 ? <span>{word}</span> : null}
              </div>
            );
          })}
        </div>
        {ROWS.map((row) => {
          const range = ranges?.[row.range];
          return (
            <div key={row.label} className="curve">
              <div>
                <b style={{ color: row.color }}>{t(row.label)}</b>
                <span className="t3">
                  {range === undefined ? "" : `${range.low}–${range.high} `}
                  {row.unit}
                </span>
              </div>
              <Lane
                points={vitals[row.of]}
                {...(row.lower === undefined ? {} : { lower: vitals[row.lower] })}
                window={span}
                band={range}
                period={periodOf(vitals[row.of]) ?? PERIOD}
                isLive
                isPast
                color={row.color}
              />
            </div>
          );
        })}
        <div className="curve-axis t3">
          {ticksOf(span).map((at) =>
            x(at) < 4 || x(at) > 96 ? null : (
              <span key={at} style={{ left: `${x(at)}%` }}>
                {clockTime(at, language)}
              </span>
            ),
          )}
        </div>
      </div>
      <p className="t3">{t("report.curves.how")}</p>
    </>
  );
}

/** One figure of one step over its time. */
export function Spark({ points, window, band, color }: { points: readonly Point[] | undefined; window: Stretch; band: { readonly low: number; readonly high: number } | undefined; color: string }) {
  const shown = (points ?? []).filter((it) => it.at >= window.from && it.at <= window.to);
  if (shown.length < 2 || window.to <= window.from) return null;
  return (
    <div className="spark" aria-hidden="true">
      <Lane points={shown} window={window} band={band} period={periodOf(shown) ?? PERIOD} isLive isPast color={color} />
    </div>
  );
}

/** Shorter than this neither a gap nor a departure is worth a sentence, milliseconds. */
const WORTH = 2 * MINUTE;
const DEPARTED = MINUTE;

/** What one reads off the curves of a step: values beyond their range, and times without any. */
export function StepNotes({ curves, window }: { curves: Curves; window: Stretch }) {
  const { t, language } = useWords();
  const { vitals, ranges } = curves;
  if (vitals === undefined || ranges === undefined) return null;
  const time = (at: number) => clockTime(at, language);
  const notes = ROWS.flatMap((row) => {
    const points = vitals[row.of].filter((it) => it.at >= window.from && it.at <= window.to);
    if (points.length === 0) return [];
    const period = periodOf(points) ?? PERIOD;
    const range = ranges[row.range];
    const sign = t(row.label);
    return [
      ...departuresOf(points, range, period, DEPARTED).map((it) => ({ at: it.from, text: t(`report.note.${it.side}`, { sign, limit: range[it.side], from: time(it.from), to: time(it.to) }) })),
      ...gapsOf(points, window, Math.max(WORTH, 2.5 * period)).map((it) => ({ at: it.from, text: t("report.note.gap", { sign, from: time(it.from), to: time(it.to) }) })),
    ];
  }).sort((a, b) => a.at - b.at);
  if (notes.length === 0) return null;
  const more = notes.length - 6;
  return (
    <p className="t2">
      {notes.slice(0, 6).map((it) => `${it.text} `)}
      {more > 0 ? t("alarm.more", { count: more }) : ""}
    </p>
  );
}
