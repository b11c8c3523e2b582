/**
 * Reading of Server-Sent Events (WHATWG HTML, section 9.2) from a stream of text.
 *
 * The browser's own `EventSource` does not say that a stream has fallen silent, and a screen that
 * cannot tell silence from calm would lie. So the bytes are read here.
 */

export interface Told {
  readonly event: string;
  readonly data: string;
}

export interface Fed {
  /** Events that have come whole. */
  readonly events: readonly Told[];
  /** The newest place in the log, heartbeats included. */
  readonly id: string | undefined;
}

/** Takes pieces of a stream as they come and gives what is whole. */
export class SseParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #id: string | undefined;
  #place: string | undefined;

  feed(piece: string): Fed {
    const events: Told[] = [];
    this.#rest += piece;
    // A lone CR at the end may be half of a CRLF.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        // A place is reached with the whole event: what is cut off behind its id is told again.
        this.#place = this.#id;
        if (this.#data.length > 0) {
          events.push({ event: this.#event === "" ? "message" : this.#event, data: this.#data.join("\n") });
        }
        this.#event = "";
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") this.#event = value;
      else if (field === "data") this.#data.push(value);
      else if (field === "id" && !value.includes("\0")) this.#id = value;
    }
    return { events, id: this.#place };
  }
}
