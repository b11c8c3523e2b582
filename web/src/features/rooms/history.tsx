/** All of a surgery's vital signs, to zoom into by dragging; a double click shows everything again. */
import "uplot/dist/uPlot.min.css";

import { Modal } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";

import type { Vital } from "~/data/queries";
import type { Span } from "~/data/process";
import { clockTime } from "~/lib/format";
import { useWords, type Key } from "~/lib/i18n";
import type { Point } from "~/lib/series";

const LINES: readonly { readonly of: Vital; readonly label: Key; readonly color: string }[] = [
  { of: "heartBeat", label: "vital.hr", color: "--v-hr" },
  { of: "saturationPercentage", label: "vital.spo2", color: "--v-spo2" },
  { of: "systolicBloodPressure", label: "vital.sys", color: "--v-bp" },
  { of: "diastolicBloodPressure", label: "vital.dia", color: "--v-bp" },
  { of: "respiratoryRate", label: "vital.rr", color: "--v-rr" },
  { of: "bodyTemperature", label: "vital.temp", color: "--v-temp" },
];

interface Props {
  readonly series: Readonly<Record<Vital, readonly Point[]>> | undefined;
  readonly spans: readonly Span[];
  readonly onClose: () => void;
}

export function HistoryDialog({ series, spans, onClose }: Props) {
  const { t, language } = useWords();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const node = place.current;
    if (node === null || series === undefined) return;
    const style = getComputedStyle(document.documentElement);
    const color = (name: string) => style.getPropertyValue(name).trim();
    const all = LINES.map(({ of }) => {
      const points = series[of];
      return [points.map((it) => it.at / 1000), points.map((it) => it.value)] as const;
    });
    // One axis of time for all: what has no value at an instant is a gap there.
    const data = uPlot.join(all.map(([at, values]) => [[...at], [...values]]));
    const axis = { stroke: color("--text-2"), grid: { stroke: color("--line"), width: 1 }, font: `14px ${color("--font")}` };
    const plot = new uPlot(
      {
        width: node.clientWidth,
        height: Math.max(320, Math.min(innerHeight - 260, 560)),
        series: [
          { value: (_plot, at) => (at === null ? "–" : clockTime(at * 1000, language)) },
          ...LINES.map(({ label, color: name }) => ({ label: t(label), stroke: color(name), width: 1.5, spanGaps: true, points: { show: false } })),
        ],
        axes: [{ ...axis, values: (_plot, ats) => ats.map((at) => clockTime(at * 1000, language)) }, axis],
        cursor: { drag: { x: true, y: false } },
        hooks: {
          drawClear: [
            (drawn) => {
              const { ctx, bbox } = drawn;
              for (const span of spans) {
                const left = drawn.valToPos(span.from / 1000, "x", true);
                const right = span.to === undefined ? bbox.left + bbox.width : drawn.valToPos(span.to / 1000, "x", true);
                ctx.fillStyle = color(`--p-${span.stage}-wash`);
                ctx.fillRect(Math.max(left, bbox.left), bbox.top, Math.min(right, bbox.left + bbox.width) - Math.max(left, bbox.left), bbox.height);
              }
            },
          ],
        },
      },
      data,
      node,
    );
    return () => plot.destroy();
    // Drawn once: a chart that moves under the pointer cannot be read.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return (
    <Modal opened onClose={onClose} title={t("chart.history")} size="min(1100px, 96vw)" lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
      <p className="t2">{t("chart.history.how")}</p>
      <div ref={place} />
    </Modal>
  );
}
