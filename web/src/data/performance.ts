/** Plan against actual: the cases of a day, key figures, and the causes of delays. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import type { paths } from "~/api/performance";

import { api, body, orNull, whole } from "./http";
import { keys } from "./queries";

type Answer<P extends keyof paths> = paths[P] extends { get: { responses: { 200: { content: { "application/json": infer T } } } } } ? T : never;

export type DayCase = Answer<"/api/v1/days/{day}">["cases"][number];
export type Figures = Answer<"/api/v1/figures">;
export type FiguresOf = Figures["total"];
export type DelayCause = Answer<"/api/v1/delay-causes">["entries"][number];

const MINUTE = 60_000;
/** The longest span of days that the service answers for. */
export const MOST_DAYS = 92;

/** The cases of a day of the hospital, by planned start. */
export const dayQuery = (day: string) =>
  queryOptions({
    queryKey: [...keys.performance, "day", day],
    queryFn: async () => (await whole(api.performance.GET("/api/v1/days/{day}", { params: { path: { day } } }))).cases,
    staleTime: 10_000,
    refetchInterval: MINUTE,
  });

/** The case of a surgery; null for one of which nothing is known yet. */
export const caseQuery = (processId: string) =>
  queryOptions({
    queryKey: [...keys.performance, "process", processId],
    queryFn: (): Promise<DayCase | null> => orNull(whole(api.performance.GET("/api/v1/processes/{processId}", { params: { path: { processId } } }))),
    staleTime: 10_000,
    // A case becomes late by time alone.
    refetchInterval: MINUTE,
  });

export const figuresQuery = (from: string, to: string) =>
  queryOptions({
    queryKey: [...keys.performance, "figures", from, to],
    queryFn: () => whole(api.performance.GET("/api/v1/figures", { params: { query: { from, to } } })),
    staleTime: 30_000,
    refetchInterval: 2 * MINUTE,
  });

export const causesQuery = queryOptions({
  queryKey: ["delay-causes"],
  queryFn: async () => (await whole(api.performance.GET("/api/v1/delay-causes"))).entries,
  staleTime: 60 * MINUTE,
});

/** Gives the cause of a delay; the service refuses one that is not late, or was given already. */
export function useGiveCause(processId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (cause: string) => body(api.performance.PUT("/api/v1/processes/{processId}/delay-cause", { params: { path: { processId } }, body: { cause } })),
    // A refusal says that somebody else was first: what they said is read too.
    onSettled: () => client.invalidateQueries({ queryKey: keys.performance }),
  });
}

/** The key figures, in the order in which they are shown. */
export const FIGURES = ["firstCases", "turnover", "use", "duration", "dayEnd", "delays", "environment"] as const;
export type Figure = (typeof FIGURES)[number];

/** A figure by its name in an address. */
export function figureOf(given: unknown): Figure | undefined {
  return FIGURES.find((it) => it === given);
}

/** A part of a whole; undefined where there is no whole. */
export function shareOf(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}

/** The number by which a figure is compared: a share, or minutes. Undefined when there is nothing to say. */
export function valueOf(figure: Figure, of: FiguresOf): number | undefined {
  switch (figure) {
    case "firstCases":
      return shareOf(of.firstCases.onTime, of.firstCases.count);
    case "turnover":
      return of.turnover.meanMinutes ?? undefined;
    case "use":
      return shareOf(of.use.patientMinutes, of.use.staffedMinutes);
    case "duration":
      return of.duration.meanMinutes ?? undefined;
    case "dayEnd":
      return of.dayEnd.meanMinutes ?? undefined;
    case "delays":
      return of.delays.minutes;
    case "environment":
      return shareOf(of.environment.inRangeMinutes, of.environment.knownMinutes);
    default:
      return figure satisfies never;
  }
}

/** Whether a figure is a share, and can be drawn as a bar that is full at one. */
export function isShare(figure: Figure): boolean {
  return figure === "firstCases" || figure === "use" || figure === "environment";
}

/** Whether anything happened of which the figures could tell. */
export function isNothing(of: FiguresOf): boolean {
  return of.firstCases.count + of.turnover.count + of.duration.count + of.dayEnd.count + of.delays.count === 0 && of.use.patientMinutes === 0;
}

/** Rows by a figure, those without one last; `-` before the name turns the order. */
export function sorted<T>(rows: readonly T[], sort: string | undefined, of: (row: T) => FiguresOf): readonly T[] {
  const isDown = sort?.startsWith("-") ?? false;
  const figure = figureOf(sort?.replace("-", ""));
  if (figure === undefined) return isDown ? rows.toReversed() : rows;
  return rows.toSorted((a, b) => {
    const [left, right] = [valueOf(figure, of(a)), valueOf(figure, of(b))];
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    return isDown ? right - left : left - right;
  });
}
