/** Alarm signs: a shape and a word with every colour (IEC 60601-1-8). */
import type { ReactNode } from "react";

import { useWords } from "~/lib/i18n";

export type Priority = "high" | "medium" | "low";

const SHAPES: Readonly<Record<Priority, string>> = {
  high: "M5 0.6 9.8 9.2H0.2z",
  medium: "M5 0.6a4.4 4.4 0 1 0 0 8.8 4.4 4.4 0 0 0 0-8.8z",
  low: "M5 0.2 9.8 5 5 9.8 0.2 5z",
};

export function Shape({ priority }: { priority: Priority }) {
  return (
    <svg className="shape" viewBox="0 0 10 10" aria-hidden="true">
      <path d={SHAPES[priority]} />
    </svg>
  );
}

export function AlarmSign({ priority, children }: { priority: Priority; children: ReactNode }) {
  const { t } = useWords();
  return (
    <span className={`alarm alarm-${priority}`}>
      <Shape priority={priority} />
      <span className="vh">{t(`alarm.${priority}`)}: </span>
      {children}
    </span>
  );
}
