/**
 * What becomes of something that a person asks the block to do.
 *
 * It is sent once, under a name of its own; the answer says that it is kept, and the live stream
 * what came of it. A screen shows each of these, and never sends the same wish twice by itself.
 */

export type Action =
  | { readonly kind: "idle" }
  | { readonly kind: "sent"; readonly id: string; readonly at: number }
  | { readonly kind: "applied"; readonly id: string; readonly at: number }
  | { readonly kind: "confirmed"; readonly id: string; readonly at: number }
  | { readonly kind: "refused"; readonly id: string; readonly at: number; readonly reason: string }
  | { readonly kind: "silent"; readonly id: string; readonly at: number };

export type ActionEvent =
  | { readonly kind: "send"; readonly id: string; readonly at: number }
  | { readonly kind: "accepted"; readonly id: string; readonly at: number }
  | { readonly kind: "confirmed"; readonly id: string; readonly at: number }
  | { readonly kind: "refused"; readonly id: string; readonly at: number; readonly reason: string }
  | { readonly kind: "silence"; readonly id: string; readonly at: number }
  | { readonly kind: "forget" };

export const IDLE: Action = { kind: "idle" };

/** Whether an answer is still to come, so that nothing more may be sent. */
export function isPending(action: Action): boolean {
  return action.kind === "sent" || action.kind === "applied";
}

/** The next state. What is said of another wish than the present one changes nothing. */
export function next(action: Action, event: ActionEvent): Action {
  switch (event.kind) {
    case "send":
      return isPending(action) ? action : { kind: "sent", id: event.id, at: event.at };
    case "forget":
      return isPending(action) ? action : IDLE;
    case "accepted":
      return action.kind === "sent" && action.id === event.id
        ? { kind: "applied", id: event.id, at: event.at }
        : action;
    case "confirmed":
      return isOf(action, event.id) ? { kind: "confirmed", id: event.id, at: event.at } : action;
    case "refused":
      return isOf(action, event.id)
        ? { kind: "refused", id: event.id, at: event.at, reason: event.reason }
        : action;
    case "silence":
      return isPending(action) && isOf(action, event.id)
        ? { kind: "silent", id: event.id, at: event.at }
        : action;
    default:
      return event satisfies never;
  }
}

function isOf(action: Action, id: string): boolean {
  return action.kind !== "idle" && action.id === id && action.kind !== "confirmed";
}
