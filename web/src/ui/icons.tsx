/** Icons of one weight, drawn on a grid of 24; never the only bearer of a meaning. */
const PATHS = {
  lock: "M5 11h14v10H5zM8 11V7a4 4 0 0 1 8 0v4",
  check: "M20 6 9 17l-5-5",
  cross: "M18 6 6 18M6 6l12 12",
  refused: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM15 9l-6 6M9 9l6 6",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2",
  offline: "M3 3l18 18M5 12.5a10 10 0 0 1 4-2.4M2 8.8a15 15 0 0 1 4.4-2.7M10.7 5A15 15 0 0 1 22 8.8M15.2 10.6A10 10 0 0 1 19 12.5M8.5 16.4a5 5 0 0 1 7 0M12 20h.01",
  partial: "M9 15l-3 3m6-12 3-3m-9 9-2 2a3 3 0 0 0 4 4l2-2m4-8 2-2a3 3 0 0 1 4 4l-2 2M3 3l18 18",
  temperature: "M14 4v10.5a4 4 0 1 1-4 0V4a2 2 0 0 1 4 0z",
  humidity: "M12 3s6 6.2 6 10.5a6 6 0 0 1-12 0C6 9.2 12 3 12 3z",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M6.3 17.7l-1.4 1.4M19.1 4.9l-1.4 1.4",
  bulb: "M15 14c.2-1 .8-1.8 1.6-2.5A5.6 5.6 0 0 0 18 8 6 6 0 0 0 6 8c0 1.4.6 2.6 1.4 3.5.8.7 1.4 1.5 1.6 2.5zM9 18h6M10 22h4",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM20 20l-4-4",
  moon: "M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M6.3 17.7l-1.4 1.4M19.1 4.9l-1.4 1.4",
  bell: "M6 9a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20a2 2 0 0 0 4 0",
  up: "M7 17 17 7M8 7h9v9",
  down: "m7 7 10 10M17 8v9H8",
  flat: "M5 12h14M13 6l6 6-6 6",
  download: "M12 3v12M7 10l5 5 5-5M4 20h16",
  print: "M6 9V3h12v6M6 18H4v-7h16v7h-2M8 14h8v7H8z",
  plus: "M12 5v14M5 12h14",
  turning: "M21 12a9 9 0 1 1-6-8.5",
  sign: "M4 20h16M5 15c3-8 6-10 7-8s-3 8-1 8 3-4 4-3 0 3 4 2",
  out: "M15 4h4v16h-4M10 8l-4 4 4 4M6 12h9",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className }: { name: IconName; className?: string }) {
  return <Drawn path={PATHS[name]} className={className} />;
}

/** One of our drawings, by its path in a square of 24. */
export function Drawn({ path, className = "" }: { path: string; className?: string | undefined }) {
  return (
    <svg className={`icon ${className}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

/** The word mark's sign: an open ring about a point. */
export function Mark() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2.6" strokeLinecap="round" aria-hidden="true">
      <path d="M18.4 6.6A8 8 0 1 0 18.4 17.4" />
      <circle cx="14" cy="12" r="1.6" fill="currentColor" />
    </svg>
  );
}
