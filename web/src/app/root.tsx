/** What stands around every page: the session, the stream, the shell, the lock, the keys. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

import { usePatientCodes } from "~/data/codes";
import { useConnection, useMay, usePartial, useSession } from "~/data/hooks";
import { follow } from "~/data/live";
import { clockQuery, settingsQuery } from "~/data/queries";
import { continueSession, lock } from "~/data/session";
import { LockScreen, SignIn } from "~/features/account/sign-in";
import { clockTime } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { PatientCodes } from "~/ui/patient";
import { Banner, Empty, Loading } from "~/ui/states";

import { Keys } from "./keys";
import { Shell } from "./shell";

export function NotFound() {
  const { t } = useWords();
  return (
    <main className="page" id="main">
      <Empty title={t("notFound.title")}>{t("notFound.text")}</Empty>
    </main>
  );
}

export function Root() {
  const session = useSession();
  const { t } = useWords();
  const [isDown, setDown] = useState(false);
  useEffect(() => {
    if (session.kind !== "unknown") return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      continueSession().then(
        () => setDown(false),
        () => {
          setDown(true);
          timer = setTimeout(begin, 3_000);
        },
      );
    };
    begin();
    return () => clearTimeout(timer);
  }, [session.kind]);
  useQuery(clockQuery);

  if (session.kind === "unknown") {
    return (
      <main className="page">
        {isDown ? (
          <Banner icon="offline" title={t("down.title")} isLoud>
            {t("down.text")}
          </Banner>
        ) : (
          <Loading what={t("what.session")} />
        )}
      </main>
    );
  }
  if (session.kind === "none") return <SignIn ended={session.ended} />;
  return <Signed isLocked={session.isLocked} userId={session.userId} />;
}

function Signed({ isLocked, userId }: { isLocked: boolean; userId: string }) {
  const client = useQueryClient();
  const may = useMay();
  const location = useRouterState({ select: (state) => state.location });
  const settings = useQuery(settingsQuery);
  useEffect(() => follow(client), [client]);
  useLock(may.isWall ? undefined : settings.data?.lockAfterMinutes);
  useAnnounced(location.pathname);

  const isWall = may.isWall || new URLSearchParams(location.searchStr).has("wall");
  const isRoom = /^\/rooms\/.+/.test(location.pathname);
  const isPortal = /^\/portal(\/|$)/.test(location.pathname);
  const density = useDensity(isWall, isRoom);
  const hasShell = !isWall && density !== "tablet";
  if (isLocked) return <LockScreen userId={userId} place={isRoom ? decodeURIComponent(location.pathname.slice(7)) : undefined} />;
  if (settings.data === undefined && settings.isPending) return <Waiting />;
  return (
    <PatientCodes value={usePatientCodes}>
      {hasShell ? <Shell userId={userId} isPortal={isPortal} /> : null}
      {hasShell ? <Notices /> : null}
      <Keys isWall={isWall} isPortal={isPortal} />
      <Outlet />
    </PatientCodes>
  );
}

function Waiting() {
  const { t } = useWords();
  return (
    <main className="page">
      <Loading what={t("what.session")} />
    </main>
  );
}

/** Sizes for where the screen stands: a wall, a tablet at the table, a desk. */
function useDensity(isWall: boolean, isRoom: boolean): "wall" | "tablet" | "desk" {
  const [isNarrow, setNarrow] = useState(() => matchMedia("(max-width: 1240px)").matches);
  useEffect(() => {
    const query = matchMedia("(max-width: 1240px)");
    const change = () => setNarrow(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  const density = isWall && !isRoom ? "wall" : isRoom && (isNarrow || isWall) ? "tablet" : "desk";
  useEffect(() => {
    document.documentElement.dataset["density"] = density;
  }, [density]);
  return density;
}

/** Locks the screen when nobody has touched it for so many minutes. */
function useLock(afterMinutes: number | undefined): void {
  useEffect(() => {
    if (afterMinutes === undefined) return;
    let touched = performance.now();
    const touch = () => {
      touched = performance.now();
    };
    const events = ["pointerdown", "keydown", "wheel"] as const;
    for (const event of events) addEventListener(event, touch, { passive: true });
    const timer = setInterval(() => {
      if (performance.now() - touched > afterMinutes * 60_000) lock();
    }, 5_000);
    return () => {
      clearInterval(timer);
      for (const event of events) removeEventListener(event, touch);
    };
  }, [afterMinutes]);
}

/** Moves the reading point to the new page, so that a screen reader says where one is. */
function useAnnounced(pathname: string): void {
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    const timer = setTimeout(() => document.getElementById("main")?.focus({ preventScroll: true }), 50);
    return () => clearTimeout(timer);
  }, [pathname]);
}

/** What is wrong with what the page shows, above it; nothing when all is well. */
function Notices() {
  const { t, language } = useWords();
  const connection = useConnection();
  const lacking = usePartial();
  return (
    <div className="notices" aria-live="polite">
      {connection.kind === "lost" ? (
        <Banner icon="offline" title={t("live.since", { time: clockTime(connection.since, language) })} isLoud>
          {t("live.kept")}
        </Banner>
      ) : null}
      {lacking === "" ? null : (
        <Banner icon="partial" title={t("partial.title", { services: lacking })}>
          {t("partial.text")}
        </Banner>
      )}
    </div>
  );
}
