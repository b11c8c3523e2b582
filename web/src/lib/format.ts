/** Times, durations and numbers as the locale writes them, in the hospital's zone. */
import type { Language } from "./i18n";

const LOCALES: Readonly<Record<Language, string>> = { en: "en-GB", it: "it-IT" };

/** Thin space between value and unit, and between groups of thousands. */
export const THIN = "\u202f";

let zone = "UTC";

/** Times are shown in this zone from here on; an unknown name changes nothing. */
export function setZone(name: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    zone = name;
  } catch {
    // The gateway knows more zones than this browser: UTC is at least true.
  }
}

export function zoneName(): string {
  return zone;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language}|${zone}|${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(LOCALES[language], { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(key, found);
  }
  return found;
}

/** `10:42` */
export function clockTime(at: number, language: Language = "en"): string {
  return format(language, { hour: "2-digit", minute: "2-digit" }).format(at);
}

/** `10:42:07` */
export function clockSeconds(at: number, language: Language = "en"): string {
  return format(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
}

/** `Friday 15 May`, or with year. */
export function dayText(at: number, language: Language, form: "long" | "short" | "year" = "long"): string {
  const options: Intl.DateTimeFormatOptions =
    form === "short"
      ? { weekday: "short", day: "numeric", month: "short" }
      : form === "year"
        ? { day: "numeric", month: "long", year: "numeric" }
        : { weekday: "long", day: "numeric", month: "long" };
  return format(language, options).format(at);
}

/** `2026-05-15` of the hospital. */
export function dayKey(at: number): string {
  const parts = format("en", { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(at);
  const part = (type: string) => parts.find((it) => it.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** The offset of the zone, as `+02:00`, for who looks closely. */
export function offsetText(at: number): string {
  const parts = format("en", { timeZoneName: "longOffset" }).formatToParts(at);
  const name = parts.find((it) => it.type === "timeZoneName")?.value ?? "GMT";
  return name === "GMT" ? "+00:00" : name.replace("GMT", "");
}

/** What an `<input type="datetime-local">` holds for an instant, in the hospital's zone. */
export function localInput(at: number): string {
  return `${dayKey(at)}T${clockTime(at)}`;
}

/** The instant that such an input means; NaN when it holds none. */
export function fromLocalInput(text: string): number {
  const naive = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? Date.parse(`${text}:00Z`) : Number.NaN;
  if (Number.isNaN(naive)) return Number.NaN;
  // Zones move by whole quarters of an hour; two rounds settle on days when the clocks change.
  let at = naive;
  for (let round = 0; round < 2; round += 1) {
    const shown = Date.parse(`${localInput(at)}:00Z`);
    at += naive - shown;
  }
  return at;
}

/** Hours and minutes, `01:12`; what is less than nothing counts as nothing. */
export function duration(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** Whole minutes. */
export function minutes(milliseconds: number): number {
  return Math.round(milliseconds / 60_000);
}

/** A number with its decimals; thousands in groups by a thin space. */
export function number(value: number, language: Language, decimals = 0): string {
  const text = new Intl.NumberFormat(LOCALES[language], {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    useGrouping: false,
  }).format(value);
  const [whole = "", rest] = text.split(/[.,]/);
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
  return rest === undefined ? grouped : `${grouped}${language === "it" ? "," : "."}${rest}`;
}

/** Milliseconds since 1970 of a time on the wire; NaN when it is none. */
export function instant(text: string | null | undefined): number {
  return text === null || text === undefined ? Number.NaN : Date.parse(text);
}
