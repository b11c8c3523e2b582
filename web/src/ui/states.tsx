/** How a page looks before, without, and instead of what it should show. */
import { useEffect, useState, type ReactNode } from "react";

import { useWords } from "~/lib/i18n";

import { Button } from "./button";
import { Icon, type IconName } from "./icons";

/** The layout to come, in grey; after two seconds it says what it waits for. */
export function Loading({ rows = 5, what }: { rows?: number; what: string }) {
  const { t } = useWords();
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), 2_000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="bones" role="status" aria-busy="true">
      <span className={isLong ? "t3" : "vh"}>{t("state.loading", { what })}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} aria-hidden="true">
          <span className="bone" />
          <span className="bone" />
          <span className="bone" />
          <span className="bone" />
        </div>
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      <div className="t2">{children}</div>
    </div>
  );
}

export function Banner({ icon, title, isLoud = false, children }: { icon: IconName; title: string; isLoud?: boolean; children?: ReactNode }) {
  return (
    <div className={isLoud ? "banner banner-lost" : "banner"} role="status">
      <Icon name={icon} />
      <div>
        <b>{title}</b>
        {children}
      </div>
    </div>
  );
}

/** The parts of a failure that a page says. */
export interface Trouble {
  readonly kind: "unreachable" | "unauthorized" | "forbidden" | "missing" | "refused" | "unavailable" | "broken";
  readonly detail?: string;
  readonly id?: string;
}

export function Problem({ trouble, what, onRetry }: { trouble: Trouble; what: string; onRetry?: () => void }) {
  const { t } = useWords();
  const text = {
    unreachable: t("problem.unreachable"),
    unauthorized: t("problem.unauthorized"),
    forbidden: t("problem.forbidden"),
    missing: t("problem.missing"),
    refused: trouble.detail ?? "",
    unavailable: t("problem.unavailable"),
    broken: t("problem.broken", { id: trouble.id ?? "" }),
  }[trouble.kind];
  const icon: IconName = trouble.kind === "forbidden" ? "lock" : trouble.kind === "unreachable" ? "offline" : "refused";
  const title = trouble.kind === "forbidden" ? t("problem.forbidden.title", { what }) : t("problem.title", { what });
  return (
    <Banner icon={icon} title={title}>
      <p>{text}</p>
      {onRetry === undefined || trouble.kind === "forbidden" ? null : (
        <div style={{ marginTop: 8 }}>
          <Button onClick={onRetry}>{t("again")}</Button>
        </div>
      )}
    </Banner>
  );
}

/** Why a change was not made, in the form in which it was asked for. */
export function Refusal({ trouble }: { trouble: Trouble }) {
  const { t } = useWords();
  const said = trouble.detail ?? "";
  return (
    <p role="alert">
      <Icon name="refused" /> <b>{t("refused")}</b>{" "}
      {said !== "" || trouble.kind === "refused" ? said : t(`problem.${trouble.kind}`, { id: trouble.id ?? "" })}
    </p>
  );
}
