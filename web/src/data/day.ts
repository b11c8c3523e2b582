/** The day of the block as a timeline: what was, what will probably be, what was planned. */
import { instant } from "~/lib/format";

import type { DayCase } from "./performance";
import { standing, type Plan, type Span } from "./process";

/** One patient's time in one theatre. */
export interface Case {
  readonly id: string;
  readonly processId: string | undefined;
  readonly room: string;
  readonly patientId: string | undefined;
  readonly surgery: string;
  /** Before, during and after the surgery. Empty for a case that has not entered a theatre. */
  readonly spans: readonly { readonly stage: Span["stage"]; readonly from: number; readonly to: number }[];
  readonly enter: number | undefined;
  /** Without an end while the patient is in the theatre. */
  readonly leave: number | undefined;
  /** Until when it will probably take; only while it is under way. */
  readonly forecast: number | undefined;
  readonly plan: { readonly from: number; readonly to: number } | undefined;
  /** Milliseconds behind the plan; negative when ahead. Only for a case that has begun by plan. */
  readonly delay: number | undefined;
  /** Late by so many minutes, as the figures count it. */
  readonly late: number | undefined;
  /** Why it was late, by the id of the cause. */
  readonly cause: string | undefined;
}

/** Longer than this a theatre was idle, and did not turn over. */
export const TURNOVER = 90 * 60_000;

type PatientOf = (it: DayCase) => string | undefined;

/** All cases of a day that have a place in it: begun ones by theatre, and those planned. */
export function casesOf(day: readonly DayCase[], now: number, patientOf: PatientOf = (it) => it.patientId ?? undefined): Case[] {
  const cases = day.flatMap((it): Case[] => {
    const plan = planOf(it);
    const stay = stayOf(it);
    const common = {
      id: it.processId ?? it.surgeryId ?? "",
      processId: it.processId ?? undefined,
      room: it.operatingRoomId ?? "",
      patientId: patientOf(it),
      surgery: it.surgeryType,
      plan: plan === undefined ? undefined : { from: plan.start, to: plan.start + plan.length },
      late: it.late?.minutes,
      cause: it.delay?.cause,
    };
    if (stay === undefined) {
      if (plan === undefined || it.status === "CANCELLED" || it.status === "DONE") return [];
      return [{ ...common, spans: [], enter: undefined, leave: undefined, forecast: undefined, delay: undefined }];
    }
    const spans = spansOf(it, stay, now);
    const { delay, end } = standing(spans, plan, now);
    const isOpen = stay.to === undefined;
    return [{ ...common, spans, enter: stay.from, leave: stay.to, forecast: isOpen && end !== undefined && end > now ? end : undefined, delay }];
  });
  return cases.sort((a, b) => beginOf(a) - beginOf(b));
}

/** When a case begins, really or by plan. */
export function beginOf(it: Case): number {
  return it.enter ?? it.plan?.from ?? 0;
}

function planOf(it: DayCase): Plan | undefined {
  const start = instant(it.plannedStart);
  const { plannedMinutes: length } = it;
  return Number.isNaN(start) || length === null || length === undefined ? undefined : { start, length: length * 60_000 };
}

interface Stay {
  readonly from: number;
  readonly to: number | undefined;
}

/** From first entering the newest theatre to leaving it. */
function stayOf(it: DayCase): Stay | undefined {
  const stays = it.theatre.filter((stay) => stay.operatingRoomId === it.operatingRoomId);
  const [first, last] = [stays[0], stays.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const to = instant(last.to);
  return { from: instant(first.from), to: Number.isNaN(to) ? undefined : to };
}

/** Before, during and after the surgery, within the stay. */
function spansOf(it: DayCase, stay: Stay, now: number): Case["spans"] {
  const until = stay.to ?? Math.max(now, stay.from);
  const within = (at: number, other: number) => (Number.isNaN(at) ? other : Math.min(Math.max(at, stay.from), until));
  const begun = within(instant(it.surgeryStart), until);
  const ended = within(instant(it.surgeryEnd), until);
  const spans = [
    { stage: "table", from: stay.from, to: begun },
    { stage: "surg", from: begun, to: ended },
    { stage: "end", from: ended, to: until },
  ] as const;
  return spans.filter((span) => span.to > span.from);
}

/** From a patient's leaving to the next one's entering, in the same theatre. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export function turnoversOf(cases: readonly Case[], room: string): Gap[] {
  const stays = cases.filter((it) => it.room === room && it.enter !== undefined);
  const gaps: Gap[] = [];
  for (const [index, it] of stays.entries()) {
    const next = stays[index + 1]?.enter;
    if (it.leave !== undefined && next !== undefined && next > it.leave && next - it.leave <= TURNOVER) {
      gaps.push({ from: it.leave, to: next });
    }
  }
  return gaps;
}

const HOUR = 3_600_000;

/** Whole hours that hold all cases, and the present when it belongs to the day. */
export function hoursOf(cases: readonly Case[], now: number | undefined): { from: number; to: number } {
  const begins = cases.map(beginOf).filter((at) => at > 0);
  const ends = cases.map((it) => Math.max(it.leave ?? 0, it.forecast ?? 0, it.plan?.to ?? 0));
  const present = now === undefined ? [] : [now];
  const from = Math.floor(Math.min(...present.map((at) => at - HOUR), ...begins) / HOUR) * HOUR;
  const to = Math.ceil(Math.max(...present.map((at) => at + HOUR), from + 4 * HOUR, ...ends) / HOUR) * HOUR;
  return { from, to: Math.min(to, from + 24 * HOUR) };
}
