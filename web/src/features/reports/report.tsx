/** One surgery as a document: read, printed, added to, signed, compared with what it said before. */
import { Modal, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";

import { useMay } from "~/data/hooks";
import { api, body, failureOf, send } from "~/data/http";
import { stageOf, type Stage } from "~/data/process";
import { keys, professionalQuery, type Report, type Version } from "~/data/queries";
import { reportQuery, savePdf, versionsQuery } from "~/data/report";
import { clockSeconds, clockTime, dayText, duration, instant, minutes, number, THIN } from "~/lib/format";
import { useWords } from "~/lib/i18n";
import { Button, HoldButton } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { Loading, Problem } from "~/ui/states";

import "./report.css";
import { StepNotes, useCurves, VitalLanes } from "./charts";
import { Statistics } from "./statistics";
import { Versions } from "./versions";

export function ReportPage() {
  const { t } = useWords();
  const { processId } = useParams({ from: "/reports/$processId" });
  const report = useQuery(reportQuery(processId));
  const versions = useQuery(versionsQuery(processId));
  return (
    <main className="page" id="main" tabIndex={-1}>
      <Link to="/reports" className="no-print">
        {t("report.all")}
      </Link>
      {report.isPending ? <Loading what={t("what.report")} rows={8} /> : null}
      {report.error === null ? null : <Problem trouble={failureOf(report.error)} what={t("what.report")} onRetry={() => void report.refetch()} />}
      {report.data === undefined ? null : <Document report={report.data} versions={versions.data ?? []} />}
    </main>
  );
}

interface StepOf {
  readonly stage: Stage;
  readonly from: number;
  readonly to: number;
}

function Document({ report, versions }: { report: Report; versions: readonly Version[] }) {
  const { t, language } = useWords();
  const begin = instant(report.surgeryDate);
  const end = instant(report.endDateTime);
  const steps = report.steps.flatMap((step): StepOf[] => {
    const stage = stageOf(step.step);
    const from = instant(step.startDateTime);
    const to = instant(step.stopDateTime);
    return stage === undefined ? [] : [{ stage, from, to: Number.isNaN(to) ? (Number.isNaN(end) ? from : end) : to }];
  });
  const span = Number.isNaN(end) ? Math.max(...steps.map((it) => it.to), begin + 1) - begin : end - begin;
  const whole = { from: begin, to: begin + span };
  const theatres = new Set(report.roomsInvolved.filter((room) => room.type === "OPERATING_ROOM").map((room) => room.id));
  const curves = useCurves(report.surgicalProcessID, [...new Set(report.steps.flatMap((step) => Object.keys(step.environmentByRoom)))], Number.isNaN(begin) ? undefined : whole);
  const charge = useQuery({ ...professionalQuery(report.inChargeHealthProfessionalID ?? ""), enabled: (report.inChargeHealthProfessionalID ?? "") !== "" });
  const user = report.healthcareUser;
  return (
    <div className="report">
      <nav className="toc no-print" aria-label={t("report.contents")}>
        <ul>
          <li>
            <a href="#vitals">{t("vitals")}</a>
          </li>
          {steps.map((step) => (
            <li key={`${step.stage}${step.from}`}>
              <a href={`#step-${step.from}`}>{t(`step.${step.stage}`)}</a> <span className="t3">{minutes(step.to - step.from)}</span>
            </li>
          ))}
          <li>
            <a href="#technologies">{t("report.technologies")}</a>
          </li>
          <li>
            <a href="#movements">{t("staff.movements")}</a> <span className="t3">{report.healthProfessionalTrackingInformation.length}</span>
          </li>
          <li>
            <a href="#additions">{t("report.additions")}</a> <span className="t3">{report.additions.length}</span>
          </li>
          <li>
            <a href="#versions">{t("report.versions")}</a> <span className="t3">{versions.length}</span>
          </li>
        </ul>
      </nav>
      <article>
        <p className="t2">{t("report.kind")}</p>
        <h1>{report.surgicalProcessDescription}</h1>
        <p className="lead">
          {report.finalState === "INTERRUPTED" ? t("report.was.interrupted") : report.finalState === "TERMINATED" ? t("report.was.terminated") : t("report.was.open")}
          {Number.isNaN(end) ? "" : ` ${t("report.took", { time: duration(end - begin) })}`} {report.settled ? "" : t("report.unsettled")}
          {report.complete ? "" : ` ${t("report.missing", { what: report.missing.join(", ") })}`}
        </p>
        <dl className="facts">
          <div>
            <dt>{t("col.patient")}</dt>
            <dd>
              <b>{user === null || user === undefined ? t("report.unknown") : `${user.name} ${user.surname}`}</b>
              <br />
              {t("report.patientId", { id: report.patientID })}
              <br />
              {user?.taxCode}
            </dd>
          </div>
          <div>
            <dt>{t("col.surgery")}</dt>
            <dd>
              <b>{dayText(begin, language, "year")}</b>
              <br />
              {clockTime(begin, language)}–{Number.isNaN(end) ? "" : clockTime(end, language)}
              <br />
              {report.roomsInvolved.map((room) => room.id).join(", ")}
            </dd>
          </div>
          <div>
            <dt>{t("report.charge")}</dt>
            <dd>
              <b>{charge.data === null || charge.data === undefined ? (report.inChargeHealthProfessionalID ?? t("report.unknown")) : `${charge.data.name} ${charge.data.surname}`}</b>
              {report.signature === null || report.signature === undefined ? null : (
                <>
                  <br />
                  {t("report.signedAt", { time: clockTime(instant(report.signature.dateTime), language) })}
                </>
              )}
            </dd>
          </div>
        </dl>
        <section>
          <h2>{t("report.timeline")}</h2>
          <div className="report-bar" role="img" aria-label={steps.map((it) => `${t(`step.${it.stage}`)} ${clockTime(it.from, language)}`).join(", ")}>
            {steps.map((step) => (
              <i key={`${step.stage}${step.from}`} style={{ left: `${((step.from - begin) / span) * 100}%`, width: `${((step.to - step.from) / span) * 100}%`, background: `var(--p-${step.stage})` }} />
            ))}
          </div>
          <ul className="report-times">
            {steps.map((step) => (
              <li key={`${step.stage}${step.from}`}>
                <i style={{ background: `var(--p-${step.stage})` }} /> {t(`step.${step.stage}`)} <b>{clockTime(step.from, language)}</b> <span className="t2">{t("minutes", { count: minutes(step.to - step.from) })}</span>
              </li>
            ))}
          </ul>
        </section>
        <section id="vitals">
          <h2>{t("vitals")}</h2>
          <VitalLanes curves={curves} steps={steps} span={whole} />
        </section>
        {report.steps.map((step) => {
          const stage = stageOf(step.step);
          const from = instant(step.startDateTime);
          return stage === undefined ? null : (
            <section key={`${stage}${from}`} id={`step-${from}`}>
              <h2>
                <i className="step-mark" style={{ background: `var(--p-${stage})` }} /> {t(`step.${stage}`)}{" "}
                <span className="t2">
                  {clockTime(from, language)}–{step.stopDateTime === null || step.stopDateTime === undefined ? "" : clockTime(instant(step.stopDateTime), language)}
                </span>
              </h2>
              <StepNotes curves={curves} window={{ from, to: instant(step.stopDateTime) }} />
              <Statistics step={step} curves={curves} theatres={theatres} />
            </section>
          );
        })}
        <section id="technologies">
          <h2>{t("report.technologies")}</h2>
          {report.medicalTechnologyUsageData.length + report.consumedImplantableMedicalDevice.length === 0 ? <p className="t2">{t("report.none")}</p> : null}
          <table className="list">
            <tbody>
              {report.medicalTechnologyUsageData.map((use) => (
                <tr key={`${use.dateTime}${use.medicalTechnology.id}`}>
                  <td>{clockSeconds(instant(use.dateTime), language)}</td>
                  <td>{use.medicalTechnology.name}</td>
                  <td>{t(use.medicalTechnology.inUse ? "why.on" : "why.off")}</td>
                </tr>
              ))}
              {report.consumedImplantableMedicalDevice.map((device) => (
                <tr key={device.id}>
                  <td>{t("report.implanted")}</td>
                  <td>{device.type === null || device.type === undefined ? device.id : t(`device.${device.type}`)}</td>
                  <td className="t2">{device.id}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <section id="movements">
          <h2>{t("staff.movements")}</h2>
          {report.healthProfessionalTrackingInformation.length === 0 ? <p className="t2">{t("report.none")}</p> : null}
          <table className="list">
            <tbody>
              {report.healthProfessionalTrackingInformation.map((it) => (
                <tr key={`${it.dateTime}${it.healthProfessionalId}${it.roomID}${it.trackType}`}>
                  <td>{clockSeconds(instant(it.dateTime), language)}</td>
                  <td>
                    <Name id={it.healthProfessionalId} />
                  </td>
                  <td>{it.trackType === "ENTER" ? t("moved.in") : t("moved.out")}</td>
                  <td>{it.roomID}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <section id="additions">
          <h2>{t("report.additions")}</h2>
          {report.additions.length === 0 ? <p className="t2">{t("report.none")}</p> : null}
          {report.additions.map((it) => (
            <blockquote key={it.version}>
              <p>{it.text}</p>
              <footer className="t2">
                {it.author.name ?? it.author.id}, {dayText(instant(it.dateTime), language, "year")}, {clockTime(instant(it.dateTime), language)}
              </footer>
            </blockquote>
          ))}
          {report.signature === null || report.signature === undefined ? null : (
            <p className="signed">
              <Icon name="sign" />{" "}
              <span>
                <b>{t("report.signed", { name: report.signature.signedBy.name ?? report.signature.signedBy.id })}</b>, {dayText(instant(report.signature.dateTime), language, "year")}, {clockTime(instant(report.signature.dateTime), language)}
                <br />
                <span className="t2">{t("report.fingerprint", { hash: report.signature.contentHash.slice(0, 16) })}</span>
              </span>
            </p>
          )}
        </section>
        <Versions id={report.surgicalProcessID} steps={report.steps} versions={versions} />
      </article>
      <Margin report={report} versions={versions} />
    </div>
  );
}

function Name({ id }: { id: string }) {
  const { data } = useQuery(professionalQuery(id));
  return <>{data === null || data === undefined ? id : `${data.name} ${data.surname}`}</>;
}

function Margin({ report, versions }: { report: Report; versions: readonly Version[] }) {
  const { t, language } = useWords();
  const may = useMay();
  const client = useQueryClient();
  const id = report.surgicalProcessID;
  const [isAdding, setAdding] = useState(false);
  const done = () => void client.invalidateQueries({ queryKey: keys.reports });
  const path = `/services/surgery-report/api/v1/reports/${encodeURIComponent(id)}`;
  const sign = useMutation({ mutationFn: () => send("POST", `${path}/signature`, { "if-match": `"${report.revision}"` }), onSuccess: done });
  const again = useMutation({ mutationFn: () => send("POST", `${path}/regeneration`), onSuccess: done });
  const pdf = useMutation({ mutationFn: () => savePdf(id, language) });
  const isSigned = report.signature !== null && report.signature !== undefined;
  const whySign = !may.signReport ? t("report.sign.who") : !report.settled ? t("report.sign.settled") : isSigned ? t("report.sign.done") : undefined;
  const failure = [sign.error, again.error, pdf.error].find((it) => it !== null);
  const covered = Object.values(report.stepData).map((step) => step.patientVitalSignAggregateData.samples.heartBeat.secondsCovered);
  const lasted = report.steps.reduce((sum, step) => sum + Math.max(0, instant(step.stopDateTime) - instant(step.startDateTime)), 0) / 1000;
  return (
    <aside className="margin no-print">
      <Button look="primary" icon="plus" disabled={may.addToReport ? undefined : t("report.add.who")} onClick={() => setAdding(true)}>
        {t("report.add")}
      </Button>
      <div className="two-buttons">
        <Button icon="print" onClick={() => print()}>
          {t("print")}
        </Button>
        <Button icon="download" disabled={pdf.isPending ? t("action.sent") : undefined} onClick={() => pdf.mutate()}>
          {t("pdf")}
        </Button>
      </div>
      <HoldButton hold={1_500} icon="sign" disabled={sign.isPending ? t("action.sent") : whySign} onDone={() => sign.mutate()}>
        {t("report.sign")}
      </HoldButton>
      {whySign === undefined ? null : <p className="t3">{whySign}</p>}
      {may.regenerate ? (
        <Button disabled={again.isPending ? t("action.sent") : report.settled ? undefined : t("report.sign.settled")} onClick={() => again.mutate()}>
          {t("report.regenerate")}
        </Button>
      ) : null}
      {failure === undefined || failure === null ? null : <Problem trouble={failureOf(failure)} what={t("what.report")} />}
      <section>
        <h3>{t("report.versions")}</h3>
        <ul>
          {versions.toReversed().map((it) => (
            <li key={it.revision}>
              <b>{it.version}</b> {t(`version.${it.kind}`)} <span className="t3">{clockTime(instant(it.dateTime), language)}</span>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3>{t("report.completeness")}</h3>
        <p className="pair">
          <span>{t("vitals")}</span> <span>{lasted > 0 ? `${number(Math.min(100, (covered.reduce((a, b) => a + b, 0) / lasted) * 100), language)}${THIN}%` : "–"}</span>
        </p>
        <p className="pair">
          <span>{t("col.status")}</span> <span>{report.settled ? t("report.settled") : t("report.open")}</span>
        </p>
      </section>
      {isAdding ? <Adding id={id} revision={report.revision} onClose={() => setAdding(false)} onDone={done} /> : null}
    </aside>
  );
}

function Adding({ id, revision, onClose, onDone }: { id: string; revision: number; onClose: () => void; onDone: () => void }) {
  const { t } = useWords();
  const [text, setText] = useState("");
  const add = useMutation({
    mutationFn: () =>
      body(
        api.reports.PATCH("/api/v1/reports/{surgicalProcessId}", {
          params: { path: { surgicalProcessId: id } },
          headers: { "if-match": `"${revision}"` },
          body: { additionalData: text },
        }),
      ),
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t("report.add")} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
      <div className="fields">
        <Textarea label={t("report.add.text")} minRows={5} rows={6} value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus />
        <p className="t3">{t("report.add.how")}</p>
        {add.error === null ? null : <Problem trouble={failureOf(add.error)} what={t("what.report")} />}
        <div className="btn-row">
          <Button look="primary" disabled={add.isPending ? t("action.sent") : text.trim() === "" ? t("fill") : undefined} onClick={() => add.mutate()}>
            {t("report.add.do")}
          </Button>
          <Button onClick={onClose}>{t("close")}</Button>
        </div>
      </div>
    </Modal>
  );
}
