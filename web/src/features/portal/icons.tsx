/** Icons of the portal, on the same grid and of the same weight as the others. */
import { Drawn } from "~/ui/icons";

const PATHS = {
  home: "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
  catalog: "M5 4v16M10 4v16M14 5l5 15",
  api: "M9 4H8a2 2 0 0 0-2 2v4a2 2 0 0 1-2 2 2 2 0 0 1 2 2v4a2 2 0 0 0 2 2h1M15 4h1a2 2 0 0 1 2 2v4a2 2 0 0 0 2 2 2 2 0 0 0-2 2v4a2 2 0 0 1-2 2h-1",
  docs: "M12 6c-2-2-5-2-8-2v14c3 0 6 0 8 2 2-2 5-2 8-2V4c-3 0-6 0-8 2zM12 6v14",
  graph: "M6 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM18 3a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM18 15a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8.6 10.6l6.8-3.3M8.6 13.4l6.8 3.3",
  group: "M9 5a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM2 21c0-4 3-6 7-6s7 2 7 6M16 5.5a4 4 0 0 1 0 7M18 15.4c2.600 .6 4 2.600 4 5.600",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c0-4.500 3.500-7 8-7s8 2.500 8 7",
  component: "M12 3l8 4.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.500 8-4.500M12 12v9",
  resource: "M12 4c4.400 0 7 1.200 7 2.800S16.400 9.600 12 9.600 5 8.400 5 6.800 7.600 4 12 4zM5 6.800v10.400C5 18.800 7.600 20 12 20s7-1.200 7-2.800V6.800M5 12c0 1.600 2.600 2.800 7 2.800s7-1.200 7-2.800",
  system: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  domain: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 2.500 4 5.500 4 9s-1 6.500-4 9c-3-2.500-4-5.500-4-9s1-6.500 4-9z",
  location: "M12 21s7-6 7-11a7 7 0 0 0-14 0c0 5 7 11 7 11zM12 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  template: "M4 4h16v16H4zM4 10h16M10 10v10",
  topic: "M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01",
  star: "M12 3.500l2.600 5.400 5.900.8-4.300 4.100 1 5.900L12 16.900l-5.200 2.800 1-5.900L3.500 9.700l5.900-.8z",
  away: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  right: "M9 6l6 6-6 6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  again: "M20 11a8 8 0 0 0-14.500-4L3 9.500M3 4v5.500h5.500M4 13a8 8 0 0 0 14.500 4l2.500-2.500M21 20v-5.500h-5.500",
  back: "M10 5l-7 7 7 7M3 12h18",
} as const;

export type PortalIconName = keyof typeof PATHS;

export function PortalIcon({ name, className }: { name: PortalIconName; className?: string }) {
  return <Drawn path={PATHS[name]} className={className} />;
}

const KINDS: Readonly<Record<string, PortalIconName>> = {
  component: "component",
  api: "api",
  resource: "resource",
  system: "system",
  domain: "domain",
  group: "group",
  user: "user",
  location: "location",
  template: "template",
  docs: "docs",
};

export function kindIcon(kind: string, isTopic = false): PortalIconName {
  return isTopic ? "topic" : (KINDS[kind.toLowerCase()] ?? "component");
}

/** The path of an icon, for drawings that are SVG already. */
export function iconPath(name: PortalIconName): string {
  return PATHS[name];
}
