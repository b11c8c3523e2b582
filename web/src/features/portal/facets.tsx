/** What a list can be narrowed by, with how much is left of each. */
import { Checkbox } from "@mantine/core";
import { useState } from "react";

import type { Counts, FacetValue } from "~/data/catalog";
import { refName } from "~/lib/entity";
import { changed, FACETS, toggled, type Facet, type Wanted } from "~/lib/facets";
import { number } from "~/lib/format";
import { usePortal } from "~/lib/portal-words";
import { Button } from "~/ui/button";

import { PortalIcon } from "./icons";
import { Note } from "./parts";

/** Values of a facet that are shown before one asks for more. */
const SHORT = 6;

interface FacetsProps {
  readonly wanted: Wanted;
  readonly counts: Counts | undefined;
  readonly error: unknown;
  readonly onRetry: () => void;
  readonly onChange: (wanted: Wanted) => void;
}

export function Facets({ wanted, counts, error, onRetry, onChange }: FacetsProps) {
  const { p, t, term, language } = usePortal();
  const [isOpen, setOpen] = useState(false);
  if (error !== null && counts === undefined) {
    return (
      <aside className="facets" aria-label={p("facets")}>
        <Note level="medium" title={p("facets.failed")}>
          <p className="t2">{p("facets.failed.text")}</p>
          <Button onClick={onRetry}>{t("again")}</Button>
        </Note>
      </aside>
    );
  }
  const count = FACETS.reduce((sum, it) => sum + wanted.chosen[it].length, wanted.kind === undefined ? 0 : 1);
  const kinds = withChosen(counts?.kind ?? [], wanted.kind === undefined ? [] : [wanted.kind]);
  return (
    <aside className={isOpen ? "facets is-open" : "facets"} aria-label={p("facets")}>
      <button type="button" className="toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <PortalIcon name="catalog" /> {p("facets")} <span className="t3">{count === 0 ? "" : number(count, language)}</span>
      </button>
      <fieldset>
        <legend>{p("facet.kind")}</legend>
        {[{ value: "", count: -1 }, ...kinds].map(({ value, count }) => (
          <label key={value} className="facet">
            <input
              type="radio"
              name="kind"
              checked={(wanted.kind ?? "") === value.toLowerCase()}
              // Another kind has other types: what was chosen of them would hide everything.
              onChange={() => onChange(changed(wanted, { kind: value === "" ? undefined : value.toLowerCase(), chosen: { ...wanted.chosen, type: [] } }))}
            />
            <span>{value === "" ? p("facet.any") : term("kind", value)}</span>
            <span className="t3">{count < 0 ? "" : number(count, language)}</span>
          </label>
        ))}
      </fieldset>
      {FACETS.map((facet) => (
        <FacetList key={facet} facet={facet} values={withChosen(counts?.[facet] ?? [], wanted.chosen[facet])} chosen={wanted.chosen[facet]} onToggle={(value) => onChange(toggled(wanted, facet, value))} />
      ))}
    </aside>
  );
}

/** What is chosen stands there even when nothing has it any more. */
function withChosen(values: readonly FacetValue[], chosen: readonly string[]): readonly FacetValue[] {
  const known = new Set(values.map((it) => it.value.toLowerCase()));
  return [...values, ...chosen.filter((it) => !known.has(it.toLowerCase())).map((value) => ({ value, count: 0 }))];
}

export function useFacetName(): (facet: Facet, value: string) => string {
  const { term } = usePortal();
  return (facet, value) => {
    if (facet === "owner") return refName(value, "group");
    if (facet === "system") return refName(value, "system");
    return facet === "type" ? term("type", value) : facet === "lifecycle" ? term("life", value) : value;
  };
}

function FacetList({ facet, values, chosen, onToggle }: { facet: Facet; values: readonly FacetValue[]; chosen: readonly string[]; onToggle: (value: string) => void }) {
  const { p, language } = usePortal();
  const [isLong, setLong] = useState(false);
  const nameOf = useFacetName();
  const isChosen = (value: string) => chosen.some((it) => it.toLowerCase() === value.toLowerCase());
  if (values.length === 0) return null;
  const shown = isLong ? values : values.filter((it, index) => index < SHORT || isChosen(it.value));
  return (
    <fieldset className={isLong ? "is-long" : ""}>
      <legend>{p(`facet.${facet}`)}</legend>
      <div>
        {shown.map(({ value, count }) => (
          <label key={value} className="facet">
            <Checkbox size="xs" checked={isChosen(value)} onChange={() => onToggle(chosen.find((it) => it.toLowerCase() === value.toLowerCase()) ?? value)} />
            <span>{nameOf(facet, value)}</span>
            <span className="t3">{number(count, language)}</span>
          </label>
        ))}
      </div>
      {values.length > shown.length || isLong ? (
        <button type="button" className="more" onClick={() => setLong(!isLong)}>
          {isLong ? p("facet.less") : p("facet.more", { count: values.length - shown.length })}
        </button>
      ) : null}
    </fieldset>
  );
}
