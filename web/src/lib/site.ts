/** A page of documentation as the hub serves it, taken apart for the reader; and where its links lead. */

export interface Leaf {
  readonly title: string;
  /** Below the site's root, without slashes at its ends; nothing for the heading of a group, or a link elsewhere. */
  readonly path?: string;
  readonly url?: string;
  readonly items: readonly Leaf[];
}

export interface Heading {
  readonly id: string;
  readonly title: string;
  readonly level: 2 | 3;
}

export interface DocPage {
  readonly title: string;
  readonly site: string;
  readonly tree: readonly Leaf[];
  readonly headings: readonly Heading[];
  readonly edit: string | undefined;
  readonly article: Element | null;
}

/** What a link of a page is. */
export type Target =
  | { readonly kind: "page"; readonly path: string; readonly anchor: string }
  | { readonly kind: "file"; readonly url: string }
  | { readonly kind: "outside"; readonly url: string }
  | { readonly kind: "none" };

/** A path below the site's root, as the address of the reader has it. */
export function pagePath(path: string): string {
  return path.replace(/(^|\/)index\.html$/, "").replace(/^\/+|\/+$/g, "");
}

/**
 * Where an address of a page leads. `root` is the site's root on the server, with a slash at its end,
 * `page` the path of the page on which it stands, and `origin` where the portal itself is.
 */
export function targetOf(href: string, root: string, page: string, origin: string): Target {
  let url: URL;
  try {
    url = new URL(href, `${origin}${root}${page === "" ? "" : `${page}/`}`);
  } catch {
    return { kind: "none" };
  }
  if (!/^(https?|mailto|tel):$/.test(url.protocol)) return { kind: "none" };
  if (url.origin !== origin) return { kind: "outside", url: url.href };
  if (!url.pathname.startsWith(root)) return { kind: "outside", url: url.href };
  const rest = decoded(url.pathname.slice(root.length));
  const last = rest.split("/").at(-1) ?? "";
  if (last.includes(".") && !last.endsWith(".html")) return { kind: "file", url: url.pathname + url.search };
  return { kind: "page", path: pagePath(rest), anchor: decoded(url.hash.slice(1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Reads a page by the names under which TechDocs finds its parts. */
export function docPage(html: string, root: string, page: string, origin: string): DocPage {
  // What the policy of the page forbids is said otherwise: alignment is a word of its own.
  const plain = html.replace(/(<t[dh]\b[^>]*?)\sstyle="text-align:\s*(left|right|center);?"/g, '$1 align="$2"').replace(/\sstyle="[^"]*"/g, "");
  const document = new DOMParser().parseFromString(plain, "text/html");
  const find = (selector: string) => document.querySelector(selector);
  const article = find("article.md-content__inner");
  const edit = article?.querySelector("a.md-content__button[rel~=edit]");
  edit?.remove();
  const first = article?.querySelector("h1");
  const headings = [...(article?.querySelectorAll("h2[id], h3[id]") ?? [])].map((it): Heading => ({ id: it.id, title: textOf(it), level: it.localName === "h2" ? 2 : 3 }));
  const list = find("[data-md-type=navigation] ul");
  return {
    title: first === null || first === undefined ? (document.title.split(" - ")[0] ?? "") : textOf(first),
    site: find(".md-header__title")?.textContent.trim() ?? "",
    tree: list === null ? [] : leaves(list, root, page, origin),
    headings,
    edit: edit?.getAttribute("href") ?? undefined,
    article,
  };
}

/** The text of a heading, without the sign of its own link. */
function textOf(heading: Element): string {
  const copy = heading.cloneNode(true);
  if (copy instanceof Element) for (const it of copy.querySelectorAll(".headerlink")) it.remove();
  return (copy.textContent ?? "").trim();
}

function leaves(list: Element, root: string, page: string, origin: string): readonly Leaf[] {
  return [...list.children].flatMap((item): Leaf[] => {
    const name = [...item.children].find((it) => it.localName === "a" || it.localName === "label");
    if (name === undefined) return [];
    const title = name.textContent.trim();
    const below = [...item.children].find((it) => it.localName === "nav")?.querySelector("ul");
    const items = below === null || below === undefined ? [] : leaves(below, root, page, origin);
    const href = name.getAttribute("href");
    if (href === null) return [{ title, items }];
    const target = targetOf(href, root, page, origin);
    if (target.kind === "page") return [{ title, path: target.path, items }];
    return target.kind === "none" ? [{ title, items }] : [{ title, url: target.url, items }];
  });
}

/** The address of a page of which the hub names the file. */
export function pathOfFile(file: string): string {
  return pagePath(file.replace(/\.md$/, "").replace(/(^|\/)(index|README)$/, ""));
}

/** The pages of a tree in the order in which one reads them. */
export function inOrder(tree: readonly Leaf[]): readonly { readonly title: string; readonly path: string }[] {
  return tree.flatMap((it) => [...(it.path === undefined ? [] : [{ title: it.title, path: it.path }]), ...inOrder(it.items)]);
}
