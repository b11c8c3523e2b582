/** Where an entity comes from: who emits it, what was noted on the way, and all that it says. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { ancestryQuery, catalogKeys, troublesQuery } from "~/data/catalog";
import { failureOf } from "~/data/http";
import { parseRef, placeOf, textOf, type Entity } from "~/lib/entity";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { written } from "~/lib/yaml";
import { Button } from "~/ui/button";
import { Loading, Problem } from "~/ui/states";

import { CodeBox } from "./code";
import { EntityIcon, Go, Said, Sign } from "./parts";

export function Origin({ entity }: { entity: Entity }) {
  const { p } = usePortal();
  const ref = parseRef(entity.ref);
  const ancestry = useQuery({ ...ancestryQuery(ref ?? { kind: "", namespace: "", name: "" }), enabled: ref !== undefined });
  const troubles = useQuery(troublesQuery);
  const own = troubles.data?.find((it) => it.ref === entity.ref);
  const chain = (ancestry.data ?? []).toReversed();
  const annotations = Object.entries(entity.annotations).sort(([a], [b]) => a.localeCompare(b));
  return (
    <>
      <section>
        <div className="sec">
          <h2>{p("ancestry")}</h2>
          <span className="t3">{p("ancestry.about")}</span>
        </div>
        {ancestry.error === null ? null : <Problem trouble={failureOf(ancestry.error)} what={p("ancestry")} onRetry={() => void ancestry.refetch()} />}
        {ancestry.data === undefined && ancestry.error === null ? <Loading rows={3} what={p("ancestry")} /> : null}
        <ol className="chain">
          {chain.map(({ entity: it }) => (
            <li key={it.ref}>
              <EntityIcon kind={it.kind} type={textOf(it.spec["type"])} />
              <div>
                {it.ref === entity.ref ? <b>{it.title}</b> : <Go to={places.entity(it.ref)}>{it.name.startsWith("generated-") ? p("ancestry.root") : it.title}</Go>}
                <p className="t2">
                  <code>{placeOf(it.annotations["backstage.io/managed-by-location"] ?? textOf(it.spec["target"])).file}</code>{" "}
                  {placeOf(it.annotations["backstage.io/managed-by-location"] ?? "").folder}
                </p>
              </div>
            </li>
          ))}
        </ol>
      </section>
      <section>
        <div className="sec">
          <h2>{p("errors")}</h2>
        </div>
        {troubles.error === null ? null : <Problem trouble={failureOf(troubles.error)} what={p("errors")} onRetry={() => void troubles.refetch()} />}
        {own === undefined || own.errors.length === 0 ? (
          troubles.data === undefined ? null : <Sign level="fine">{p("errors.none")}</Sign>
        ) : (
          <table className="tb">
            <thead>
              <tr>
                <th scope="col">{p("errors.line")}</th>
                <th scope="col">{p("errors.field")}</th>
                <th scope="col">{p("errors.what")}</th>
              </tr>
            </thead>
            <tbody>
              {own.errors.map((it) => (
                <tr key={`${it.pointer} ${it.line ?? 0} ${it.detail}`}>
                  <td>
                    <code>
                      {placeOf(own.location).file}:{it.line ?? 1}:{it.column ?? 1}
                    </code>
                  </td>
                  <td>
                    <code>{it.pointer}</code>
                  </td>
                  <td className="wrap">
                    <Said text={it.detail} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      <section>
        <div className="sec">
          <h2>{p("annotations")}</h2>
          <span className="t3">{annotations.length}</span>
        </div>
        <dl className="annotations">
          {annotations.map(([key, value]) => (
            <div key={key}>
              <dt>
                <code>{key}</code>
              </dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  );
}

export function Descriptor({ entity }: { entity: Entity }) {
  const { p } = usePortal();
  const [form, setForm] = useState<"yaml" | "json">("yaml");
  const yaml = useQuery({ queryKey: [...catalogKeys.entity(entity.ref), "yaml", entity.whole], queryFn: () => written(entity.whole), staleTime: Number.POSITIVE_INFINITY });
  const text = form === "json" ? JSON.stringify(entity.whole, null, 2) : (yaml.data ?? "");
  return (
    <section>
      <div className="sec">
        <h2>{p("tab.descriptor")}</h2>
        <span className="t3">{p("descriptor.about")}</span>
        <span className="grow" />
        <div className="segments" role="group" aria-label={p("descriptor.form")}>
          <Button pressed={form === "yaml"} onClick={() => setForm("yaml")}>
            {"YAML"}
          </Button>
          <Button pressed={form === "json"} onClick={() => setForm("json")}>
            {"JSON"}
          </Button>
        </div>
      </div>
      <CodeBox name={entity.ref} text={text} />
    </section>
  );
}
