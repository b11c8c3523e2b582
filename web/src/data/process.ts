/**
 * One surgery as it is shown: its steps over time, and how it stands against its booking. Everything
 * here is derived for the eye; what a process is, is said by the service.
 */
import { instant } from "~/lib/format";

export const STAGES = ["prep", "table", "anaes", "surg", "end", "obs"] as const;
export type Stage = (typeof STAGES)[number];

const STAGE_OF: Readonly<Record<string, Stage>> = {
  PATIENT_IN_PREPARATION: "prep",
  PATIENT_ON_OPERATING_TABLE: "table",
  ANESTHESIA: "anaes",
  SURGERY_IN_PROGRESS: "surg",
  END_OF_SURGERY: "end",
  PATIENT_UNDER_OBSERVATION: "obs",
};

export function stageOf(step: string | null | undefined): Stage | undefined {
  return step === null || step === undefined ? undefined : STAGE_OF[step];
}

/** Time in one step; without an end while it lasts. */
export interface Span {
  readonly stage: Stage;
  readonly from: number;
  readonly to: number | undefined;
}

interface Entry {
  readonly dateTime: string;
  readonly kind: string;
  readonly value?: string | null;
}

/** The steps of a process in their order, from its history. The last one is open until the end. */
export function spansOf(history: readonly Entry[], end: number | undefined): Span[] {
  const starts: { stage: Stage; from: number }[] = [];
  for (const entry of history) {
    const stage = entry.kind === "STEP" ? stageOf(entry.value) : undefined;
    const from = instant(entry.dateTime);
    if (stage === undefined || Number.isNaN(from) || starts.at(-1)?.stage === stage) continue;
    starts.push({ stage, from });
  }
  return starts.map(({ stage, from }, index) => ({ stage, from, to: starts[index + 1]?.from ?? end }));
}

export interface Plan {
  /** When the surgery was to begin. */
  readonly start: number;
  /** How long it was to take, milliseconds. */
  readonly length: number;
}

export interface Standing {
  /** Milliseconds behind the plan; negative when ahead. Undefined without a plan. */
  readonly delay: number | undefined;
  /** When the surgery will probably end; undefined when that cannot be said. */
  readonly end: number | undefined;
}

/** From here on lateness is news; below it is plain text. */
export const LATE = 5 * 60_000;

/**
 * How a process stands: before the surgery begins it is late by the time since its planned start;
 * from then on it ends after the planned length, or is ending now when that has passed.
 */
export function standing(spans: readonly Span[], plan: Plan | undefined, now: number): Standing {
  const surgery = spans.find((span) => span.stage === "surg");
  const closed = spans.find((span) => span.stage === "end" || span.stage === "obs");
  if (plan === undefined) return { delay: undefined, end: closed?.from };
  const plannedEnd = plan.start + plan.length;
  if (closed !== undefined) return { delay: closed.from - plannedEnd, end: closed.from };
  if (surgery !== undefined) {
    const end = Math.max(surgery.from + plan.length, now);
    return { delay: end - plannedEnd, end };
  }
  const late = Math.max(0, now - plan.start);
  return { delay: late, end: plannedEnd + late };
}

/** Which buttons a room has for a process: those done, the one expected, and those still to come. */
export type StepState = "done" | "next" | "later";

export const BUTTONS = ["anaes", "surg", "end"] as const;
export type ButtonStage = (typeof BUTTONS)[number];

export function buttonsOf(current: Stage | undefined): Record<ButtonStage, StepState> {
  const at = current === undefined ? 1 : STAGES.indexOf(current);
  const stateOf = (stage: ButtonStage): StepState => {
    const own = STAGES.indexOf(stage);
    if (own <= at) return "done";
    return own === at + 1 ? "next" : "later";
  };
  return { anaes: stateOf("anaes"), surg: stateOf("surg"), end: stateOf("end") };
}

interface Placed {
  readonly state: string;
  readonly preOperatingRoom?: { readonly id: { readonly id: string } } | null;
  readonly operatingRoom?: { readonly id: { readonly id: string } } | null;
  readonly postOperatingRoom?: { readonly id: { readonly id: string } } | null;
}

/** The room in which a process is now, by its state. */
export function placeOf(process: Placed): string | undefined {
  const [before, theatre, after] = [process.preOperatingRoom, process.operatingRoom, process.postOperatingRoom].map(
    (room) => room?.id.id,
  );
  switch (process.state) {
    case "PRE_SURGERY":
      return before ?? theatre;
    case "POST_SURGERY":
      return after ?? theatre;
    default:
      return theatre ?? before;
  }
}
