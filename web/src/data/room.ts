/** Everything about one room, put together from what is read. */
import { queryOptions, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";

import { instant } from "~/lib/format";
import { isStale, type Point } from "~/lib/series";

import { clockRate } from "~/lib/clock";
import { alarmOf, type Alarm, type Priority, type Range } from "./climate";
import { api, body } from "./http";
import { placeOf, spansOf, stageOf, standing, type Plan, type Span, type Stage, type Standing } from "./process";
import {
  bookingsQuery,
  keys,
  openProcessesQuery,
  processQuery,
  roomHistoryQuery,
  settingsQuery,
  type Booking,
  type DashboardSettings,
  type Decision,
  type Followed,
  type Process,
  type Room,
  type RoomHistory,
} from "./queries";
import { useDay, useMay, useNow } from "./hooks";

/** Who is in a room, since when. */
export const roomTeamQuery = (room: string) =>
  queryOptions({
    queryKey: [...keys.whereabouts, room],
    queryFn: async () => {
      const params = { path: { roomId: room } };
      const list = await body(api.tracking.GET("/api/v1/rooms-tracking-data/{roomId}", { params }));
      return (list?.entries ?? []).map((it) => ({ id: it.healthProfessionalId, since: instant(it.dateTime) }));
    },
    staleTime: 5_000,
    refetchInterval: 20_000,
  });

/** How a surgery is, and how it stands. */
export interface Course {
  readonly process: Process;
  readonly followed: Followed | undefined;
  readonly booking: Booking | undefined;
  readonly plan: Plan | undefined;
  readonly stage: Stage | undefined;
  readonly spans: readonly Span[];
  readonly standing: Standing;
  /** When the present step began. */
  readonly since: number;
}

/** What a booking plans. */
export function planOf(booking: Booking | undefined): Plan | undefined {
  if (booking === undefined) return undefined;
  return { start: instant(booking.surgeryDateTime), length: booking.expectedDurationMinutes * 60_000 };
}

/** Puts a process, its history and its booking together. */
export function courseOf(
  process: Process,
  followed: Followed | undefined,
  booking: Booking | undefined,
  now: number,
): Course {
  const end = instant(followed?.detail.endDateTime);
  const spans = spansOf(followed?.history ?? [], Number.isNaN(end) ? undefined : end);
  const plan = planOf(booking);
  const stage = stageOf(followed?.detail.step ?? process.step);
  const since = spans.at(-1)?.from ?? instant(process.dateTime);
  return { process, followed, booking, plan, stage, spans, standing: standing(spans, plan, now), since };
}

export interface Climate {
  readonly history: RoomHistory;
  readonly ranges: { readonly temperature: Range; readonly humidity: Range };
  readonly alarms: readonly Alarm[];
  readonly isStale: Readonly<Record<keyof RoomHistory, boolean>>;
}

/** Between samples of a room's sensors unless they show another period, milliseconds. */
export const SENSOR_PERIOD = 30_000;

export function climateOf(
  room: Room,
  history: RoomHistory,
  settings: DashboardSettings | undefined,
  priority: Priority | undefined,
  now: number,
): Climate {
  const isTheatre = room.type === "OPERATING_ROOM";
  const ranges = settings?.ranges;
  const temperature = (isTheatre ? ranges?.theatreTemperature : ranges?.otherTemperature) ?? { low: -99, high: 99 };
  const humidity = (isTheatre ? ranges?.theatreHumidity : ranges?.otherHumidity) ?? { low: 0, high: 100 };
  const grace = 3_000 * clockRate();
  const old = (points: readonly Point[]) => isStale(points, now, SENSOR_PERIOD, grace);
  const alarms = [
    alarmOf("temperature", history.temperature, temperature, priority),
    alarmOf("humidity", history.humidity, humidity, priority),
  ].filter((alarm) => alarm !== undefined);
  return {
    history,
    ranges: { temperature, humidity },
    alarms,
    isStale: {
      temperature: old(history.temperature),
      humidity: old(history.humidity),
      luminosity: old(history.luminosity),
      presence: old(history.presence),
    },
  };
}

const NOTHING: RoomHistory = { temperature: [], humidity: [], luminosity: [], presence: [] };

/** The climate of each of these rooms. */
export function useClimates(rooms: readonly Room[], urgency: ReadonlyMap<string, Priority>): ReadonlyMap<string, Climate> {
  const settings = useQuery(settingsQuery);
  const now = useNow();
  const histories = useQueries({ queries: rooms.map((room) => roomHistoryQuery(room.id)) });
  return new Map(
    rooms.map((room, index) => [
      room.id,
      climateOf(room, histories[index]?.data ?? NOTHING, settings.data, urgency.get(room.id), now),
    ]),
  );
}

export interface Courses {
  readonly isPending: boolean;
  readonly error: unknown;
  readonly all: readonly Course[];
  /** The newest surgery in each room. */
  readonly byRoom: ReadonlyMap<string, Course>;
  readonly bookings: readonly Booking[];
  readonly retry: () => void;
}

/** All surgeries under way, with what is planned for the day. */
export function useCourses(): Courses {
  const may = useMay();
  const client = useQueryClient();
  const now = useNow();
  const day = useDay();
  const open = useQuery({ ...openProcessesQuery, enabled: may.readProcesses });
  const bookings = useQuery({ ...bookingsQuery(day), enabled: may.readProcesses });
  const processes = open.data ?? [];
  const followed = useQueries({ queries: processes.map((it) => processQuery(it.processId)) });
  const all = processes.map((process, index) =>
    courseOf(process, followed[index]?.data, bookings.data?.find((it) => it.surgeryID === process.surgeryId), now),
  );
  const byRoom = new Map<string, Course>();
  for (const course of all.toSorted((a, b) => instant(a.process.dateTime) - instant(b.process.dateTime))) {
    const place = placeOf(course.process);
    if (place !== undefined) byRoom.set(place, course);
  }
  return {
    isPending: may.readProcesses && (open.isPending || bookings.isPending),
    error: open.error ?? bookings.error,
    all,
    byRoom,
    bookings: bookings.data ?? [],
    retry: () => void client.invalidateQueries(),
  };
}

/** A theatre has to be right this long before its next surgery, milliseconds. */
const SOON = 45 * 60_000;

/** Which rooms have a patient, and which expect one soon. */
export function urgencyOf(byRoom: ReadonlyMap<string, unknown>, bookings: readonly Booking[], now: number): Map<string, Priority> {
  const urgency = new Map<string, Priority>();
  for (const { status, operatingRoomId: room, surgeryDateTime } of bookings) {
    const isSoon = Math.abs(instant(surgeryDateTime) - now) < SOON;
    if (status === "BOOKED" && isSoon && room !== null && room !== undefined) urgency.set(room, "low");
  }
  for (const room of byRoom.keys()) urgency.set(room, "medium");
  return urgency;
}

/** What the automation wants of a quantity now, by its newest decision. */
export function targetOf(decisions: readonly Decision[], quantity: string): Decision | undefined {
  return decisions.find((it) => it.target.quantity === quantity);
}

/** The last command that an actuator has confirmed. */
export function confirmedOf(decisions: readonly Decision[], actuator: string): Decision | undefined {
  return decisions.find((it) => it.command.actuatorType === actuator && it.outcome.status === "CONFIRMED");
}
