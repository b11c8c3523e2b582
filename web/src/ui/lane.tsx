/** One value over time: its usual band, its trace, its gaps, and where it is now. */
import type { CSSProperties } from "react";

import { runs, thinned, type Point } from "~/lib/series";

export interface LaneWindow {
  readonly from: number;
  readonly to: number;
}

interface LaneProps {
  readonly points: readonly Point[];
  readonly window: LaneWindow;
  readonly band?: { readonly low: number; readonly high: number } | undefined;
  /** What the value should be: a dashed line. */
  readonly target?: number | undefined;
  /** The usual time between two values, milliseconds. */
  readonly period: number;
  readonly isLive: boolean;
  /** All of it is over: no present, neither live nor lost. */
  readonly isPast?: boolean;
  readonly color: string;
  /** The lower values of strokes: blood pressure from diastolic to systolic. */
  readonly lower?: readonly Point[];
}

const WIDTH = 1000;
const HEIGHT = 100;

/** The least and most that a lane shows: its values and its band, with a margin. */
export function scaleOf(
  points: readonly Point[],
  band: { readonly low: number; readonly high: number } | undefined,
  target?: number,
): { low: number; high: number } {
  let low = band?.low ?? Number.POSITIVE_INFINITY;
  let high = band?.high ?? Number.NEGATIVE_INFINITY;
  for (const { value } of points) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (target !== undefined) {
    low = Math.min(low, target);
    high = Math.max(high, target);
  }
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { low: 0, high: 1 };
  const margin = Math.max((high - low) * 0.18, 0.5);
  return { low: low - margin, high: high + margin };
}

export function Lane({ points, window, band, target, period, isLive, isPast = false, color, lower }: LaneProps) {
  const shown = points.filter((point) => point.at >= window.from && point.at <= window.to);
  const low = lower?.filter((point) => point.at >= window.from && point.at <= window.to) ?? [];
  const scale = scaleOf([...shown, ...low], band, target);
  const x = (at: number) => ((at - window.from) / (window.to - window.from)) * WIDTH;
  const y = (value: number) => HEIGHT - ((value - scale.low) / (scale.high - scale.low)) * HEIGHT;
  const place = (at: number, value: number) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
  const style: CSSProperties = { color };
  const newest = shown.at(-1);
  const parts = runs(shown, period);
  const edges = parts.slice(0, -1).flatMap((run, index) => {
    const [from, to] = [run.at(-1)?.at, parts[index + 1]?.[0]?.at];
    return from === undefined || to === undefined ? [] : [`M${x(from).toFixed(1)} 0V${HEIGHT}M${x(to).toFixed(1)} 0V${HEIGHT}`];
  });
  const isStrokes = lower !== undefined;
  const strokes = isStrokes ? strokesOf(shown, low, window) : [];
  return (
    <div className="lane" style={style}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {band === undefined ? null : (
          <rect className="norm" x="0" y={y(band.high)} width={WIDTH} height={Math.max(0, y(band.low) - y(band.high))} />
        )}
        {target === undefined ? null : <path className="set-line" d={`M0 ${y(target).toFixed(1)}H${WIDTH}`} />}
        {edges.length === 0 ? null : <path className="gap-edge" d={edges.join("")} />}
        {isStrokes ? (
          <path className="whisk" d={strokes.map((it) => `M${place(it.at, it.high)}V${y(it.low).toFixed(1)}`).join("")} />
        ) : (
          <path
            className="trace"
            d={parts
              .map((run) => thinned(run, 400).map((it, index) => `${index === 0 ? "M" : "L"}${place(it.at, it.value)}`).join(""))
              .join("")}
          />
        )}
        {newest === undefined || !isLive || isPast || isStrokes ? null : <path className="dot" d={`M${place(newest.at, newest.value)}h.01`} />}
        {newest === undefined || isLive || isPast ? null : <path className="gap-edge" d={`M${x(newest.at).toFixed(1)} 0V${HEIGHT}`} />}
      </svg>
    </div>
  );
}

/** At most forty strokes in a window, each from the least diastolic to the most systolic value. */
function strokesOf(upper: readonly Point[], lower: readonly Point[], window: LaneWindow) {
  const size = (window.to - window.from) / 40;
  const strokes = new Map<number, { at: number; low: number; high: number }>();
  const lows = new Map(lower.map((point) => [point.at, point.value]));
  for (const { at, value } of upper) {
    const low = lows.get(at);
    if (low === undefined) continue;
    const slot = Math.floor(at / size);
    const before = strokes.get(slot);
    strokes.set(slot, {
      at,
      low: Math.min(low, before?.low ?? low),
      high: Math.max(value, before?.high ?? value),
    });
  }
  return [...strokes.values()];
}
