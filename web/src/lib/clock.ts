/**
 * The block's clock. A simulated day runs faster than the wall's, so no page asks the browser for
 * the time of anything that happens in the block.
 */

export interface Reading {
  /** The block's instant, milliseconds since 1970. */
  readonly now: number;
  /** Seconds of the block per second of the machine; 1 in a hospital. */
  readonly rate: number;
}

let base: Reading & { readonly at: number } = { now: Date.now(), rate: 1, at: performance.now() };
let known = false;

/** Takes a reading of the block's clock, which counts from here on. */
export function setClock(reading: Reading): void {
  base = { ...reading, at: performance.now() };
  known = true;
}

/** Whether the block has told its time. */
export function isClockKnown(): boolean {
  return known;
}

/** The present instant of the block, milliseconds since 1970. */
export function blockNow(): number {
  return base.now + (performance.now() - base.at) * base.rate;
}

/** Seconds of the block per second of the machine. */
export function clockRate(): number {
  return base.rate;
}
