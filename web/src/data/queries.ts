/**
 * Everything that is read, each thing defined once: its key, where it comes from, how fresh it is.
 * The live stream patches and invalidates by the same keys.
 */
import { queryOptions, type QueryClient } from "@tanstack/react-query";

import type { components as AutomationDoc } from "~/api/automation-management";
import type { components as GatewayDoc } from "~/api/api-gateway-web";
import type { components as BuildingDoc } from "~/api/building-management";
import type { components as BookingDoc } from "~/api/surgery-booking-integration";
import type { components as ReportDoc } from "~/api/surgery-report";
import type { components as ProcessDoc } from "~/api/surgical-process-monitoring";
import type { components as TrackingDoc } from "~/api/staff-tracking";
import type { components as UserDoc } from "~/api/user-management-integration";
import { blockNow, setClock } from "~/lib/clock";
import { instant, setZone } from "~/lib/format";
import { joined, type Point } from "~/lib/series";

import { api, body, entries, orNull, whole } from "./http";

export type Room = BuildingDoc["schemas"]["PlacedRoom"];
export type Technology = BuildingDoc["schemas"]["TechnologyAnswer"];
export type Process = ProcessDoc["schemas"]["ProcessEntry"];
export type ProcessDetail = ProcessDoc["schemas"]["ProcessDetail"];
export type HistoryEntry = ProcessDoc["schemas"]["HistoryEntry"];
export type Booking = BookingDoc["schemas"]["BookedSurgery"];
export type Decision = AutomationDoc["schemas"]["DecisionEntry"];
export type Movement = TrackingDoc["schemas"]["TrackingEntry"];
export type ReportEntry = ReportDoc["schemas"]["ReportEntryV1"];
export type Report = ReportDoc["schemas"]["ShownV1"];
export type Version = ReportDoc["schemas"]["VersionV1"];
export type Professional = UserDoc["schemas"]["HealthProfessionalV1"];
export type Person = GatewayDoc["schemas"]["TrackingInfoV1"];
export type Headcount = GatewayDoc["schemas"]["HeadcountV1"];
export type Zone = GatewayDoc["schemas"]["ZoneV1"];
export type DashboardSettings = GatewayDoc["schemas"]["DashboardsV1"];

export const keys = {
  clock: ["clock"],
  settings: ["settings"],
  rooms: ["rooms"],
  zones: ["zones"],
  technologies: ["technologies"],
  roomHistory: (room: string) => ["room-history", room],
  processes: ["processes"],
  process: (id: string) => ["process", id],
  vitals: (process: string) => ["vitals", process],
  bookings: ["bookings"],
  whereabouts: ["whereabouts"],
  movements: ["movements"],
  decisions: ["decisions"],
  reports: ["reports"],
  performance: ["performance"],
} as const;

const MINUTE = 60_000;

/** The block's time: read now and then, counted in between. */
export const clockQuery = queryOptions({
  queryKey: keys.clock,
  queryFn: async () => {
    const sent = performance.now();
    const told = await whole(api.gateway.GET("/api/v1/clock"));
    const way = (performance.now() - sent) / 2;
    setClock({ now: instant(told.now) + way * told.rate, rate: told.rate });
    return { rate: told.rate, mode: told.mode };
  },
  refetchInterval: MINUTE,
  staleTime: MINUTE,
});

export const settingsQuery = queryOptions({
  queryKey: keys.settings,
  queryFn: async () => {
    const told = await whole(api.gateway.GET("/api/v1/dashboard-settings"));
    setZone(told.timeZone);
    return told;
  },
  staleTime: 10 * MINUTE,
});

export const roomsQuery = queryOptions({
  queryKey: keys.rooms,
  queryFn: async () => {
    const list = await body(api.building.GET("/api/v1/rooms", { params: { query: { limit: 500 } } }));
    return (list?.entries ?? []).map((linked): Room => linked.entry);
  },
  staleTime: MINUTE,
});

/** Zones in their order. */
export const zonesQuery = queryOptions({
  queryKey: keys.zones,
  queryFn: async () => (await body(api.gateway.GET("/api/v1/obd/zones"))) ?? [],
  staleTime: MINUTE,
});

export const technologiesQuery = queryOptions({
  queryKey: keys.technologies,
  queryFn: async () => {
    const query = { limit: 500 };
    const list = await body(api.building.GET("/api/v1/medical-technologies", { params: { query } }));
    return (list?.entries ?? []).map((linked): Technology => linked.entry);
  },
  staleTime: 10_000,
  refetchInterval: 30_000,
});

/** What was measured in a room, by quantity; presence as 0 and 1. */
export interface RoomHistory {
  readonly temperature: readonly Point[];
  readonly humidity: readonly Point[];
  readonly luminosity: readonly Point[];
  readonly presence: readonly Point[];
}

const NOTHING: RoomHistory = { temperature: [], humidity: [], luminosity: [], presence: [] };
/** How far back a room's samples are kept. */
const HOURS = 3 * 60 * MINUTE;

/** Adds a sample at its place; the same again changes nothing. */
export function addSample(before: RoomHistory, quantity: keyof RoomHistory, point: Point): RoomHistory {
  return withPoints(before, quantity, [point], HOURS);
}

/** Series by quantity with more points of one of them; the very same when there is nothing new. */
function withPoints<Q extends string, S extends Readonly<Record<Q, readonly Point[]>>>(before: S, quantity: Q, points: readonly Point[], kept: number): S {
  const series = joined(before[quantity], points, kept);
  return series === before[quantity] ? before : { ...before, [quantity]: series };
}

/** What was measured in a room in a span of time; until now without an end. */
async function roomSamples(room: string, span: { readonly from: string; readonly to?: string }): Promise<RoomHistory> {
  const series: Record<keyof RoomHistory, Point[]> = { temperature: [], humidity: [], luminosity: [], presence: [] };
  const samples = await entries(20, (from) =>
    body(api.building.GET("/api/v1/rooms/data/{roomId}", { params: { path: { roomId: room }, query: { ...span, limit: 1000, ...from } } })),
  );
  for (const { date, quantity, entry } of samples) {
    const at = instant(date);
    const value = {
      temperature: entry.temperature?.value,
      humidity: entry.humidity,
      luminosity: entry.luminosity?.value,
      presence: entry.presence === true ? 1 : 0,
    }[quantity];
    if (value !== null && value !== undefined) series[quantity].push({ at, value });
  }
  return series;
}

/** A room's climate of a span that is over; null for a room that is not there any more. */
export const roomSpanQuery = (room: string, from: number, to: number) =>
  queryOptions({
    queryKey: [...keys.roomHistory(room), from, to],
    queryFn: () => orNull(roomSamples(room, { from: new Date(from).toISOString(), to: new Date(to).toISOString() })),
    staleTime: 10 * MINUTE,
  });

/** A room's climate of the last hours, each sample with its time. */
export const roomHistoryQuery = (room: string) =>
  queryOptions({
    queryKey: keys.roomHistory(room),
    queryFn: () => roomSamples(room, { from: new Date(blockNow() - 90 * MINUTE).toISOString() }),
    // The stream brings what is new; this covers a room whose last sample is older than the span.
    staleTime: 2 * MINUTE,
    placeholderData: NOTHING,
  });

/** Surgeries under way. */
export const openProcessesQuery = queryOptions({
  queryKey: [...keys.processes, "open"],
  queryFn: () => entries<Process>(10, (from) => body(api.processes.GET("/api/v1/processes", { params: { query: { open: true, limit: 500, ...from } } }))),
  staleTime: 5_000,
  refetchInterval: 30_000,
});

/** One surgery with its history. */
export interface Followed {
  readonly detail: ProcessDetail;
  readonly history: readonly HistoryEntry[];
}

export const processQuery = (id: string) =>
  queryOptions({
    queryKey: keys.process(id),
    queryFn: async (): Promise<Followed> => {
      const params = { path: { processId: id } };
      const [detail, history] = await Promise.all([
        whole(api.processes.GET("/api/v1/processes/{processId}", { params })),
        whole(api.processes.GET("/api/v1/processes/{processId}/history", { params })),
      ]);
      return { detail, history: history.entries };
    },
    staleTime: 10_000,
  });

export const VITALS = [
  "heartBeat",
  "saturationPercentage",
  "systolicBloodPressure",
  "diastolicBloodPressure",
  "respiratoryRate",
  "bodyTemperature",
] as const;
export type Vital = (typeof VITALS)[number];

function isVital(text: string): text is Vital {
  return VITALS.some((vital) => vital === text);
}

export interface VitalSigns {
  readonly series: Readonly<Record<Vital, readonly Point[]>>;
  /** The block's time when it was asked last: a value's age counts up to here while nothing is told. */
  readonly asOf: number;
  /** The newest instant that was read. What was only told lies behind it, and may have holes. */
  readonly readTo: number;
}

/** How far back a patient's vital signs are kept: all of nearly every surgery. */
const DAY = 24 * 60 * MINUTE;

/** Adds a vital sign at its place; the same again changes nothing. */
export function addSign(before: VitalSigns, vital: Vital, point: Point): VitalSigns {
  const series = withPoints(before.series, vital, [point], DAY);
  return series === before.series ? before : { ...before, series };
}

/**
 * A patient's vital signs: all of them, then what is new since they were read last, added to what is
 * there. While the stream tells them this only fills its holes; else it is how new ones come.
 */
export const vitalsQuery = (client: QueryClient, id: string, isLive: boolean) =>
  queryOptions({
    queryKey: keys.vitals(id),
    queryFn: async (): Promise<VitalSigns> => {
      const cached = () => client.getQueryData<VitalSigns>(keys.vitals(id));
      const asOf = blockNow();
      const before = cached()?.readTo ?? 0;
      const read = await signsRead(id, before === 0 ? {} : { from: new Date(before).toISOString() });
      // Looked at only now: the stream may have told something while this was read.
      let series = cached()?.series ?? emptied();
      for (const vital of VITALS) series = withPoints(series, vital, read[vital], DAY);
      return { series, asOf, readTo: Math.max(before, ...VITALS.map((vital) => read[vital].at(-1)?.at ?? 0)) };
    },
    refetchInterval: isLive ? 2 * MINUTE : 2_000,
    staleTime: 1_000,
    structuralSharing: false,
  });

function emptied(): Record<Vital, Point[]> {
  return {
    heartBeat: [],
    saturationPercentage: [],
    systolicBloodPressure: [],
    diastolicBloodPressure: [],
    respiratoryRate: [],
    bodyTemperature: [],
  };
}

/** Longer than this curves are read as averages, milliseconds. */
const WHOLE = 4 * 60 * MINUTE;

/** A patient's vital signs in a span that is over; null for a surgery that is not there any more. */
export const vitalSpanQuery = (id: string, from: number, to: number) =>
  queryOptions({
    queryKey: [...keys.vitals(id), from, to],
    queryFn: () => orNull(vitalSamples(id, from, to)),
    staleTime: 10 * MINUTE,
  });

function vitalSamples(id: string, from: number, to: number): Promise<VitalSigns["series"]> {
  const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  // A curve has no more points than it is wide; the extremes stand in the tables.
  const coarse = to - from > WHOLE ? { resolution: Math.ceil((to - from) / 1_440_000) } : {};
  return signsRead(id, { ...span, ...coarse });
}

/** Vital signs as the service lists them: by time. */
async function signsRead(id: string, span: { readonly from?: string; readonly to?: string; readonly resolution?: number }): Promise<Record<Vital, Point[]>> {
  const params = { path: { processId: id } };
  const samples = await entries(40, (from) =>
    body(api.processes.GET("/api/v1/processes/{processId}/vital-signs", { params: { ...params, query: { ...span, limit: 10_000, ...from } } })),
  );
  const series = emptied();
  for (const { dateTime, quantity, value } of samples) {
    const at = instant(dateTime);
    if (isVital(quantity) && !Number.isNaN(at)) series[quantity].push({ at, value });
  }
  return series;
}

/** Bookings of a day of the hospital, `2026-05-15`. */
export const bookingsQuery = (day: string) =>
  queryOptions({
    queryKey: [...keys.bookings, day],
    queryFn: async () => {
      const params = { query: { day } };
      const list = await body(api.bookings.GET("/api/v1/surgeryBookings", { params }));
      return (list?.entries ?? []).toSorted((a, b) => instant(a.surgeryDateTime) - instant(b.surgeryDateTime));
    },
    staleTime: 10_000,
    refetchInterval: MINUTE,
  });

/** Who is in the block: people by name, or counts for a wall screen. */
export interface Whereabouts {
  readonly people: readonly Person[];
  readonly counts: Readonly<Record<string, number>>;
}

export const whereaboutsQuery = queryOptions({
  queryKey: keys.whereabouts,
  queryFn: async (): Promise<Whereabouts> => {
    const told = (await body(api.gateway.GET("/api/v1/obd/block-hp-tracking-info"))) ?? [];
    const people: Person[] = [];
    const counts: Record<string, number> = {};
    for (const entry of told) {
      if ("count" in entry) counts[entry.room] = entry.count;
      else {
        people.push(entry);
        counts[entry.room] = (counts[entry.room] ?? 0) + 1;
      }
    }
    return { people, counts };
  },
  staleTime: 5_000,
  refetchInterval: 20_000,
});

/** The last decisions of a room's automation, newest first. */
export const decisionsQuery = (room: string) =>
  queryOptions({
    queryKey: [...keys.decisions, room],
    queryFn: async () => {
      const query = { roomId: room, from: new Date(blockNow() - 12 * 60 * MINUTE).toISOString(), limit: 500 };
      const all = await entries<Decision>(10, (from) => body(api.automation.GET("/api/v1/decisions", { params: { query: { ...query, ...from } } })));
      return all.reverse();
    },
    staleTime: 10_000,
    refetchInterval: 15_000,
  });

/** A professional by id; null for somebody whom nobody knows. */
export const professionalQuery = (id: string) =>
  queryOptions({
    queryKey: ["professional", id],
    queryFn: (): Promise<Professional | null> =>
      orNull(whole(api.users.GET("/api/v1/healthProfessionals/{healthProfessionalId}", { params: { path: { healthProfessionalId: id } } }))),
    staleTime: 30 * MINUTE,
  });

/** A patient by tax code; asked for on a person's own screen only. */
export const patientQuery = (taxCode: string) =>
  queryOptions({
    queryKey: ["patient", taxCode],
    queryFn: () => orNull(whole(api.patients.GET("/api/v1/patients/{taxCode}", { params: { path: { taxCode } } }))),
    staleTime: 30 * MINUTE,
  });

export const reportsQuery = queryOptions({
  queryKey: keys.reports,
  queryFn: async () => {
    const all = await entries(10, (from) => body(api.reports.GET("/api/v1/reports", { params: { query: { limit: 500, ...from } } })));
    return all.map((linked): ReportEntry => linked.entry).reverse();
  },
  staleTime: 20_000,
});
