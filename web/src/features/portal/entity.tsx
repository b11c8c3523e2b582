/** One entity: what it is, whose, what it needs and who needs it, where it comes from, what is wrong with it. */
import { Modal } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { catalogKeys, entityQuery, missingQuery, refresh, unregister } from "~/data/catalog";
import { useSession } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { useRecent } from "~/data/kept";
import { blockNow } from "~/lib/clock";
import { documentedAt, isAddress, isOrphan, namedBy, related, textOf, type Entity } from "~/lib/entity";
import { wiresOf } from "~/lib/graph";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { Button, HoldButton } from "~/ui/button";
import { Empty, Loading, Problem, Refusal } from "~/ui/states";

import { Facts, Warnings } from "./context";
import { PortalIcon } from "./icons";
import { Definition } from "./operations";
import { Descriptor, Origin } from "./origin";
import { Overview } from "./overview";
import { APIS, DEPENDING, RefTables } from "./relations";
import { Crumbs, EntityIcon, Go, RefLink, Star, useMe } from "./parts";

const TABS = ["overview", "api", "definition", "dependencies", "origin", "descriptor"] as const;
type Tab = (typeof TABS)[number];

export function EntityPage() {
  const { p, term } = usePortal();
  const named = useParams({ from: "/portal/catalog/$namespace/$kind/$name" });
  const ref = { kind: named.kind.toLowerCase(), namespace: named.namespace.toLowerCase(), name: named.name.toLowerCase() };
  const entity = useQuery(entityQuery(ref));
  const [, note] = useRecent();
  const it = entity.data;
  useEffect(() => {
    if (it !== null && it !== undefined) note({ to: places.entity(it.ref), title: it.title, kind: it.kind.toLowerCase(), at: blockNow() });
    // Once for each entity that is opened.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [it?.ref]);
  const title = it?.title ?? named.name;
  return (
    <main className="pmain is-flush" id="main" tabIndex={-1}>
      <Crumbs path={[{ text: p("nav.catalogue"), to: places.catalogue() }, { text: term("kinds", named.kind), to: places.catalogue({ kind: ref.kind }) }, { text: title }]} />
      {entity.error === null ? null : (
        <div className="pad">
          <Problem trouble={failureOf(entity.error)} what={named.name} onRetry={() => void entity.refetch()} />
        </div>
      )}
      {entity.isPending ? (
        <div className="pad">
          <Loading what={named.name} rows={8} />
        </div>
      ) : null}
      {it === null ? (
        <div className="pad">
          <Empty title={p("entity.none", { name: named.name })}>
            <p>{p("entity.none.text")}</p>
            <Go to={places.catalogue({ kind: ref.kind, q: named.name.slice(0, 4) })}>{p("entity.none.like")}</Go>
          </Empty>
        </div>
      ) : null}
      {it === null || it === undefined ? null : <Shown key={it.ref} entity={it} />}
    </main>
  );
}

function Shown({ entity }: { entity: Entity }) {
  const { p, term } = usePortal();
  const search = useSearch({ from: "/portal/catalog/$namespace/$kind/$name" });
  const isApi = entity.kind.toLowerCase() === "api";
  const apis = [...related(entity, "providesApi"), ...related(entity, "consumesApi")];
  const wires = wiresOf(entity);
  const docs = documentedAt(entity);
  const tabs = TABS.filter((it) => (it === "api" ? apis.length > 0 : it === "definition" ? isApi : it === "dependencies" ? wires.length > 0 : true));
  const tab: Tab = tabs.find((it) => it === search.tab) ?? "overview";
  const owner = related(entity, "ownedBy")[0] ?? namedBy(entity).find((it) => it.field === "owner")?.ref;
  const life = textOf(entity.spec["lifecycle"]);
  const counts: Partial<Record<Tab, number>> = { api: apis.length, dependencies: wires.length };
  const missing = useQuery(missingQuery([entity]));
  return (
    <>
      <div className="eh">
        <h1>
          <EntityIcon kind={entity.kind} type={textOf(entity.spec["type"])} />
          <span>{entity.title}</span>
        </h1>
        <dl>
          {owner === undefined ? null : (
            <div>
              <dt>{p("col.owner")}</dt>
              <dd>
                <RefLink to={owner} usual="group" isMissing={missing.data?.includes(owner) === true} />
              </dd>
            </div>
          )}
          {life === "" ? null : (
            <div>
              <dt>{p("col.lifecycle")}</dt>
              <dd>{term("life", life)}</dd>
            </div>
          )}
          <div>
            <dt>{p("facet.kind")}</dt>
            <dd>{term("kind", entity.kind)}</dd>
          </div>
        </dl>
        <Actions entity={entity} owners={related(entity, "ownedBy")} />
      </div>
      <nav className="tabs etabs" aria-label={p("tabs")}>
        {tabs.map((it) => (
          <Go key={it} to={places.entity(entity.ref, it === "overview" ? undefined : it)} aria-current={it === tab ? "page" : undefined}>
            {p(`tab.${it}`)} <span>{counts[it] ?? ""}</span>
          </Go>
        ))}
        {docs === undefined ? null : (
          <Go to={places.page(docs)}>
            {p("tab.docs")} <PortalIcon name="right" />
          </Go>
        )}
      </nav>
      <div className="ebody">
        <div className="emain">
          {tab === "overview" ? <Overview entity={entity} /> : null}
          {tab === "dependencies" ? <RefTables entity={entity} types={DEPENDING} /> : null}
          {tab === "api" ? <RefTables entity={entity} types={APIS} /> : null}
          {tab === "definition" ? <Definition entity={entity} /> : null}
          {tab === "origin" ? <Origin entity={entity} /> : null}
          {tab === "descriptor" ? <Descriptor entity={entity} /> : null}
        </div>
        <aside className="econtext" aria-label={p("context")}>
          <Warnings entity={entity} missing={missing.data ?? []} />
          <Facts entity={entity} missing={missing.data ?? []} />
        </aside>
      </div>
    </>
  );
}

function Actions({ entity, owners }: { entity: Entity; owners: readonly string[] }) {
  const { p, t } = usePortal();
  const client = useQueryClient();
  const router = useRouter();
  const session = useSession();
  const { me } = useMe();
  const [isAsking, setAsking] = useState(false);
  const again = useMutation({ mutationFn: () => refresh(entity.ref), onSuccess: () => client.invalidateQueries({ queryKey: catalogKeys.all }) });
  const remove = useMutation({
    mutationFn: () => unregister(entity.uid),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: catalogKeys.all });
      setAsking(false);
      router.history.push(places.catalogue());
    },
  });
  const isAdmin = session.kind === "open" && session.roles.includes("admin");
  const isMine = owners.some((it) => me?.refs.includes(it) === true);
  const source = entity.annotations["backstage.io/view-url"] ?? "";
  return (
    <div className="acts">
      {again.isSuccess ? <span className="t3 nw" role="status">{p("refreshed")}</span> : null}
      <Star it={{ to: places.entity(entity.ref), title: entity.title, kind: entity.kind.toLowerCase() }} />
      <Button onClick={() => again.mutate()} disabled={again.isPending ? t("state.reading") : undefined}>
        {p("refresh")}
      </Button>
      {isAddress(source) ? (
        <a className="btn btn-plain" href={source} target="_blank" rel="noreferrer">
          <span>{p("source")}</span> <PortalIcon name="away" />
        </a>
      ) : null}
      <Button onClick={() => setAsking(true)} disabled={isAdmin || isMine ? undefined : p("unregister.who")}>
        {p("unregister")}
      </Button>
      {again.error === null ? null : <Refusal trouble={failureOf(again.error)} />}
      <Modal opened={isAsking} onClose={() => setAsking(false)} title={p("unregister.title", { name: entity.title })} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
        <div className="fields">
          <p>{p(isOrphan(entity) ? "unregister.orphan" : "unregister.text")}</p>
          {remove.error === null ? null : <Refusal trouble={failureOf(remove.error)} />}
          <div className="btn-row">
            <HoldButton hold={1_000} disabled={remove.isPending ? t("action.sent") : undefined} onDone={() => remove.mutate()}>
              {p("unregister")}
            </HoldButton>
            <Button onClick={() => setAsking(false)}>{t("close")}</Button>
          </div>
        </div>
      </Modal>
    </div>
  );
}
