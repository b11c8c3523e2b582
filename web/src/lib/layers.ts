/**
 * Draws a graph in layers, from left to right.
 *
 * Nodes stand in columns (ranks); an edge leads from a column to one further right, on a track in the
 * space between columns: one track for each source, one port at the target for each edge. An edge
 * over several columns passes between the nodes of those in between, so that none runs through a
 * label. What would lead left again goes back along the bottom. The same graph is drawn the same.
 */

export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Link {
  readonly from: string;
  readonly to: string;
}

export interface Place extends Box {
  readonly x: number;
  readonly y: number;
  readonly rank: number;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

export interface Route extends Link {
  readonly points: readonly Spot[];
  /** Leads left again, along the bottom. */
  readonly isBack: boolean;
}

export interface Drawing {
  readonly places: ReadonlyMap<string, Place>;
  readonly routes: readonly Route[];
  readonly width: number;
  readonly height: number;
}

export interface Spacing {
  /** The least space between columns, between nodes, and between tracks. */
  readonly columns: number;
  readonly rows: number;
  readonly tracks: number;
}

export const SPACING: Spacing = { columns: 40, rows: 14, tracks: 8 };

/** The column of each node: right of all that lead to it, and no further left of what it leads to than it must. */
export function ranksOf(ids: readonly string[], links: readonly Link[]): ReadonlyMap<string, number> {
  const known = new Set(ids);
  const out = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { from, to } of links) if (known.has(from) && known.has(to) && from !== to) out.get(from)?.push(to);
  // Edges that close a cycle do not count; a stack of its own, since graphs may be deep.
  const state = new Map<string, "open" | "done">();
  const order: string[] = [];
  const forward = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const root of ids) {
    if (state.has(root)) continue;
    const stack = [{ id: root, next: 0 }];
    state.set(root, "open");
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const to = out.get(top.id)?.[top.next];
      top.next += 1;
      if (to === undefined) {
        state.set(top.id, "done");
        order.push(top.id);
        stack.pop();
      } else if (state.get(to) !== "open") {
        forward.get(top.id)?.push(to);
        if (!state.has(to)) {
          state.set(to, "open");
          stack.push({ id: to, next: 0 });
        }
      }
    }
  }
  const ranks = new Map(ids.map((id) => [id, 0]));
  for (const id of order.toReversed()) {
    for (const to of forward.get(id) ?? []) ranks.set(to, Math.max(ranks.get(to) ?? 0, (ranks.get(id) ?? 0) + 1));
  }
  // What nothing leads to stands beside what it leads to.
  const isLed = new Set([...forward.values()].flat());
  for (const id of ids) {
    const nearest = Math.min(...(forward.get(id) ?? []).map((to) => ranks.get(to) ?? 0));
    if (!isLed.has(id) && Number.isFinite(nearest)) ranks.set(id, nearest - 1);
  }
  return ranks;
}

/** A node of the drawing, or the place where an edge passes a column. */
interface Cell {
  readonly id: string;
  readonly rank: number;
  readonly height: number;
  readonly width: number;
  readonly isPass: boolean;
  y: number;
}

const PASS = 6;

export function draw(boxes: readonly Box[], links: readonly Link[], given?: ReadonlyMap<string, number>, spacing: Spacing = SPACING): Drawing {
  if (boxes.length === 0) return { places: new Map(), routes: [], width: 0, height: 0 };
  const ids = boxes.map((it) => it.id);
  const raw = given ?? ranksOf(ids, links);
  // Columns that nobody stands in are left out.
  const used = [...new Set(ids.map((id) => raw.get(id) ?? 0))].sort((a, b) => a - b);
  const column = new Map(used.map((rank, index) => [rank, index]));
  const rankOf = (id: string) => column.get(raw.get(id) ?? 0) ?? 0;

  const cells = new Map<string, Cell>();
  for (const box of boxes) cells.set(box.id, { ...box, rank: rankOf(box.id), isPass: false, y: 0 });
  const seen = new Set<string>();
  const wanted = links.filter(({ from, to }) => {
    const key = `${from}\n${to}`;
    if (from === to || seen.has(key) || !cells.has(from) || !cells.has(to)) return false;
    seen.add(key);
    return true;
  });
  /** From one column to the next: steps that edges share belong to the source of all of them. */
  const steps = new Map<string, { from: string; to: string; source: string }>();
  const chains = new Map<Link, string[]>();
  for (const link of wanted) {
    const [first, last] = [rankOf(link.from), rankOf(link.to)];
    if (last <= first) continue;
    const chain = [link.from];
    for (let rank = first + 1; rank < last; rank += 1) {
      const id = `${link.from}\n${rank}`;
      if (!cells.has(id)) cells.set(id, { id, rank, height: PASS, width: 0, isPass: true, y: 0 });
      chain.push(id);
    }
    chain.push(link.to);
    chains.set(link, chain);
    for (const [index, from] of chain.slice(0, -1).entries()) {
      const to = chain[index + 1] ?? "";
      steps.set(`${from}\t${to}`, { from, to, source: link.from });
    }
  }
  const columns: Cell[][] = used.map(() => []);
  for (const cell of cells.values()) columns[cell.rank]?.push(cell);
  const [before, after] = [new Map<string, Cell[]>(), new Map<string, Cell[]>()];
  for (const { from, to } of steps.values()) {
    const [a, b] = [cells.get(from), cells.get(to)];
    if (a === undefined || b === undefined) continue;
    after.set(from, [...(after.get(from) ?? []), b]);
    before.set(to, [...(before.get(to) ?? []), a]);
  }
  ordered(columns, before, after);
  settled(columns, before, after, spacing.rows);
  return routed({ cells, columns, steps: [...steps.values()], wanted, chains, spacing });
}

/** Puts each column into the order with few crossings, by the middle of neighbours, back and forth. */
function ordered(columns: Cell[][], before: ReadonlyMap<string, readonly Cell[]>, after: ReadonlyMap<string, readonly Cell[]>): void {
  const at = new Map<string, number>();
  const note = (cells: readonly Cell[]) => cells.forEach((cell, index) => at.set(cell.id, index));
  for (const cells of columns) note(cells);
  let best = columns.map((cells) => [...cells]);
  let least = crossings(columns, after, at);
  for (let round = 0; round < 12 && least > 0; round += 1) {
    const isForth = round % 2 === 0;
    const near = isForth ? before : after;
    for (const cells of isForth ? columns : columns.toReversed()) {
      const middle = new Map(
        cells.map((cell) => {
          const places = (near.get(cell.id) ?? []).map((it) => at.get(it.id) ?? 0);
          return [cell.id, places.length === 0 ? (at.get(cell.id) ?? 0) : places.reduce((sum, it) => sum + it, 0) / places.length];
        }),
      );
      cells.sort((a, b) => (middle.get(a.id) ?? 0) - (middle.get(b.id) ?? 0));
      note(cells);
    }
    const count = crossings(columns, after, at);
    if (count < least) [least, best] = [count, columns.map((cells) => [...cells])];
  }
  for (const [index, cells] of best.entries()) columns[index] = cells;
}

function crossings(columns: readonly (readonly Cell[])[], after: ReadonlyMap<string, readonly Cell[]>, at: ReadonlyMap<string, number>): number {
  let count = 0;
  for (const cells of columns) {
    const pairs = cells.flatMap((cell, index) => (after.get(cell.id) ?? []).map((to) => [index, at.get(to.id) ?? 0] as const));
    for (const [i, [a, b]] of pairs.entries()) {
      for (const [c, d] of pairs.slice(i + 1)) if ((a - c) * (b - d) < 0) count += 1;
    }
  }
  return count;
}

/** Moves every cell as near to the middle of its neighbours as the order and the space between cells allow. */
function settled(columns: readonly Cell[][], before: ReadonlyMap<string, readonly Cell[]>, after: ReadonlyMap<string, readonly Cell[]>, gap: number): void {
  for (const cells of columns) {
    let y = 0;
    for (const cell of cells) {
      cell.y = y;
      y += cell.height + gap;
    }
  }
  const middle = (cell: Cell) => cell.y + cell.height / 2;
  for (let round = 0; round < 16; round += 1) {
    const isForth = round % 2 === 0;
    for (const cells of isForth ? columns : columns.toReversed()) {
      const wishes = cells.map((cell) => {
        const near = [...(before.get(cell.id) ?? []), ...(after.get(cell.id) ?? [])];
        return near.length === 0 ? cell.y : near.reduce((sum, it) => sum + middle(it), 0) / near.length - cell.height / 2;
      });
      nearest(cells, wishes, gap);
    }
  }
  const top = Math.min(...columns.flat().map((cell) => cell.y));
  for (const cell of columns.flat()) cell.y = Math.round(cell.y - top);
}

/** The places nearest to the wishes (least squares) that keep the order and the gap: pooled neighbours. */
function nearest(cells: readonly Cell[], wishes: readonly number[], gap: number): void {
  const groups: { sum: number; count: number }[] = [];
  let offset = 0;
  const offsets: number[] = [];
  for (const [index, cell] of cells.entries()) {
    offsets.push(offset);
    groups.push({ sum: (wishes[index] ?? 0) - offset, count: 1 });
    offset += cell.height + gap;
    for (;;) {
      const [last, other] = [groups.at(-1), groups.at(-2)];
      if (last === undefined || other === undefined || other.sum / other.count <= last.sum / last.count) break;
      groups.pop();
      other.sum += last.sum;
      other.count += last.count;
    }
  }
  let index = 0;
  for (const { sum, count } of groups) {
    for (let nth = 0; nth < count; nth += 1, index += 1) {
      const cell = cells[index];
      if (cell !== undefined) cell.y = sum / count + (offsets[index] ?? 0);
    }
  }
}

interface Work {
  readonly cells: ReadonlyMap<string, Cell>;
  readonly columns: readonly (readonly Cell[])[];
  readonly steps: readonly { readonly from: string; readonly to: string; readonly source: string }[];
  readonly wanted: readonly Link[];
  readonly chains: ReadonlyMap<Link, readonly string[]>;
  readonly spacing: Spacing;
}

function routed({ cells, columns, steps, wanted, chains, spacing }: Work): Drawing {
  const middle = (id: string) => {
    const cell = cells.get(id);
    return cell === undefined ? 0 : cell.y + cell.height / 2;
  };
  const rank = (id: string) => cells.get(id)?.rank ?? 0;
  const back = wanted.filter((link) => !chains.has(link));

  // One port for each edge that arrives, in the order of where it comes from.
  const ports = new Map<string, number>();
  const arriving = new Map<string, { key: string; y: number }[]>();
  const arrive = (to: string, key: string, y: number) => arriving.set(to, [...(arriving.get(to) ?? []), { key, y }]);
  for (const step of steps) arrive(step.to, `${step.from}\t${step.to}`, middle(step.from));
  for (const link of back) arrive(link.to, `${link.from}\t${link.to}`, Number.MAX_SAFE_INTEGER);
  for (const [id, all] of arriving) {
    const room = Math.max(0, (cells.get(id)?.height ?? 0) - 12);
    const apart = all.length < 2 ? 0 : Math.min(spacing.tracks, room / (all.length - 1));
    for (const [index, { key }] of all.toSorted((a, b) => a.y - b.y).entries()) {
      ports.set(key, middle(id) + (index - (all.length - 1) / 2) * apart);
    }
  }

  // Tracks in the space right of each column, and one space left of the first: a track for each cell that leaves.
  const tracks: { readonly id: string; readonly y: number; readonly by: number }[][] = Array.from({ length: columns.length + 1 }, () => []);
  for (const cell of cells.values()) {
    const own = steps.filter((step) => step.from === cell.id);
    const by = own.reduce((sum, step) => sum + (ports.get(`${step.from}\t${step.to}`) ?? 0) - middle(cell.id), 0);
    if (own.some((step) => Math.abs((ports.get(`${step.from}\t${step.to}`) ?? 0) - middle(cell.id)) >= 1)) {
      tracks[cell.rank + 1]?.push({ id: cell.id, y: middle(cell.id), by });
    }
  }
  const leaving = new Set(back.map((link) => link.from));
  for (const id of leaving) tracks[rank(id) + 1]?.push({ id: `down\n${id}`, y: middle(id), by: Number.MAX_SAFE_INTEGER });
  for (const link of back) tracks[rank(link.to)]?.push({ id: `up\n${link.from}\n${link.to}`, y: middle(link.to), by: Number.MIN_SAFE_INTEGER });
  const xs = new Map<string, number>();
  const lefts: number[] = [];
  let x = 0;
  for (const [space, all] of tracks.entries()) {
    // Who turns up gives way to those below; who turns down, to those above.
    const up = all.filter((it) => it.by < 0).sort((a, b) => a.y - b.y);
    const down = all.filter((it) => it.by >= 0).sort((a, b) => b.y - a.y);
    const count = all.length;
    const isEdge = space === 0 || space === columns.length;
    const width = count === 0 ? (isEdge ? 0 : spacing.columns) : Math.max(isEdge ? 0 : spacing.columns, (count + 1) * spacing.tracks + 12);
    const first = x + Math.max(spacing.tracks, (width - 8 - (count - 1) * spacing.tracks) / 2);
    for (const [index, it] of [...up, ...down].entries()) xs.set(`${space}\n${it.id}`, first + index * spacing.tracks);
    x += width;
    lefts.push(x);
    x += Math.max(0, ...(columns[space] ?? []).map((cell) => cell.width));
  }
  const places = new Map<string, Place>();
  for (const cell of cells.values()) {
    if (!cell.isPass) places.set(cell.id, { id: cell.id, width: cell.width, height: cell.height, x: lefts[cell.rank] ?? 0, y: cell.y, rank: cell.rank });
  }
  const bottom = Math.max(...[...cells.values()].map((cell) => cell.y + cell.height));
  const right = (id: string) => {
    const cell = cells.get(id);
    const widest = Math.max(0, ...(columns[cell?.rank ?? 0] ?? []).map((it) => it.width));
    return (lefts[cell?.rank ?? 0] ?? 0) + (cell?.isPass === true ? widest : (cell?.width ?? 0));
  };
  const left = (id: string) => lefts[rank(id)] ?? 0;

  const routes = wanted.map((link): Route => {
    const chain = chains.get(link);
    if (chain === undefined) {
      const lane = bottom + 16 + [...leaving].indexOf(link.from) * spacing.tracks;
      const away = xs.get(`${rank(link.from) + 1}\ndown\n${link.from}`) ?? right(link.from) + spacing.tracks;
      const home = xs.get(`${rank(link.to)}\nup\n${link.from}\n${link.to}`) ?? left(link.to) - spacing.tracks;
      const port = ports.get(`${link.from}\t${link.to}`) ?? middle(link.to);
      const points = [
        { x: right(link.from), y: middle(link.from) },
        { x: away, y: middle(link.from) },
        { x: away, y: lane },
        { x: home, y: lane },
        { x: home, y: port },
        { x: left(link.to), y: port },
      ];
      return { ...link, points, isBack: true };
    }
    const points: Spot[] = [{ x: right(chain[0] ?? ""), y: middle(chain[0] ?? "") }];
    for (const [index, from] of chain.slice(0, -1).entries()) {
      const to = chain[index + 1] ?? "";
      const [start, end] = [middle(from), ports.get(`${from}\t${to}`) ?? middle(to)];
      if (Math.abs(end - start) >= 1) {
        const turn = xs.get(`${rank(from) + 1}\n${from}`) ?? right(from) + spacing.tracks;
        points.push({ x: turn, y: start }, { x: turn, y: end });
      }
      // A passage has one height: what arrives there goes on from its middle.
      points.push({ x: left(to), y: end });
      if (cells.get(to)?.isPass === true) points.push({ x: right(to), y: end });
    }
    return { ...link, points, isBack: false };
  });
  const lanes = leaving.size === 0 ? 0 : 16 + leaving.size * spacing.tracks;
  return { places, routes, width: x, height: bottom + lanes };
}

/** A line through points, its corners rounded, as a path of SVG. */
export function pathOf(points: readonly Spot[], radius = 6): string {
  const first = points[0];
  if (first === undefined) return "";
  const text = [`M${first.x} ${first.y}`];
  for (const [index, spot] of points.entries()) {
    const [before, after] = [points[index - 1], points[index + 1]];
    if (before === undefined) continue;
    const [a, b] = [lengthOf(before, spot), after === undefined ? 0 : lengthOf(spot, after)];
    const isTurn = after !== undefined && (before.x === spot.x) !== (spot.x === after.x) && a > 0 && b > 0;
    if (!isTurn || after === undefined) {
      text.push(`L${spot.x} ${spot.y}`);
      continue;
    }
    const cut = Math.min(radius, a / 2, b / 2);
    const [from, to] = [towards(spot, before, cut / a), towards(spot, after, cut / b)];
    text.push(`L${from.x} ${from.y}`, `Q${spot.x} ${spot.y} ${to.x} ${to.y}`);
  }
  return text.join("");
}

function lengthOf(a: Spot, b: Spot): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
}

function towards(from: Spot, to: Spot, part: number): Spot {
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
