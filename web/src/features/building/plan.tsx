/** Where the rooms are: dragged on a grid, moved by the arrow keys, or written as numbers. */
import { NumberInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { api, body, failureOf } from "~/data/http";
import { keys, type Room } from "~/data/queries";
import { useWords } from "~/lib/i18n";
import { areOver, extentOf, freePlace, snapped, type Box } from "~/lib/plan";
import { Button } from "~/ui/button";
import { Refusal } from "~/ui/states";

import "./plan.css";

/** A room that is put on the plan is so large, units of the grid. */
const SIZE = { w: 6, h: 4 };
/** The plan is at least so wide and high, units of the grid. */
const LEAST = { w: 24, h: 10 };
/** Left free beside and below the rooms, so that one can be moved there. */
const SPARE = 4;

const FIELDS = ["x", "y", "w", "h"] as const;

interface Drag {
  readonly id: string;
  readonly how: "move" | "size";
  readonly fromX: number;
  readonly fromY: number;
  readonly box: Box;
}

export function Plan({ title, rooms, reason }: { title: string; rooms: readonly Room[]; reason: string | undefined }) {
  const { t } = useWords();
  const client = useQueryClient();
  /** What was changed and not yet saved; null for a room taken off the plan. */
  const [draft, setDraft] = useState<ReadonlyMap<string, Box | null>>(new Map());
  const [selected, setSelected] = useState<string>();
  const grid = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag>(undefined);

  const boxOf = (room: Room): Box | undefined => {
    const changed = draft.get(room.id);
    return (changed === undefined ? room.layout : changed) ?? undefined;
  };
  const placed = rooms.flatMap((room) => {
    const box = boxOf(room);
    return box === undefined ? [] : [{ room, box }];
  });
  const loose = rooms.filter((room) => boxOf(room) === undefined);
  const extent = extentOf(placed.map((it) => it.box));
  // While something is dragged the plan keeps its size, or it would run away from the pointer.
  const kept = useRef(extent);
  if (drag.current === undefined) kept.current = extent;
  const width = Math.max(LEAST.w, kept.current.w + SPARE);
  const height = Math.max(LEAST.h, kept.current.h + SPARE);
  const nameOf = (room: Room) => (room.name === "" ? room.id : room.name);
  const over = placed.flatMap((a, index) => placed.slice(index + 1).flatMap((b) => (areOver(a.box, b.box) ? [`${nameOf(a.room)}, ${nameOf(b.room)}`] : [])));
  const chosen = placed.find((it) => it.room.id === selected);

  const change = (id: string, box: Box | null) => {
    setDraft((before) => new Map(before).set(id, box === null ? null : snapped(box)));
  };
  const forget = (id: string) => {
    setDraft((before) => new Map([...before].filter(([other]) => other !== id)));
  };
  const save = useMutation({
    mutationFn: async () => {
      for (const [id, box] of draft) {
        const params = { path: { roomId: id } };
        if (box !== null) await body(api.building.PUT("/api/v1/rooms/{roomId}/layout", { params, body: { ...box } }));
        else await body(api.building.DELETE("/api/v1/rooms/{roomId}/layout", { params }));
      }
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.rooms });
      setDraft(new Map());
    },
  });

  const begin = (event: PointerEvent, id: string, how: Drag["how"], box: Box) => {
    if (reason !== undefined || event.button !== 0) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    setSelected(id);
    drag.current = { id, how, fromX: event.clientX, fromY: event.clientY, box };
  };
  const follow = (event: PointerEvent) => {
    const it = drag.current;
    const size = grid.current?.getBoundingClientRect();
    if (it === undefined || size === undefined) return;
    const across = ((event.clientX - it.fromX) / size.width) * width;
    const down = ((event.clientY - it.fromY) / size.height) * height;
    const wanted = it.how === "move" ? { ...it.box, x: it.box.x + across, y: it.box.y + down } : { ...it.box, w: it.box.w + across, h: it.box.h + down };
    change(it.id, wanted);
  };
  const end = () => {
    drag.current = undefined;
  };
  const press = (event: KeyboardEvent, id: string, box: Box) => {
    if (reason !== undefined) return;
    if (event.key === "Delete") {
      change(id, null);
      return;
    }
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const [across, down] = step ?? [];
    if (across === undefined || down === undefined) return;
    event.preventDefault();
    change(id, event.shiftKey ? { ...box, w: box.w + across, h: box.h + down } : { ...box, x: box.x + across, y: box.y + down });
  };
  const part = (value: number, of: number) => `${(value / of) * 100}%`;

  return (
    <section className="plan-edit">
      <div className="page-head">
        <h2 className="section">{title}</h2>
        <div className="push btn-row">
          {draft.size === 0 ? null : <Button onClick={() => setDraft(new Map())}>{t("plan.undo")}</Button>}
          <Button look="primary" disabled={reason ?? (save.isPending ? t("action.sent") : draft.size === 0 ? t("plan.same") : undefined)} onClick={() => save.mutate()}>
            {t("save")}
          </Button>
        </div>
      </div>
      <p className="t2">{t("plan.how")}</p>
      {save.error === null ? null : <Refusal trouble={failureOf(save.error)} />}
      <div ref={grid} className="plan-grid" role="group" aria-label={title} style={{ aspectRatio: `${width} / ${height}`, backgroundSize: `${part(1, width)} ${part(1, height)}` }}>
        {placed.map(({ room, box }) => (
          <div key={room.id} className={selected === room.id ? "plan-room is-on" : "plan-room"} style={{ left: part(box.x, width), top: part(box.y, height), width: part(box.w, width), height: part(box.h, height) }}>
            <button
              type="button"
              className={room.type === "OPERATING_ROOM" ? "plan-box" : "plan-box rest"}
              aria-label={t("plan.box", { name: nameOf(room), x: box.x, y: box.y, w: box.w, h: box.h })}
              aria-pressed={selected === room.id}
              title={reason}
              onFocus={() => setSelected(room.id)}
              onPointerDown={(event) => begin(event, room.id, "move", box)}
              onPointerMove={follow}
              onPointerUp={end}
              onPointerCancel={end}
              onKeyDown={(event) => press(event, room.id, box)}
            >
              {nameOf(room)}
            </button>
            <span className="plan-corner" onPointerDown={(event) => begin(event, room.id, "size", box)} onPointerMove={follow} onPointerUp={end} onPointerCancel={end} />
          </div>
        ))}
      </div>
      {over.length === 0 ? null : <p role="status">{t("plan.over", { rooms: over.join("; ") })}</p>}
      {chosen === undefined ? null : (
        <div className="fields-row" role="group" aria-label={nameOf(chosen.room)}>
          <b className="plan-name">{nameOf(chosen.room)}</b>
          {FIELDS.map((field) => (
            <NumberInput
              key={field}
              label={t(`plan.${field}`)}
              value={chosen.box[field]}
              min={field === "w" || field === "h" ? 1 : 0}
              max={1_000}
              allowDecimal={false}
              hideControls
              disabled={reason !== undefined}
              onChange={(value) => (value === "" ? undefined : change(chosen.room.id, { ...chosen.box, [field]: Number(value) }))}
            />
          ))}
          <Button disabled={reason} onClick={() => (chosen.room.layout === null || chosen.room.layout === undefined ? forget(chosen.room.id) : change(chosen.room.id, null))}>
            {t("plan.off")}
          </Button>
        </div>
      )}
      {loose.length === 0 ? null : (
        <div className="btn-row">
          <span className="t2">{t("plan.loose")}</span>
          {loose.map((room) => (
            <Button
              key={room.id}
              icon="plus"
              disabled={reason}
              onClick={() => {
                change(
                  room.id,
                  freePlace(
                    placed.map((it) => it.box),
                    SIZE,
                    LEAST.w,
                  ),
                );
                setSelected(room.id);
              }}
            >
              {nameOf(room)}
            </Button>
          ))}
        </div>
      )}
    </section>
  );
}
