/** Which room? One card each: what goes on there, at a glance. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useNow } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { roomsQuery } from "~/data/queries";
import { useCourses } from "~/data/room";
import { duration } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { PatientCode } from "~/ui/patient";
import { Empty, Loading, Problem } from "~/ui/states";

export function Chooser() {
  const { t } = useWords();
  const rooms = useQuery(roomsQuery);
  const { byRoom } = useCourses();
  const now = useNow();
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="page-head">
        <h1>{t("rooms.title")}</h1>
      </div>
      {rooms.isPending ? <Loading what={t("what.rooms")} /> : null}
      {rooms.error === null ? null : <Problem trouble={failureOf(rooms.error)} what={t("what.rooms")} onRetry={() => void rooms.refetch()} />}
      {rooms.data?.length === 0 ? <Empty title={t("rooms.none")}>{t("rooms.none.text")}</Empty> : null}
      {(["OPERATING_ROOM", "PRE_OPERATING_ROOM"] as const).map((type) => {
        const some = (rooms.data ?? []).filter((room) => room.type === type);
        return some.length === 0 ? null : (
          <section key={type} style={{ display: "grid", gap: 12 }}>
            <h2 className="section">{t(type === "OPERATING_ROOM" ? "rooms.theatres" : "rooms.others")}</h2>
            <div className="rooms-grid">
              {some.map((room) => {
                const course = byRoom.get(room.id);
                return (
                  <Link key={room.id} to="/rooms/$roomId" params={{ roomId: room.id }} className="room-card">
                    <b>{room.name === "" ? room.id : room.name}</b>
                    {course === undefined ? (
                      <span className="t3">{t("room.free")}</span>
                    ) : (
                      <>
                        <span>
                          {course.stage === undefined ? t("step.emergency") : t(`step.${course.stage}`)} {duration(now - course.since)}
                        </span>
                        <span className="t2">
                          {course.process.type} <PatientCode id={course.process.patientId} />
                        </span>
                      </>
                    )}
                  </Link>
                );
              })}
            </div>
          </section>
        );
      })}
    </main>
  );
}
