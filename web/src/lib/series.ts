/** Series of values over time: what is drawn, where they have gaps, and when they are old. */

export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
}

/**
 * A series with more points, by time. A point takes the place of one of the same instant, and what is
 * more than `kept` milliseconds older than the newest goes; the same again changes nothing.
 */
export function joined(series: readonly Point[], more: readonly Point[], kept: number): readonly Point[] {
  const told = more.filter((it) => !Number.isNaN(it.at) && !Number.isNaN(it.value));
  if (told.length === 0) return series;
  const first = told.reduce((least, it) => Math.min(least, it.at), Number.POSITIVE_INFINITY);
  // What is new is nearly always at the end: only from there on is anything looked at.
  const from = series.findLastIndex((it) => it.at < first) + 1;
  const values = new Map(series.slice(from).map((it) => [it.at, it.value]));
  if (told.every((it) => values.get(it.at) === it.value)) return series;
  for (const it of told) values.set(it.at, it.value);
  const last = [...values].sort(([a], [b]) => a - b).map(([at, value]): Point => ({ at, value }));
  const all = [...series.slice(0, from), ...last];
  const oldest = (all.at(-1)?.at ?? 0) - kept;
  return (all[0]?.at ?? oldest) < oldest ? all.filter((it) => it.at >= oldest) : all;
}

/** The usual time between two points: the median of the last ones; undefined below three points. */
export function periodOf(points: readonly Point[]): number | undefined {
  const gaps: number[] = [];
  const last = points.slice(-13);
  for (let index = 1; index < last.length; index += 1) {
    const gap = (last[index]?.at ?? 0) - (last[index - 1]?.at ?? 0);
    if (gap > 0) gaps.push(gap);
  }
  if (gaps.length < 2) return undefined;
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)];
}

/** Whether the newest value is older than twice its period; `fallback` where no period is known. */
export function isStale(points: readonly Point[], asOf: number, fallback: number, grace = 0): boolean {
  const newest = points.at(-1);
  if (newest === undefined) return false;
  return asOf - newest.at > 2 * Math.max(periodOf(points) ?? fallback, 1_000) + grace;
}

/** Runs of points without a gap: a gap is more than twice the period and a half. */
export function runs(points: readonly Point[], period: number): Point[][] {
  const result: Point[][] = [];
  let run: Point[] = [];
  for (const point of points) {
    const before = run.at(-1);
    if (before !== undefined && point.at - before.at > 2.5 * period) {
      result.push(run);
      run = [];
    }
    run.push(point);
  }
  if (run.length > 0) result.push(run);
  return result;
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Where no value came for longer than `least`, between values and at the ends of the window. */
export function gapsOf(points: readonly Point[], window: Stretch, least: number): Stretch[] {
  const ats = [window.from, ...points.map((it) => it.at).filter((at) => at > window.from && at < window.to), window.to];
  return ats.slice(1).flatMap((to, index) => {
    const from = ats[index] ?? to;
    return to - from > least ? [{ from, to }] : [];
  });
}

/** Where values lay beyond a range on one side for at least `least`; a gap ends a stretch. */
export function departuresOf(points: readonly Point[], range: { readonly low: number; readonly high: number }, period: number, least: number): (Stretch & { readonly side: "low" | "high" })[] {
  const found: { from: number; to: number; side: "low" | "high" }[] = [];
  for (const run of runs(points, period)) {
    let open: (typeof found)[number] | undefined;
    for (const { at, value } of run) {
      const side = value < range.low ? "low" : value > range.high ? "high" : undefined;
      if (open !== undefined && open.side === side) open.to = at;
      else if (side === undefined) open = undefined;
      else {
        open = { from: at, to: at, side };
        found.push(open);
      }
    }
  }
  return found.filter((it) => it.to - it.from >= least);
}

/** At most `most` points with every extreme kept: the least and the most of each stretch. */
export function thinned(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  const size = Math.ceil(points.length / (most / 2));
  const kept: Point[] = [];
  for (let from = 0; from < points.length; from += size) {
    let low: Point | undefined;
    let high: Point | undefined;
    for (const point of points.slice(from, from + size)) {
      if (low === undefined || point.value < low.value) low = point;
      if (high === undefined || point.value > high.value) high = point;
    }
    if (low === undefined || high === undefined) continue;
    if (low === high) kept.push(low);
    else kept.push(...(low.at < high.at ? [low, high] : [high, low]));
  }
  return kept;
}

export type Trend = "up" | "down" | "flat";

/** Where a value goes: the mean of the last quarter against that before, beyond a hundredth. */
export function trendOf(points: readonly Point[], span: number): Trend | undefined {
  const newest = points.at(-1);
  if (newest === undefined) return undefined;
  const within = points.filter((point) => newest.at - point.at <= span);
  if (within.length < 4) return undefined;
  const cut = Math.floor(within.length * 0.75);
  const mean = (part: readonly Point[]) => part.reduce((sum, it) => sum + it.value, 0) / part.length;
  const change = mean(within.slice(cut)) - mean(within.slice(0, cut));
  const size = Math.abs(mean(within)) * 0.01;
  return change > size ? "up" : change < -size ? "down" : "flat";
}
