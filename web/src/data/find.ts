/** The search over entities, interfaces and documentation. */
import { queryOptions } from "@tanstack/react-query";

import { isRecord, listOf, textOf } from "~/lib/entity";
import { excerpt, pieces, type Piece } from "~/lib/marked";

import { Failed, send } from "./http";

export type Group = "catalog" | "apis" | "docs";

export interface Found {
  readonly group: Group;
  /** Where it is in the portal. */
  readonly to: string;
  readonly title: readonly Piece[];
  readonly text: readonly Piece[];
  /** The reference of the entity that it is, or is about. */
  readonly ref: string;
  readonly name: string;
  readonly kind: string;
  readonly type: string;
  readonly owner: string;
  readonly lifecycle: string;
}

export interface Finds {
  readonly total: number;
  readonly found: readonly Found[];
}

/** One result; nothing when it leads nowhere in the portal. */
export function foundOf(given: unknown): Found | undefined {
  if (!isRecord(given) || !isRecord(given["document"])) return undefined;
  const document = given["document"];
  const highlight = isRecord(given["highlight"]) ? given["highlight"] : {};
  const fields = isRecord(highlight["fields"]) ? highlight["fields"] : {};
  const marked = (name: string) => pieces(textOf(fields[name]) || textOf(document[name]), textOf(highlight["preTag"]), textOf(highlight["postTag"]));
  const location = textOf(document["location"]);
  if (!/^\/(catalog|docs)\/[^/]/.test(location)) return undefined;
  const [, , namespace = "", kind = "", name = ""] = location.split("/");
  const isDocs = given["type"] === "techdocs";
  return {
    group: isDocs ? "docs" : kind.toLowerCase() === "api" ? "apis" : "catalog",
    to: `/portal${location}`,
    title: marked("title"),
    text: excerpt(marked("text"), 140),
    ref: `${kind}:${namespace}/${name}`.toLowerCase(),
    name: textOf(document["name"]) || name,
    kind: textOf(document["kind"]) || kind,
    type: textOf(document["type"]) || textOf(document["componentType"]),
    owner: textOf(document["owner"]),
    lifecycle: textOf(document["lifecycle"]),
  };
}

/** The parameters of a search of one group. */
export function findParams(term: string, group: Group | "entities"): URLSearchParams {
  const params = new URLSearchParams({ term });
  params.append("types[]", group === "docs" ? "techdocs" : "software-catalog");
  if (group === "apis") params.append("filters[kind]", "API");
  params.append("pageLimit", "25");
  return params;
}

async function find(term: string, group: Group | "entities", signal: AbortSignal): Promise<Finds> {
  const response = await send("GET", `/api/search/query?${findParams(term, group).toString()}`, {}, signal);
  let given: unknown;
  try {
    given = await response.json();
  } catch {
    throw new Failed({ kind: "broken", status: response.status, id: "" });
  }
  const told = isRecord(given) ? given : {};
  const found = listOf(told["results"]).flatMap((it) => foundOf(it) ?? []);
  return { total: typeof told["numberOfResults"] === "number" ? told["numberOfResults"] : found.length, found };
}

export type Answers = Readonly<Record<Group, Finds>>;

/** What a term finds, by group. */
export const findQuery = (term: string) =>
  queryOptions({
    queryKey: ["find", term],
    queryFn: async ({ signal }): Promise<Answers> => {
      const [entities, apis, docs] = await Promise.all([find(term, "entities", signal), find(term, "apis", signal), find(term, "docs", signal)]);
      const others = entities.found.filter((it) => it.group === "catalog");
      return { catalog: { total: Math.max(entities.total - apis.total, others.length), found: others }, apis, docs };
    },
    enabled: term !== "",
    staleTime: 10_000,
  });
