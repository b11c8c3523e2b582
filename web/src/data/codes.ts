/**
 * The codes under which patients are shown on screens that others see.
 *
 * A page shows many patients at once, each asked for where it is shown: what is asked for at the same
 * time travels together, and what was answered is kept for the hospital's day, as long as a code lasts.
 */
import { queryOptions, useQueries } from "@tanstack/react-query";

import { useDay } from "./hooks";
import { api, failureOf, whole } from "./http";

/** So many are asked for at once; the gateway answers for 200, and addresses stay short. */
const MOST = 100;
/** How long others may still join, milliseconds. */
const GATHERING = 20;

interface Waiting {
  readonly resolve: (code: string | null) => void;
  readonly reject: (error: unknown) => void;
}

const waiting = new Map<string, Waiting[]>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** The code of a patient today; null for one whom the gateway does not name. */
export function askCode(patientId: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    waiting.set(patientId, [...(waiting.get(patientId) ?? []), { resolve, reject }]);
    timer ??= setTimeout(leave, GATHERING);
  });
}

function leave(): void {
  timer = undefined;
  const all = [...waiting];
  waiting.clear();
  for (let from = 0; from < all.length; from += MOST) void ask(all.slice(from, from + MOST));
}

async function ask(batch: readonly (readonly [string, readonly Waiting[]])[]): Promise<void> {
  try {
    const query = { patientId: batch.map(([id]) => id) };
    const told = await whole(api.gateway.GET("/api/v1/obd/patient-codes", { params: { query } }));
    const codes = new Map(told.entries.map((it) => [it.patientId, it.code]));
    for (const [id, all] of batch) for (const one of all) one.resolve(codes.get(id) ?? null);
  } catch (error) {
    for (const [, all] of batch) for (const one of all) one.reject(error);
  }
}

const codeQuery = (day: string, patientId: string) =>
  queryOptions({
    queryKey: ["patient-code", day, patientId],
    queryFn: () => askCode(patientId),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 24 * 3_600_000,
    // A wall has nobody who would try again.
    refetchInterval: (query) => (query.state.status === "error" && failureOf(query.state.error).kind !== "forbidden" ? 15_000 : false),
  });

/** The codes of these patients, as far as they are known. */
export function usePatientCodes(ids: readonly string[]): ReadonlyMap<string, string> {
  const day = useDay();
  const distinct = [...new Set(ids)];
  const answers = useQueries({ queries: distinct.map((id) => codeQuery(day, id)) });
  return new Map(
    distinct.flatMap((id, index) => {
      const code = answers[index]?.data;
      return code === null || code === undefined ? [] : [[id, code] as const];
    }),
  );
}
