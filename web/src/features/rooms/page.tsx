/** How is the patient, how far is the surgery, and what does the room do about it? */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";

import { useClock, useCommand, useConnection, useMay, useNow, usePartial } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { patientQuery, professionalQuery, roomsQuery, settingsQuery, whereaboutsQuery, type Room } from "~/data/queries";
import { roomTeamQuery, urgencyOf, useClimates, useCourses, type Climate, type Course } from "~/data/room";
import { LATE, STAGES } from "~/data/process";
import { lock } from "~/data/session";
import { clockTime, duration, instant, minutes, offsetText } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { PatientCode } from "~/ui/patient";
import { Empty, Loading, Problem } from "~/ui/states";

import "./room.css";
import { Actions, useSteps } from "./actions";
import { DelayBox, DelayPanel, useDelay } from "./delay";
import { AlarmSlot, Environment, LightPanel, ProposalBox, useDecisions, Why } from "./side";
import { usesOf, Vitals } from "./vitals";

export function RoomPage() {
  const { t } = useWords();
  const { roomId } = useParams({ from: "/rooms/$roomId" });
  const rooms = useQuery(roomsQuery);
  if (rooms.isPending) {
    return (
      <main className="page" id="main">
        <Loading what={t("what.room")} rows={8} />
      </main>
    );
  }
  const room = rooms.data?.find((it) => it.id === roomId);
  if (rooms.error !== null && room === undefined) {
    return (
      <main className="page" id="main">
        <Problem trouble={failureOf(rooms.error)} what={t("what.room")} onRetry={() => void rooms.refetch()} />
      </main>
    );
  }
  if (room === undefined) {
    return (
      <main className="page" id="main" tabIndex={-1}>
        <Empty title={t("room.unknown", { room: roomId })}>
          <Link to="/rooms">{t("rooms.title")}</Link>
        </Empty>
      </main>
    );
  }
  return <Shown key={room.id} room={room} />;
}

function Shown({ room }: { room: Room }) {
  const { t } = useWords();
  const courses = useCourses();
  const course = courses.byRoom.get(room.id);
  const now = useNow();
  const list = useMemo(() => [room], [room]);
  const climate = useClimates(list, urgencyOf(courses.byRoom, courses.bookings, now)).get(room.id);
  const settings = useQuery(settingsQuery);
  const decisions = useDecisions(room.id);
  const connection = useConnection();
  const may = useMay();
  const light = useCommand();
  const steps = useSteps(room.id, course);
  const [isLightOpen, setLightOpen] = useState(false);
  const delay = useDelay(room.id, course?.process.processId);
  const isLost = connection.kind === "lost";
  const disabled = isLost ? t("offline.actions") : may.command ? undefined : t("forbidden.actions");
  if (climate === undefined) return null;
  const failure = courses.error === null ? undefined : failureOf(courses.error);
  return (
    <main className={isLost ? "room is-offline" : "room"} id="main" tabIndex={-1}>
      <Top room={room} course={course} />
      <section className="status">
        <div className="now">{course === undefined ? <Idle isPending={courses.isPending} /> : <Present course={course} />}</div>
        <AlarmSlot alarms={climate.alarms} />
      </section>
      {course === undefined ? <div className="rail" /> : <Rail course={course} />}
      <div className="main">
        {course === undefined ? (
          <section className="no-surgery">
            {failure === undefined ? <NoSurgery room={room} courses={courses} /> : <Problem trouble={failure} what={t("what.processes")} onRetry={courses.retry} />}
          </section>
        ) : (
          <Vitals course={course} climate={climate} ranges={settings.data?.ranges} />
        )}
        <aside className="side" aria-label={t("room.environment")}>
          {delay?.isOpen === true ? (
            <DelayPanel key={delay.processId} delay={delay} disabled={isLost ? t("offline.actions") : undefined} />
          ) : (
            <>
              <Environment climate={climate} decisions={decisions} isLightOpen={isLightOpen} />
              {isLightOpen ? (
                <LightPanel roomId={room.id} decisions={decisions} command={light} disabled={disabled} />
              ) : (
                <>
                  <ProposalBox roomId={room.id} command={light} disabled={disabled} />
                  {delay === undefined ? null : <DelayBox delay={delay} disabled={isLost ? t("offline.actions") : undefined} />}
                  <Why decisions={decisions} most={6} />
                </>
              )}
              <Team room={room} />
            </>
          )}
        </aside>
      </div>
      <People room={room} course={course} />
      <Actions
        room={room}
        isKnown={!courses.isPending && failure === undefined}
        course={course}
        steps={steps}
        light={light}
        disabled={disabled}
        isLightOpen={isLightOpen}
        onLight={() => setLightOpen(!isLightOpen)}
      />
    </main>
  );
}

function Top({ room, course }: { room: Room; course: Course | undefined }) {
  const { t, language } = useWords();
  const connection = useConnection();
  const now = useClock();
  const may = useMay();
  const lacking = usePartial();
  const tax = course?.followed?.detail.patientTaxCode;
  const isDesk = document.documentElement.dataset["density"] === "desk";
  const patient = useQuery({ ...patientQuery(tax ?? ""), enabled: isDesk && may.readNames && tax !== null && tax !== undefined && tax !== "" });
  useEffect(() => {
    document.title = `${room.name} · ${t("product")}`;
  }, [room.name, t]);
  return (
    <header className="top">
      <Link to="/rooms" className="rid" aria-label={t("room.back", { room: room.name })}>
        {room.name === "" ? room.id : room.name}
      </Link>
      {course === undefined ? null : (
        <>
          <h1 className="what">{course.process.type}</h1>
          <span className="code">
            <PatientCode id={course.process.patientId} />
            {isDesk && patient.data !== null && patient.data !== undefined ? ` · ${patient.data.name} ${patient.data.surname}` : ""}
          </span>
        </>
      )}
      <span className="grow" />
      {lacking === "" ? null : (
        <span className="chip" title={t("partial.text")}>
          <Icon name="partial" /> {t("partial.short")}
        </span>
      )}
      {connection.kind === "lost" ? (
        <span className="chip lost" role="alert">
          <Icon name="offline" /> <span className="landscape-only">{t("live.since", { time: clockTime(connection.since, language) })}</span>
          <span className="portrait-only">{t("live.since.short", { time: clockTime(connection.since, language) })}</span>
        </span>
      ) : (
        <span className="live">{t(connection.kind === "live" ? "live" : "live.connecting")}</span>
      )}
      <time className="clock" title={offsetText(now)}>
        {clockTime(now, language)}
      </time>
      <span className="tablet-only">
        <Button look="quiet" icon="lock" label={t("lock")} onClick={lock} />
      </span>
    </header>
  );
}

function Idle({ isPending }: { isPending: boolean }) {
  const { t } = useWords();
  return <span className="step t3">{isPending ? t("state.reading") : t("room.free")}</span>;
}

function Present({ course }: { course: Course }) {
  const { t, language } = useWords();
  const now = useNow();
  const { stage, plan, standing } = course;
  const delay = standing.delay;
  const nextStage = stage === undefined ? "table" : STAGES[STAGES.indexOf(stage) + 1];
  const isInterrupted = course.process.state === "INTERRUPTED";
  return (
    <>
      <span className="step">{isInterrupted ? t("state.INTERRUPTED") : stage === undefined ? t("step.emergency") : t(`step.${stage}`)}</span>
      <span className="el">{duration(now - course.since)}</span>
      <span className="pl">
        {plan !== undefined && stage === "surg" ? <span className="of">{t("room.of", { time: duration(plan.length) })}</span> : null}
        {delay !== undefined && delay >= LATE ? <span className="chip">{t("late", { minutes: minutes(delay) })}</span> : ""}
      </span>
      <span className="nx">
        <b>{nextStage === undefined ? t("room.next.leave") : t("room.next", { step: t(`step.${nextStage}.small`) })}</b>
        <span>
          {standing.end === undefined || plan === undefined || stage === "end" || stage === "obs"
            ? plan === undefined
              ? t("room.unplanned")
              : t("room.plan", { time: clockTime(plan.start + plan.length, language) })
            : t("room.end", { time: clockTime(standing.end, language), plan: clockTime(plan.start + plan.length, language) })}
        </span>
      </span>
    </>
  );
}

function Rail({ course }: { course: Course }) {
  const { t, language } = useWords();
  const now = useNow();
  const at = course.stage === undefined ? -1 : STAGES.indexOf(course.stage);
  return (
    <ol className="rail">
      {STAGES.map((stage, index) => {
        const span = course.spans.find((it) => it.stage === stage);
        const kind = index < at ? (span === undefined ? "skipped" : "done") : index === at ? "cur" : "todo";
        const part = stage === "surg" && course.plan !== undefined ? Math.min(1, (now - course.since) / course.plan.length) : 0.5;
        const ends = stage === "end" && kind === "todo" ? course.standing.end : undefined;
        return (
          <li key={stage} className={kind} style={{ "--c": `var(--p-${stage})`, "--e": `var(--p-${stage}-edge)` }} aria-current={kind === "cur" ? "step" : undefined}>
            <div className="bar">{kind === "cur" ? <i style={{ width: `${part * 100}%` }} /> : null}</div>
            <div className="lb">
              <b>{t(`step.${stage}.rail`)}</b>
              <span>{span !== undefined ? clockTime(span.from, language) : ends === undefined ? "" : `≈ ${clockTime(ends, language)}`}</span>
            </div>
          </li>
        );
      })}
    </ol>
  );
}

function NoSurgery({ room, courses }: { room: Room; courses: ReturnType<typeof useCourses> }) {
  const { t, language } = useWords();
  const now = useNow();
  const next = courses.bookings.find((it) => it.operatingRoomId === room.id && it.status === "BOOKED" && instant(it.surgeryDateTime) > now - 3_600_000);
  if (courses.isPending) return <Loading what={t("what.processes")} rows={5} />;
  return (
    <Empty title={t("room.empty", { room: room.name })}>
      {next === undefined ? t("room.empty.none") : t("room.empty.next", { surgery: next.surgeryType, time: clockTime(instant(next.surgeryDateTime), language) })}{" "}
      {t("room.empty.how")}
    </Empty>
  );
}

interface Member {
  readonly id: string;
  readonly name: string;
  readonly surname: string;
  readonly role: string;
  readonly since: number | undefined;
}

/** Undefined while nobody has told. */
function useTeam(room: Room): readonly Member[] | undefined {
  const may = useMay();
  const where = useQuery({ ...whereaboutsQuery, enabled: may.readNames });
  const times = useQuery({ ...roomTeamQuery(room.id), enabled: may.readNames });
  return where.data?.people
    .filter((person) => person.room === room.id)
    .map((person) => ({
      id: person.healthProfessionalId,
      name: person.healthProfessionalName ?? "",
      surname: person.healthProfessionalSurname ?? person.healthProfessionalId,
      role: person.healthProfessionalRole ?? "UNKNOWN",
      since: times.data?.find((it) => it.id === person.healthProfessionalId)?.since,
    }))
    .toSorted((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role) || a.surname.localeCompare(b.surname));
}

const ROLES = ["SURGEON", "ANESTHETIST", "NURSE", "UNKNOWN"];

function Team({ room }: { room: Room }) {
  const { t, language } = useWords();
  const team = useTeam(room);
  return (
    <div className="blk desk-only push">
      <h3>{team === undefined ? t("state.reading") : t("team", { count: team.length })}</h3>
      <ul>
        {team?.map((member) => (
          <li key={member.id}>
            <span>
              {member.name} {member.surname}
            </span>
            <span className="t3">
              {t(roleKey(member.role))}
              {member.since === undefined ? "" : `, ${clockTime(member.since, language)}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function roleKey(role: string): "role.SURGEON" | "role.ANESTHETIST" | "role.NURSE" | "role.UNKNOWN" {
  switch (role) {
    case "SURGEON":
      return "role.SURGEON";
    case "ANESTHETIST":
      return "role.ANESTHETIST";
    case "NURSE":
      return "role.NURSE";
    default:
      return "role.UNKNOWN";
  }
}

/** The tablet's line: who is here, what is in use, what was implanted. */
function People({ room, course }: { room: Room; course: Course | undefined }) {
  const { t, language } = useWords();
  const told = useTeam(room);
  const team = told ?? [];
  const now = useNow();
  const inCharge = course?.process.healthProfessionalId;
  const charge = useQuery({ ...professionalQuery(inCharge ?? ""), enabled: told?.length === 0 && inCharge !== null && inCharge !== undefined });
  const uses = course === undefined ? [] : usesOf(course, now).filter((it) => it.to === undefined);
  const devices = course?.followed?.detail.devices ?? [];
  const initial = (name: string) => (name === "" ? "" : `${name.charAt(0)}. `);
  const counted = team.length > 3 ? team.length - 3 : 0;
  return (
    <section className="people">
      <div className="p">
        {team.slice(0, 3).map((member) => (
          <span key={member.id}>
            <b>
              {initial(member.name)}
              {member.surname}
            </b>{" "}
            {t(roleKey(member.role))}
          </span>
        ))}
        {counted > 0 ? <span>{`+${counted}`}</span> : null}
        {told === undefined ? <span>{t("state.reading")}</span> : null}
        {told?.length === 0 ? (
          <span>{charge.data === null || charge.data === undefined ? t("team.none") : t("team.charge", { name: `${charge.data.name} ${charge.data.surname}` })}</span>
        ) : null}
      </div>
      <div className="p">
        {uses.map((use) => (
          <span key={use.id}>
            {use.name} <b>{t("minutes", { count: Math.floor((now - use.from) / 60_000) })}</b>
          </span>
        ))}
        {devices.map((device) => (
          <span key={device.id}>
            {device.type === null || device.type === undefined ? device.id : t(`device.${device.type}`)} <b>{clockTime(instant(device.dateTime), language)}</b>
          </span>
        ))}
      </div>
    </section>
  );
}

export type { Climate };
