/** What stands around the portal's pages: the column of its places, and how fresh what it knows is. */
import "@mantine/core/styles/Checkbox.css";
import "./portal.css";

import { useQuery } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";

import { countQuery } from "~/data/catalog";
import { useConnection, useMay } from "~/data/hooks";
import { clockTime, number } from "~/lib/format";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import type { PortalKey } from "~/lib/words/portal-en";
import { Problem } from "~/ui/states";

import { PortalIcon, type PortalIconName } from "./icons";
import { Go } from "./parts";

interface Entry {
  readonly to: string;
  readonly icon: PortalIconName;
  readonly name: PortalKey;
  readonly isHere: (path: string, kind: string) => boolean;
}

const ENTRIES: readonly Entry[] = [
  { to: places.home(), icon: "home", name: "nav.home", isHere: (path) => /^\/portal\/?$/.test(path) },
  { to: places.catalogue(), icon: "catalog", name: "nav.catalogue", isHere: (path, kind) => path.startsWith("/portal/catalog") && kind !== "api" && kind !== "group" },
  { to: places.catalogue({ kind: "api" }), icon: "api", name: "nav.apis", isHere: (path, kind) => path.startsWith("/portal/catalog") && kind === "api" },
  { to: places.documented(), icon: "docs", name: "nav.docs", isHere: (path) => path.startsWith("/portal/docs") },
  { to: places.graph(), icon: "graph", name: "nav.graph", isHere: (path) => path.startsWith("/portal/graph") },
  { to: places.catalogue({ kind: "group" }), icon: "group", name: "nav.teams", isHere: (path, kind) => path.startsWith("/portal/catalog") && kind === "group" },
];

export function PortalFrame() {
  const { p } = usePortal();
  const may = useMay();
  const { pathname, search } = useRouterState({ select: (state) => state.location });
  if (may.isWall) {
    return (
      <main className="page" id="main">
        <Problem trouble={{ kind: "forbidden" }} what={p("what.portal")} />
      </main>
    );
  }
  const segments = pathname.split("/");
  const kind = (segments[2] === "catalog" ? (segments[4] ?? ("kind" in search ? search.kind : undefined)) : undefined) ?? "";
  const isHome = /^\/portal\/?$/.test(pathname);
  const isWide = /^\/portal\/(docs\/.|graph)/.test(pathname);
  return (
    <div className={`portal ${isWide ? "is-rail" : isHome ? "" : "is-tight"}`}>
      <nav className="column" aria-label={p("nav.portal")}>
        <ul>
          {ENTRIES.map((it) => (
            <li key={it.name}>
              <Go to={it.to} title={p(it.name)} aria-label={p(it.name)} aria-current={it.isHere(pathname, kind.toLowerCase()) ? "page" : undefined}>
                <PortalIcon name={it.icon} />
                <span className="tx">{p(it.name)}</span>
              </Go>
            </li>
          ))}
        </ul>
        <hr />
        <ul>
          <li>
            <Go to="/block" title={p("nav.block")} aria-label={p("nav.block")}>
              <PortalIcon name="back" />
              <span className="tx">{p("nav.block")}</span>
            </Go>
          </li>
        </ul>
        <Foot />
      </nav>
      <Outlet />
    </div>
  );
}

function Foot() {
  const { p, t, language } = usePortal();
  const connection = useConnection();
  const all = useQuery(countQuery({}));
  return (
    <p className="foot tx">
      <strong>
        <svg className="shape" viewBox="0 0 10 10" aria-hidden="true">
          <circle cx="5" cy="5" r="4" />
        </svg>
        {connection.kind === "lost" ? t("live.lost") : connection.kind === "live" ? p("live") : t("live.connecting")}
      </strong>
      {all.data === undefined ? null : p("foot", { count: number(all.data.total, language), time: clockTime(all.data.at, language) })}
    </p>
  );
}
