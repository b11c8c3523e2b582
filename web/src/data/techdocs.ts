/** Documentation, as the hub builds and serves it. */
import { queryOptions } from "@tanstack/react-query";

import type { paths } from "~/api/catalog";
import { isRecord, listOf, textOf, type Ref } from "~/lib/entity";
import { docPage, type DocPage } from "~/lib/site";
import { SseParser } from "~/lib/sse";

import { body, orNull, send, served } from "./http";

const client = served<paths>();
const MINUTE = 60_000;

const own = (site: Ref) => [site.namespace, site.kind, site.name] as const;
const triplet = (site: Ref) => ({ params: { path: { namespace: site.namespace, kind: site.kind, name: site.name } } });

/** Where the files of a site are, with a slash at the end. */
export function rootOf(site: Ref): string {
  return `/api/techdocs/static/docs/${own(site).map(encodeURIComponent).join("/")}/`;
}

export const docsKeys = (site: Ref) => ["docs", ...own(site)] as const;

/** A page; null when the site has none of this path. */
export const docPageQuery = (site: Ref, path: string) =>
  queryOptions({
    queryKey: [...docsKeys(site), "page", path],
    queryFn: async ({ signal }): Promise<DocPage | null> => {
      const root = rootOf(site);
      const at = path.split("/").map(encodeURIComponent).join("/");
      const response = await orNull(send("GET", `${root}${at}${at === "" ? "" : "/"}`, {}, signal));
      return response === null ? null : docPage(await response.text(), root, path, location.origin);
    },
    staleTime: MINUTE,
    structuralSharing: false,
  });

export interface Site {
  readonly name: string;
  readonly built: number | undefined;
  readonly pages: number;
}

export const siteQuery = (site: Ref) =>
  queryOptions({
    queryKey: [...docsKeys(site), "site"],
    queryFn: async (): Promise<Site | null> => {
      const given: unknown = await orNull(body<unknown>(client.GET("/api/techdocs/metadata/techdocs/{namespace}/{kind}/{name}", triplet(site))));
      if (!isRecord(given)) return null;
      const built = given["build_timestamp"];
      const pages = listOf(given["files"]).filter((it) => /(^|\/)index\.html$/.test(textOf(it))).length;
      return { name: textOf(given["site_name"]), built: typeof built === "number" ? built : undefined, pages };
    },
    staleTime: MINUTE,
  });

export interface DocProblem {
  /** The file below the folder of the documents. */
  readonly page: string;
  readonly line: number | undefined;
  readonly kind: string;
  readonly detail: string;
}

/** What is wrong with a site; null where there is none. */
export const docProblemsQuery = (site: Ref) =>
  queryOptions({
    queryKey: [...docsKeys(site), "problems"],
    queryFn: async (): Promise<readonly DocProblem[] | null> => {
      const given: unknown = await orNull(body<unknown>(client.GET("/api/techdocs/problems/{namespace}/{kind}/{name}", triplet(site))));
      if (!isRecord(given)) return null;
      return listOf(given["entries"]).flatMap((it) =>
        isRecord(it) ? [{ page: textOf(it["page"]), line: typeof it["line"] === "number" ? it["line"] : undefined, kind: textOf(it["kind"]), detail: textOf(it["detail"]) }] : [],
      );
    },
    staleTime: MINUTE,
  });

export type Told = { readonly kind: "line"; readonly text: string } | { readonly kind: "end"; readonly isNew: boolean } | { readonly kind: "failed"; readonly text: string };

/** One event of a build, as the hub tells it. */
export function toldOf(event: string, data: string): Told | undefined {
  let given: unknown;
  try {
    given = JSON.parse(data);
  } catch {
    given = data;
  }
  switch (event) {
    case "log":
      return { kind: "line", text: textOf(given) };
    case "finish":
      return { kind: "end", isNew: isRecord(given) && given["updated"] === true };
    case "error":
      return { kind: "failed", text: textOf(given) };
    default:
      return undefined;
  }
}

/** Brings a site up to date; tells what is done as it is done, and at the end how it ended. */
export async function sync(site: Ref, tell: (told: Told) => void, signal: AbortSignal): Promise<void> {
  const response = await send("GET", `/api/techdocs/sync/${own(site).map(encodeURIComponent).join("/")}`, { accept: "text/event-stream" }, signal);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new SseParser();
  let hasEnded = false;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) break;
    for (const { event, data } of parser.feed(value).events) {
      const told = toldOf(event, data);
      if (told === undefined) continue;
      hasEnded ||= told.kind !== "line";
      tell(told);
    }
  }
  if (!hasEnded) tell({ kind: "failed", text: "" });
}
