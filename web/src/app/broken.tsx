/** When the page itself fails: said plainly, and tried again by itself, since a wall has no hands. */
import { useEffect } from "react";

import { useWords } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Banner } from "~/ui/states";

/** Milliseconds until the page is loaded anew. */
const PAUSE = 15_000;

export function Broken() {
  const { t } = useWords();
  useEffect(() => {
    const timer = setTimeout(() => location.reload(), PAUSE);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main className="page" id="main">
      <Banner icon="refused" title={t("broken.title")}>
        <p>{t("broken.text")}</p>
        <Button onClick={() => location.reload()}>{t("again")}</Button>
      </Banner>
    </main>
  );
}
