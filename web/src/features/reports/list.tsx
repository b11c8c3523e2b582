/** The reports of surgeries: found by patient, surgery or day. */
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";

import { useMay } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { reportsQuery } from "~/data/queries";
import { csv, download } from "~/lib/csv";
import { clockTime, dayKey, dayText, duration, instant } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { PatientCode, useCodes } from "~/ui/patient";
import { Empty, Loading, Problem } from "~/ui/states";

export interface ReportsSearch {
  readonly q?: string | undefined;
  readonly day?: string | undefined;
  readonly only?: "open" | undefined;
}

export function ReportsPage() {
  const { t, language } = useWords();
  const may = useMay();
  const search = useSearch({ from: "/reports" });
  const navigate = useNavigate({ from: "/reports" });
  const change = (some: Partial<ReportsSearch>) => void navigate({ search: (before) => ({ ...before, ...some }), replace: true });
  const reports = useQuery({ ...reportsQuery, enabled: may.readReports });
  const codes = useCodes((reports.data ?? []).map((it) => it.patientId));
  const words = (search.q ?? "").toLowerCase().split(/\s+/);
  const list = (reports.data ?? []).filter((it) => {
    const text = `${it.surgicalProcessDescription} ${it.patientName ?? ""} ${it.patientSurname ?? ""} ${codes.get(it.patientId) ?? ""} ${it.patientId} ${it.surgicalProcessID}`.toLowerCase();
    const isDay = search.day === undefined || dayKey(instant(it.surgeryDate)) === search.day;
    return isDay && words.every((word) => text.includes(word)) && (search.only === undefined || !it.settled);
  });
  const exported = () => {
    const rows = list.map((it) => [it.surgeryDate, it.surgicalProcessDescription, `${it.patientName ?? ""} ${it.patientSurname ?? ""}`.trim(), codes.get(it.patientId), it.finalState ?? "", it.settled ? t("report.settled") : t("report.open")]);
    download(`${t("reports.file")}.csv`, csv([[t("col.time"), t("col.surgery"), t("col.name"), t("col.patient"), t("report.end"), t("col.status")], ...rows]));
  };
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="page-head">
        <h1>{t("reports.title")}</h1>
        {reports.data === undefined ? null : <span className="t2">{t("reports.count", { count: list.length })}</span>}
        <div className="push btn-row">
          <TextInput aria-label={t("filter")} placeholder={t("search.hint")} value={search.q ?? ""} onChange={(event) => change({ q: event.currentTarget.value === "" ? undefined : event.currentTarget.value })} />
          <TextInput type="date" aria-label={t("day")} value={search.day ?? ""} onChange={(event) => change({ day: event.currentTarget.value === "" ? undefined : event.currentTarget.value })} />
          <Button pressed={search.only === "open"} look={search.only === "open" ? "on" : "plain"} onClick={() => change({ only: search.only === undefined ? "open" : undefined })}>
            {t("report.open")}
          </Button>
          <Button icon="download" onClick={exported}>
            {t("csv")}
          </Button>
        </div>
      </div>
      {may.readReports ? null : <Problem trouble={{ kind: "forbidden" }} what={t("what.reports")} />}
      {reports.isPending && may.readReports ? <Loading what={t("what.reports")} /> : null}
      {reports.error === null ? null : <Problem trouble={failureOf(reports.error)} what={t("what.reports")} onRetry={() => void reports.refetch()} />}
      {reports.data !== undefined && list.length === 0 ? <Empty title={t("reports.none")}>{t("reports.none.text")}</Empty> : null}
      {list.length === 0 ? null : (
        <div className="table-wrap">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">{t("col.day")}</th>
                <th scope="col">{t("col.surgery")}</th>
                <th scope="col">{t("col.patient")}</th>
                <th scope="col" className="numeric">
                  {t("col.elapsed")}
                </th>
                <th scope="col">{t("report.end")}</th>
                <th scope="col">{t("col.status")}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((it) => {
                const [begin, end] = [instant(it.surgeryDate), instant(it.endDateTime)];
                return (
                  <tr key={it.surgicalProcessID}>
                    <td>
                      {dayText(begin, language, "short")} {clockTime(begin, language)}
                    </td>
                    <td>
                      <Link to="/reports/$processId" params={{ processId: it.surgicalProcessID }}>
                        {it.surgicalProcessDescription}
                      </Link>
                    </td>
                    <td>
                      {it.patientName ?? ""} {it.patientSurname ?? ""} <span className="t2"><PatientCode id={it.patientId} /></span>
                    </td>
                    <td className="numeric">{Number.isNaN(end) ? "" : duration(end - begin)}</td>
                    <td>{it.finalState === "INTERRUPTED" ? t("state.INTERRUPTED") : it.finalState === "TERMINATED" ? t("report.terminated") : ""}</td>
                    <td className={it.settled ? "t2" : ""}>
                      {it.settled ? t("report.settled") : t("report.open")}
                      {it.complete ? "" : `, ${t("report.incomplete")}`}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </main>
  );
}
