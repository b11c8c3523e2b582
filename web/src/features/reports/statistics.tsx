/** The figures of one step: of the patient, and of each room in which they were taken. */
import { useQuery } from "@tanstack/react-query";

import { roomsQuery, settingsQuery, type Report } from "~/data/queries";
import { instant, number } from "~/lib/format";
import { useWords, type Key } from "~/lib/i18n";
import type { Point, Stretch } from "~/lib/series";

import { Spark, type Curves } from "./charts";

type Step = Report["steps"][number];
type Figure = number | { readonly value: number } | null | undefined;

interface Line {
  readonly label: string;
  readonly decimals: number;
  readonly mean: Figure;
  readonly weighted: Figure;
  readonly std: Figure;
  readonly min: Figure;
  readonly max: Figure;
  readonly count: number;
  readonly range: { readonly low: number; readonly high: number } | undefined;
  readonly points: readonly Point[] | undefined;
  readonly color: string;
}

const SIGNS = [
  ["heartBeat", "stat.heartBeat", 0, "heartRate", "var(--v-hr)"],
  ["saturationPercentage", "stat.saturation", 1, "saturation", "var(--v-spo2)"],
  ["systolicBloodPressure", "stat.systolic", 0, "bloodPressure", "var(--v-bp)"],
  ["diastolicBloodPressure", "stat.diastolic", 0, "bloodPressure", "var(--v-bp)"],
  ["respiratoryRate", "stat.respiratory", 0, "respiratoryRate", "var(--v-rr)"],
  ["bodyTemperature", "stat.temperature", 1, "bodyTemperature", "var(--v-temp)"],
] as const;
const CLIMATE = [
  ["temperature", "stat.roomTemperature", 1],
  ["humidity", "stat.humidity", 0],
  ["luminosity", "stat.luminosity", 0],
] as const;

export function Statistics({ step, curves, theatres }: { step: Step; curves: Curves; theatres: ReadonlySet<string> }) {
  const { t } = useWords();
  const known = useQuery(roomsQuery).data;
  const nameOf = (room: string) => known?.find((it) => it.id === room)?.name ?? room;
  const ranges = useQuery(settingsQuery).data?.ranges;
  const window = { from: instant(step.startDateTime), to: instant(step.stopDateTime) };
  const vital = step.patientVitalSignAggregateData;
  const signs = SIGNS.map(
    ([name, label, decimals, range, color]): Line => ({
      label: t(label),
      decimals,
      mean: vital.average[name],
      weighted: vital.timeWeightedAverage[name],
      std: vital.std[name],
      min: vital.minimum[name],
      max: vital.maximum[name],
      count: vital.samples[name].count,
      range: ranges?.[range],
      points: curves.vitals?.[name],
      color,
    }),
  ).filter((line) => line.count > 0);
  const rooms = Object.entries(step.environmentByRoom).map(([room, of]) => ({
    room,
    lines: CLIMATE.map(
      ([name, label, decimals]): Line => ({
        label: t(label),
        decimals,
        mean: of.average[name],
        weighted: of.timeWeightedAverage[name],
        std: of.std[name],
        min: of.minimum[name],
        max: of.maximum[name],
        count: of.samples[name].count,
        range: climateRange(name, theatres.has(room), ranges),
        points: curves.rooms.get(room)?.[name],
        color: "var(--text)",
      }),
    ).filter((line) => line.count > 0),
  }));
  return (
    <div className="table-wrap">
      <table className="list figures">
        <Head title={t("col.patient")} />
        <tbody>
          {signs.length === 0 ? (
            <tr>
              <td colSpan={8} className="t2">
                {t("stat.none")}
              </td>
            </tr>
          ) : null}
          {signs.map((line) => (
            <Row key={line.label} line={line} window={window} />
          ))}
        </tbody>
        {rooms.map(({ room, lines }) => (
          <tbody key={room}>
            <tr className="group">
              <td colSpan={8}>{nameOf(room)}</td>
            </tr>
            {lines.map((line) => (
              <Row key={line.label} line={line} window={window} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function climateRange(quantity: (typeof CLIMATE)[number][0], isTheatre: boolean, ranges: Curves["ranges"]): Line["range"] {
  if (quantity === "luminosity") return undefined;
  if (quantity === "temperature") return isTheatre ? ranges?.theatreTemperature : ranges?.otherTemperature;
  return isTheatre ? ranges?.theatreHumidity : ranges?.otherHumidity;
}

function Head({ title }: { title: string }) {
  const { t } = useWords();
  const columns: readonly Key[] = ["stat.mean", "stat.weighted", "stat.std", "stat.min", "stat.max", "stat.count"];
  return (
    <thead>
      <tr>
        <th scope="col">{title}</th>
        <td className="spark-head" />
        {columns.map((key) => (
          <th key={key} scope="col" className="numeric">
            {t(key)}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Row({ line, window }: { line: Line; window: Stretch }) {
  const { language } = useWords();
  const value = (figure: Figure): number | undefined => (typeof figure === "object" ? figure?.value : figure);
  const text = (figure: Figure, decimals = line.decimals) => {
    const it = value(figure);
    return it === undefined ? "–" : number(it, language, decimals);
  };
  const isOut = (figure: Figure) => {
    const it = value(figure);
    return it !== undefined && line.range !== undefined && (it < line.range.low || it > line.range.high);
  };
  // Printed in black and white, so never by colour.
  const extreme = (figure: Figure) => (isOut(figure) ? <b className="out">{text(figure)}</b> : text(figure));
  return (
    <tr>
      <td>{line.label}</td>
      <td className="spark-cell">
        <Spark points={line.points} window={window} band={line.range} color={line.color} />
      </td>
      <td className="numeric">{text(line.mean)}</td>
      <td className="numeric">{text(line.weighted)}</td>
      <td className="numeric">{text(line.std, 1)}</td>
      <td className="numeric">{extreme(line.min)}</td>
      <td className="numeric">{extreme(line.max)}</td>
      <td className="numeric t2">{line.count}</td>
    </tr>
  );
}
