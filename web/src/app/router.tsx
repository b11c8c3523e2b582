/** The routes. What a person could bookmark stands in the address. */
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";

import { figureOf } from "~/data/performance";
import type { FiguresSearch } from "~/features/block/figures";
import type { BlockSearch } from "~/features/block/page";
import type { BookingsSearch } from "~/features/bookings/page";
import type { ReportsSearch } from "~/features/reports/list";
import type { StaffSearch } from "~/features/staff/page";
import type { CatalogueSearch } from "~/lib/facets";
import type { GraphSearch } from "~/lib/places";

import { Broken } from "./broken";
import { NotFound, Root } from "./root";

interface EntitySearch {
  readonly tab?: string | undefined;
  /** How far its relations are followed, when that is not one. */
  readonly steps?: 2 | 3 | undefined;
}

const SPANS = ["week", "dates"] as const;
const SORTS = ["room", "delay", "elapsed", "team"] as const;

/** A word of the address; numbers that a person typed are words too. */
function text(given: unknown): string | undefined {
  if (typeof given === "number") return String(given);
  return typeof given === "string" && given !== "" ? given : undefined;
}

/** All words of the address. */
function texts(given: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).flatMap(([name, it]) => (["string", "number", "boolean"].includes(typeof it) && it !== "" ? [[name, String(it)]] : [])));
}

const root = createRootRouteWithContext<{ client: QueryClient }>()({ component: Root, notFoundComponent: NotFound, errorComponent: Broken });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/block" });
  },
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  beforeLoad: () => {
    throw redirect({ to: "/block" });
  },
});
const rooms = createRoute({
  getParentRoute: () => root,
  path: "/rooms",
  component: lazyRouteComponent(() => import("~/features/rooms/chooser"), "Chooser"),
});
const room = createRoute({
  getParentRoute: () => root,
  path: "/rooms/$roomId",
  component: lazyRouteComponent(() => import("~/features/rooms/page"), "RoomPage"),
});
const block = createRoute({
  getParentRoute: () => root,
  path: "/block",
  validateSearch: (given): BlockSearch => ({
    view: given["view"] === "floor" ? "floor" : undefined,
    room: text(given["room"]),
    only: given["only"] === "news" ? "news" : undefined,
    q: text(given["q"]),
    sort: SORTS.find((it) => it === given["sort"]),
    wall: given["wall"] === undefined || given["wall"] === false ? undefined : true,
  }),
  component: lazyRouteComponent(() => import("~/features/block/page"), "BlockPage"),
});
const figures = createRoute({
  getParentRoute: () => root,
  path: "/block/figures",
  validateSearch: (given): FiguresSearch => ({
    span: SPANS.find((it) => it === given["span"]),
    from: text(given["from"]),
    to: text(given["to"]),
    sort: text(given["sort"]),
    about: figureOf(given["about"]),
  }),
  component: lazyRouteComponent(() => import("~/features/block/figures"), "FiguresPage"),
});
const staff = createRoute({
  getParentRoute: () => root,
  path: "/staff",
  validateSearch: (given): StaffSearch => ({ room: text(given["room"]), person: text(given["person"]), from: text(given["from"]), to: text(given["to"]) }),
  component: lazyRouteComponent(() => import("~/features/staff/page"), "StaffPage"),
});
const bookings = createRoute({
  getParentRoute: () => root,
  path: "/bookings",
  validateSearch: (given): BookingsSearch => ({ day: text(given["day"]), q: text(given["q"]) }),
  component: lazyRouteComponent(() => import("~/features/bookings/page"), "BookingsPage"),
});
const reports = createRoute({
  getParentRoute: () => root,
  path: "/reports",
  validateSearch: (given): ReportsSearch => ({ q: text(given["q"]), day: text(given["day"]), only: given["only"] === "open" ? "open" : undefined }),
  component: lazyRouteComponent(() => import("~/features/reports/list"), "ReportsPage"),
});
const report = createRoute({
  getParentRoute: () => root,
  path: "/reports/$processId",
  component: lazyRouteComponent(() => import("~/features/reports/report"), "ReportPage"),
});
const building = createRoute({
  getParentRoute: () => root,
  path: "/building",
  component: lazyRouteComponent(() => import("~/features/building/page"), "BuildingPage"),
});
const design = createRoute({
  getParentRoute: () => root,
  path: "/design",
  component: lazyRouteComponent(() => import("~/features/design/page"), "DesignPage"),
});

const portal = createRoute({
  getParentRoute: () => root,
  path: "/portal",
  component: lazyRouteComponent(() => import("~/features/portal/frame"), "PortalFrame"),
});
const portalHome = createRoute({
  getParentRoute: () => portal,
  path: "/",
  component: lazyRouteComponent(() => import("~/features/portal/home"), "HomePage"),
});
const catalogue = createRoute({
  getParentRoute: () => portal,
  path: "/catalog",
  validateSearch: (given): CatalogueSearch => texts(given),
  component: lazyRouteComponent(() => import("~/features/portal/catalogue"), "CataloguePage"),
});
const entity = createRoute({
  getParentRoute: () => portal,
  path: "/catalog/$namespace/$kind/$name",
  validateSearch: (given): EntitySearch => ({ tab: text(given["tab"]), steps: ([2, 3] as const).find((it) => it === given["steps"]) }),
  component: lazyRouteComponent(() => import("~/features/portal/entity"), "EntityPage"),
});
const graph = createRoute({
  getParentRoute: () => portal,
  path: "/graph",
  validateSearch: (given): GraphSearch => texts(given),
  component: lazyRouteComponent(() => import("~/features/portal/graph"), "GraphPage"),
});
const documented = createRoute({
  getParentRoute: () => portal,
  path: "/docs",
  component: lazyRouteComponent(() => import("~/features/portal/documented"), "DocumentedPage"),
});
const reader = createRoute({
  getParentRoute: () => portal,
  path: "/docs/$namespace/$kind/$name/$",
  component: lazyRouteComponent(() => import("~/features/portal/reader"), "ReaderPage"),
});
const tree = root.addChildren([home, signIn, rooms, room, block, figures, staff, bookings, reports, report, building, design, portal.addChildren([portalHome, catalogue, entity, graph, documented, reader])]);

export function makeRouter(client: QueryClient) {
  return createRouter({ routeTree: tree, context: { client }, defaultPreload: "intent", defaultErrorComponent: Broken, scrollRestoration: true });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
