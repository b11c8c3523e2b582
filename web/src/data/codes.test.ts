/** Codes of patients: asked for together, each answered for itself. */
import { afterEach, expect, it as test, vi } from "vitest";

import { askCode } from "./codes";

const asked: string[][] = [];

function answering(answer: (ids: readonly string[]) => Response): void {
  asked.length = 0;
  vi.stubGlobal("fetch", (request: Request) => {
    const ids = new URL(request.url).searchParams.getAll("patientId");
    asked.push(ids);
    return Promise.resolve(answer(ids));
  });
}

const codes = (ids: readonly string[]) => Response.json({ entries: ids.filter((id) => id !== "nobody").map((patientId) => ({ patientId, code: `P-${patientId}` })) });

afterEach(() => vi.unstubAllGlobals());

test("what is asked for at the same time travels once", async () => {
  answering(codes);
  const all = await Promise.all(["1", "2", "1", "nobody"].map(askCode));
  expect(all).toEqual(["P-1", "P-2", "P-1", null]);
  expect(asked).toEqual([["1", "2", "nobody"]]);
});

test("a long list travels in parts of a hundred", async () => {
  answering(codes);
  const all = await Promise.all(Array.from({ length: 230 }, (_, index) => askCode(String(index))));
  expect(all.at(-1)).toBe("P-229");
  expect(asked.map((it) => it.length)).toEqual([100, 100, 30]);
});

test("a failure reaches all who asked, and the next one asks anew", async () => {
  answering(() => Response.json({ title: "away" }, { status: 503 }));
  const all = await Promise.allSettled([askCode("1"), askCode("2")]);
  expect(all.map((it) => it.status)).toEqual(["rejected", "rejected"]);
  answering(codes);
  await expect(askCode("1")).resolves.toBe("P-1");
});
