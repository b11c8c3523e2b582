/** The block as a plan: theatres, corridor, the rooms before and after; people by their initials. */
import type { Person } from "~/data/queries";
import { duration } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { PatientCode } from "~/ui/patient";

import { Climate, Delay, elapsedOf, roleOf, stepText } from "./page";
import type { BlockView, RoomView } from "./view";

interface Props {
  readonly block: BlockView;
  readonly rooms: readonly RoomView[];
  readonly selected: string | undefined;
  readonly onSelect: (room: string) => void;
}

export function Floor({ block, rooms, selected, onSelect }: Props) {
  const { t } = useWords();
  const theatres = rooms.filter((it) => it.room.type === "OPERATING_ROOM");
  const others = rooms.filter((it) => it.room.type !== "OPERATING_ROOM");
  const free = block.technologies.filter((it) => !it.inUse);
  const card = (it: RoomView) => (
    <button type="button" key={it.room.id} className={it.course === undefined ? "floor-room rest" : "floor-room"} aria-pressed={selected === it.room.id} onClick={() => onSelect(it.room.id)}>
      <span className="floor-head">
        <b>{it.room.name === "" ? it.room.id : it.room.name}</b> {it.isLate ? <Delay it={it} /> : null}
      </span>
      <span>
        {stepText(it, t)} {elapsedOf(it, block.now)}
        {it.course?.plan === undefined || it.course.stage !== "surg" ? null : <span className="t3"> {t("room.of", { time: duration(it.course.plan.length) })}</span>}
      </span>
      <span className="t2">{it.course === undefined ? "" : <PatientCode id={it.course.process.patientId} />}</span>
      <span className="t2">
        <Climate it={it} />
      </span>
      <span className="initials">
        {it.people.slice(0, 5).map((person) => (
          <i key={person.healthProfessionalId} title={`${person.healthProfessionalName ?? ""} ${person.healthProfessionalSurname ?? ""}, ${roleOf(person.healthProfessionalRole, t)}`}>
            {initials(person)}
          </i>
        ))}
        {it.count > 5 ? <i>+{it.count - 5}</i> : null}
      </span>
    </button>
  );
  return (
    <section className="floor" aria-label={t("block.floor")}>
      <div className="floor-row">{theatres.map(card)}</div>
      <div className="corridor">
        <span>{t("floor.corridor")}</span>
        <span>{t("floor.outside", { count: block.outside })}</span>
      </div>
      <div className="floor-row">
        {others.map(card)}
        <div className="floor-room rest">
          <b>{t("floor.technologies")}</b>
          {free.slice(0, 4).map((it) => (
            <span key={it.id} className="t3">
              {t("floor.free", { name: it.name })}
            </span>
          ))}
        </div>
      </div>
    </section>
  );
}

function initials(person: Person): string {
  const [name, surname] = [person.healthProfessionalName ?? "", person.healthProfessionalSurname ?? person.healthProfessionalId];
  return `${name.charAt(0)}${surname.charAt(0)}`.toUpperCase();
}
