/** Why was it late? Who may say so gives a cause; the manager may change it. */
import { Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { useMay } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { causesQuery, useGiveCause, type DayCase, type DelayCause } from "~/data/performance";
import { clockTime, instant, number } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Choices } from "~/ui/choices";
import { PatientCode } from "~/ui/patient";
import { Loading, Problem, Refusal } from "~/ui/states";

/** A cause in the words of the language; the id of one that is not on the list any more. */
export function useCauseText(): (cause: string) => string {
  const { language } = useWords();
  const { data } = useQuery(causesQuery);
  return (cause) => textOf(data?.find((it) => it.id === cause), language) ?? cause;
}

function textOf(cause: DelayCause | undefined, language: "en" | "it"): string | undefined {
  return cause?.[language];
}

/** What a case says of its lateness, and, for who may, the way to say why. */
export function CauseOf({ it, onAsk }: { it: DayCase | undefined; onAsk: (it: DayCase) => void }) {
  const { t } = useWords();
  const may = useMay();
  const text = useCauseText();
  if (it?.late === null || it?.late === undefined || it.processId === null || it.processId === undefined) return null;
  const given = it.delay?.cause;
  if (!may.manage && (given !== undefined || !may.command)) return given === undefined ? null : <span className="t2">{text(given)}</span>;
  return (
    <span className="cause" onClick={(event) => event.stopPropagation()}>
      {given === undefined ? null : <span className="t2">{text(given)}</span>}
      <Button look="quiet" onClick={() => onAsk(it)} label={t(given === undefined ? "cause.give.label" : "cause.change.label", { surgery: it.surgeryType })}>
        {t(given === undefined ? "cause.give" : "change")}
      </Button>
    </span>
  );
}

export function CauseDialog({ it, onClose }: { it: DayCase; onClose: () => void }) {
  const { t, language } = useWords();
  const causes = useQuery(causesQuery);
  const give = useGiveCause(it.processId ?? "");
  const choose = (cause: string) => give.mutate(cause, { onSuccess: onClose });
  return (
    <Modal opened onClose={onClose} title={t("cause.title")} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
      <div className="fields">
        <p>
          {it.surgeryType} <PatientCode id={it.patientId} />
          {it.late === null || it.late === undefined ? "" : `, ${t(`cause.late.${it.late.kind}`, { minutes: number(it.late.minutes, language) })}`}
        </p>
        {it.delay === null || it.delay === undefined ? null : <p className="t2">{t("cause.givenBy", { name: it.delay.by, time: clockTime(instant(it.delay.at), language) })}</p>}
        {causes.isPending ? <Loading what={t("what.causes")} rows={3} /> : null}
        {causes.error === null ? null : <Problem trouble={failureOf(causes.error)} what={t("what.causes")} onRetry={() => void causes.refetch()} />}
        <Choices
          label={t("cause.title")}
          choices={(causes.data ?? []).map((cause) => ({ id: cause.id, text: textOf(cause, language) ?? cause.id }))}
          chosen={it.delay?.cause}
          disabled={give.isPending ? t("action.sent") : undefined}
          onChoose={choose}
        />
        {give.error === null ? null : <Refusal trouble={failureOf(give.error)} />}
        <div className="btn-row">
          <Button onClick={onClose}>{t("close")}</Button>
        </div>
      </div>
    </Modal>
  );
}
