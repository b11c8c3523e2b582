/**
 * Asking the gateway: one origin, one cookie, problems as values.
 *
 * A session goes on by itself: whoever is answered 401 continues it once and asks again. A part that
 * did not answer is named by the gateway, and kept for the page to say so.
 */
import createClient from "openapi-fetch";

import type { paths as Automation } from "~/api/automation-management";
import type { paths as Building } from "~/api/building-management";
import type { paths as Gateway } from "~/api/api-gateway-web";
import type { paths as Patients } from "~/api/patient-management-integration";
import type { paths as Performance } from "~/api/performance";
import type { paths as Bookings } from "~/api/surgery-booking-integration";
import type { paths as Reports } from "~/api/surgery-report";
import type { paths as Processes } from "~/api/surgical-process-monitoring";
import type { paths as Tracking } from "~/api/staff-tracking";
import type { paths as Users } from "~/api/user-management-integration";

/** Why something could not be read or done. */
export type Failure =
  | { readonly kind: "unreachable" }
  | { readonly kind: "unauthorized" }
  | { readonly kind: "forbidden"; readonly detail: string }
  | { readonly kind: "missing"; readonly detail: string }
  | { readonly kind: "refused"; readonly status: number; readonly detail: string }
  | { readonly kind: "unavailable"; readonly detail: string }
  | { readonly kind: "broken"; readonly status: number; readonly id: string };

/** A failure as it travels through promises. */
export class Failed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.kind);
    this.name = "Failed";
    this.failure = failure;
  }
}

export function failureOf(error: unknown): Failure {
  return error instanceof Failed ? error.failure : { kind: "unreachable" };
}

type Renew = () => Promise<boolean>;
let renew: Renew = () => Promise.resolve(false);

/** How a session is continued. */
export function setRenewal(given: Renew): void {
  renew = given;
}

const partials = new Map<string, string>();
const listeners = new Set<() => void>();
let partialText = "";

/** Services that did not contribute to the last answer of some path, by commas; "" when all did. */
export function partial(): string {
  return partialText;
}

export function onPartial(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function note(path: string, lacking: string | null): void {
  const before = partials.get(path) ?? "";
  if (before === (lacking ?? "")) return;
  if (lacking === null) partials.delete(path);
  else partials.set(path, lacking);
  const names = new Set([...partials.values()].flatMap((text) => text.split(",").map((it) => it.trim())));
  partialText = [...names].sort().join(", ");
  for (const listener of listeners) listener();
}

/** Asks, continues the session once when it has run out, and asks again. */
async function ask(request: Request): Promise<Response> {
  const again = request.clone();
  let response: Response;
  try {
    response = await fetch(request);
    if (response.status === 401 && !request.url.includes("/api/v1/obd/auth") && (await renew())) {
      response = await fetch(again);
    }
  } catch {
    throw new Failed({ kind: "unreachable" });
  }
  const path = new URL(request.url).pathname;
  if (request.method === "GET") note(path, response.headers.get("chiron-partial"));
  return response;
}

function failed(response: Response, problem: unknown): Failed {
  const detail = sayingOf(problem);
  const trace = response.headers.get("traceparent")?.split("-")[1] ?? "";
  switch (response.status) {
    case 401:
      return new Failed({ kind: "unauthorized" });
    case 403:
      return new Failed({ kind: "forbidden", detail });
    case 404:
      return new Failed({ kind: "missing", detail });
    case 429:
    case 502:
    case 503:
    case 504:
      return new Failed({ kind: "unavailable", detail });
    default:
      return response.status < 500
        ? new Failed({ kind: "refused", status: response.status, detail })
        : new Failed({ kind: "broken", status: response.status, id: trace.slice(0, 12) });
  }
}

/** The sentence of a problem (RFC 9457), with its places when it has some. */
function sayingOf(problem: unknown): string {
  if (typeof problem !== "object" || problem === null) return "";
  const text = "detail" in problem && typeof problem.detail === "string" ? problem.detail : "";
  const title = "title" in problem && typeof problem.title === "string" ? problem.title : "";
  // Backstage's envelope, on the faces of the developer platform.
  if ("error" in problem) return sayingOf({ detail: typeof problem.error === "object" && problem.error !== null && "message" in problem.error ? problem.error.message : "" });
  const errors = "errors" in problem && Array.isArray(problem.errors) ? problem.errors : [];
  const places = errors.flatMap((it: unknown) =>
    typeof it === "object" && it !== null && "pointer" in it && "detail" in it
      ? [`${String(it.pointer)} ${String(it.detail)}`]
      : [],
  );
  return [text === "" ? title : text, ...places].filter((it) => it !== "").join("; ");
}

const base = typeof location === "undefined" ? "http://localhost" : location.origin;

/** A typed client of an interface that the gateway serves under its own paths. */
export function served<T extends object>() {
  return createClient<T>({ baseUrl: base, fetch: ask });
}

const behind = (service: string) => ({ baseUrl: `${base}/services/${service}`, fetch: ask });

export const api = {
  gateway: served<Gateway>(),
  automation: createClient<Automation>(behind("automation-management")),
  bookings: createClient<Bookings>(behind("surgery-booking-integration")),
  building: createClient<Building>(behind("building-management")),
  patients: createClient<Patients>(behind("patient-management-integration")),
  performance: createClient<Performance>(behind("performance")),
  processes: createClient<Processes>(behind("surgical-process-monitoring")),
  reports: createClient<Reports>(behind("surgery-report")),
  tracking: createClient<Tracking>(behind("staff-tracking")),
  users: createClient<Users>(behind("user-management-integration")),
} as const;

/** The body of an answer, `undefined` for 204; anything but success is thrown as [`Failed`]. */
export async function body<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T | undefined> {
  const { data, error, response } = await answer;
  if (!response.ok) throw failed(response, error);
  return response.status === 204 ? undefined : data;
}

/** The body of an answer that always has one. */
export async function whole<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const found = await body(answer);
  if (found === undefined) throw new Failed({ kind: "broken", status: 204, id: "" });
  return found;
}

/** What an answer says; null where there is nothing any more. */
export async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (failureOf(error).kind === "missing") return null;
    throw error;
  }
}

interface Page<T> {
  readonly entries: readonly T[];
  /** Where the next page begins; nothing on the last one. */
  readonly next?: string | null;
}

/** The entries of a list that is answered in pages, of `most` pages at most. */
export async function entries<T>(most: number, ask: (from: { readonly cursor?: string }) => Promise<Page<T> | undefined>): Promise<T[]> {
  const all: T[] = [];
  let from: { readonly cursor?: string } = {};
  for (let count = 0; count < most; count += 1) {
    const page = await ask(from);
    all.push(...(page?.entries ?? []));
    if (page?.next === null || page?.next === undefined) break;
    from = { cursor: page.next };
  }
  return all;
}

/** Asks for something that no document describes in full, such as a command. */
export async function send(method: string, path: string, headers: Record<string, string> = {}, signal: AbortSignal | null = null): Promise<Response> {
  const response = await ask(new Request(`${base}${path}`, { method, headers, signal }));
  if (response.ok) return response;
  let problem: unknown;
  try {
    problem = await response.json();
  } catch {
    // A failure without a problem has its status.
  }
  throw failed(response, problem);
}
