/** A graph of entities: what one needs on its left, who feels its change on its right. */
import { useEffect, useMemo, useRef } from "react";

import { isTopic, parseRef, refName, textOf } from "~/lib/entity";
import { isPill, type Graph, type Knot } from "~/lib/graph";
import { draw, pathOf, type Box, type Place } from "~/lib/layers";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";

import { iconPath, kindIcon } from "./icons";
import { Go } from "./parts";

const HEIGHT = 48;
const MARGIN = 8;

let canvas: CanvasRenderingContext2D | null | undefined;

/** How wide a text is drawn, in the page's own letters. */
function widthOf(text: string): number {
  if (canvas === undefined) canvas = typeof document === "undefined" ? null : document.createElement("canvas").getContext("2d");
  if (canvas === null) return text.length * 7.8;
  canvas.font = '600 14px "Inter Variable", sans-serif';
  return canvas.measureText(text).width;
}

interface DrawingProps {
  readonly graph: Graph;
  /** The node that one looks at. */
  readonly centre?: string | undefined;
  /** Where a node leads to: to its entity, or to another look at the graph, in which all but what is around the centre is faint. */
  readonly to?: (ref: string) => string;
}

export function Drawing({ graph, centre, to }: DrawingProps) {
  const { p, term } = usePortal();
  const isWhole = to !== undefined;
  const head = isWhole ? 0 : 28;
  const frame = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => {
    const sub = ({ entity }: Knot) => {
      if (entity === null) return p("missing");
      const type = textOf(entity.spec["type"]);
      const owner = parseRef(textOf(entity.spec["owner"]), { kind: "group" });
      const what = isTopic(entity.kind, type) ? p("topic") : type === "" || entity.kind.toLowerCase() === "api" ? term("kind", entity.kind) : term("type", type);
      return owner === undefined || isWhole ? what : p("of", { what, owner: owner.name });
    };
    return new Map(graph.knots.map((it) => [it.ref, { title: it.entity?.title ?? refName(it.ref, "any").replace(/^[a-z]+:/, ""), sub: sub(it) }]));
  }, [graph, isWhole, p, term]);
  const drawing = useMemo(() => {
    const boxes = graph.knots.map((it): Box => {
      const { title, sub } = lines.get(it.ref) ?? { title: it.ref, sub: "" };
      return { id: it.ref, width: Math.ceil(Math.max(isWhole ? 88 : 140, widthOf(title), widthOf(sub)) + (isPill(it) ? 60 : 52)), height: HEIGHT };
    });
    return draw(boxes, graph.wires, new Map(graph.knots.map((it) => [it.ref, it.rank])));
  }, [graph, isWhole, lines]);
  const middle = centre === undefined ? undefined : drawing.places.get(centre);
  useEffect(() => {
    const box = frame.current;
    // Without a node that is looked at, where everything begins.
    const place = middle ?? [...drawing.places.values()].find((it) => it.rank === 0);
    if (box === null || place === undefined) return;
    box.scrollLeft = place.x + place.width / 2 - box.clientWidth / 2;
    box.scrollTop = place.y + head + place.height / 2 - box.clientHeight / 2;
  }, [drawing, middle, head]);
  const ranks = new Map<number, Place>();
  for (const place of drawing.places.values()) if (!ranks.has(place.rank)) ranks.set(place.rank, place);
  const gone = new Set(graph.knots.filter((it) => it.entity === null).map((it) => it.ref));
  const carries = new Map(graph.wires.map((it) => [`${it.from} ${it.to}`, it.carries]));
  const isFaint = isWhole && middle !== undefined;
  const near = new Set(graph.wires.flatMap((it) => (it.from === centre || it.to === centre ? [it.from, it.to] : [])));
  const heads = middle === undefined || isWhole ? [] : [...ranks.values()].filter((it) => Math.abs(it.rank - middle.rank) === 1);
  return (
    // Wide graphs are panned, by keys too.
    <div className="drawing" ref={frame} tabIndex={0} role="group" aria-label={p("graph.label")}>
      <svg className="g" width={drawing.width + 2 * MARGIN} height={drawing.height + head + 2 * MARGIN}>
        <g transform={`translate(${MARGIN} ${head + MARGIN})`}>
          {heads.map((it) => (
            <text key={it.rank} className="col" x={it.x} y={-14}>
              {p(it.rank < (middle?.rank ?? 0) ? "graph.needs" : "graph.feels")}
            </text>
          ))}
          {drawing.routes.map((it) => {
            const last = it.points.at(-1);
            const look = gone.has(it.from) || gone.has(it.to) ? "bad" : carries.get(`${it.from} ${it.to}`) === true ? "" : "dep";
            return (
              <g key={`${it.from} ${it.to}`} className={`edge ${look} ${isFaint ? (it.from === centre || it.to === centre ? "near" : "far") : ""}`} aria-hidden="true">
                <path className="e" d={pathOf(it.points.slice(0, -1).concat(last === undefined ? [] : [{ x: last.x - 5, y: last.y }]))} />
                {last === undefined ? null : <path className="a" d={`M${last.x} ${last.y}l-8 -3.500v7z`} />}
              </g>
            );
          })}
          {graph.knots.map((it) => {
            const place = drawing.places.get(it.ref);
            if (place === undefined) return null;
            const kind = it.entity?.kind ?? parseRef(it.ref)?.kind ?? "";
            const pill = isPill(it);
            const { title, sub } = lines.get(it.ref) ?? { title: it.ref, sub: "" };
            const isSelf = it.ref === centre;
            const look = isSelf ? "self" : `${it.entity === null ? "miss" : ""} ${isFaint ? (near.has(it.ref) ? "near" : "far") : ""}`;
            const inset = pill ? 20 : 14;
            const content = (
              <>
                <rect x={place.x} y={place.y} width={place.width} height={place.height} rx={pill ? HEIGHT / 2 : 3} />
                <svg x={place.x + inset} y={place.y + 7} width={16} height={16} viewBox="0 0 24 24" aria-hidden="true">
                  <path className="ic" d={iconPath(kindIcon(kind, pill))} />
                </svg>
                <text x={place.x + inset + 24} y={place.y + 20}>
                  {title}
                </text>
                <text className="s" x={place.x + inset + 24} y={place.y + 38}>
                  {sub}
                </text>
              </>
            );
            return isSelf || it.entity === null ? (
              <g key={it.ref} className={`n ${look}`}>
                {content}
              </g>
            ) : (
              <Go key={it.ref} to={(to ?? places.entity)(it.ref)} className={`n ${look}`}>
                {content}
              </Go>
            );
          })}
        </g>
      </svg>
      <ul className="legend" aria-hidden="true">
        <li>
          <svg width="28" height="8">
            <path d="M0 4h28" />
          </svg>
          {p("legend.carries")}
        </li>
        <li>
          <svg width="28" height="8" className="dep">
            <path d="M0 4h28" />
          </svg>
          {p("legend.needs")}
        </li>
        {gone.size === 0 ? null : (
          <li>
            <svg width="28" height="8" className="bad">
              <path d="M0 4h28" />
            </svg>
            {p("legend.missing")}
          </li>
        )}
      </ul>
    </div>
  );
}
