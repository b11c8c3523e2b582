/** Buttons, and the one that has to be held. */
import { useEffect, useRef, useState, type ReactNode } from "react";

import { useWords } from "~/lib/i18n";

import { Icon, type IconName } from "./icons";

export type Look = "plain" | "primary" | "ask" | "quiet" | "on" | "done";

interface ButtonProps {
  readonly look?: Look;
  readonly icon?: IconName;
  readonly onClick?: () => void;
  readonly type?: "button" | "submit";
  /** Why it is not possible now; it stays in its place and says so. */
  readonly disabled?: string | undefined;
  readonly pressed?: boolean;
  readonly label?: string;
  readonly children?: ReactNode;
}

export function Button({ look = "plain", icon, onClick, type = "button", disabled, pressed, label, children }: ButtonProps) {
  return (
    <button
      type={type}
      className={`btn btn-${look}`}
      aria-disabled={disabled !== undefined}
      title={disabled}
      aria-label={label}
      aria-pressed={pressed}
      onClick={disabled === undefined ? onClick : (event) => event.preventDefault()}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      {children === undefined ? null : <span>{children}</span>}
    </button>
  );
}

interface HoldProps {
  readonly look?: Look;
  /** How long it has to be held, milliseconds. */
  readonly hold: number;
  readonly onDone: () => void;
  readonly disabled?: string | undefined;
  readonly sub?: string | undefined;
  readonly icon?: IconName | undefined;
  readonly children: ReactNode;
}

/**
 * Does something only when held to the end, by finger, mouse, space or Enter: what steers a surgery
 * is hard to touch by accident. Letting go before cancels.
 */
export function HoldButton({ look = "plain", hold, onDone, disabled, sub, icon, children }: HoldProps) {
  const { t } = useWords();
  const [isHeld, setHeld] = useState(false);
  const fill = useRef<HTMLSpanElement>(null);
  const done = useRef(onDone);
  done.current = onDone;

  useEffect(() => {
    if (!isHeld) return;
    const begun = performance.now();
    let frame = 0;
    const step = () => {
      const part = Math.min(1, (performance.now() - begun) / hold);
      if (fill.current !== null) fill.current.style.transform = `scaleX(${part})`;
      if (part >= 1) {
        setHeld(false);
        done.current();
      } else frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    const bar = fill.current;
    return () => {
      cancelAnimationFrame(frame);
      if (bar !== null) bar.style.transform = "scaleX(0)";
    };
  }, [isHeld, hold]);

  const begin = () => {
    if (disabled === undefined) setHeld(true);
  };
  const end = () => setHeld(false);
  return (
    <button
      type="button"
      className={`btn btn-${look}`}
      aria-disabled={disabled !== undefined}
      title={disabled}
      onPointerDown={(event) => {
        if (event.button === 0) begin();
      }}
      onPointerUp={end}
      onPointerLeave={end}
      onPointerCancel={end}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if ((event.key === " " || event.key === "Enter") && !event.repeat) begin();
        if (event.key === " ") event.preventDefault();
      }}
      onKeyUp={end}
      onBlur={end}
    >
      <span className="fill" ref={fill} />
      <span className="two">
        <span className="nw">
          {icon === undefined ? null : <Icon name={icon} className={icon === "turning" ? "turning" : ""} />} {children}
        </span>
        <span className="sub">{isHeld ? t("hold.on") : (sub ?? t("hold"))}</span>
      </span>
    </button>
  );
}
