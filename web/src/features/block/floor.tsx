/**
 * The block as a plan: rooms where they were placed, zone by zone; what has no place, and a block
 * without a plan, as theatres, corridor and the rooms before and after. People by their initials.
 */
import { useQuery } from "@tanstack/react-query";

import { zonesQuery, type Person } from "~/data/queries";
import { duration } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { extentOf, type Box } from "~/lib/plan";
import { PatientCode } from "~/ui/patient";

import { Climate, Delay, elapsedOf, roleOf, stepText } from "./page";
import type { BlockView, RoomView } from "./view";

interface Props {
  readonly block: BlockView;
  readonly rooms: readonly RoomView[];
  readonly selected: string | undefined;
  readonly onSelect: (room: string) => void;
}

/** A room's card needs so much height, and so much width, pixels. */
const CARD = { w: 150, h: 156 };

interface Placed {
  readonly it: RoomView;
  readonly box: Box;
}

export function Floor({ block, rooms, selected, onSelect }: Props) {
  const { t } = useWords();
  const zones = useQuery(zonesQuery);
  const known = zones.data ?? [];
  // What a filter hides leaves its place empty: the others do not move.
  const placed = block.rooms.flatMap((it): Placed[] => (it.room.layout === null || it.room.layout === undefined ? [] : [{ it, box: it.room.layout }]));
  const loose = rooms.filter((it) => it.room.layout === null || it.room.layout === undefined);
  const ids = [...new Set([...known.map((zone) => zone.zoneId), ...placed.map(({ it }) => it.room.zoneId)])];
  const plans = ids.map((id) => ({ id, name: known.find((zone) => zone.zoneId === id)?.name ?? "", rooms: placed.filter(({ it }) => it.room.zoneId === id) })).filter((plan) => plan.rooms.length > 0);
  const theatres = loose.filter((it) => it.room.type === "OPERATING_ROOM");
  const others = loose.filter((it) => it.room.type !== "OPERATING_ROOM");
  const free = block.technologies.filter((it) => !it.inUse);
  const card = (it: RoomView) => <Card key={it.room.id} it={it} now={block.now} isSelected={selected === it.room.id} onSelect={onSelect} />;
  return (
    <>
      {plans.map((plan) => (
        <section key={plan.id} className="floor-section" aria-label={plan.name === "" ? t("block.floor") : plan.name}>
          {plans.length > 1 || plan.name !== "" ? <h2 className="section floor-zone">{plan.name === "" ? plan.id : plan.name}</h2> : null}
          <div className="floor floor-plan" style={sizeOf(plan.rooms)}>
            {plan.rooms.filter(({ it }) => rooms.includes(it)).map(({ it, box }) => (
              <div key={it.room.id} className="floor-place" style={placeOf(box, plan.rooms)}>
                {card(it)}
              </div>
            ))}
          </div>
        </section>
      ))}
      <section className="floor" aria-label={plans.length === 0 ? t("block.floor") : t("floor.loose")}>
        {theatres.length === 0 ? null : <div className="floor-row">{theatres.map(card)}</div>}
        <div className="corridor">
          <span>{plans.length === 0 ? t("floor.corridor") : loose.length === 0 ? "" : t("floor.loose")}</span>
          <span>{t("floor.outside", { count: block.outside })}</span>
        </div>
        <div className="floor-row">
          {others.map(card)}
          <div className={plans.length > 0 && others.length === 0 ? "floor-room floor-technologies rest" : "floor-room rest"}>
            <b>{t("floor.technologies")}</b>
            {free.slice(0, 4).map((it) => (
              <span key={it.id} className="t3">
                {t("floor.free", { name: it.name })}
              </span>
            ))}
          </div>
        </div>
      </section>
    </>
  );
}

/** To scale as far as the least room still holds its card; then stretched. */
function sizeOf(rooms: readonly Placed[]): { aspectRatio: string; minHeight: number; minWidth: number } {
  const extent = extentOf(rooms.map((it) => it.box));
  const least = (side: "w" | "h") => Math.min(...rooms.map((it) => it.box[side]));
  const minHeight = Math.ceil((extent.h * CARD.h) / least("h"));
  return { aspectRatio: `${extent.w} / ${extent.h}`, minHeight: Math.min(minHeight, 1_600), minWidth: Math.min(Math.ceil((extent.w * CARD.w) / least("w")), 760) };
}

function placeOf(box: Box, rooms: readonly Placed[]): { left: string; top: string; width: string; height: string } {
  const extent = extentOf(rooms.map((it) => it.box));
  const part = (value: number, of: number) => `${(value / of) * 100}%`;
  return { left: part(box.x, extent.w), top: part(box.y, extent.h), width: part(box.w, extent.w), height: part(box.h, extent.h) };
}

function Card({ it, now, isSelected, onSelect }: { it: RoomView; now: number; isSelected: boolean; onSelect: (room: string) => void }) {
  const { t } = useWords();
  return (
    <button type="button" className={it.course === undefined ? "floor-room rest" : "floor-room"} aria-pressed={isSelected} onClick={() => onSelect(it.room.id)}>
      <span className="floor-head">
        <b>{it.room.name === "" ? it.room.id : it.room.name}</b> {it.isLate ? <Delay it={it} /> : null}
      </span>
      <span>
        {stepText(it, t)} {elapsedOf(it, now)}
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
}

function initials(person: Person): string {
  const [name, surname] = [person.healthProfessionalName ?? "", person.healthProfessionalSurname ?? person.healthProfessionalId];
  return `${name.charAt(0)}${surname.charAt(0)}`.toUpperCase();
}
