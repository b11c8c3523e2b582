/**
 * The developer platform as the made-up gateway plays it: the product's own descriptors, with a few
 * things wrong in them, documentation in the hub's form, and a search.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { loadAll } from "js-yaml";

const ROOT = new URL("../..", import.meta.url).pathname;
const FOLDERS = [".", "block", "platform", "things", "twins"];

/** Descriptors of the product, as they stand in its tree. */
function descriptors() {
  const files = FOLDERS.flatMap((folder) =>
    folder === "." ? ["catalog-info.yaml"] : readdirSync(join(ROOT, folder), { withFileTypes: true }).filter((it) => it.isDirectory()).map((it) => `${folder}/${it.name}/catalog-info.yaml`),
  );
  return files.flatMap((file) => {
    try {
      return loadAll(readFileSync(join(ROOT, file), "utf8")).map((entity) => ({ file, entity }));
    } catch {
      return [];
    }
  });
}

const ADDED = [
  { kind: "User", metadata: { name: "developer" }, spec: { memberOf: ["group:default/block"], profile: { displayName: "Elena Rossi" } } },
  { kind: "Component", metadata: { name: "legacy-anaesthesia-export", description: "Writes a file that nobody reads", annotations: { "backstage.io/orphan": "true" } }, spec: { type: "service", lifecycle: "deprecated", owner: "group:default/block", system: "operating-block" } },
  { kind: "Resource", metadata: { name: "surgical-process-events", description: "States and steps of every surgery", tags: ["events"] }, spec: { type: "topic", owner: "group:default/block", system: "operating-block", dependsOn: ["component:default/surgical-process-monitoring"] } },
];

const INVERSE = { ownedBy: "ownerOf", partOf: "hasPart", providesApi: "apiProvidedBy", consumesApi: "apiConsumedBy", dependsOn: "dependencyOf", memberOf: "hasMember", childOf: "parentOf" };
const FIELDS = { owner: ["ownedBy", "group"], system: ["partOf", "system"], domain: ["partOf", "domain"], providesApis: ["providesApi", "api"], consumesApis: ["consumesApi", "api"], dependsOn: ["dependsOn", "component"], memberOf: ["memberOf", "group"], parent: ["childOf", "group"] };

function refOf(entity) {
  return `${entity.kind}:${entity.metadata.namespace ?? "default"}/${entity.metadata.name}`.toLowerCase();
}

function full(text, kind) {
  const [, ownKind = kind, namespace = "default", name] = /^(?:([^:/]+):)?(?:([^:/]+)\/)?([^:/]+)$/.exec(text);
  return `${ownKind}:${namespace}/${name}`.toLowerCase();
}

/** A system of two hundred entities that need each other. */
function wide() {
  const name = (nth) => `made-up-${String(nth).padStart(3, "0")}`;
  const parts = Array.from({ length: 200 }, (_, nth) => ({
    kind: "Component", metadata: { name: name(nth) },
    spec: { type: "service", lifecycle: "production", owner: "group:default/block", system: "made-up", dependsOn: nth === 0 ? ["component:default/twin-engine"] : [`component:default/${name(Math.floor((nth - 1) / 3))}`] },
  }));
  return [{ kind: "System", metadata: { name: "made-up" }, spec: { owner: "group:default/block" } }, ...parts];
}

/** The catalogue; with `more` so many made-up components beside it, and with those of `added`. */
export function estate(more = 0, added = []) {
  const all = [...descriptors(), ...[...ADDED, ...added].map((entity) => ({ file: "catalog-info.yaml", entity }))].map(({ file, entity }, index) => {
    const copy = JSON.parse(JSON.stringify({ apiVersion: "backstage.io/v1alpha1", ...entity }));
    const place = (name) => `file:/srv/chiron/${name}`;
    copy.metadata.namespace ??= "default";
    copy.metadata.uid = `uid-${index}`;
    copy.metadata.annotations = { ...copy.metadata.annotations, "backstage.io/managed-by-location": place(file), "backstage.io/managed-by-origin-location": place("catalog-info.yaml") };
    const text = copy.spec?.definition?.$text;
    if (text !== undefined) copy.spec.definition = readFileSync(join(ROOT, file, "..", text), "utf8");
    // A name with a letter too few, as it happens.
    if (copy.kind === "Component" && copy.metadata.name === "surgical-process-monitoring") copy.spec.consumesApis = ["api:default/building-managment"];
    return copy;
  });
  for (let nth = 0; nth < more; nth += 1) {
    all.push({
      apiVersion: "backstage.io/v1alpha1", kind: "Component",
      metadata: { name: `component-${String(nth).padStart(5, "0")}`, namespace: "default", uid: `made-${nth}`, annotations: {}, tags: [`tag-${nth % 40}`] },
      spec: { type: ["service", "library", "website"][nth % 3], lifecycle: ["production", "experimental"][nth % 2], owner: `group:default/team-${nth % 60}`, system: "operating-block" },
    });
  }
  const relations = new Map(all.map((it) => [refOf(it), []]));
  for (const entity of all) {
    const own = refOf(entity);
    for (const [field, [type, kind]] of Object.entries(FIELDS)) {
      for (const text of [entity.spec?.[field] ?? []].flat()) {
        const target = full(text, kind);
        relations.get(own).push({ type, targetRef: target });
        relations.get(target)?.push({ type: INVERSE[type], targetRef: own });
      }
    }
  }
  for (const entity of all) entity.relations = relations.get(refOf(entity)).sort((a, b) => `${a.type} ${a.targetRef}`.localeCompare(`${b.type} ${b.targetRef}`));
  return all;
}

/** Values at a path, as the catalogue's search index has them. */
function values(entity, path) {
  if (path.startsWith("relations.")) return entity.relations.filter((it) => `relations.${it.type}`.toLowerCase() === path.toLowerCase()).map((it) => it.targetRef);
  let at = entity;
  let rest = path;
  while (rest !== "" && at !== undefined && at !== null) {
    if (Object.hasOwn(at, rest)) return [at[rest]].flat();
    const dot = rest.indexOf(".");
    if (dot < 0) return [];
    at = at[rest.slice(0, dot)];
    rest = rest.slice(dot + 1);
  }
  return [];
}

function meets(entity, predicate) {
  if (predicate === undefined) return true;
  return Object.entries(predicate).every(([path, wanted]) => {
    if (path === "$all") return wanted.every((it) => meets(entity, it));
    const found = values(entity, path).map((it) => String(it).toLowerCase());
    if (typeof wanted === "string") return found.includes(wanted.toLowerCase());
    if (wanted.$exists !== undefined) return (found.length > 0) === wanted.$exists;
    return wanted.$in.some((it) => found.includes(it.toLowerCase()));
  });
}

function picked(entity, fields) {
  if (fields === undefined) return entity;
  const out = {};
  for (const field of fields) {
    let [from, to] = [entity, out];
    const parts = field.split(".");
    for (const [index, part] of parts.entries()) {
      if (from?.[part] === undefined) break;
      if (index === parts.length - 1) to[part] = from[part];
      else to = to[part] ??= {};
      from = from[part];
    }
  }
  return out;
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64");

function byQuery(all, asked) {
  const { cursor, fields, limit = 200 } = asked;
  const plan = cursor === undefined ? { query: asked.query, text: asked.fullTextFilter, order: asked.orderBy?.[0], from: 0 } : JSON.parse(Buffer.from(cursor, "base64").toString());
  const key = (it) => values(it, plan.order?.field ?? "metadata.uid").map((value) => String(value).toLowerCase())[0];
  const term = plan.text?.term.toLowerCase() ?? "";
  const found = all
    .filter((it) => meets(it, plan.query) && (term === "" || plan.text.fields.some((field) => values(it, field).some((value) => String(value).toLowerCase().includes(term)))))
    .filter((it) => plan.order === undefined || key(it) !== undefined)
    .sort((a, b) => (plan.order?.order === "desc" ? -1 : 1) * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  const pageInfo = {};
  if (plan.from + limit < found.length && limit > 0) pageInfo.nextCursor = encode({ ...plan, from: plan.from + limit });
  if (plan.from > 0) pageInfo.prevCursor = encode({ ...plan, from: Math.max(0, plan.from - limit) });
  return { items: found.slice(plan.from, plan.from + limit).map((it) => picked(it, fields)), totalItems: found.length, pageInfo };
}

function facets(all, { facets, query }) {
  const among = all.filter((it) => meets(it, query));
  const counted = (facet) => {
    const counts = new Map();
    for (const it of among) for (const value of values(it, facet)) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].map(([value, count]) => ({ value, count }));
  };
  return { facets: Object.fromEntries(facets.map((facet) => [facet, counted(facet)])) };
}

const PROBLEMS = {
  entries: [
    { entityRef: "component:default/legacy-anaesthesia-export", location: "file:/srv/chiron/catalog-info.yaml", orphan: true, shown: true, errors: [], conflicts: [] },
    {
      entityRef: "component:default/performance", location: "file:/srv/chiron/block/performance/catalog-info.yaml", orphan: false, shown: true, conflicts: [],
      errors: [{ pointer: "/metadata/tags/0", detail: "must have 1 to 63 lower case letters, digits, `:`, `+` or `#`, in runs joined by `-`, as in `java-17`", line: 6, column: 12 }],
    },
  ],
  total: 44,
};

const DOC_PROBLEMS = {
  entries: [
    { page: "how/late.md", line: 12, kind: "broken-link", detail: "`../rebuild.md` leads to no page or file" },
    { page: "how/late.md", line: 31, kind: "missing-anchor", detail: "`index.md#rooms`: the page has no such anchor" },
  ],
  total: 2,
  notes: [],
};

const heading = (level, id, title) => `<h${level} id="${id}">${title}<a class="headerlink" href="#${id}" title="Permanent link" rel="noopener noreferrer">¶</a></h${level}>`;
const code = (language, text) => `<div class="highlight"><pre><code class="language-${language}">${text}</code></pre></div>`;

/** Pages in the hub's form, with everything that a page may have. */
export const PAGES = {
  "": {
    title: "Chiron",
    headings: [["what-it-is", "What it is"]],
    html: `${heading(1, "chiron", "Chiron")}<p>A hospital's operating block as a digital twin. Begin with <a href="how/states/">states and steps</a>, or <a href="how/states/#the-same-in-an-event">the same in an event</a>.</p>
${heading(2, "what-it-is", "What it is")}<p>It follows every surgery from booking to report.<sup id="fnref:1"><a class="footnote-ref" href="#fn:1">1</a></sup></p>
<ul><li><input type="checkbox" disabled checked> rooms</li><li><input type="checkbox" disabled> wards</li></ul>
<div class="footnote"><hr><ol><li id="fn:1"><p>Each step with its time. <a class="footnote-backref" href="#fnref:1">↩</a></p></li></ol></div>`,
  },
  "how/states": {
    title: "States and steps",
    headings: [["from-the-twin-to-the-report", "From the twin to the report"], ["the-same-in-an-event", "The same in an event"], ["transitions", "Transitions"], ["main", "Main"]],
    html: `${heading(1, "states-and-steps", "States and steps")}<p>A surgical process has a state and, within it, a step. Both are computed from facts: the service keeps every fact with its <em>event time</em> and folds them in that order, whatever the order of arrival.</p>
<div class="admonition note"><p class="admonition-title">Note</p><p>A fact that the current state does not allow is refused, kept in the history with the reason, and acknowledged. See <a href="../late/">facts that arrive late</a>.</p></div>
${heading(2, "from-the-twin-to-the-report", "From the twin to the report")}<pre class="mermaid">sequenceDiagram
  twin-engine-&gt;&gt;event-gateway: on table 10:02
  event-gateway-&gt;&gt;process-events: on-table event</pre>
<p><img src="../../images/room.png" alt="A room in surgery"> <img src="https://example.org/badge.svg" alt="build"></p>
${heading(2, "the-same-in-an-event", "The same in an event")}${code("json", `{\n  "key": "PATIENT_ON_OPERATING_TABLE_EVENT",\n  "data": { "patientId": "p-7" },\n  "dateTime": "2026-05-15T10:02:11.000Z"\n}`)}
<div class="tabbed-set tabbed-alternate" data-tabs="1:2"><input checked="checked" id="__tabbed_1_1" name="__tabbed_1" type="radio"><input id="__tabbed_1_2" name="__tabbed_1" type="radio"><div class="tabbed-labels"><label for="__tabbed_1_1">Shell</label><label for="__tabbed_1_2">Python</label></div><div class="tabbed-content"><div class="tabbed-block">${code("sh", "chiron events tail --topic process-events")}</div><div class="tabbed-block">${code("python", "for record in consumer: print(record.value)")}</div></div></div>
${heading(2, "transitions", "Transitions")}<table><thead><tr><th>fact</th><th>in state</th><th style="text-align:right">after</th></tr></thead><tbody><tr><td>on table</td><td><code>PRE_SURGERY</code></td><td style="text-align:right">1 s</td></tr><tr><td>operating room left</td><td><code>SURGERY</code></td><td style="text-align:right">60 s</td></tr></tbody></table>
<div class="admonition warning"><p class="admonition-title">Warning</p><p>Never edit the log.</p></div>
<details class="tip"><summary>Why event time?</summary><p>Because readers deliver out of order.</p></details>
${heading(2, "main", "Main")}<p>See <a href="https://www.iso.org/">the standard</a>, or <a href="../../files/plan.pdf">the plan</a>. <a href="javascript:alert(1)">Nothing</a>.</p>`,
  },
  "how/late": { title: "Facts that arrive late", headings: [], html: `${heading(1, "facts-that-arrive-late", "Facts that arrive late")}<p>What arrives late is inserted where it belongs.</p>` },
  runbook: { title: "Runbook: events stop", headings: [], html: `${heading(1, "runbook-events-stop", "Runbook: events stop")}<p>Look at the lag first.</p>` },
};

function site(path) {
  const page = PAGES[path];
  if (page === undefined) return undefined;
  const up = path === "" ? "" : "../".repeat(path.split("/").length);
  const leaf = (to) => `<li class="md-nav__item"><a href="${up}${to === "" ? (up === "" ? "./" : "") : `${to}/`}" class="md-nav__link">${PAGES[to].title}</a></li>`;
  const group = (title, leaves) => `<li class="md-nav__item md-nav__item--nested"><label class="md-nav__link">${title}</label><nav class="md-nav" aria-label="${title}"><ul class="md-nav__list">${leaves.map(leaf).join("")}</ul></nav></li>`;
  return `<!doctype html><html lang="en"><head><title>${page.title} - Chiron</title><link rel="stylesheet" href="${up}assets/stylesheets/techdocs.css"></head><body>
<header class="md-header"><nav><a class="md-header__title" href="${up}">Chiron</a></nav></header>
<div class="md-sidebar md-sidebar--primary" data-md-type="navigation"><nav class="md-nav md-nav--primary"><label class="md-nav__title">Chiron</label><ul class="md-nav__list">${leaf("")}${group("How it works", ["how/states", "how/late"])}${group("Run it", ["runbook"])}</ul></nav></div>
<div class="md-content" id="__content"><article class="md-content__inner md-typeset"><a class="md-content__button md-icon" href="https://git.example.org/chiron/edit/main/docs/${path}.md" rel="edit noopener noreferrer">Edit this page</a>${page.html}</article></div></body></html>`;
}

const strip = (html) => html.replace(/<[^>]*>/g, " ").replace(/¶/g, "").replace(/&gt;/g, ">").replace(/\s+/g, " ").trim();

/** Finds whole and begun words in names and texts, and marks them as the platform does. */
function search(all, params) {
  const words = params.get("term").toLowerCase().split(/\s+/).filter((it) => it !== "");
  const [pre, post] = ["<a1b2>", "</a1b2>"];
  const isDocs = params.getAll("types[]").includes("techdocs");
  const kind = params.get("filters[kind]");
  const documents = isDocs
    ? Object.entries(PAGES).map(([path, page]) => ({ title: page.title, text: strip(page.html), location: `/docs/default/system/operating-block/${path}${path === "" ? "" : "/"}`, kind: "system", namespace: "default", name: "operating-block", path }))
    : all.filter((it) => kind === null || it.kind === kind).map((it) => ({
        title: it.metadata.title ?? it.metadata.name, text: it.metadata.description ?? "", location: `/catalog/default/${it.kind.toLowerCase()}/${it.metadata.name}`,
        kind: it.kind, namespace: "default", name: it.metadata.name, type: it.spec?.type, owner: it.spec?.owner, lifecycle: it.spec?.lifecycle,
      }));
  const marked = (text) => words.reduce((done, word) => done.replace(new RegExp(`(${word})(?![^<]*>)`, "gi"), `${pre}$1${post}`), text);
  const found = documents.filter((it) => words.every((word) => `${it.title} ${it.text} ${it.name}`.toLowerCase().includes(word)));
  return {
    numberOfResults: found.length,
    results: found.slice(0, 25).map((document, index) => ({ type: isDocs ? "techdocs" : "software-catalog", document, rank: index + 1, highlight: { preTag: pre, postTag: post, fields: { title: marked(document.title), text: marked(document.text) } } })),
  };
}

const MORE = { many: 10_000 };

/** Answers what belongs to the platform; false for everything else. */
export async function portal(state, { path, url, request, role, mood, json, response, bodyOf }) {
  if (!/^\/api\/(catalog|techdocs|search)\//.test(path)) return false;
  const refuse = (status, name, message) => json(status, { error: { name, message }, request: { method: request.method, url: path }, response: { statusCode: status } }, { traceparent: "00-7f310c5be27a1ae38482757c4bdd7d94-efc50547877e3cbf-01" });
  const all = (state.estate ??= estate(MORE[mood] ?? 0, mood === "wide" ? wide() : [])).filter((it) => !state.removed?.has(it.metadata.uid));
  const body = ["POST", "PUT"].includes(request.method) ? await bodyOf(request) : undefined;
  if (role === "display") return refuse(403, "NotAllowedError", "the catalogue may not be read");
  if (mood === "error" || (mood === "facetless" && path.endsWith("/entity-facets"))) return refuse(500, "Error", "bug");
  if (mood === "slow") await new Promise((resolve) => setTimeout(resolve, 60_000));
  const known = mood === "empty" ? [] : all;
  const [, , service, ...rest] = path.split("/").map(decodeURIComponent);
  if (service === "search") {
    if (mood === "searchless") return refuse(503, "ServiceUnavailableError", "the index is being built");
    state.searched = [...(state.searched ?? []), url.searchParams.get("term")];
    return json(200, search(known, url.searchParams));
  }
  if (service === "techdocs") return docs(state, { rest, mood, known, json, refuse, response });
  switch (`${request.method} ${rest.join("/")}`) {
    case "POST entities/by-query":
      return json(200, byQuery(known, body));
    case "POST entity-facets":
      return json(200, facets(known, body));
    case "POST entities/by-refs":
      return json(200, { items: body.entityRefs.map((ref) => { const it = known.find((other) => refOf(other) === ref); return it === undefined ? null : picked(it, body.fields); }) });
    case "GET problems":
      return json(200, mood === "empty" || mood === "well" ? { entries: [], total: 0 } : PROBLEMS);
    case "POST refresh":
      state.refreshed = [...(state.refreshed ?? []), body.entityRef];
      return response.writeHead(200).end();
    default:
  }
  if (rest[0] === "entities" && rest[1] === "by-uid" && request.method === "DELETE") {
    if (mood === "refused") return refuse(403, "NotAllowedError", "only its owners and administrators may unregister an entity");
    (state.removed ??= new Set()).add(rest[2]);
    return response.writeHead(204).end();
  }
  if (rest[0] === "entities" && rest[1] === "by-name") {
    const found = known.find((it) => refOf(it) === `${rest[2]}:${rest[3]}/${rest[4]}`.toLowerCase());
    if (found === undefined) return refuse(404, "NotFoundError", `No entity named '${rest[4]}' found, with kind '${rest[2]}' in namespace '${rest[3]}'`);
    if (rest[5] !== "ancestry") return json(200, found);
    const parent = known.find((it) => it.kind === "Location");
    const isOwn = parent === undefined || parent === found;
    return json(200, { rootEntityRef: refOf(found), items: [{ entity: found, parentEntityRefs: isOwn ? [] : [refOf(parent)] }, ...(isOwn ? [] : [{ entity: parent, parentEntityRefs: [] }])] });
  }
  return refuse(404, "NotFoundError", `the made-up catalogue has no ${path}`);
}

async function docs(state, { rest, mood, known, json, refuse, response }) {
  const isStatic = rest[0] === "static";
  const [namespace, kind, name, ...below] = isStatic ? rest.slice(2) : rest[0] === "metadata" ? rest.slice(2) : rest.slice(1);
  const ref = `${kind}:${namespace}/${name}`;
  if (!known.some((it) => refOf(it) === ref)) return refuse(404, "NotFoundError", `Entity not found: ${ref}`);
  const isThere = name === "operating-block" && mood !== "docless";
  if (rest[0] === "sync") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const say = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    say("log", `Looking at the sources of ${ref}`);
    if (mood === "building") await new Promise((resolve) => setTimeout(resolve, 2_500));
    if (isThere) {
      say("log", "4 of 4 pages rendered");
      say("finish", { updated: true });
    } else say("error", `Failed to build the docs page for entity ${ref}: mkdocs.yml, line 3: nav is not a list`);
    return response.end();
  }
  if (rest[0] === "problems") return json(200, mood === "well" || !isThere ? { entries: [], total: 0, notes: [] } : DOC_PROBLEMS);
  if (rest[0] === "metadata") {
    if (!isThere) return refuse(404, "NotFoundError", `Unable to get metadata for '${ref}'`);
    return json(200, { site_name: "Chiron", site_description: "", etag: "1", build_timestamp: state.day.now - 60_000, files: Object.keys(PAGES).map((it) => `${it}${it === "" ? "" : "/"}index.html`) });
  }
  const path = below.join("/").replace(/\/$/, "");
  if (isThere && path === "images/room.png") return response.writeHead(200, { "content-type": "image/png" }).end(readFileSync(join(ROOT, "docs/images/room.png")));
  const html = isThere ? site(path) : undefined;
  if (html === undefined) return response.writeHead(404).end();
  return response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
}
