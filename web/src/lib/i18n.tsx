/** Words in both languages. Components ask by key; no string a person reads stands in code. */
import { createContext, use, useMemo, type ReactNode } from "react";

import { en, type Key } from "./words/en";
import { it } from "./words/it";

export type Language = "en" | "it";
export type { Key };

export const catalogues: Readonly<Record<Language, Readonly<Record<Key, string>>>> = { en, it };

export type Values = Readonly<Record<string, string | number>>;

/** Puts values into the places of a text, written `{name}`. */
export function fill(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export interface Words {
  readonly language: Language;
  readonly t: (key: Key, values?: Values) => string;
}

export function wordsOf(language: Language): Words {
  const catalogue = catalogues[language];
  return { language, t: (key, values) => fill(catalogue[key], values) };
}

const Context = createContext<Words>(wordsOf("en"));

export function WordsProvider({ language, children }: { language: Language; children: ReactNode }) {
  const words = useMemo(() => wordsOf(language), [language]);
  return <Context value={words}>{children}</Context>;
}

export function useWords(): Words {
  return use(Context);
}

/** Whether a text that came over the wire names a word of the catalogue. */
export function isKey(text: string): text is Key {
  return Object.hasOwn(en, text);
}
