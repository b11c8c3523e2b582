/** What components ask of the session, the stream and the block's clock. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useReducer, useSyncExternalStore } from "react";

import { IDLE, isPending, next, type Action } from "~/lib/action";
import { blockNow } from "~/lib/clock";
import { dayKey } from "~/lib/format";

import { failureOf, onPartial, partial, send } from "./http";
import { currentLive, onLive, watchPatient, type Connection, type Live } from "./live";
import { clockQuery } from "./queries";
import { currentSession, mayOf, onSession, type May, type Session } from "./session";

export function useSession(): Session {
  return useSyncExternalStore(onSession, currentSession);
}

export function useMay(): May {
  const session = useSession();
  return useMemo(() => mayOf(session.kind === "open" ? session.roles : []), [session]);
}

export function useLive(): Live {
  return useSyncExternalStore(onLive, currentLive);
}

export function useConnection(): Connection {
  return useLive().connection;
}

/** Has a patient's vital signs told as they come, as long as the component stands. */
export function useWatched(patientId: string, processId: string): void {
  useEffect(() => (patientId === "" ? undefined : watchPatient(patientId, processId)), [patientId, processId]);
}

/** Services that did not contribute to what is shown; "" when all did. */
export function usePartial(): string {
  return useSyncExternalStore(onPartial, partial);
}

let ticks = 0;
const tickers = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

function onTick(listener: () => void): () => void {
  tickers.add(listener);
  ticking ??= setInterval(() => {
    ticks += 1;
    for (const it of tickers) it();
  }, 1_000);
  return () => {
    tickers.delete(listener);
    if (tickers.size === 0) {
      clearInterval(ticking);
      ticking = undefined;
    }
  };
}

/** The block's time, once a second; stands still at the last moment heard of while the stream is lost. */
export function useNow(): number {
  useSyncExternalStore(onTick, () => ticks);
  const connection = useConnection();
  return connection.kind === "lost" ? connection.since : blockNow();
}

/** The block's time, once a second, whatever the stream does: for the clock on the wall. */
export function useClock(): number {
  useSyncExternalStore(onTick, () => ticks);
  useQuery(clockQuery);
  return blockNow();
}

/** The present day of the hospital. */
export function useDay(): string {
  useSyncExternalStore(onTick, () => ticks);
  return dayKey(blockNow());
}

/** A name for a command. Pages of a hospital without TLS have no `randomUUID`. */
export function commandId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** How long an answer may take before the screen says that there was none, milliseconds. */
const PATIENCE = 8_000;

export interface Command {
  readonly action: Action;
  /** The path that was asked last, so that several buttons can share one place for the answer. */
  readonly path: string;
  readonly run: (path: string) => void;
  readonly confirm: () => void;
  readonly refuse: (reason: string) => void;
  readonly forget: () => void;
}

interface Running {
  readonly action: Action;
  readonly path: string;
}

type RunningEvent = { readonly path?: string; readonly event: Parameters<typeof next>[1] };

function step(running: Running, { path, event }: RunningEvent): Running {
  const action = next(running.action, event);
  return { action, path: action !== running.action && path !== undefined ? path : running.path };
}

/** Sends commands of a room, one at a time, and tells what became of the last one. */
export function useCommand(): Command {
  const [running, dispatch] = useReducer(step, { action: IDLE, path: "" });
  const { outcomes } = useLive();
  const client = useQueryClient();
  const { action, path } = running;

  const run = useCallback((asked: string) => {
    const id = commandId();
    dispatch({ path: asked, event: { kind: "send", id, at: blockNow() } });
  }, []);

  // The wish leaves when it has become the present one, so that a second touch sends nothing.
  const pendingId = action.kind === "sent" ? action.id : undefined;
  useEffect(() => {
    if (pendingId === undefined || path === "") return;
    const id = pendingId;
    send("POST", path, { "x-command-id": id }).then(
      () => {
        dispatch({ event: { kind: "accepted", id, at: blockNow() } });
        void client.invalidateQueries({ queryKey: ["processes"] });
      },
      (error: unknown) => {
        const failure = failureOf(error);
        const detail = "detail" in failure ? failure.detail : "";
        dispatch({ event: { kind: "refused", id, at: blockNow(), reason: detail === "" ? failure.kind : detail } });
      },
    );
  }, [pendingId, path, client]);

  const heard = action.kind === "idle" ? undefined : outcomes[action.id];
  useEffect(() => {
    if (heard === undefined || heard.outcome === "ACCEPTED") return;
    const { commandId: id, outcome, reason, at } = heard;
    dispatch({
      event:
        outcome === "CONFIRMED"
          ? { kind: "confirmed", id, at }
          : { kind: "refused", id, at, reason: reason === "" ? outcome : reason },
    });
  }, [heard]);

  const waits = isPending(action);
  const waitsFor = action.kind === "idle" ? "" : action.id;
  useEffect(() => {
    if (!waits) return;
    const timer = setTimeout(() => dispatch({ event: { kind: "silence", id: waitsFor, at: blockNow() } }), PATIENCE);
    return () => clearTimeout(timer);
  }, [waits, waitsFor]);

  const confirm = useCallback(
    () => dispatch({ event: { kind: "confirmed", id: waitsFor, at: blockNow() } }),
    [waitsFor],
  );
  const refuse = useCallback(
    (reason: string) => dispatch({ event: { kind: "refused", id: waitsFor, at: blockNow(), reason } }),
    [waitsFor],
  );
  const forget = useCallback(() => dispatch({ event: { kind: "forget" } }), []);
  return { action, path, run, confirm, refuse, forget };
}
