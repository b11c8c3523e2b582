/** What the block's page shows of each room, put together once for list, floor, drawer and wall. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { casesOf, TURNOVER, type Case } from "~/data/day";
import { useDay, useMay, useNow } from "~/data/hooks";
import { failureOf, type Failure } from "~/data/http";
import { dayQuery, type DayCase } from "~/data/performance";
import { LATE } from "~/data/process";
import { roomsQuery, technologiesQuery, whereaboutsQuery, type Booking, type Person, type Room, type Technology } from "~/data/queries";
import { urgencyOf, useClimates, useCourses, type Climate, type Course } from "~/data/room";
import { instant } from "~/lib/format";

export interface RoomView {
  readonly room: Room;
  readonly course: Course | undefined;
  readonly climate: Climate;
  readonly people: readonly Person[];
  readonly count: number;
  /** When the last patient left, while the theatre turns over. */
  readonly turnoverSince: number | undefined;
  readonly next: Booking | undefined;
  /** The surgery as plan and figures see it. */
  readonly onDay: DayCase | undefined;
  readonly isLate: boolean;
}

export interface BlockView {
  readonly isPending: boolean;
  readonly failure: Failure | undefined;
  readonly retry: () => void;
  readonly rooms: readonly RoomView[];
  readonly theatres: readonly Room[];
  readonly cases: readonly Case[];
  /** Why the day could not be read, while everything else is there. */
  readonly dayFailure: Failure | undefined;
  readonly technologies: readonly Technology[];
  readonly bookings: readonly Booking[];
  readonly outside: number;
  readonly now: number;
}

export function useBlock(): BlockView {
  const may = useMay();
  const now = useNow();
  const day = useDay();
  const rooms = useQuery(roomsQuery);
  const courses = useCourses();
  const told = useQuery({ ...dayQuery(day), enabled: may.readProcesses });
  const technologies = useQuery(technologiesQuery);
  const where = useQuery({ ...whereaboutsQuery, enabled: may.readProcesses });
  const all = useMemo(() => rooms.data ?? [], [rooms.data]);
  const climates = useClimates(all, urgencyOf(courses.byRoom, courses.bookings, now));
  // A wall is told no patients with the cases; it knows them from what it may read otherwise.
  const patientOf = (it: DayCase) =>
    it.patientId ??
    courses.all.find((course) => course.process.processId === it.processId)?.process.patientId ??
    courses.bookings.find((booking) => booking.surgeryID === it.surgeryId)?.patientID;
  const cases = casesOf(told.data ?? [], now, patientOf);
  const views = all.flatMap((room): RoomView[] => {
    const climate = climates.get(room.id);
    if (climate === undefined) return [];
    const course = courses.byRoom.get(room.id);
    const left = Math.max(0, ...cases.filter((it) => it.room === room.id).map((it) => it.leave ?? 0));
    const next = courses.bookings.find((it) => it.operatingRoomId === room.id && it.status === "BOOKED");
    const isTurning = course === undefined && left > 0 && now - left < TURNOVER && next !== undefined && instant(next.surgeryDateTime) - left < 2 * TURNOVER;
    return [
      {
        room,
        course,
        climate,
        people: (where.data?.people ?? []).filter((person) => person.room === room.id),
        count: where.data?.counts[room.id] ?? 0,
        turnoverSince: isTurning ? left : undefined,
        next,
        onDay: told.data?.find((it) => it.processId !== null && it.processId !== undefined && it.processId === course?.process.processId),
        isLate: (course?.standing.delay ?? 0) >= LATE && course?.stage !== "obs",
      },
    ];
  });
  const error = rooms.error ?? courses.error;
  const known = new Set(all.map((room) => room.id));
  return {
    isPending: rooms.isPending || courses.isPending,
    failure: error === null ? undefined : failureOf(error),
    retry: courses.retry,
    rooms: views,
    theatres: all.filter((room) => room.type === "OPERATING_ROOM"),
    cases,
    dayFailure: told.error === null ? undefined : failureOf(told.error),
    technologies: technologies.data ?? [],
    bookings: courses.bookings,
    outside: (where.data?.people ?? []).filter((person) => !known.has(person.room)).length,
    now,
  };
}
