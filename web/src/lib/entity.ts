/**
 * Entities of the software catalogue, as Backstage's descriptors have them: read from the wire once,
 * here, and whole in what the portal needs from then on.
 */

/** What names an entity, in lower case. */
export interface Ref {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Relation {
  readonly type: string;
  readonly target: string;
}

export interface Entity {
  readonly ref: string;
  readonly uid: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly links: readonly { readonly url: string; readonly title: string }[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly relations: readonly Relation[];
  /** What the catalogue noted while it processed the entity. */
  readonly notes: readonly { readonly level: string; readonly message: string }[];
  /** All that was sent. */
  readonly whole: Readonly<Record<string, unknown>>;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text, or nothing said. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The full form of a reference, `kind:namespace/name`. */
export function refText({ kind, namespace, name }: Ref): string {
  return `${kind}:${namespace}/${name}`.toLowerCase();
}

/** Reads `[kind:][namespace/]name`; what is left out comes from `otherwise`. Nothing without a kind or a name. */
export function parseRef(text: string, otherwise: { readonly kind?: string; readonly namespace?: string } = {}): Ref | undefined {
  const found = /^(?:([^:/\s]+):)?(?:([^:/\s]+)\/)?([^:/\s]+)$/.exec(text.trim().toLowerCase());
  const [, kind = otherwise.kind, namespace = otherwise.namespace ?? "default", name] = found ?? [];
  if (kind === undefined || name === undefined) return undefined;
  return { kind: kind.toLowerCase(), namespace: namespace.toLowerCase(), name };
}

/** How a reference is shown: its name, with what is not usual about it. */
export function refName(text: string, usual = ""): string {
  const ref = parseRef(text);
  if (ref === undefined) return text;
  const name = ref.namespace === "default" ? ref.name : `${ref.namespace}/${ref.name}`;
  return usual === "" || usual === ref.kind ? name : `${ref.kind}:${name}`;
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])));
}

/** An entity, or the part of it that was asked for; nothing when it has no name. */
export function entityOf(given: unknown): Entity | undefined {
  if (!isRecord(given)) return undefined;
  const metadata = isRecord(given["metadata"]) ? given["metadata"] : {};
  const [kind, name] = [textOf(given["kind"]), textOf(metadata["name"])];
  if (kind === "" || name === "") return undefined;
  const namespace = textOf(metadata["namespace"]) || "default";
  const status = isRecord(given["status"]) ? given["status"] : {};
  return {
    ref: refText({ kind, namespace, name }),
    uid: textOf(metadata["uid"]),
    kind,
    namespace,
    name,
    title: textOf(metadata["title"]) || name,
    description: textOf(metadata["description"]),
    tags: listOf(metadata["tags"]).filter((it) => typeof it === "string"),
    links: listOf(metadata["links"]).flatMap((it) => {
      const url = isRecord(it) ? textOf(it["url"]) : "";
      return isRecord(it) && isAddress(url) ? [{ url, title: textOf(it["title"]) || url }] : [];
    }),
    annotations: textsOf(metadata["annotations"]),
    spec: isRecord(given["spec"]) ? given["spec"] : {},
    relations: listOf(given["relations"]).flatMap((it) => {
      const [type, target] = isRecord(it) ? [textOf(it["type"]), textOf(it["targetRef"])] : ["", ""];
      return type === "" || target === "" ? [] : [{ type, target }];
    }),
    notes: listOf(status["items"]).flatMap((it) => (isRecord(it) ? [{ level: textOf(it["level"]), message: textOf(it["message"]) }] : [])),
    whole: given,
  };
}

/** Whether an address leads somewhere by itself, and runs nothing. */
export function isAddress(url: string): boolean {
  return /^(https?|mailto|tel):/i.test(url);
}

/** The targets of a relation. */
export function related(entity: Entity, type: string): readonly string[] {
  return entity.relations.filter((it) => it.type === type).map((it) => it.target);
}

const ORPHAN = "backstage.io/orphan";

export function isOrphan(entity: Entity): boolean {
  return entity.annotations[ORPHAN] === "true";
}

/** Where the documentation of an entity is: at itself, at another, or nowhere. */
export function documentedAt(entity: Entity): Ref | undefined {
  if (entity.annotations["backstage.io/techdocs-ref"] !== undefined) return parseRef(entity.ref);
  const other = entity.annotations["backstage.io/techdocs-entity"];
  return other === undefined ? undefined : parseRef(other, { kind: "component", namespace: entity.namespace });
}

/** Fields whose texts name other entities, with the kind that is meant when none is written. */
const NAMING: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  component: { owner: "group", system: "system", subcomponentOf: "component", providesApis: "api", consumesApis: "api", dependsOn: undefined, dependencyOf: undefined },
  api: { owner: "group", system: "system" },
  resource: { owner: "group", system: "system", dependsOn: undefined, dependencyOf: undefined },
  system: { owner: "group", domain: "domain" },
  domain: { owner: "group", subdomainOf: "domain" },
  group: { parent: "group", children: "group", members: "user" },
  user: { memberOf: "group" },
  template: { owner: "group" },
};

/** All fields that may name other entities, as a list asks for them. */
export const NAMING_FIELDS: readonly string[] = [...new Set(Object.values(NAMING).flatMap((fields) => Object.keys(fields)))].map((field) => `spec.${field}`);

export interface Named {
  /** Where the name stands, `spec.consumesApis[2]`. */
  readonly pointer: string;
  readonly field: string;
  readonly ref: string;
}

/** Every entity that a descriptor names. */
export function namedBy(entity: Entity): readonly Named[] {
  const fields = NAMING[entity.kind.toLowerCase()] ?? {};
  return Object.entries(fields).flatMap(([field, kind]) => {
    const value = entity.spec[field];
    const texts = typeof value === "string" ? [value] : listOf(value);
    return texts.flatMap((text, index) => {
      const ref = parseRef(textOf(text), { ...(kind === undefined ? {} : { kind }), namespace: entity.namespace });
      const pointer = typeof value === "string" ? `spec.${field}` : `spec.${field}[${index}]`;
      return ref === undefined ? [] : [{ pointer, field, ref: refText(ref) }];
    });
  });
}

/** How many letters have to change for one word to become the other; more than `most` counts as infinitely many. */
export function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return Number.POSITIVE_INFINITY;
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = (before[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(same, (before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    before = row;
  }
  const found = before[b.length] ?? 0;
  return found > most ? Number.POSITIVE_INFINITY : found;
}

/** What was probably meant by a reference to nothing, of those that there are. */
export function meant(ref: string, there: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const other of there) {
    const far = distance(ref, other, 3);
    if (far < least) [best, least] = [other, far];
  }
  return best;
}

/** A location, as people say it: the file, and the folder that it is in. */
export function placeOf(location: string): { readonly file: string; readonly folder: string } {
  const target = location.replace(/^(file|url):/, "");
  const cut = target.lastIndexOf("/");
  return { file: target.slice(cut + 1), folder: cut < 0 ? "" : target.slice(0, cut) };
}

/** Whether something is told as events: drawn as a pill. */
export function isTopic(kind: string, type: string): boolean {
  return /topic|queue|stream|asyncapi|event/.test(type.toLowerCase()) && /^(api|resource)$/i.test(kind);
}

export interface Operation {
  readonly verb: string;
  readonly path: string;
  readonly about: string;
}

const VERBS = ["get", "put", "post", "delete", "patch", "head", "options"] as const;

/** What a definition in OpenAPI or AsyncAPI offers; nothing of other kinds of text. */
export function operationsOf(definition: unknown): readonly Operation[] {
  if (!isRecord(definition)) return [];
  if (definition["asyncapi"] !== undefined && isRecord(definition["channels"])) {
    return Object.entries(definition["channels"]).map(([name, channel]) => {
      const given: Readonly<Record<string, unknown>> = isRecord(channel) ? channel : {};
      const verb = given["publish"] !== undefined ? "pub" : given["subscribe"] !== undefined ? "sub" : "channel";
      return { verb, path: textOf(given["address"]) || name, about: textOf(given["summary"]) || textOf(given["description"]) };
    });
  }
  const paths = isRecord(definition["paths"]) ? definition["paths"] : {};
  return Object.entries(paths).flatMap(([path, methods]) =>
    VERBS.flatMap((verb) => {
      const operation = isRecord(methods) ? methods[verb] : undefined;
      return isRecord(operation) ? [{ verb: verb.toUpperCase(), path, about: firstLine(textOf(operation["summary"]) || textOf(operation["description"])) }] : [];
    }),
  );
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
