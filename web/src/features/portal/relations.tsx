/** What an entity needs and who needs it, as tables. */
import { useQuery } from "@tanstack/react-query";

import { refsQuery } from "~/data/catalog";
import { failureOf } from "~/data/http";
import { namedBy, related, textOf, type Entity } from "~/lib/entity";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { Loading, Problem } from "~/ui/states";

import { EntityIcon, Go, RefLink, useKindOf } from "./parts";

export const DEPENDING = ["dependsOn", "dependencyOf", "consumesApi", "providesApi", "apiConsumedBy", "apiProvidedBy"] as const;

export const APIS = ["providesApi", "consumesApi"] as const;

export function RefTables({ entity, types }: { entity: Entity; types: readonly string[] }) {
  const { term } = usePortal();
  return (
    <div className="dependencies">
      {types.map((type) => {
        const refs = related(entity, type);
        return refs.length === 0 ? null : <RefTable key={type} title={term("relation", type)} refs={refs} />;
      })}
    </div>
  );
}

function RefTable({ title, refs }: { title: string; refs: readonly string[] }) {
  const { p, term } = usePortal();
  const found = useQuery(refsQuery(refs));
  const kindOf = useKindOf();
  return (
    <section>
      <div className="sec">
        <h2>{title}</h2>
        <span className="t3">{refs.length}</span>
      </div>
      {found.error === null ? null : <Problem trouble={failureOf(found.error)} what={title} onRetry={() => void found.refetch()} />}
      {found.data === undefined && found.error === null ? <Loading rows={Math.min(refs.length, 4)} what={title} /> : null}
      {found.data === undefined ? null : (
        <div className="table-wrap">
          <table className="tb">
            <thead>
              <tr>
                <th scope="col">{p("col.name")}</th>
                <th scope="col">{p("col.type")}</th>
                <th scope="col">{p("col.owner")}</th>
                <th scope="col">{p("col.lifecycle")}</th>
                <th scope="col">{p("col.description")}</th>
              </tr>
            </thead>
            <tbody>
              {refs.map((ref) => {
                const it = found.data.get(ref);
                if (it === null || it === undefined) {
                  return (
                    <tr key={ref}>
                      <td colSpan={5}>
                        <RefLink to={ref} isMissing />
                      </td>
                    </tr>
                  );
                }
                const owner = namedBy(it).find((named) => named.field === "owner")?.ref;
                return (
                  <tr key={ref}>
                    <td className="c-name">
                      <EntityIcon kind={it.kind} type={textOf(it.spec["type"])} />{" "}
                      <Go className="n" to={places.entity(ref)}>
                        {it.title}
                      </Go>
                    </td>
                    <td>{kindOf(it)}</td>
                    <td>{owner === undefined ? "" : <RefLink to={owner} usual="group" />}</td>
                    <td>{term("life", textOf(it.spec["lifecycle"]))}</td>
                    <td className="wrap">{it.description}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
