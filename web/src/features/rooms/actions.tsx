/** What a person decides: large, held, answered in its place, and never sent twice. */
import { useEffect } from "react";

import { useCommand, useMay, type Command } from "~/data/hooks";
import { BUTTONS, buttonsOf, type ButtonStage } from "~/data/process";
import type { Room } from "~/data/queries";
import type { Course } from "~/data/room";
import { isPending } from "~/lib/action";
import { clockTime, instant } from "~/lib/format";
import { isKey, useWords } from "~/lib/i18n";
import { Button, HoldButton } from "~/ui/button";
import { Icon } from "~/ui/icons";

import { Receipt } from "./side";

const EVENTS: Readonly<Record<ButtonStage, string>> = {
  anaes: "ANESTHESIA",
  surg: "SURGERY_IN_PROGRESS",
  end: "END_OF_SURGERY",
};
/** Clocks of room and service may differ by this, milliseconds. */
const SKEW = 5_000;

/** The buttons' one command: confirmed by the process, refused by its history. */
export function useSteps(roomId: string, course: Course | undefined): Command {
  const command = useCommand();
  const { action, path, confirm, refuse } = command;
  const isPendingNow = action.kind === "sent" || action.kind === "applied" || action.kind === "silent";
  const query = new URLSearchParams(path.split("?")[1] ?? "");
  const event = query.get("event");
  const isHere = query.get("roomId") === roomId;
  const entries = course?.followed?.history;
  const isReached =
    event === "INTERRUPTED"
      ? course === undefined || course.process.state === "INTERRUPTED"
      : event === null
        ? path.startsWith("/api/v1/ord/emergency") && course !== undefined
        : BUTTONS.some((stage) => EVENTS[stage] === event && course?.stage === stage);
  const sentAt = action.kind === "idle" ? Number.NaN : action.at;
  const refusal = entries?.find((entry) => entry.kind === "REFUSED" && instant(entry.dateTime) > sentAt - SKEW)?.reason;
  useEffect(() => {
    if (!isPendingNow || !isHere) return;
    if (isReached) confirm();
    else if (refusal !== null && refusal !== undefined) refuse(refusal);
  }, [isPendingNow, isHere, isReached, refusal, confirm, refuse]);
  return command;
}

interface Props {
  readonly room: Room;
  readonly course: Course | undefined;
  /** Whether it has been read what goes on here. */
  readonly isKnown: boolean;
  readonly steps: Command;
  readonly light: Command;
  readonly disabled: string | undefined;
  readonly isLightOpen: boolean;
  readonly onLight: () => void;
}

export function Actions({ room, course, isKnown, steps, light, disabled, isLightOpen, onLight }: Props) {
  const { t, language } = useWords();
  const may = useMay();
  const isTheatre = room.type === "OPERATING_ROOM";
  const busy = isPending(steps.action) ? t("action.sent") : disabled;
  const press = (event: string) => {
    const query = new URLSearchParams({ roomId: room.id, event });
    if (course !== undefined) query.set("processId", course.process.processId);
    steps.run(`/api/v1/ord/process-manual-events?${query}`);
  };
  const states = buttonsOf(course?.stage);
  const event = new URLSearchParams(steps.path.split("?")[1] ?? "").get("event");
  const pendingOf = (name: string) => isPending(steps.action) && event === name;
  const isOver = course?.process.state === "POST_SURGERY" || course?.process.state === "INTERRUPTED";
  // One place for answers: the newest stands there.
  const atOf = (command: Command) => (command.action.kind === "idle" ? 0 : command.action.at);
  const isLightNewer = light.path.includes("custom-automation-scenario") && atOf(light) > atOf(steps);
  const key = `action.${event ?? "emergency"}`;
  const asked = isKey(key) ? t(key) : (event ?? "");
  return (
    <section className="acts" aria-label={t("actions")}>
      {disabled === undefined ? null : <p className="msg">{may.command ? t("offline.actions.long") : disabled}</p>}
      <div className="seg">
        {course === undefined || !isTheatre ? null : isOver && course.stage === undefined ? null : (
          <>
            {BUTTONS.map((stage) => {
              const span = course.spans.find((it) => it.stage === stage);
              if (states[stage] === "done" || isOver) {
                return (
                  <div key={stage} className="btn btn-done">
                    <span className="two">
                      <span className="nw">
                        {span === undefined ? null : <Icon name="check" />} {t(`step.${stage}`)}
                      </span>
                      <span className="sub">{span === undefined ? "–" : clockTime(span.from, language)}</span>
                    </span>
                  </div>
                );
              }
              return (
                <HoldButton
                  key={stage}
                  look={states[stage] === "next" ? "primary" : "plain"}
                  hold={1_000}
                  disabled={busy}
                  icon={pendingOf(EVENTS[stage]) ? "turning" : undefined}
                  sub={pendingOf(EVENTS[stage]) ? t("action.sent") : disabled === undefined ? undefined : t("action.offline")}
                  onDone={() => press(EVENTS[stage])}
                >
                  {t(`step.${stage}.button`)}
                </HoldButton>
              );
            })}
          </>
        )}
        {course === undefined && isTheatre && isKnown ? (
          <HoldButton
            look="plain"
            hold={2_000}
            disabled={busy}
            onDone={() => steps.run(`/api/v1/ord/emergency-surgeries?${new URLSearchParams({ roomId: room.id })}`)}
          >
            {t("action.emergency")}
          </HoldButton>
        ) : null}
      </div>
      <div className="grow receipt-slot">
        {isLightNewer ? <Receipt command={light} what={t("light.done")} failed={t("light.failed")} /> : <Receipt command={steps} what={asked} failed={asked} />}
      </div>
      <Button icon="bulb" look={isLightOpen ? "on" : "plain"} onClick={onLight} pressed={isLightOpen}>
        {t("light")}
      </Button>
      {course === undefined || !isTheatre || isOver ? null : (
        <HoldButton hold={2_000} disabled={busy} onDone={() => press("INTERRUPTED")} icon={pendingOf("INTERRUPTED") ? "turning" : undefined}>
          {t("action.interrupt")}
        </HoldButton>
      )}
    </section>
  );
}
