/**
 * A badge reader that types like a keyboard: characters in quick succession, then Enter.
 *
 * No person types with so short pauses, so what is typed by hand is left to the field that has it.
 */

/** The longest pause between two characters of a reader, milliseconds. */
const PAUSE = 50;
/** Fewer characters are no badge. */
const SHORTEST = 4;

export class BadgeReader {
  #text = "";
  #last = -Infinity;

  /** Takes a key at a moment in milliseconds; the badge when it was the Enter behind one. */
  key(key: string, at: number): string | undefined {
    const isQuick = at - this.#last <= PAUSE;
    this.#last = at;
    if (!isQuick) this.#text = "";
    if (key === "Enter") {
      const badge = this.#text;
      this.#text = "";
      return isQuick && badge.length >= SHORTEST ? badge : undefined;
    }
    if (key.length === 1) this.#text += key;
    return undefined;
  }
}
