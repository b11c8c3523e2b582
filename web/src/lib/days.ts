/** Days of the calendar as the services write them, `2026-05-15`: no clock, no zone. */

const DAY = 86_400_000;

const noon = (day: string) => Date.parse(`${day}T12:00:00Z`);

export function isDay(text: string | undefined): text is string {
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(noon(text));
}

/** An instant within the day, wherever the hospital is. */
export function instantOf(day: string): number {
  return noon(day);
}

export function addDays(day: string, count: number): string {
  return new Date(noon(day) + count * DAY).toISOString().slice(0, 10);
}

export interface Days {
  readonly from: string;
  readonly to: string;
}

/** The week of a day, from Monday to Sunday. */
export function weekOf(day: string): Days {
  const since = (new Date(noon(day)).getUTCDay() + 6) % 7;
  const from = addDays(day, -since);
  return { from, to: addDays(from, 6) };
}

/** How many days a span has, both ends counted; less than one when they are in the wrong order. */
export function lengthOf({ from, to }: Days): number {
  return Math.round((noon(to) - noon(from)) / DAY) + 1;
}
