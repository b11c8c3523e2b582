/** Everything that has documentation. */
import { useQuery } from "@tanstack/react-query";

import { documentedQuery } from "~/data/catalog";
import { failureOf } from "~/data/http";
import { documentedAt, namedBy } from "~/lib/entity";
import { number } from "~/lib/format";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { Empty, Loading, Problem } from "~/ui/states";

import { PortalIcon } from "./icons";
import { Crumbs, Go, RefLink, useKindOf } from "./parts";

export function DocumentedPage() {
  const { p, language } = usePortal();
  const all = useQuery(documentedQuery);
  const kindOf = useKindOf();
  return (
    <main className="pmain" id="main" tabIndex={-1}>
      <Crumbs path={[{ text: p("nav.docs") }]} />
      <div className="ph">
        <h1>{p("nav.docs")}</h1>
        {all.data === undefined ? null : <span className="t3">{p("docs.count", { count: number(all.data.length, language) })}</span>}
      </div>
      {all.error === null ? null : <Problem trouble={failureOf(all.error)} what={p("nav.docs")} onRetry={() => void all.refetch()} />}
      {all.isPending ? <Loading what={p("nav.docs")} /> : null}
      {all.data?.length === 0 ? (
        <Empty title={p("docs.empty")}>
          <p>{p("docs.empty.text")}</p>
          <p>
            <code>{"backstage.io/techdocs-ref: dir:."}</code>
          </p>
        </Empty>
      ) : null}
      {all.data === undefined || all.data.length === 0 ? null : (
        <div className="table-wrap">
          <table className="tb">
            <thead>
              <tr>
                <th scope="col">{p("col.name")}</th>
                <th scope="col">{p("col.type")}</th>
                <th scope="col">{p("col.owner")}</th>
                <th scope="col">{p("col.description")}</th>
              </tr>
            </thead>
            <tbody>
              {all.data.map((it) => {
                const site = documentedAt(it);
                const owner = namedBy(it).find((named) => named.field === "owner")?.ref;
                return site === undefined ? null : (
                  <tr key={it.ref}>
                    <td className="c-name">
                      <PortalIcon name="docs" />{" "}
                      <Go className="n" to={places.page(site)}>
                        {it.title}
                      </Go>
                    </td>
                    <td>{kindOf(it)}</td>
                    <td>{owner === undefined ? "" : <RefLink to={owner} usual="group" />}</td>
                    <td className="wrap">{it.description}</td>
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
