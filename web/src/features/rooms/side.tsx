/** The room beside the patient: climate and why it is so, a question that waits, light by hand. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Alarm } from "~/data/climate";
import { useConnection, useLive, useMay, type Command } from "~/data/hooks";
import { dropProposal } from "~/data/live";
import { decisionsQuery, type Decision } from "~/data/queries";
import { confirmedOf, targetOf, type Climate } from "~/data/room";
import { isPending } from "~/lib/action";
import { clockSeconds, clockTime, instant, number, THIN } from "~/lib/format";
import { isKey, useWords } from "~/lib/i18n";
import { Shape } from "~/ui/alarm";
import { Button } from "~/ui/button";
import { Icon, type IconName } from "~/ui/icons";

/** Newest first; undefined while nobody has told, or for who may not know. */
export function useDecisions(roomId: string): readonly Decision[] | undefined {
  const may = useMay();
  return useQuery({ ...decisionsQuery(roomId), enabled: may.readDecisions }).data;
}

export function Environment({ climate, decisions: told, isLightOpen }: { climate: Climate; decisions: readonly Decision[] | undefined; isLightOpen: boolean }) {
  const { t, language } = useWords();
  const connection = useConnection();
  const isLost = connection.kind === "lost";
  const decisions = told ?? [];
  const rows: readonly { quantity: "temperature" | "humidity" | "luminosity"; icon: IconName; unit: string; decimals: number; target: string }[] = [
    { quantity: "temperature", icon: "temperature", unit: "°C", decimals: 1, target: "TEMPERATURE" },
    { quantity: "humidity", icon: "humidity", unit: "%", decimals: 0, target: "HUMIDITY" },
    { quantity: "luminosity", icon: "light", unit: "lx", decimals: 0, target: "AMBIENT_LIGHT" },
  ];
  const doing = {
    temperature: heatOf(decisions),
    humidity: ventilationOf(decisions),
    luminosity: surgicalOf(decisions),
  };
  const words = {
    temperature: told === undefined ? "" : t(`doing.${doing.temperature}`),
    humidity: told === undefined ? "" : doing.humidity === undefined ? t("doing.ventilation.off") : t("doing.ventilation", { value: `${doing.humidity}${THIN}%` }),
    luminosity: doing.luminosity === undefined ? "" : t("doing.surgical", { value: number(doing.luminosity, language) }),
  };
  return (
    <div className="env">
      {rows
        .filter((row) => !(isLightOpen && row.quantity === "luminosity"))
        .map((row) => {
          const newest = climate.history[row.quantity].at(-1);
          const alarm = climate.alarms.find((it) => it.quantity === row.quantity);
          const target = targetOf(decisions, row.target)?.target.value;
          const range = row.quantity === "luminosity" ? undefined : climate.ranges[row.quantity];
          const isOld = isLost || climate.isStale[row.quantity];
          const since = newest === undefined ? "" : t("since", { time: clockTime(newest.at, language) });
          return (
            <div key={row.quantity} className={alarm === undefined ? (isOld ? "er is-stale" : "er") : `er alm alarm-${alarm.priority}`}>
              <Icon name={row.icon} />
              <div className="num">
                <span className="vh">{t(`room.${row.quantity}`)} </span>
                {newest === undefined ? "–" : number(newest.value, language, row.decimals)}
                <span className="u">{row.unit}</span>
              </div>
              <div className="x">
                <span>
                  {target === undefined ? "" : `→ ${number(target, language, row.decimals)} `}
                  {range === undefined ? "" : `(${range.low}–${range.high})`}
                </span>
                <span>{isOld ? since : words[row.quantity]}</span>
              </div>
            </div>
          );
        })}
    </div>
  );
}

function isOn(decision: Decision | undefined): boolean {
  return decision?.command.action === "on" || (decision?.command.intensity ?? 0) > 0;
}

function heatOf(decisions: readonly Decision[]): "cooling" | "heating" | "idle" {
  if (isOn(confirmedOf(decisions, "COOLING"))) return "cooling";
  return isOn(confirmedOf(decisions, "HEATING")) ? "heating" : "idle";
}

function ventilationOf(decisions: readonly Decision[]): number | undefined {
  const last = confirmedOf(decisions, "VENTILATION");
  return isOn(last) ? (last?.command.intensity ?? 100) : undefined;
}

function surgicalOf(decisions: readonly Decision[]): number | undefined {
  return targetOf(decisions, "SURGICAL_LIGHT")?.target.value;
}

/** The place for alarms: always the same, and said when there is none. */
export function AlarmSlot({ alarms }: { alarms: readonly Alarm[] }) {
  const { t, language } = useWords();
  const first = alarms.toSorted((a, b) => (a.priority === b.priority ? b.since - a.since : a.priority === "medium" ? -1 : 1))[0];
  if (first === undefined) {
    return (
      <div className="slot">
        <span>{t("alarm.none")}</span>
        <span className="desk-only">{t("alarm.notPrimary")}</span>
      </div>
    );
  }
  const value = first.quantity === "temperature" ? `${number(first.value, language, 1)}${THIN}°C` : `${number(first.value, language)}${THIN}%`;
  return (
    <div className={`slot on alarm-${first.priority}`} role="status">
      <b>
        <Shape priority={first.priority} /> {t(`alarm.${first.priority}`)}: {t(`alarm.${first.quantity}.${first.side}`)}
        {alarms.length > 1 ? ` ${t("alarm.more", { count: alarms.length - 1 })}` : ""}
      </b>
      <span>{t("alarm.detail", { value, limit: first.limit, time: clockTime(first.since, language) })}</span>
    </div>
  );
}

/** A question of the automation: lights that suit the technology in use. Never over vital signs. */
export function ProposalBox({ roomId, command, disabled }: { roomId: string; command: Command; disabled: string | undefined }) {
  const { t, language } = useWords();
  const proposal = useLive().proposals[roomId];
  const isMine = command.path.startsWith("/api/v1/ord/adapt-environment");
  if (isMine && command.action.kind !== "idle" && !isPending(command.action)) {
    return <Receipt command={command} what={t("proposal.done")} failed={t("proposal.failed")} />;
  }
  if (proposal === undefined) return null;
  const technology = t(proposal.technology === "xray" ? "tech.XRAY" : "tech.ENDOSCOPE");
  return (
    <div className="prop ask-box" role="group" aria-label={t("proposal")}>
      <h3>{t("proposal.title", { technology })}</h3>
      <dl>
        <dt>{t("light.ambient")}</dt>
        <dd>
          {number(proposal.ambientLux, language)}
          {`${THIN}lx`}
        </dd>
        <dt>{t("light.surgical")}</dt>
        <dd>
          {number(proposal.surgicalLux, language)}
          {`${THIN}lx`}
        </dd>
      </dl>
      <div className="bt">
        {isMine && isPending(command.action) ? (
          <span className="t2">{t("action.sent")}</span>
        ) : (
          <>
            <Button
              look="ask"
              disabled={disabled}
              onClick={() => {
                const query = new URLSearchParams({ roomId, medicalTechnologyType: proposal.technology });
                command.run(`/api/v1/ord/adapt-environment?${query}`);
                dropProposal(roomId);
              }}
            >
              {t("proposal.adapt")}
            </Button>
            <Button onClick={() => dropProposal(roomId)}>{t("proposal.keep")}</Button>
          </>
        )}
      </div>
    </div>
  );
}

/** What became of what was asked: beside the place where it was asked, until something else is. */
export function Receipt({ command, what, failed }: { command: Command; what: string; failed: string }) {
  const { t, language } = useWords();
  const { action } = command;
  if (action.kind === "idle") return null;
  const time = clockSeconds(action.at, language);
  switch (action.kind) {
    case "sent":
      return (
        <p className="receipt" role="status">
          <Icon name="turning" className="turning" /> {t("action.sentAt", { time })}
        </p>
      );
    case "applied":
      return (
        <p className="receipt" role="status">
          <Icon name="turning" className="turning" /> {t("action.appliedAt", { time })}
        </p>
      );
    case "confirmed":
      return (
        <p className="receipt" role="status">
          <Icon name="check" /> <b>{what}</b> {t("action.confirmedAt", { time })}
        </p>
      );
    case "refused": {
      const key = `reason.${action.reason.split(":")[0] ?? ""}`;
      return (
        <p className="receipt" role="alert">
          <Icon name="refused" /> <b>{failed}</b> {t("action.refusedAt", { time, reason: isKey(key) ? t(key) : action.reason })}
        </p>
      );
    }
    case "silent":
      return (
        <p className="receipt" role="alert">
          <Icon name="clock" /> {t("action.silent")}
        </p>
      );
    default:
      return action satisfies never;
  }
}

/** Steps of a slider that a glove can hit: even in the eye, so by ratio. */
export const AMBIENT = [0, 25, 50, 60, 80, 100, 150, 200, 300, 500, 750, 1000] as const;
export const SURGICAL = [0, 150, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000, 125_000, 150_000, 160_000] as const;

/** The step that is nearest to a brightness. */
export function nearest(steps: readonly number[], lux: number): number {
  let best = 0;
  for (const [index, step] of steps.entries()) {
    if (Math.abs(step - lux) < Math.abs((steps[best] ?? 0) - lux)) best = index;
  }
  return best;
}

export function LightPanel({ roomId, decisions, command, disabled }: { roomId: string; decisions: readonly Decision[] | undefined; command: Command; disabled: string | undefined }) {
  const { t, language } = useWords();
  const auto = (quantity: string) => targetOf(decisions ?? [], quantity)?.target.value;
  const [ambient, setAmbient] = useState(() => nearest(AMBIENT, auto("AMBIENT_LIGHT") ?? 100));
  const [surgical, setSurgical] = useState(() => nearest(SURGICAL, auto("SURGICAL_LIGHT") ?? 100_000));
  const busy = isPending(command.action) ? t("action.sent") : disabled;
  const sliders = [
    { id: "ambient", steps: AMBIENT, at: ambient, set: setAmbient, auto: auto("AMBIENT_LIGHT") },
    { id: "surgical", steps: SURGICAL, at: surgical, set: setSurgical, auto: auto("SURGICAL_LIGHT") },
  ] as const;
  return (
    <div className="lp" role="group" aria-label={t("light")}>
      {sliders.map((slider) => (
        <div key={slider.id}>
          <div className="ln">
            <b id={`light-${slider.id}`}>{t(`light.${slider.id}`)}</b>
            <span className="t3">{slider.auto === undefined ? "" : t("light.auto", { value: number(slider.auto, language) })}</span>
            <b className="v">
              {number(slider.steps[slider.at] ?? 0, language)}
              {`${THIN}lx`}
            </b>
          </div>
          <input
            type="range"
            className="slider"
            min={0}
            max={slider.steps.length - 1}
            step={1}
            value={slider.at}
            aria-labelledby={`light-${slider.id}`}
            aria-valuetext={`${slider.steps[slider.at] ?? 0} lx`}
            onChange={(event) => slider.set(Number(event.currentTarget.value))}
          />
        </div>
      ))}
      <div className="bt">
        <Button
          look="primary"
          disabled={busy}
          onClick={() => {
            const lights = { ambientLightLux: String(AMBIENT[ambient] ?? 0), surgicalLightLux: String(SURGICAL[surgical] ?? 0) };
            command.run(`/api/v1/ord/custom-automation-scenario?${new URLSearchParams({ roomId, ...lights })}`);
          }}
        >
          {t("light.set")}
        </Button>
        <Button disabled={busy} onClick={() => command.run(`/api/v1/ord/stop-custom-automation-scenario?${new URLSearchParams({ roomId })}`)}>
          {t("light.automatic")}
        </Button>
      </div>
    </div>
  );
}

/** What the automation did last, and by which rule. */
export function Why({ decisions, most }: { decisions: readonly Decision[] | undefined; most: number }) {
  const { t, language } = useWords();
  const may = useMay();
  return (
    <div className="why">
      <h3>{t("why")}</h3>
      {!may.readDecisions ? <p className="t3">{t("why.forbidden")}</p> : decisions === undefined ? <p className="t3">{t("state.reading")}</p> : decisions.length === 0 ? <p className="t3">{t("why.none")}</p> : null}
      <ul>
        {(decisions ?? []).slice(0, most).map((it) => (
          <li key={it.id} title={it.explanation}>
            <time>{clockTime(instant(it.dateTime), language)}</time>
            <span>{sentence(it)}</span>
          </li>
        ))}
      </ul>
    </div>
  );

  function sentence(it: Decision): string {
    const actuator = `actuator.${it.command.actuatorType}`;
    const name = isKey(actuator) ? t(actuator) : it.command.actuatorType;
    const isLight = it.command.actuatorType.endsWith("LIGHT");
    const unit = isLight ? "lx" : "%";
    const what =
      it.command.intensity === null || it.command.intensity === undefined
        ? t(it.command.action === "off" ? "why.off" : "why.on")
        : `${number(isLight ? it.target.value : it.command.intensity, language)}${THIN}${unit}`;
    const owner = `owner.${it.target.owner}`;
    const measured = it.inputs.measured;
    const because = isLight
      ? isKey(owner)
        ? t(owner)
        : it.target.owner
      : measured === null || measured === undefined
        ? ""
        : t("why.measured", { value: number(measured.value, language, 1), target: number(it.target.value, language, 1) });
    const outcome = it.outcome.status === "FAILED" ? ` ${t("why.failed")}` : "";
    return `${name} ${what}${because === "" ? "" : `: ${because}`}${outcome}`;
  }
}
