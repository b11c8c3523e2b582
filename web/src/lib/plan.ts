/** Boxes on the grid of a floor plan: whole units from the top left corner. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The furthest that a side may be from the corner. */
export const MOST = 1_000;

const within = (value: number, least: number, most: number) => Math.min(Math.max(Math.round(Number.isFinite(value) ? value : least), least), most);

/** The nearest box on the grid that lies on the plan. */
export function snapped(box: Box): Box {
  const w = within(box.w, 1, MOST);
  const h = within(box.h, 1, MOST);
  return { x: within(box.x, 0, MOST - w), y: within(box.y, 0, MOST - h), w, h };
}

/** The size of the plan that holds all boxes. */
export function extentOf(boxes: readonly Box[]): { readonly w: number; readonly h: number } {
  return { w: Math.max(1, ...boxes.map((it) => it.x + it.w)), h: Math.max(1, ...boxes.map((it) => it.y + it.h)) };
}

/** Whether two boxes cover some place both; a shared wall is none. */
export function areOver(a: Box, b: Box): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** The first free place for a box of this size, row by row, on a plan at least `width` wide. */
export function freePlace(boxes: readonly Box[], size: { readonly w: number; readonly h: number }, width: number): Box {
  const below = extentOf(boxes).h;
  for (let y = 0; y < below; y += 1) {
    for (let x = 0; x + size.w <= width; x += 1) {
      const box = { x, y, ...size };
      if (boxes.every((it) => !areOver(it, box))) return box;
    }
  }
  return { x: 0, y: boxes.length === 0 ? 0 : below, ...size };
}
