/**
 * What a person keeps in this browser: starred entities, what was opened last, saved views. It is of
 * the person, not of the machine: each user has their own. Other tabs see it at once.
 */
import { useCallback, useSyncExternalStore } from "react";

import { isRecord, listOf, textOf } from "~/lib/entity";
import { splitValues, type CatalogueSearch } from "~/lib/facets";

import { useSession } from "./hooks";

export interface Kept {
  /** Where it is in the portal. */
  readonly to: string;
  readonly title: string;
  readonly kind: string;
  /** When it was opened, or starred. */
  readonly at: number;
}

export interface View {
  readonly name: string;
  readonly search: CatalogueSearch;
}

type Name = "stars" | "recent" | "terms" | "views";
const MOST: Readonly<Record<Name, number>> = { stars: 100, recent: 12, terms: 6, views: 12 };

const listeners = new Set<() => void>();
const texts = new Map<string, { text: string | null; list: readonly unknown[] }>();
const NOTHING: readonly unknown[] = [];

function listen(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}

/** What stands in the browser; the very same list while nobody writes. */
function read(key: string): readonly unknown[] {
  let text: string | null = null;
  try {
    text = localStorage.getItem(key);
  } catch {
    // A browser may keep nothing: then nothing is kept.
  }
  const known = texts.get(key);
  if (known?.text === text) return known.list;
  let list = NOTHING;
  try {
    list = listOf(JSON.parse(text ?? "[]"));
  } catch {
    // What somebody else wrote there is nobody's list.
  }
  texts.set(key, { text, list });
  return list;
}

function write(key: string, list: readonly unknown[]): void {
  try {
    localStorage.setItem(key, JSON.stringify(list));
  } catch {
    // No room, or not allowed: the page works without.
  }
  for (const listener of listeners) listener();
}

function useList(name: Name): readonly [readonly unknown[], (change: (before: readonly unknown[]) => readonly unknown[]) => void] {
  const session = useSession();
  const key = `chiron.${name}.${session.kind === "open" ? session.userId : ""}`;
  const list = useSyncExternalStore(listen, () => read(key));
  // Read anew before writing: another tab may have written.
  const change = useCallback((by: (before: readonly unknown[]) => readonly unknown[]) => write(key, by(read(key)).slice(0, MOST[name])), [key, name]);
  return [list, change];
}

function keptOf(given: unknown): Kept[] {
  if (!isRecord(given)) return [];
  const to = textOf(given["to"]);
  // An address of the portal and no other, whoever wrote it.
  return /^\/portal\/[^/]/.test(to) ? [{ to, title: textOf(given["title"]), kind: textOf(given["kind"]), at: Number(given["at"] ?? 0) }] : [];
}

export interface Stars {
  readonly all: readonly Kept[];
  readonly has: (to: string) => boolean;
  readonly toggle: (it: Kept) => void;
}

export function useStars(): Stars {
  const [list, change] = useList("stars");
  const all = list.flatMap(keptOf);
  const toggle = useCallback(
    (it: Kept) => change((before) => (before.flatMap(keptOf).some((other) => other.to === it.to) ? before.flatMap(keptOf).filter((other) => other.to !== it.to) : [it, ...before])),
    [change],
  );
  return { all, has: (to) => all.some((it) => it.to === to), toggle };
}

/** What was opened last, the newest first; and how something is noted as opened. */
export function useRecent(): readonly [readonly Kept[], (it: Kept) => void] {
  const [list, change] = useList("recent");
  const note = useCallback((it: Kept) => change((before) => [it, ...before.flatMap(keptOf).filter((other) => other.to !== it.to)]), [change]);
  return [list.flatMap(keptOf), note];
}

/** What was looked for last. */
export function useTerms(): readonly [readonly string[], (term: string) => void] {
  const [list, change] = useList("terms");
  const note = useCallback((term: string) => change((before) => [term, ...before.filter((it) => it !== term)]), [change]);
  return [list.map(textOf).filter((it) => it !== ""), note];
}

const VIEW_KEYS = ["kind", "type", "owner", "lifecycle", "system", "tag", "only", "q", "sort"] as const;

function viewOf(given: unknown): View[] {
  if (!isRecord(given) || !isRecord(given["search"]) || textOf(given["name"]) === "") return [];
  const search = given["search"];
  const kept = VIEW_KEYS.flatMap((key) => {
    const text = textOf(search[key]);
    return text === "" || splitValues(text).length === 0 ? [] : [[key, text] as const];
  });
  return [{ name: textOf(given["name"]), search: Object.fromEntries(kept) }];
}

export interface Views {
  readonly all: readonly View[];
  readonly save: (view: View) => void;
  readonly remove: (name: string) => void;
}

/** Saved views; one of the same name takes the other's place. */
export function useViews(): Views {
  const [list, change] = useList("views");
  const save = useCallback((view: View) => change((before) => [...before.flatMap(viewOf).filter((it) => it.name !== view.name), view].slice(-MOST.views)), [change]);
  const remove = useCallback((name: string) => change((before) => before.flatMap(viewOf).filter((it) => it.name !== name)), [change]);
  return { all: list.flatMap(viewOf), save, remove };
}
