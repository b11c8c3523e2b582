/**
 * Why is it late? Asked once, beside the climate and never over the vital signs; who has no time now
 * answers later, from the line that stays.
 */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { useLive, useMay } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { caseQuery, causesQuery, useGiveCause, type DayCase } from "~/data/performance";
import { clockTime, instant, number } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Choices } from "~/ui/choices";
import { Icon } from "~/ui/icons";
import { Loading, Problem, Refusal } from "~/ui/states";

const KEY = "chiron.delay-later";
/** How long the answer stays beside the question's place, milliseconds. */
const SHOWN = 20_000;

/** Surgeries whose question was put off in this tab. */
function putOff(): readonly string[] {
  return (sessionStorage.getItem(KEY) ?? "").split(" ");
}

export interface Delay {
  readonly processId: string;
  readonly case: DayCase | undefined;
  readonly isAsked: boolean;
  readonly isLater: boolean;
  readonly isOpen: boolean;
  /** The cause that was just given. */
  readonly given: string | undefined;
  readonly open: () => void;
  readonly later: () => void;
  readonly done: (cause: string) => void;
}

/** The question of a room's surgery; nothing is asked of who may not answer. */
export function useDelay(roomId: string, processId: string | undefined): Delay | undefined {
  const may = useMay();
  const { proposals } = useLive();
  const found = useQuery({ ...caseQuery(processId ?? ""), enabled: may.command && processId !== undefined }).data ?? undefined;
  // Each for the surgery that it was about: another one in the same room begins anew.
  const [later, setLater] = useState(putOff);
  const [opened, setOpened] = useState<string>();
  const [answer, setAnswer] = useState<{ readonly processId: string; readonly cause: string }>();
  useEffect(() => {
    if (answer === undefined) return;
    const timer = setTimeout(() => setAnswer(undefined), SHOWN);
    return () => clearTimeout(timer);
  }, [answer]);
  if (processId === undefined || !may.command) return undefined;
  const given = answer?.processId === processId ? answer.cause : undefined;
  const isLate = found?.late !== null && found?.late !== undefined;
  const isOpenQuestion = isLate && (found.delay === null || found.delay === undefined) && given === undefined;
  return {
    processId,
    case: found,
    // A question of the automation comes first: it waits shorter.
    isAsked: isOpenQuestion && proposals[roomId] === undefined,
    isLater: later.includes(processId),
    isOpen: opened === processId,
    given,
    open: () => setOpened(processId),
    later: () => {
      sessionStorage.setItem(KEY, [...putOff().slice(-20), processId].join(" "));
      setLater(putOff());
      setOpened(undefined);
    },
    done: (cause) => {
      setAnswer({ processId, cause });
      setOpened(undefined);
    },
  };
}

/** The question, calm; or the line that stays of it; or what was answered. */
export function DelayBox({ delay, disabled }: { delay: Delay; disabled: string | undefined }) {
  const { t, language } = useWords();
  const causes = useQuery({ ...causesQuery, enabled: delay.isAsked || delay.given !== undefined });
  if (delay.given !== undefined) {
    const text = causes.data?.find((it) => it.id === delay.given)?.[language] ?? delay.given;
    return (
      <p className="receipt" role="status">
        <Icon name="check" /> <b>{t("cause.noted")}</b> {text}
      </p>
    );
  }
  if (!delay.isAsked) return null;
  if (delay.isLater) {
    return (
      <div className="delay-line">
        <Button look="quiet" icon="clock" disabled={disabled} onClick={delay.open}>
          {t("cause.open")}
        </Button>
      </div>
    );
  }
  const late = delay.case?.late;
  return (
    <div className="prop ask-box" role="group" aria-label={t("cause.title")}>
      <h3>{t("cause.title")}</h3>
      <p className="t2">{late === null || late === undefined ? "" : t(`cause.late.${late.kind}`, { minutes: number(late.minutes, language) })}</p>
      <div className="bt">
        <Button look="ask" disabled={disabled} onClick={delay.open}>
          {t("cause.say")}
        </Button>
        <Button onClick={delay.later}>{t("cause.later")}</Button>
      </div>
    </div>
  );
}

/** All causes, in place of the climate while one is chosen; an alarm keeps its own place above. */
export function DelayPanel({ delay, disabled }: { delay: Delay; disabled: string | undefined }) {
  const { t, language } = useWords();
  const causes = useQuery(causesQuery);
  const give = useGiveCause(delay.processId);
  const given = delay.case?.delay;
  return (
    <div className="delay-panel" role="group" aria-label={t("cause.title")}>
      <div className="delay-head">
        <h3>{t("cause.title")}</h3>
        <Button onClick={delay.later}>{t(given === null || given === undefined ? "cause.later" : "close")}</Button>
      </div>
      {causes.isPending ? <Loading what={t("what.causes")} rows={4} /> : null}
      {causes.error === null ? null : <Problem trouble={failureOf(causes.error)} what={t("what.causes")} onRetry={() => void causes.refetch()} />}
      {give.error === null ? null : <Refusal trouble={failureOf(give.error)} />}
      {given === null || given === undefined ? null : <p className="t2">{t("cause.givenBy", { name: given.by, time: clockTime(instant(given.at), language) })}</p>}
      <Choices
        label={t("cause.title")}
        choices={(causes.data ?? []).map((it) => ({ id: it.id, text: it[language] }))}
        chosen={given?.cause}
        disabled={give.isPending ? t("action.sent") : given === null || given === undefined ? disabled : t("cause.once")}
        onChoose={(cause) => give.mutate(cause, { onSuccess: () => delay.done(cause) })}
      />
    </div>
  );
}
