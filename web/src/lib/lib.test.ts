/** What everything else stands on: time, numbers, streams, series, actions, words. */
import { describe, expect, it as test } from "vitest";

import { IDLE, isPending, next, type Action } from "./action";
import { csv } from "./csv";
import { clockTime, dayKey, duration, fromLocalInput, localInput, number, setZone } from "./format";
import { catalogues, fill, wordsOf } from "./i18n";
import { departuresOf, gapsOf, isStale, joined, periodOf, runs, thinned, trendOf, type Point } from "./series";
import { SseParser } from "./sse";

const at = (text: string) => Date.parse(text);

describe("times are the hospital's", () => {
  test("in its zone, also when clocks change", () => {
    setZone("Europe/Rome");
    expect(clockTime(at("2026-05-15T08:42:00Z"))).toBe("10:42");
    expect(dayKey(at("2026-05-14T22:30:00Z"))).toBe("2026-05-15");
    for (const text of ["2026-05-15T08:42:00Z", "2026-10-25T02:30:00Z", "2026-03-29T01:30:00Z"]) {
      expect(fromLocalInput(localInput(at(text)))).toBe(at(text));
    }
    expect(fromLocalInput("soon")).toBeNaN();
    setZone("Moon/Base");
    expect(clockTime(at("2026-05-15T08:42:00Z"))).toBe("10:42");
    setZone("UTC");
  });

  test("durations count whole minutes and never less than nothing", () => {
    expect(duration(72 * 60_000 + 59_999)).toBe("01:12");
    expect(duration(-5)).toBe("00:00");
  });
});

test("numbers are written as the language does", () => {
  expect(number(150_000, "en")).toBe("150\u202f000");
  expect(number(21.35, "en", 1)).toBe("21.4");
  expect(number(21.4, "it", 1)).toBe("21,4");
  expect(number(1234.5, "it", 1)).toBe("1\u202f234,5");
});

describe("the stream", () => {
  test("is read in whatever pieces it comes", () => {
    const text = "retry: 1000\nid: a\n\nevent: room\nid: b\ndata: {\"x\":1}\n\ndata: 1\r\ndata: 2\r\n\r\n";
    for (let size = 1; size <= text.length; size += 1) {
      const parser = new SseParser();
      const events = [];
      let id: string | undefined;
      for (let from = 0; from < text.length; from += size) {
        const fed = parser.feed(text.slice(from, from + size));
        events.push(...fed.events);
        id = fed.id;
      }
      expect(events, `pieces of ${size}`).toEqual([
        { event: "room", data: '{"x":1}' },
        { event: "message", data: "1\n2" },
      ]);
      expect(id).toBe("b");
    }
  });

  test("the place is reached with the whole event", () => {
    const parser = new SseParser();
    expect(parser.feed("event: room\nid: a\ndata: 1\n\nevent: room\nid: b\nda").id).toBe("a");
    expect(parser.feed("ta: 2\n\n")).toEqual({ events: [{ event: "room", data: "2" }], id: "b" });
  });

  test("a heartbeat moves the place and tells nothing", () => {
    expect(new SseParser().feed(": alive\nid: c\n\n")).toEqual({ events: [], id: "c" });
  });
});

describe("series", () => {
  const points = (...ats: number[]) => ats.map((it) => ({ at: it * 1_000, value: it }));
  const ats = (series: readonly Point[]) => series.map((it) => it.at / 1_000);

  test("new points take their places, each once, and the oldest go", () => {
    const series = points(10, 20, 40);
    expect(ats(joined(series, points(50), 90_000))).toEqual([10, 20, 40, 50]);
    expect(ats(joined(series, points(60, 30), 90_000))).toEqual([10, 20, 30, 40, 60]);
    expect(ats(joined(series, points(41), 30_000))).toEqual([20, 40, 41]);
    expect(ats(joined(series, points(5), 30_000))).toEqual([10, 20, 40]);
    expect(joined(series, [{ at: 20_000, value: 7 }], 90_000)).toEqual([series[0], { at: 20_000, value: 7 }, series[2]]);
    expect(joined(series, points(10, 40), 90_000)).toBe(series);
    expect(joined(series, [{ at: 50_000, value: Number.NaN }, { at: Number.NaN, value: 1 }], 90_000)).toBe(series);
    expect(joined([], [], 1)).toEqual([]);
  });

  test("a value is old after twice its period", () => {
    const regular = points(0, 10, 20, 30);
    expect(periodOf(regular)).toBe(10_000);
    expect(isStale(regular, 50_000, 1)).toBe(false);
    expect(isStale(regular, 50_001, 1)).toBe(true);
    expect(isStale(points(0), 20_001, 10_000)).toBe(true);
    expect(isStale([], 20_001, 10_000)).toBe(false);
  });

  test("gaps part runs", () => {
    expect(runs(points(0, 10, 20, 50, 60), 10_000).map((run) => run.length)).toEqual([3, 2]);
    expect(runs([], 10_000)).toEqual([]);
  });

  test("thinning keeps extremes", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ at: index, value: index === 637 ? 99 : 1 }));
    const kept = thinned(many, 100);
    expect(kept.length).toBeLessThanOrEqual(100);
    expect(kept.some((point) => point.value === 99)).toBe(true);
  });

  test("a trend is more than a hundredth", () => {
    const rising = Array.from({ length: 20 }, (_, index) => ({ at: index, value: 70 + index }));
    expect(trendOf(rising, 100)).toBe("up");
    expect(trendOf(rising.map((it) => ({ ...it, value: -it.value })), 100)).toBe("down");
    expect(trendOf(rising.map((it) => ({ ...it, value: 70 })), 100)).toBe("flat");
    expect(trendOf(rising.slice(0, 2), 100)).toBeUndefined();
  });
});

describe("an action", () => {
  const sent: Action = next(IDLE, { kind: "send", id: "a", at: 1 });

  test("is sent once while an answer is to come", () => {
    expect(isPending(sent)).toBe(true);
    expect(next(sent, { kind: "send", id: "b", at: 2 })).toBe(sent);
    expect(next(sent, { kind: "forget" })).toBe(sent);
  });

  test("is applied, then confirmed or refused", () => {
    const applied = next(sent, { kind: "accepted", id: "a", at: 2 });
    expect(applied.kind).toBe("applied");
    expect(next(applied, { kind: "confirmed", id: "a", at: 3 }).kind).toBe("confirmed");
    expect(next(applied, { kind: "refused", id: "a", at: 3, reason: "NOT_IN_USE" })).toMatchObject({
      kind: "refused",
      reason: "NOT_IN_USE",
    });
  });

  test("hears nothing of others", () => {
    for (const kind of ["accepted", "confirmed", "silence"] as const) {
      expect(next(sent, { kind, id: "b", at: 2 })).toBe(sent);
    }
  });

  test("may be confirmed after a silence", () => {
    const silent = next(sent, { kind: "silence", id: "a", at: 9 });
    expect(silent.kind).toBe("silent");
    expect(next(silent, { kind: "confirmed", id: "a", at: 10 }).kind).toBe("confirmed");
    const confirmed = next(silent, { kind: "confirmed", id: "a", at: 10 });
    expect(next(confirmed, { kind: "refused", id: "a", at: 11, reason: "x" })).toBe(confirmed);
  });
});

test("a table is CSV, and no formula", () => {
  expect(csv([["a", 1], ['say "x", y', "=1+1"]])).toBe('\ufeffa,1\r\n"say ""x"", y",\'=1+1\r\n');
});

describe("both languages", () => {
  test("have every word and the same places in it", () => {
    expect(Object.keys(catalogues.it).sort()).toEqual(Object.keys(catalogues.en).sort());
    const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    for (const [key, text] of Object.entries(catalogues.en)) {
      const other = catalogues.it[key as keyof typeof catalogues.it];
      expect(other.trim(), key).not.toBe("");
      expect(places(other), key).toEqual(places(text));
    }
  });

  test("no exclamation marks", () => {
    for (const catalogue of Object.values(catalogues)) {
      for (const [key, text] of Object.entries(catalogue)) expect(text, key).not.toContain("!");
    }
  });

  test("places are filled", () => {
    expect(fill("{a} of {b}", { a: 1 })).toBe("1 of {b}");
    expect(wordsOf("it").t("live.since", { time: "10:42" })).toContain("10:42");
  });
});

describe("what a curve says", () => {
  const points = (...values: (number | undefined)[]) => values.flatMap((value, index) => (value === undefined ? [] : [{ at: index * 10, value }]));
  test("gaps, also before the first and after the last value", () => {
    const series = points(undefined, undefined, undefined, 1, 1, undefined, undefined, undefined, 1, 1);
    expect(gapsOf(series, { from: 0, to: 120 }, 25)).toEqual([
      { from: 0, to: 30 },
      { from: 40, to: 80 },
      { from: 90, to: 120 },
    ]);
    expect(gapsOf([], { from: 0, to: 120 }, 25)).toEqual([{ from: 0, to: 120 }]);
    expect(gapsOf(series, { from: 30, to: 40 }, 25)).toEqual([]);
  });
  test("departures of some length, each on one side, not over a gap", () => {
    const range = { low: 4, high: 6 };
    expect(departuresOf(points(5, 3, 3, 3, 5, 7, 5, 7, 7), range, 10, 10)).toEqual([
      { from: 10, to: 30, side: "low" },
      { from: 70, to: 80, side: "high" },
    ]);
    expect(departuresOf(points(3, 3, 7, 7), range, 10, 10).map((it) => it.side)).toEqual(["low", "high"]);
    expect(departuresOf(points(3, 3, undefined, undefined, undefined, 3, 3), range, 10, 0)).toHaveLength(2);
    expect(departuresOf(points(4, 5, 6), range, 10, 0)).toEqual([]);
  });
});
