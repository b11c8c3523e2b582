/** Addresses of the portal, built in one place. */
import { parseRef, type Ref } from "./entity";
import type { CatalogueSearch } from "./facets";

/** A part of the graph: a system, a node in it, and what it needs or who feels its change alone. */
export type GraphSearch = { readonly [K in "system" | "at" | "way"]?: string | undefined };

const segment = encodeURIComponent;

function withParams(path: string, params: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (value !== undefined && value !== "") search.set(name, value);
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

const at = ({ namespace, kind, name }: Ref) => `${segment(namespace)}/${segment(kind)}/${segment(name)}`;

export const places = {
  home: () => "/portal",
  catalogue: (search: CatalogueSearch = {}) => withParams("/portal/catalog", search),
  entity: (ref: Ref | string, tab?: string) => {
    const found = typeof ref === "string" ? parseRef(ref) : ref;
    return found === undefined ? "/portal/catalog" : withParams(`/portal/catalog/${at(found)}`, { tab });
  },
  graph: (search: GraphSearch = {}) => withParams("/portal/graph", search),
  documented: () => "/portal/docs",
  page: (site: Ref, path = "", anchor = "") => {
    const own = path.split("/").map(segment).join("/");
    return `/portal/docs/${at(site)}${own === "" ? "" : `/${own}`}${anchor === "" ? "" : `#${segment(anchor)}`}`;
  },
} as const;
