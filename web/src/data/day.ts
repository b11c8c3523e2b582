/** The day of the block as a timeline: what was, what will probably be, what was planned. */
import { instant } from "~/lib/format";

import type { Booking, Followed } from "./queries";
import { planOf, type Course } from "./room";
import type { Span } from "./process";

/** One patient's time in one theatre. */
export interface Case {
  readonly id: string;
  readonly room: string;
  readonly patientId: string;
  readonly surgery: string;
  /** Empty for a case that has not begun. */
  readonly spans: readonly { readonly stage: Span["stage"]; readonly from: number; readonly to: number }[];
  readonly enter: number | undefined;
  /** Without an end while the patient is in the theatre. */
  readonly leave: number | undefined;
  /** Until when it will probably take; only while it is under way. */
  readonly forecast: number | undefined;
  readonly plan: { readonly from: number; readonly to: number } | undefined;
}

/** Longer than this a theatre was idle, and did not turn over. */
export const TURNOVER = 90 * 60_000;

/** All cases of a day: surgeries begun, by theatre, and bookings of which none has begun yet. */
export function casesOf(courses: readonly Course[], bookings: readonly Booking[], now: number): Case[] {
  const begun = new Set<string>();
  const cases: Case[] = [];
  for (const course of courses) {
    const plan = course.plan === undefined ? undefined : { from: course.plan.start, to: course.plan.start + course.plan.length };
    const stay = stayOf(course.followed);
    if (course.booking !== undefined && stay !== undefined) begun.add(course.booking.surgeryID);
    if (stay === undefined) continue;
    const until = stay.to ?? now;
    const spans = course.spans
      .map((span) => ({ stage: span.stage, from: Math.max(span.from, stay.from), to: Math.min(span.to ?? until, until) }))
      .filter((span) => span.to > span.from);
    const end = course.standing.end;
    cases.push({
      id: course.process.processId,
      room: stay.roomId,
      patientId: course.process.patientId,
      surgery: course.process.type,
      spans: spans.length > 0 ? spans : [{ stage: "table", from: stay.from, to: until }],
      enter: stay.from,
      leave: stay.to,
      forecast: stay.to === undefined && end !== undefined && end > now ? end : undefined,
      plan,
    });
  }
  for (const booking of bookings) {
    const plan = planOf(booking);
    if (plan === undefined || begun.has(booking.surgeryID) || booking.status === "CANCELLED" || booking.status === "DONE") continue;
    cases.push({
      id: booking.surgeryID,
      room: booking.operatingRoomId ?? "",
      patientId: booking.patientID,
      surgery: booking.surgeryType,
      spans: [],
      enter: undefined,
      leave: undefined,
      forecast: undefined,
      plan: { from: plan.start, to: plan.start + plan.length },
    });
  }
  return cases.sort((a, b) => beginOf(a) - beginOf(b));
}

/** When a case begins, really or by plan. */
export function beginOf(it: Case): number {
  return it.enter ?? it.plan?.from ?? 0;
}

/** The newest stay in a theatre. */
function stayOf(followed: Followed | undefined): { roomId: string; from: number; to: number | undefined } | undefined {
  const stays = (followed?.detail.rooms ?? []).filter((stay) => stay.roomType === "OPERATING_ROOM");
  const last = stays.at(-1);
  if (last === undefined) return undefined;
  const first = stays.find((stay) => stay.roomId === last.roomId) ?? last;
  const to = instant(last.to);
  return { roomId: last.roomId, from: instant(first.from), to: Number.isNaN(to) ? undefined : to };
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

/** Whole hours that hold all cases and the present. */
export function hoursOf(cases: readonly Case[], now: number): { from: number; to: number } {
  const begins = cases.map(beginOf).filter((at) => at > 0);
  const ends = cases.map((it) => Math.max(it.leave ?? 0, it.forecast ?? 0, it.plan?.to ?? 0));
  const from = Math.floor(Math.min(now - HOUR, ...begins) / HOUR) * HOUR;
  const to = Math.ceil(Math.max(now + HOUR, from + 4 * HOUR, ...ends) / HOUR) * HOUR;
  return { from, to: Math.min(to, from + 24 * HOUR) };
}
