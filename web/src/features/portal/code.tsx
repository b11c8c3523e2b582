/** Text as it was written: numbered lines, and a way to take it along. */
import { useState } from "react";

import { usePortal } from "~/lib/portal-words";

import { PortalIcon } from "./icons";

/** Puts a text into the clipboard; says so for a moment. Where the browser allows none, there is no button. */
export function Copy({ text }: { text: string }) {
  const { p } = usePortal();
  const [isDone, setDone] = useState(false);
  // Pages of a hospital without TLS have no clipboard.
  if (!("clipboard" in navigator)) return null;
  return (
    <button
      type="button"
      className="tool copy"
      aria-label={p(isDone ? "copied" : "copy")}
      title={p(isDone ? "copied" : "copy")}
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => {
            setDone(true);
            setTimeout(() => setDone(false), 2_000);
          },
          () => setDone(false),
        );
      }}
    >
      <PortalIcon name="copy" />
      {isDone ? <span>{p("copied")}</span> : null}
    </button>
  );
}

export function CodeBox({ name, text }: { name: string; text: string }) {
  return (
    <figure className="codebox">
      <figcaption className="hd">
        <span>{name}</span>
        <Copy text={text} />
      </figcaption>
      {/* A long line is panned to, by keys too. */}
      <pre className="code" tabIndex={0} role="group" aria-label={name}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
