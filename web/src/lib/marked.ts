/** Texts in which a search marked what it found, as pieces: what is found is text, never markup. */

export interface Piece {
  readonly text: string;
  readonly isFound: boolean;
}

export function pieces(text: string, preTag: string, postTag: string): readonly Piece[] {
  if (preTag === "" || postTag === "") return [{ text, isFound: false }];
  const found: Piece[] = [];
  let rest = text;
  for (;;) {
    const begin = rest.indexOf(preTag);
    const end = begin < 0 ? -1 : rest.indexOf(postTag, begin + preTag.length);
    if (end < 0) break;
    found.push({ text: rest.slice(0, begin), isFound: false }, { text: rest.slice(begin + preTag.length, end), isFound: true });
    rest = rest.slice(end + postTag.length);
  }
  found.push({ text: rest.replaceAll(preTag, "").replaceAll(postTag, ""), isFound: false });
  return found.filter((it) => it.text !== "");
}

/** Pieces of at most so many letters, around the first that was found. */
export function excerpt(all: readonly Piece[], most: number): readonly Piece[] {
  const length = all.reduce((sum, it) => sum + it.text.length, 0);
  if (length <= most) return all;
  const first = all.findIndex((it) => it.isFound);
  const before = all.slice(0, Math.max(first, 0)).reduce((sum, it) => sum + it.text.length, 0);
  const from = Math.max(0, Math.min(before - 40, length - most));
  const cut: Piece[] = [];
  let at = 0;
  for (const it of all) {
    const text = it.text.slice(Math.max(0, from - at), Math.max(0, from + most - at));
    if (text !== "") cut.push({ ...it, text });
    at += it.text.length;
  }
  const dots = { text: "…", isFound: false };
  return [...(from > 0 ? [dots] : []), ...cut, ...(from + most < length ? [dots] : [])];
}
