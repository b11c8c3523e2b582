/** The routes. What a person could bookmark stands in the address. */
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";

import { NotFound, Root } from "./root";

const root = createRootRouteWithContext<{ client: QueryClient }>()({ component: Root, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/rooms" });
  },
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  beforeLoad: () => {
    throw redirect({ to: "/rooms" });
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
const design = createRoute({
  getParentRoute: () => root,
  path: "/design",
  component: lazyRouteComponent(() => import("~/features/design/page"), "DesignPage"),
});

const tree = root.addChildren([home, signIn, rooms, room, design]);

export function makeRouter(client: QueryClient) {
  return createRouter({ routeTree: tree, context: { client }, defaultPreload: "intent", scrollRestoration: true });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
