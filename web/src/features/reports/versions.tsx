/** What two versions of a report say differently, in the words of the report. */
import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { stageOf } from "~/data/process";
import type { Report, Version } from "~/data/queries";
import { differences, isTold, named, versionQuery, type Difference } from "~/data/report";
import { clockSeconds, number } from "~/lib/format";
import { isKey, useWords, type Key, type Words } from "~/lib/i18n";

const QUANTITIES: Readonly<Record<string, Key>> = {
  heartBeat: "stat.heartBeat",
  saturationPercentage: "stat.saturation",
  systolicBloodPressure: "stat.systolic",
  diastolicBloodPressure: "stat.diastolic",
  respiratoryRate: "stat.respiratory",
  bodyTemperature: "stat.temperature",
  temperature: "stat.roomTemperature",
  humidity: "stat.humidity",
  luminosity: "stat.luminosity",
};
const STATISTICS: Readonly<Record<string, Key>> = {
  average: "stat.mean",
  timeWeightedAverage: "stat.weighted",
  std: "stat.std",
  minimum: "stat.min",
  maximum: "stat.max",
  samples: "stat.count",
};
/** More lines than this nobody reads. */
const MOST = 60;

export function Versions({ id, steps, versions }: { id: string; steps: Report["steps"]; versions: readonly Version[] }) {
  const words = useWords();
  const { t } = words;
  const numbers = [...new Set(versions.map((it) => it.version))];
  const [chosen, setChosen] = useState<{ from: number; to: number }>();
  const from = chosen?.from ?? numbers.at(-2) ?? 0;
  const to = chosen?.to ?? numbers.at(-1) ?? 0;
  const isPair = from > 0 && to > 0 && from !== to;
  const before = useQuery({ ...versionQuery(id, from), enabled: isPair });
  const after = useQuery({ ...versionQuery(id, to), enabled: isPair });
  const found = before.data === undefined || after.data === undefined ? undefined : differences(before.data, after.data).filter(isTold);
  const options = numbers.map((it) => String(it));
  return (
    <section id="versions">
      <h2>{t("report.differences")}</h2>
      {numbers.length < 2 ? <p className="t2">{t("report.differences.one")}</p> : null}
      {numbers.length < 2 ? null : (
        <div className="fields-row no-print">
          <NativeSelect label={t("from")} value={String(from)} data={options} onChange={(event) => setChosen({ from: Number(event.currentTarget.value), to })} />
          <NativeSelect label={t("to")} value={String(to)} data={options} onChange={(event) => setChosen({ from, to: Number(event.currentTarget.value) })} />
        </div>
      )}
      {!isPair ? null : found === undefined ? <p className="t2">{t("state.reading")}</p> : found.length === 0 ? <p className="t2">{t("report.differences.none")}</p> : null}
      {found === undefined || found.length === 0 ? null : (
        <table className="list differences">
          <thead>
            <tr>
              <th scope="col">{t("report.where")}</th>
              <th scope="col">{t("report.what")}</th>
              <th scope="col" className="numeric">
                {t("report.version", { version: from })}
              </th>
              <th scope="col" className="numeric">
                {t("report.version", { version: to })}
              </th>
            </tr>
          </thead>
          <tbody>
            {found.slice(0, MOST).map((it) => (
              <Row key={it.where} it={it} steps={steps} words={words} />
            ))}
          </tbody>
        </table>
      )}
      {(found?.length ?? 0) > MOST ? <p className="t2">{t("report.differences.more", { count: (found?.length ?? 0) - MOST })}</p> : null}
    </section>
  );
}

function Row({ it, steps, words }: { it: Difference; steps: Report["steps"]; words: Words }) {
  const { t } = words;
  const place = named(it.where, steps);
  const stage = stageOf(place?.step);
  const [quantity, statistic] = [QUANTITIES[place?.quantity ?? ""], STATISTICS[place?.statistic ?? ""]];
  const label = `report.label.${it.where.split(".")[0] ?? ""}`;
  const isKnown = place !== undefined && stage !== undefined && quantity !== undefined && statistic !== undefined;
  return (
    <tr>
      {isKnown ? (
        <>
          <td>{place.room === undefined ? t(`step.${stage}`) : `${t(`step.${stage}`)}, ${place.room}`}</td>
          <td className="wrap">{t("report.figure", { quantity: t(quantity), statistic: t(statistic) })}</td>
        </>
      ) : (
        <td className="wrap" colSpan={2}>
          {isKey(label) ? t(label) : it.where}
        </td>
      )}
      <td className="numeric">
        <del>{said(it.before, words)}</del>
      </td>
      <td className="numeric">
        <b>{said(it.after, words)}</b>
      </td>
    </tr>
  );
}

/** A value as a person reads it: numbers in the language, instants as times, the rest as it is. */
function said(text: string, { t, language }: Words): string {
  if (text === "true" || text === "false") return t(text === "true" ? "yes" : "no");
  if (/^-?\d+(\.\d+)?$/.test(text)) return number(Number(text), language, Number.isInteger(Number(text)) ? 0 : 1);
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return clockSeconds(Date.parse(text), language);
  return text.slice(0, 40);
}
