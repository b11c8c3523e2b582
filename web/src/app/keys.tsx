/** Keys that work everywhere, and the search that they open. */
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";

import { lock } from "~/data/session";

import { paths } from "./paths";
import { usePreferences } from "./preferences";

const Help = lazy(() => import("./help"));
const Search = lazy(() => import("./search"));
const PortalSearch = lazy(() => import("~/features/portal/search"));

let open: () => void = () => undefined;

/** Opens the search from the shell. */
export function openSearch(): void {
  open();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function Keys({ isWall, isPortal }: { isWall: boolean; isPortal: boolean }) {
  const navigate = useNavigate();
  const { theme, setTheme } = usePreferences();
  const [isSearching, setSearching] = useState(false);
  const [isHelp, setHelp] = useState(false);
  useEffect(() => {
    open = () => setSearching(true);
  }, []);
  useEffect(() => {
    if (isWall) return;
    let prefix = Number.NEGATIVE_INFINITY;
    const press = (event: KeyboardEvent) => {
      if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        setSearching(true);
        return;
      }
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (performance.now() - prefix < 1_500) {
        const to = { b: paths.block(), f: paths.figures(), r: paths.rooms(), p: paths.reports(), s: paths.staff(), k: paths.bookings(), m: paths.building(), d: paths.portal() }[event.key];
        prefix = Number.NEGATIVE_INFINITY;
        if (to === undefined) return;
        // The letter is nothing else to the page any more.
        event.preventDefault();
        void navigate({ to });
        return;
      }
      switch (event.key) {
        case "/":
          event.preventDefault();
          setSearching(true);
          return;
        case "?":
          setHelp(true);
          return;
        case "g":
          prefix = performance.now();
          return;
        case "t":
          setTheme(theme === "day" ? "theatre" : "day");
          return;
        case "L":
          lock();
          return;
        default:
      }
    };
    addEventListener("keydown", press, true);
    return () => removeEventListener("keydown", press, true);
  }, [isWall, navigate, theme, setTheme]);
  const endSearch = () => setSearching(false);
  return (
    <Suspense fallback={null}>
      {isHelp ? <Help onClose={() => setHelp(false)} /> : null}
      {isSearching ? isPortal ? <PortalSearch onClose={endSearch} /> : <Search onClose={endSearch} /> : null}
    </Suspense>
  );
}
