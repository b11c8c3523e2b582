/**
 * A page of documentation as elements of this page. What the hub sends is sanitised; here it is taken
 * apart once more, so that only what is known is shown, links stay within the portal, and nothing
 * needs what the page's policy forbids.
 */
import { createElement, useId, useState, type ReactNode } from "react";

import { rootOf } from "~/data/techdocs";
import type { Ref } from "~/lib/entity";
import { places } from "~/lib/places";
import { usePortal } from "~/lib/portal-words";
import { targetOf } from "~/lib/site";

import { Copy } from "./code";
import { Go } from "./parts";

/** Anchors of a page have names of their own here: a heading may be called as the page around it is. */
export const anchorId = (id: string) => `d-${id}`;

const PLAIN = new Set(
  "p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd strong em b i u s del ins code kbd samp var sub sup small mark q cite abbr blockquote hr br thead tbody tfoot tr th td caption figure figcaption section div span summary".split(" "),
);

interface ProseProps {
  readonly article: Element;
  readonly site: Ref;
  readonly path: string;
  /** What stands below the title of the page. */
  readonly below: ReactNode;
}

export function Prose({ article, site, path, below }: ProseProps) {
  const all = children(article, { site, path });
  const title = [...article.childNodes].findIndex((it) => it instanceof Element && it.localName === "h1");
  return (
    <div className="prose">
      {all.slice(0, title + 1)}
      {below}
      {all.slice(title + 1)}
    </div>
  );
}

interface Where {
  readonly site: Ref;
  readonly path: string;
}

function children(node: Element, where: Where): ReactNode[] {
  return [...node.childNodes].map((child, index) => {
    if (child instanceof Text) return child.data;
    return child instanceof Element ? <Piece key={index} node={child} where={where} /> : null;
  });
}

function Piece({ node, where }: { node: Element; where: Where }): ReactNode {
  const tag = node.localName;
  const inner = () => children(node, where);
  const id = node.id === "" ? {} : { id: anchorId(node.id) };
  if (tag === "a") return <Anchor node={node} where={where} id={node.id} />;
  if (tag === "img") return <Picture node={node} where={where} />;
  if (tag === "input") return <input type="checkbox" disabled defaultChecked={node.hasAttribute("checked")} aria-label={(node.parentElement?.textContent ?? "").trim().slice(0, 60)} />;
  if (tag === "pre") return <Code node={node} />;
  if (node.classList.contains("highlight")) return <>{inner()}</>;
  if (node.classList.contains("admonition")) return <Admonition node={node} where={where} />;
  if (tag === "details") {
    return (
      <details className="adm" open={node.hasAttribute("open")}>
        {inner()}
      </details>
    );
  }
  if (node.classList.contains("tabbed-set")) return <TabSet node={node} where={where} />;
  if (tag === "table") {
    return (
      <div className="table-wrap" tabIndex={0} role="group" aria-label={firstWords(node)}>
        <table>{inner()}</table>
      </div>
    );
  }
  if (!PLAIN.has(tag)) return <>{inner()}</>;
  const align = node.getAttribute("align") ?? "";
  const look = /^(left|right|center)$/.test(align) && (tag === "td" || tag === "th") ? { className: `to-${align}` } : node.classList.contains("footnote") ? { className: "footnotes" } : {};
  const start = tag === "ol" && /^\d{1,6}$/.test(node.getAttribute("start") ?? "") ? { start: Number(node.getAttribute("start")) } : {};
  const span = ["colspan", "rowspan"].flatMap((name) => (/^\d{1,3}$/.test(node.getAttribute(name) ?? "") ? [[name === "colspan" ? "colSpan" : "rowSpan", Number(node.getAttribute(name))]] : []));
  const props = { ...id, ...look, ...start, ...Object.fromEntries(span) };
  return tag === "br" || tag === "hr" ? createElement(tag, props) : createElement(tag, props, ...inner());
}

function firstWords(node: Element): string {
  return (node.querySelector("tr")?.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 60) || node.localName;
}

function Anchor({ node, where, id }: { node: Element; where: Where; id: string }) {
  const { p } = usePortal();
  const own = id === "" ? {} : { id: anchorId(id) };
  const href = node.getAttribute("href");
  const content = children(node, where);
  if (href === null) return <span {...own}>{content}</span>;
  const target = targetOf(href, rootOf(where.site), where.path, location.origin);
  switch (target.kind) {
    case "page": {
      const to = places.page(where.site, target.path, target.anchor);
      const isOwn = node.classList.contains("headerlink");
      return (
        <Go to={to} {...own} className={isOwn ? "headerlink" : undefined} aria-label={isOwn ? p("anchor", { name: target.anchor }) : undefined}>
          {content}
        </Go>
      );
    }
    case "file":
      return (
        <a href={target.url} {...own} download>
          {content}
        </a>
      );
    case "outside":
      return (
        <a href={target.url} {...own} target="_blank" rel="noreferrer">
          {content}
        </a>
      );
    default:
      return <span {...own}>{content}</span>;
  }
}

/** An image of the site. One from elsewhere would tell others who reads: it is a link. */
function Picture({ node, where }: { node: Element; where: Where }) {
  const { p } = usePortal();
  const src = node.getAttribute("src") ?? "";
  const alt = node.getAttribute("alt") ?? "";
  const target = targetOf(src, rootOf(where.site), where.path, location.origin);
  const [isBroken, setBroken] = useState(false);
  if (target.kind === "file" && !isBroken) return <img src={target.url} alt={alt} loading="lazy" onError={() => setBroken(true)} />;
  const said = alt === "" ? src : alt;
  return target.kind === "outside" ? (
    <a href={target.url} target="_blank" rel="noreferrer">
      {p("image.outside", { name: said })}
    </a>
  ) : (
    <span className="t3">{p("image.missing", { name: said })}</span>
  );
}

const DRAWN: Readonly<Record<string, string>> = { mermaid: "Mermaid", plantuml: "PlantUML" };

/** Code with its language, and diagrams as their source. */
function Code({ node }: { node: Element }) {
  const { p } = usePortal();
  const text = (node.textContent ?? "").replace(/\n$/, "");
  const drawn = DRAWN[[...node.classList].find((it) => it in DRAWN) ?? ""];
  const language = [...(node.querySelector("code")?.classList ?? [])].find((it) => it.startsWith("language-"))?.slice(9) ?? "";
  return (
    <figure className="codebox">
      {language === "" && drawn === undefined ? (
        <div className="bare">
          <Copy text={text} />
        </div>
      ) : (
        <figcaption className="hd">
          <span>{drawn === undefined ? language : p("diagram", { name: drawn })}</span>
          <Copy text={text} />
        </figcaption>
      )}
      <pre className="code" tabIndex={0} role="group" aria-label={drawn ?? (language === "" ? p("code") : language)}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}

function Admonition({ node, where }: { node: Element; where: Where }) {
  const kind = [...node.classList].find((it) => it !== "admonition") ?? "note";
  const title = [...node.children].find((it) => it.classList.contains("admonition-title"));
  const rest = [...node.childNodes].filter((it) => it !== title);
  const look = /^(warning|caution|attention)$/.test(kind) ? "is-medium" : /^(danger|error|failure|bug)$/.test(kind) ? "is-high" : "";
  return (
    <div className={`adm ${look}`} role="note">
      {title === undefined ? null : (
        <p className="adm-title">
          <AdmonitionShape look={look} />
          <b>{children(title, where)}</b>
        </p>
      )}
      {rest.map((it, index) => (it instanceof Text ? it.data : it instanceof Element ? <Piece key={index} node={it} where={where} /> : null))}
    </div>
  );
}

function AdmonitionShape({ look }: { look: string }) {
  return (
    <svg className={`shape ${look}`} viewBox="0 0 10 10" aria-hidden="true">
      {look === "is-high" ? <path d="M5 .6 9.800 9.200H.2z" /> : <circle cx="5" cy="5" r="4" />}
    </svg>
  );
}

/** Tabs whose panels change places. */
function TabSet({ node, where }: { node: Element; where: Where }) {
  const name = useId();
  const labels = [...(node.querySelector(":scope > .tabbed-labels")?.children ?? [])];
  const panels = [...(node.querySelector(":scope > .tabbed-content")?.children ?? [])];
  const first = [...node.children].filter((it) => it.localName === "input").findIndex((it) => it.hasAttribute("checked"));
  const [at, setAt] = useState(Math.max(0, first));
  const panel = panels[at];
  return (
    <div className="tabset">
      <div
        role="tablist"
        className="tabs"
        onKeyDown={(event) => {
          const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
          if (step === 0) return;
          const next = (at + step + labels.length) % labels.length;
          setAt(next);
          document.getElementById(`${name}-${next}`)?.focus();
        }}
      >
        {labels.map((it, index) => (
          <button key={index} type="button" role="tab" id={`${name}-${index}`} aria-selected={index === at} aria-controls={`${name}-panel`} tabIndex={index === at ? 0 : -1} onClick={() => setAt(index)}>
            {it.textContent}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${name}-panel`} aria-labelledby={`${name}-${at}`}>
        {panel === undefined ? null : children(panel, where)}
      </div>
    </div>
  );
}
