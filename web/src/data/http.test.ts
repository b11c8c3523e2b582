/** What an answer means: bodies, refusals with their sentence, sessions that go on. */
import { afterEach, describe, expect, it as test, vi } from "vitest";

import { api, body, entries, failureOf, orNull, partial, send, setRenewal, whole } from "./http";

const answers = (...given: Response[]) => {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", (request: Request) => {
    asked.push(request);
    const next = given.shift();
    return next === undefined ? Promise.reject(new TypeError("cut")) : Promise.resolve(next);
  });
  return asked;
};
const json = (status: number, value: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } });
const problem = { type: "about:blank", title: "Refused", status: 409, detail: "the theatre is taken", errors: [{ pointer: "/at", detail: "overlaps" }] };

afterEach(() => vi.unstubAllGlobals());

describe("an answer", () => {
  test("without content is nothing", async () => {
    answers(new Response(null, { status: 204 }), new Response(null, { status: 204 }));
    expect(await body(api.building.GET("/api/v1/rooms"))).toBeUndefined();
    await expect(whole(api.gateway.GET("/api/v1/clock"))).rejects.toThrow("broken");
  });

  test("that refuses says why, by either way", async () => {
    answers(json(409, problem), json(409, problem));
    const params = { path: { id: "s" } };
    for (const asked of [body(api.bookings.DELETE("/api/v1/surgeryBookings/{id}", { params })), send("POST", "/x")]) {
      const failure = await asked.then(() => undefined, failureOf);
      expect(failure).toEqual({ kind: "refused", status: 409, detail: "the theatre is taken; /at overlaps" });
    }
  });

  test("means what its status says", async () => {
    const kinds = { 401: "unauthorized", 403: "forbidden", 404: "missing", 429: "unavailable", 503: "unavailable", 500: "broken" };
    setRenewal(() => Promise.resolve(false));
    for (const [status, kind] of Object.entries(kinds)) {
      answers(json(Number(status), { detail: "" }, { traceparent: "00-7f310c5be27a1ae38482757c4bdd7d94-efc50547877e3cbf-01" }));
      const failure = await send("POST", "/x").then(() => undefined, failureOf);
      expect(failure?.kind, status).toBe(kind);
      if (failure?.kind === "broken") expect(failure.id).toBe("7f310c5be27a");
    }
  });

  test("that never comes is unreachable", async () => {
    answers();
    expect((await send("GET", "/x").catch(failureOf)) as object).toEqual({ kind: "unreachable" });
  });

  test("names who did not contribute, until they do", async () => {
    answers(json(200, [], { "chiron-partial": "user-management, staff-tracking" }), json(200, []));
    await body(api.gateway.GET("/api/v1/obd/block-hp-tracking-info"));
    expect(partial()).toBe("staff-tracking, user-management");
    await body(api.gateway.GET("/api/v1/obd/block-hp-tracking-info"));
    expect(partial()).toBe("");
  });
});

describe("a list in pages", () => {
  const pages = (...given: readonly unknown[][]) => {
    const asked: (string | undefined)[] = [];
    const ask = ({ cursor }: { readonly cursor?: string }) => {
      asked.push(cursor);
      const at = Number(cursor ?? 0);
      return Promise.resolve({ entries: given[at] ?? [], next: at + 1 < given.length ? String(at + 1) : null });
    };
    return { asked, ask };
  };

  test("is read to its end, from cursor to cursor", async () => {
    const { asked, ask } = pages([1, 2], [], [3]);
    expect(await entries(9, ask)).toEqual([1, 2, 3]);
    expect(asked).toEqual([undefined, "1", "2"]);
  });

  test("is read no further than it may", async () => {
    const { asked, ask } = pages([1], [2], [3]);
    expect(await entries(2, ask)).toEqual([1, 2]);
    expect(asked).toHaveLength(2);
  });

  test("that has no content, or says no next, is read once", async () => {
    expect(await entries(9, () => Promise.resolve(undefined))).toEqual([]);
    expect(await entries(9, () => Promise.resolve({ entries: [1] }))).toEqual([1]);
  });
});

test("what is not there any more is null; any other failure stays one", async () => {
  answers(json(404, problem), json(409, problem), json(200, { now: "", rate: 1 }));
  const clock = () => orNull(whole(api.gateway.GET("/api/v1/clock")));
  expect(await clock()).toBeNull();
  await expect(clock()).rejects.toThrow("refused");
  expect(await clock()).toMatchObject({ rate: 1 });
});

describe("a session that has run out", () => {
  test("is continued once, and the same asked again", async () => {
    const renew = vi.fn(() => Promise.resolve(true));
    setRenewal(renew);
    const asked = answers(json(401, {}), json(200, { entries: [], total: 0 }));
    await body(api.building.GET("/api/v1/rooms"));
    expect(renew).toHaveBeenCalledTimes(1);
    expect(asked).toHaveLength(2);
    answers(json(401, {}), json(401, {}));
    expect(await send("POST", "/x").catch(failureOf)).toEqual({ kind: "unauthorized" });
    expect(renew).toHaveBeenCalledTimes(2);
  });

  test("signing in is never asked twice", async () => {
    const renew = vi.fn(() => Promise.resolve(true));
    setRenewal(renew);
    answers(json(401, {}));
    await body(api.gateway.POST("/api/v1/obd/auth", { body: { userId: "a", password: "b" } })).catch(() => undefined);
    expect(renew).not.toHaveBeenCalled();
  });
});
