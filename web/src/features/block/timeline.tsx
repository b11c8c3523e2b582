/** The day: actual solid, forecast with an edge, planned dashed, the plan of a begun case beneath, lateness on it. */
import { beginOf, hoursOf, turnoversOf, type Case } from "~/data/day";
import { LATE } from "~/data/process";
import type { Room } from "~/data/queries";
import { clockTime, minutes } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { NO_CODE, usePatientCode } from "~/ui/patient";

const HOUR = 3_600_000;

export function Timeline({ cases, theatres, now, isWall }: { cases: readonly Case[]; theatres: readonly Room[]; now: number | undefined; isWall: boolean }) {
  const { t, language } = useWords();
  const { from, to } = hoursOf(cases, now);
  const x = (at: number) => `${((Math.min(Math.max(at, from), to) - from) / (to - from)) * 100}%`;
  const width = (begin: number, end: number) => `${((Math.min(end, to) - Math.max(begin, from)) / (to - from)) * 100}%`;
  const count = Math.round((to - from) / HOUR);
  const every = Math.max(1, Math.ceil(count / (isWall ? 10 : 12)));
  const hours = Array.from({ length: count + 1 }, (_, index) => from + index * HOUR).filter((_, index) => index % every === 0);
  return (
    <section className="timeline" aria-label={t("day")}>
      {isWall ? null : (
        <div className="legend">
          <h2 className="section">{t("day")}</h2>
          <span>
            <i className="k-actual" /> {t("day.actual")}
          </span>
          <span>
            <i className="k-forecast" /> {t("day.forecast")}
          </span>
          <span>
            <i className="k-planned" /> {t("day.planned")}
          </span>
          <span>
            <i className="k-rule" /> {t("day.begun")}
          </span>
        </div>
      )}
      <div className="hours" aria-hidden="true">
        {hours.map((at) =>
          (now !== undefined && Math.abs(at - now) < (to - from) * (isWall ? 0.06 : 0.05)) || at === to ? null : (
            <span key={at} style={{ left: x(at) }}>
              {clockTime(at, language).slice(0, 2)}
            </span>
          ),
        )}
        {now === undefined ? null : (
          <span className="chip" style={{ left: x(now) }}>
            {clockTime(now, language)}
          </span>
        )}
      </div>
      {theatres.map((room) => (
        <div key={room.id} className="track">
          <span className="track-name">{room.name === "" ? room.id : room.name}</span>
          <div className="track-lane">
            {hours.map((at) => (
              <i key={at} className="grid" style={{ left: x(at) }} />
            ))}
            {turnoversOf(cases, room.id).map((gap) => (
              <span key={gap.from} className="turn" style={{ left: x(gap.from), width: width(gap.from, gap.to) }} title={t("day.turnover")}>
                {(gap.to - gap.from) / (to - from) > 0.02 ? minutes(gap.to - gap.from) : ""}
              </span>
            ))}
            {cases
              .filter((it) => it.room === room.id && beginOf(it) < to)
              .map((it) => (
                <CaseBar key={it.id} it={it} x={x} width={width} now={now} />
              ))}
            {now === undefined ? null : <i className="now-line" style={{ left: x(now) }} />}
          </div>
        </div>
      ))}
    </section>
  );
}

interface BarProps {
  readonly it: Case;
  readonly x: (at: number) => string;
  readonly width: (begin: number, end: number) => string;
  readonly now: number | undefined;
}

function CaseBar({ it, x, width, now }: BarProps) {
  const { t, language } = useWords();
  const known = usePatientCode(it.patientId);
  const code = known === NO_CODE ? "" : known;
  const begin = beginOf(it);
  const end = Math.max(it.leave ?? 0, it.forecast ?? 0, it.enter === undefined ? (it.plan?.to ?? 0) : 0, it.enter === undefined ? 0 : (it.leave ?? now ?? 0));
  const told = t("day.case", { code, surgery: it.surgery, from: clockTime(begin, language), to: clockTime(end, language) });
  const late = it.delay !== undefined && it.delay >= LATE ? minutes(it.delay) : undefined;
  const label = late === undefined ? told : t("day.late", { label: told, minutes: late });
  if (it.enter === undefined) {
    return (
      <span className="planned" role="img" style={{ left: x(begin), width: width(begin, end) }} title={label} aria-label={label}>
        <span className="code">{code}</span>
      </span>
    );
  }
  return (
    <>
      {it.plan === undefined ? null : <i className="plan-rule" style={{ left: x(it.plan.from), width: width(it.plan.from, it.plan.to) }} />}
      {it.spans.map((part) => (
        <i key={`${part.stage}${part.from}`} className="part" style={{ left: x(part.from), width: width(part.from, part.to), background: `var(--p-${part.stage})` }} />
      ))}
      {it.forecast === undefined ? null : <i className="forecast" style={{ left: x(now ?? begin), width: width(now ?? begin, it.forecast) }} />}
      <span className="case" role="img" style={{ left: x(begin), width: width(begin, end) }} title={label} aria-label={label}>
        <span className="code">{code}</span>
        {late === undefined ? null : <b className={it.leave === undefined ? "behind lag" : "behind"}>+{late}</b>}
      </span>
    </>
  );
}
