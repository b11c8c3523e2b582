/** The portal's words: a catalogue of their own, which only its pages load. */
import { useMemo } from "react";

import { fill, useWords, type Language, type Values, type Words } from "./i18n";
import { portalEn, type PortalKey } from "./words/portal-en";
import { portalIt } from "./words/portal-it";

export const portalCatalogues: Readonly<Record<Language, Readonly<Record<PortalKey, string>>>> = { en: portalEn, it: portalIt };

export interface PortalWords extends Words {
  readonly p: (key: PortalKey, values?: Values) => string;
  /** A word of a small vocabulary, such as a kind or a life-cycle; itself where nobody has translated it. */
  readonly term: (of: "kind" | "kinds" | "type" | "life" | "relation" | "doc", text: string) => string;
}

function isPortalKey(text: string): text is PortalKey {
  return Object.hasOwn(portalEn, text);
}

export function usePortal(): PortalWords {
  const words = useWords();
  return useMemo(() => {
    const p = (key: PortalKey, values?: Values) => fill(portalCatalogues[words.language][key], values);
    const term = (of: string, text: string) => {
      const key = `${of}.${text.toLowerCase()}`;
      return isPortalKey(key) ? p(key) : text;
    };
    return { ...words, p, term };
  }, [words]);
}
