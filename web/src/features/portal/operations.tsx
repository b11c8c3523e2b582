/** What an interface offers: operations read from its definition, and the definition itself. */
import { useQuery } from "@tanstack/react-query";

import { catalogKeys, entityQuery } from "~/data/catalog";
import { failureOf } from "~/data/http";
import { operationsOf, parseRef, textOf, type Entity } from "~/lib/entity";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { parsed } from "~/lib/yaml";
import { Empty, Problem } from "~/ui/states";

import { CodeBox } from "./code";
import { Go, Path, RefLink, Said } from "./parts";

function useOperations(entity: Entity | null | undefined) {
  const text = textOf(entity?.spec["definition"]);
  return useQuery({
    queryKey: [...catalogKeys.entity(entity?.ref ?? ""), "operations", entity?.whole["metadata"]],
    queryFn: async () => operationsOf(await parsed(text)),
    enabled: text !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** In short, each on one line, when there is a most. */
function OperationRows({ entity, most }: { entity: Entity; most?: number }) {
  const { p } = usePortal();
  const operations = useOperations(entity);
  const all = operations.data ?? [];
  if (operations.data !== undefined && all.length === 0) return <p className="t3">{p("operations.none")}</p>;
  return (
    <>
      <table className={most === undefined ? "tb operations is-whole" : "tb operations"}>
        <tbody>
          {all.slice(0, most).map((it) => (
            <tr key={`${it.verb} ${it.path}`}>
              <td className="c-verb">
                <code>{it.verb}</code>
              </td>
              <td className="c-path">
                <Path text={it.path} />
              </td>
              <td className="c-about">
                {most === undefined ? <Said text={it.about} /> : it.about.replaceAll("`", "")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {most !== undefined && all.length > most ? (
        <p className="pager">
          <Go to={places.entity(entity.ref, "definition")}>{p("operations.more", { count: all.length - most })}</Go>
        </p>
      ) : null}
    </>
  );
}

export function OwnOperations({ entity }: { entity: Entity }) {
  const { p, term } = usePortal();
  return (
    <section>
      <div className="sec">
        <h2>{p("operations")}</h2>
        <span className="t3">{term("type", textOf(entity.spec["type"]))}</span>
      </div>
      <OperationRows entity={entity} most={12} />
    </section>
  );
}

/** The first interface that an entity provides. */
export function Operations({ api: target, more, entity }: { api: string; more: number; entity: Entity }) {
  const { p, term } = usePortal();
  const ref = parseRef(target);
  const api = useQuery({ ...entityQuery(ref ?? { kind: "api", namespace: "default", name: "" }), enabled: ref !== undefined });
  return (
    <section>
      <div className="sec">
        <h2>{p("tab.api")}</h2>
        <span className="t3">{api.data === null || api.data === undefined ? "" : term("type", textOf(api.data.spec["type"]))}</span>
        <span className="grow" />
        {more > 0 ? <Go to={places.entity(entity.ref, "api")}>{p("api.more", { count: more })}</Go> : <Go to={places.entity(target)}>{p("api.open")}</Go>}
      </div>
      {api.error === null ? null : <Problem trouble={failureOf(api.error)} what={p("tab.api")} onRetry={() => void api.refetch()} />}
      {api.data === null ? <RefLink to={target} isMissing /> : null}
      {api.data === null || api.data === undefined ? null : <OperationRows entity={api.data} most={6} />}
    </section>
  );
}

export function Definition({ entity }: { entity: Entity }) {
  const { p, term } = usePortal();
  const text = textOf(entity.spec["definition"]);
  if (text === "") {
    return (
      <Empty title={p("definition.none")}>
        <p>{p("definition.none.text")}</p>
      </Empty>
    );
  }
  return (
    <>
      <section>
        <div className="sec">
          <h2>{p("operations")}</h2>
        </div>
        <OperationRows entity={entity} />
      </section>
      <section>
        <div className="sec">
          <h2>{p("definition")}</h2>
        </div>
        <CodeBox name={term("type", textOf(entity.spec["type"]))} text={text} />
      </section>
    </>
  );
}
