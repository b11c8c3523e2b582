/**
 * Who is signed in, in this tab.
 *
 * The token that counts is a cookie that no script can read. What is kept here is what continues the
 * session: in the tab alone for people, and on the machine for a wall screen, which has to come back
 * by itself after a power cut.
 */
import type { components } from "~/api/api-gateway-web";

import { api, body, Failed, failureOf, setRenewal, whole } from "./http";

export type Session =
  | { readonly kind: "unknown" }
  | { readonly kind: "none"; readonly ended: boolean }
  | { readonly kind: "open"; readonly userId: string; readonly roles: readonly string[]; readonly isLocked: boolean };

type Granted = components["schemas"]["SessionV1"];

const KEY = "chiron.session";

interface Kept {
  readonly userId: string;
  readonly refreshToken: string;
}

let session: Session = { kind: "unknown" };
let kept: Kept | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let renewing: Promise<boolean> | undefined;
const listeners = new Set<() => void>();

export function currentSession(): Session {
  return session;
}

export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(given: Session): void {
  session = given;
  for (const listener of listeners) listener();
}

function readKept(): Kept | undefined {
  const text = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
  if (text === null) return undefined;
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null && "userId" in found && "refreshToken" in found) {
      return { userId: String(found.userId), refreshToken: String(found.refreshToken) };
    }
  } catch {
    // What somebody else wrote there is nobody's session.
  }
  return undefined;
}

function forget(): void {
  kept = undefined;
  clearTimeout(timer);
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

function take(userId: string, granted: Granted): void {
  kept = { userId, refreshToken: granted.refreshToken };
  const isWall = granted.roles.length > 0 && granted.roles.every((role) => role === "display");
  (isWall ? localStorage : sessionStorage).setItem(KEY, JSON.stringify(kept));
  clearTimeout(timer);
  // Well before it runs out, so that no stream ends on the way.
  timer = setTimeout(() => void continueSession(), granted.expiresIn * 600);
  const isLocked = session.kind === "open" && session.userId === userId && session.isLocked;
  become({ kind: "open", userId, roles: granted.roles, isLocked });
}

/** Continues the session; false when it is over. When nobody answers it is kept for later. */
export function continueSession(): Promise<boolean> {
  renewing ??= exchange().finally(() => {
    renewing = undefined;
  });
  return renewing;
}

async function exchange(): Promise<boolean> {
  const from = kept ?? readKept();
  if (from === undefined) {
    become({ kind: "none", ended: false });
    return false;
  }
  try {
    const shown = { refreshToken: from.refreshToken };
    take(from.userId, await whole(api.gateway.POST("/api/v1/obd/auth/refresh", { body: shown })));
    return true;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === "unauthorized" || failure.kind === "refused") {
      forget();
      become({ kind: "none", ended: true });
      return false;
    }
    clearTimeout(timer);
    timer = setTimeout(() => void continueSession(), 3_000);
    if (session.kind === "unknown") throw error;
    return false;
  }
}

/** Signs a person in, or unlocks the screen for who locked it. */
export async function signIn(userId: string, password: string): Promise<void> {
  const granted = await whole(api.gateway.POST("/api/v1/obd/auth", { body: { userId, password } }));
  if (session.kind === "open") session = { ...session, isLocked: false };
  take(userId, granted);
}

/** Unlocks the screen by the badge of who locked it. */
export async function unlock(badge: string): Promise<void> {
  // A token that has just been replaced counts for half a minute more.
  const refreshToken = (kept ?? readKept())?.refreshToken;
  if (refreshToken === undefined) throw new Failed({ kind: "unauthorized" });
  await body(api.gateway.POST("/api/v1/obd/auth/unlock", { body: { refreshToken, badge } }));
  if (session.kind === "open") become({ ...session, isLocked: false });
}

/** Ends the session here and at the gateway. */
export async function signOut(): Promise<void> {
  const token = kept?.refreshToken;
  forget();
  become({ kind: "none", ended: false });
  if (token === undefined) return;
  try {
    await api.gateway.POST("/api/v1/obd/auth/logout", { body: { refreshToken: token } });
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    // The token runs out by itself.
  }
}

/** Hides everything until the password is given again. The stream goes on. */
export function lock(): void {
  if (session.kind === "open") become({ ...session, isLocked: true });
}

setRenewal(continueSession);

const WRITERS = ["surgeon", "nurse", "anesthetist"];

/** What the roles of a session allow, for the eye: the server decides. */
export interface May {
  readonly command: boolean;
  readonly manage: boolean;
  readonly readStaffHistory: boolean;
  readonly readReports: boolean;
  readonly addToReport: boolean;
  readonly signReport: boolean;
  readonly regenerate: boolean;
  readonly readNames: boolean;
  readonly readDecisions: boolean;
  readonly readProcesses: boolean;
  readonly isWall: boolean;
}

export function mayOf(roles: readonly string[]): May {
  const has = (...any: string[]) => any.some((role) => roles.includes(role));
  const clinical = has(...WRITERS);
  return {
    command: clinical,
    manage: has("block-manager"),
    readStaffHistory: has("block-manager"),
    readReports: clinical || has("block-manager"),
    addToReport: clinical,
    signReport: has("surgeon"),
    regenerate: has("block-manager"),
    readNames: clinical || has("block-manager"),
    readDecisions: clinical || has("block-manager", "developer"),
    readProcesses: clinical || has("block-manager", "display"),
    isWall: roles.length > 0 && roles.every((role) => role === "display"),
  };
}
