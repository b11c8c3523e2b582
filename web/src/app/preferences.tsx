/** Language and theme of this screen: by the address for a wall, else as chosen here last. */
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";

import type { Language } from "~/lib/i18n";

export type Theme = "day" | "theatre";

interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
  readonly setLanguage: (language: Language) => void;
  readonly setTheme: (theme: Theme) => void;
}

const Context = createContext<Preferences>({
  language: "en",
  theme: "day",
  setLanguage: () => undefined,
  setTheme: () => undefined,
});

function chosen<T extends string>(name: string, of: readonly T[], otherwise: T): T {
  const asked = new URLSearchParams(location.search).get(name) ?? localStorage.getItem(`chiron.${name}`);
  return of.find((it) => it === asked) ?? otherwise;
}

export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() =>
    chosen("lang", ["en", "it"], navigator.language.startsWith("it") ? "it" : "en"),
  );
  const [theme, setTheme] = useState<Theme>(() =>
    chosen("theme", ["day", "theatre"], matchMedia("(prefers-color-scheme: dark)").matches ? "theatre" : "day"),
  );
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem("chiron.lang", language);
  }, [language]);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem("chiron.theme", theme);
  }, [theme]);
  const value = useMemo(() => ({ language, theme, setLanguage, setTheme }), [language, theme]);
  return <Context value={value}>{children}</Context>;
}

export function usePreferences(): Preferences {
  return use(Context);
}
