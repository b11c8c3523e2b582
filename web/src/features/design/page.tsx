/** The design system: every token and component, in the theme and density of this screen. */
import { useState } from "react";

import { clockTime } from "~/lib/format";
import { useWords, type Key } from "~/lib/i18n";
import { AlarmSign, type Priority } from "~/ui/alarm";
import { Button, HoldButton } from "~/ui/button";
import { Lane } from "~/ui/lane";
import { Banner, Empty, Loading, Problem, type Trouble } from "~/ui/states";

import "./design.css";

const COLORS = ["bg", "surface", "raised", "sunken", "selected", "text", "text-2", "text-3", "line", "line-strong", "line-control", "inverse", "primary", "accent", "accent-wash", "high", "medium", "low"] as const;
const VITALS = ["v-hr", "v-spo2", "v-bp", "v-rr", "v-temp"] as const;
const STEPS = ["prep", "table", "anaes", "surg", "end", "obs"] as const;
const TYPE = ["f-min", "f-body", "f-lead", "f-h2", "f-h1", "f-key", "f-key-l"] as const;
const TROUBLES: readonly Trouble[] = [{ kind: "unreachable" }, { kind: "unavailable" }, { kind: "forbidden" }, { kind: "broken", id: "7f310c5be2" }];

/** A made-up trace with a gap, the same at each visit. */
const NOW = 1_778_840_000_000;
const TRACE = Array.from({ length: 120 }, (_, index) => ({
  at: NOW - (120 - index) * 10_000,
  value: 72 + 7 * Math.sin(index / 9) + 2 * Math.sin(index * 1.7),
})).filter((_, index) => index < 50 || index > 62);

export function DesignPage() {
  const { t, language } = useWords();
  const [pressed, setPressed] = useState(0);
  const window = { from: NOW - 1_200_000, to: NOW + 20_000 };
  const section = (key: Key, content: React.ReactNode) => (
    <section>
      <h2 className="section">{t(key)}</h2>
      {content}
    </section>
  );
  return (
    <main className="page design" id="main" tabIndex={-1}>
      <div className="page-head">
        <h1>{t("nav.design")}</h1>
        <span className="t2">{t("design.intro")}</span>
      </div>
      {section(
        "design.colors",
        <div className="swatches">
          {COLORS.map((name) => (
            <div key={name}>
              <i style={{ background: `var(--${name})` }} />
              <code>{name}</code>
            </div>
          ))}
          {VITALS.map((name) => (
            <div key={name}>
              <i style={{ background: `var(--${name})` }} />
              <code>{name}</code>
            </div>
          ))}
          {STEPS.map((name) => (
            <div key={name}>
              <i style={{ background: `var(--p-${name})` }} />
              <span>{t(`step.${name}`)}</span>
            </div>
          ))}
        </div>,
      )}
      {section(
        "design.type",
        <div>
          {TYPE.map((name) => (
            <div key={name} style={{ fontSize: `var(--${name})`, lineHeight: 1.25 }} className="nw">
              0123456789 <span className="t2">{name}</span>
            </div>
          ))}
        </div>,
      )}
      {section(
        "design.buttons",
        <div className="btn-row">
          <Button icon="bulb">{t("light")}</Button>
          <Button look="primary">{t("light.set")}</Button>
          <Button look="ask">{t("proposal.adapt")}</Button>
          <Button look="on">{t("light")}</Button>
          <Button disabled={t("offline.actions")}>{t("light")}</Button>
          <HoldButton look="primary" hold={1_000} onDone={() => setPressed(pressed + 1)}>
            {t("step.end.button")}
          </HoldButton>
          <HoldButton hold={2_000} onDone={() => setPressed(pressed + 1)}>
            {t("action.interrupt")}
          </HoldButton>
          <span className="t2" role="status">
            {t("design.held", { count: pressed })}
          </span>
        </div>,
      )}
      {section(
        "design.vital",
        <div className="tiles">
          {(
            [
              ["vital.hr", "71", "/min", "var(--v-hr)", true],
              ["vital.spo2", "98", "%", "var(--v-spo2)", true],
              ["vital.temp", "36.4", "°C", "var(--v-temp)", false],
            ] as const
          ).map(([label, value, unit, color, isLive]) => (
            <div key={label} className={isLive ? "tile" : "tile is-stale"}>
              <b style={{ color }}>{t(label)}</b>
              <span className="t3 right">{isLive ? "" : t("since", { time: clockTime(NOW, language) })}</span>
              <div className="num">
                {value}
                <span className="u">{unit}</span>
              </div>
              <div className="tile-lane">
                <Lane points={isLive ? TRACE : TRACE.slice(0, 60)} window={window} band={{ low: 66, high: 80 }} period={10_000} isLive={isLive} color={color} />
              </div>
            </div>
          ))}
        </div>,
      )}
      {section(
        "design.chips",
        <div className="btn-row">
          <span className="live">{t("live")}</span>
          <span className="chip">{t("late", { minutes: 12 })}</span>
          <span className="chip">{t("live.lost")}</span>
          {STEPS.map((name) => (
            <span key={name} className="step-chip" style={{ background: `var(--p-${name})` }}>
              {t(`step.${name}`)}
            </span>
          ))}
        </div>,
      )}
      {section(
        "design.alarms",
        <div className="btn-row">
          {(["high", "medium", "low"] as const satisfies readonly Priority[]).map((priority) => (
            <AlarmSign key={priority} priority={priority}>
              {t(`alarm.${priority}`)}: {t("alarm.humidity.high")}
            </AlarmSign>
          ))}
          <span className="t3">{t("alarm.notPrimary")}</span>
        </div>,
      )}
      {section(
        "design.states",
        <div className="state-grid">
          <Loading what={t("what.rooms")} rows={3} />
          <Empty title={t("rooms.none")}>{t("rooms.none.text")}</Empty>
          <Banner icon="offline" isLoud title={t("live.since", { time: clockTime(NOW, language) })}>
            {t("live.kept")}
          </Banner>
          <Banner icon="partial" title={t("partial.title", { services: "staff-tracking" })}>
            {t("partial.text")}
          </Banner>
          {TROUBLES.map((trouble) => (
            <Problem key={trouble.kind} trouble={trouble} what={t("what.reports")} onRetry={() => undefined} />
          ))}
        </div>,
      )}
    </main>
  );
}
