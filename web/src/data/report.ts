/** Reports: reading, versions, additions, signatures. */
import { queryOptions } from "@tanstack/react-query";

import { api, Failed, orNull, send, whole } from "./http";
import { keys, type Report } from "./queries";

export const reportQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.reports, id],
    queryFn: async (): Promise<Report> => {
      const params = { path: { surgicalProcessId: id } };
      const told = await whole(api.reports.GET("/api/v1/reports/{surgicalProcessId}", { params, headers: { accept: "application/json" } }));
      // The page and the document are texts; data was asked for.
      if (typeof told === "string" || Array.isArray(told)) throw new Failed({ kind: "broken", status: 200, id: "" });
      return told;
    },
    staleTime: 10_000,
  });

export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.reports, id, "versions"],
    queryFn: async () => (await whole(api.reports.GET("/api/v1/reports/{surgicalProcessId}/versions", { params: { path: { surgicalProcessId: id } } }))).entries,
    staleTime: 10_000,
  });

/** A former version as data; null for one that has no content, such as a withdrawal. */
export const versionQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: [...keys.reports, id, "versions", version],
    queryFn: () => {
      const params = { path: { surgicalProcessId: id, version } };
      return orNull(whole(api.reports.GET("/api/v1/reports/{surgicalProcessId}/versions/{version}", { params, headers: { accept: "application/json" } })));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The report as a document, offered as a file. */
export async function savePdf(id: string, language: string): Promise<void> {
  const headers = { accept: "application/pdf", "accept-language": language };
  const response = await send("GET", `/services/surgery-report/api/v1/reports/${encodeURIComponent(id)}`, headers);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = `report-${id}.pdf`;
  link.click();
  URL.revokeObjectURL(url);
}

/** One figure that two versions say differently. */
export interface Difference {
  readonly where: string;
  readonly before: string;
  readonly after: string;
}

/** What of an answer is no figure of the report, or says again what stands in another place. */
const ASIDE = new Set(["additions", "revision", "version", "signature", "signedVersion", "curvesDigest", "stepData"]);

/** A figure of a step, by its names. */
export interface Named {
  readonly step: string;
  /** The room; undefined for a figure of the patient. */
  readonly room: string | undefined;
  readonly quantity: string;
  readonly statistic: string;
}

const FIGURE = /^steps\.(\d+)\.(?:patientVitalSignAggregateData|environmentByRoom\.(.+))\.(average|std|minimum|maximum|timeWeightedAverage|samples)\.(\w+)(?:\.(value|count))?$/;

/** Which figure a place is; undefined for what is no figure of a step. */
export function named(where: string, steps: readonly { readonly step: string }[]): Named | undefined {
  const [, place, room, statistic, quantity] = FIGURE.exec(where) ?? [];
  const step = steps[Number(place) - 1]?.step;
  if (step === undefined || statistic === undefined || quantity === undefined) return undefined;
  return { step, room, quantity, statistic };
}

/** Whether a difference is worth a line: not the hours behind a count, nor a sum over rooms of one kind. */
export function isTold({ where }: Difference): boolean {
  return !/\.samples\.\w+\.(first|last|secondsCovered)$/.test(where) && !/\.environmentalAggregateData\b/.test(where) && !where.endsWith(".unit");
}

/** Every value in which two versions differ, by its place. Lists are compared by their length and place. */
export function differences(before: unknown, after: unknown, where = ""): Difference[] {
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names
      .filter((name) => where !== "" || !ASIDE.has(name))
      .flatMap((name) => differences(before[name], after[name], where === "" ? name : `${where}.${name}`));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }).flatMap((_, index) => differences(before[index], after[index], `${where}.${index + 1}`));
  }
  if (isRecord(before) || isRecord(after) || before === after) {
    return before === after ? [] : [{ where, before: said(before), after: said(after) }];
  }
  return [{ where, before: said(before), after: said(after) }];
}

function said(value: unknown): string {
  if (value === undefined || value === null) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
