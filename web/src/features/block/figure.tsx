/** One key figure as it is written, and what it means: the same on wall, desk and in tables. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { useDay, useMay } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { figuresQuery, valueOf, type Figure, type FiguresOf } from "~/data/performance";
import { number, THIN } from "~/lib/format";
import { useWords, type Words } from "~/lib/i18n";

export interface Written {
  readonly value: string;
  readonly unit: string;
  /** Of how many it was made. */
  readonly note: string;
}

/** A number with its sign; nothing has none. */
export function signed(value: number, language: Words["language"]): string {
  const whole = Math.round(value);
  return `${whole > 0 ? "+" : whole < 0 ? "−" : ""}${number(Math.abs(whole), language)}`;
}

/** What a figure says; a dash where there is nothing to say. */
export function written(figure: Figure, of: FiguresOf, { t, language }: Words): Written {
  const value = valueOf(figure, of);
  const dash: Written = { value: "–", unit: "", note: "" };
  switch (figure) {
    case "firstCases":
      return value === undefined ? dash : { value: number(of.firstCases.onTime, language), unit: t("figures.of", { count: of.firstCases.count }), note: "" };
    case "turnover":
      return value === undefined ? dash : { value: number(value, language), unit: "min", note: t("figures.meanOf", { count: of.turnover.count }) };
    case "duration":
      return value === undefined ? dash : { value: signed(value, language), unit: "min", note: t("figures.meanOf", { count: of.duration.count }) };
    case "dayEnd":
      return value === undefined ? dash : { value: signed(value, language), unit: "min", note: t("figures.meanOf", { count: of.dayEnd.count }) };
    case "delays":
      return { value: number(of.delays.count, language), unit: of.delays.count === 0 ? "" : t("figures.inAll", { minutes: number(of.delays.minutes, language) }), note: "" };
    case "use":
    case "environment":
      return value === undefined ? dash : { value: number(value * 100, language), unit: "%", note: "" };
    default:
      return figure satisfies never;
  }
}

/** The same in one piece, for a table. */
export function inOne({ value, unit }: Written): string {
  return unit === "" ? value : unit === "%" || unit === "min" ? `${value}${THIN}${unit}` : `${value} ${unit}`;
}

interface CardsProps {
  readonly figures: readonly Figure[];
  readonly of: FiguresOf;
  /** Without saying of how many each was made. */
  readonly isBrief?: boolean;
  readonly about: Figure | undefined;
  readonly onAbout: (figure: Figure | undefined) => void;
}

/** Figures side by side; each opens what it means, below them all. */
export function Cards({ figures, of, isBrief = false, about, onAbout }: CardsProps) {
  const words = useWords();
  const { t } = words;
  return (
    <div className="figures">
      <ul className="figure-row">
        {figures.map((figure) => {
          const { value, unit, note } = written(figure, of, words);
          return (
            <li key={figure}>
              <span className="figure">
                <b>{value}</b> {unit}
              </span>
              <button type="button" className="figure-name" aria-expanded={about === figure} onClick={() => onAbout(about === figure ? undefined : figure)}>
                {t(`figure.${figure}`)}
                {note === "" || isBrief ? "" : `, ${note}`}
              </button>
            </li>
          );
        })}
      </ul>
      {about === undefined ? null : (
        <p className="figure-about" role="note">
          <b>{t(`figure.${about}.column`)}</b>. {t(`figure.${about}.about`)}
        </p>
      )}
    </div>
  );
}

const ON_DESK: readonly Figure[] = ["firstCases", "turnover", "use", "duration", "environment"];
const ON_WALL: readonly Figure[] = ["firstCases", "turnover", "use", "environment"];

function useToday() {
  const may = useMay();
  const day = useDay();
  return useQuery({ ...figuresQuery(day, day), enabled: may.readProcesses });
}

/** The day in five figures, above the rooms. */
export function Strip() {
  const { t } = useWords();
  const { data, error } = useToday();
  const [about, setAbout] = useState<Figure>();
  if (error !== null && data === undefined) {
    return failureOf(error).kind === "forbidden" ? null : <p className="t2">{t("figures.none")}</p>;
  }
  if (data === undefined) return <div className="figures figures-wait" aria-hidden="true" />;
  return (
    <section className="strip" aria-label={t("figures.title")}>
      <Cards isBrief figures={ON_DESK} of={data.total} about={about} onAbout={setAbout} />
      <Link to="/block/figures">{t("figures.all")}</Link>
    </section>
  );
}

/** The day in four figures, at the foot of the wall. */
export function WallStrip() {
  const words = useWords();
  const { data } = useToday();
  return (
    <footer className="wall-figures">
      {data === undefined
        ? null
        : ON_WALL.map((figure) => {
            const { value, unit } = written(figure, data.total, words);
            return (
              <span key={figure}>
                <b>
                  {value}
                  {unit === "" ? "" : unit === "%" || unit === "min" ? `${THIN}${unit}` : ` ${unit}`}
                </b>{" "}
                {words.t(`figure.${figure}.short`)}
              </span>
            );
          })}
    </footer>
  );
}
