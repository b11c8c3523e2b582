/** Signing in, and coming back to a screen that has locked itself. */
import { PasswordInput, TextInput } from "@mantine/core";
import { useEffect, useEffectEvent, useState, type FormEvent } from "react";

import { useClock } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { signIn, signOut, unlock } from "~/data/session";
import { clockTime } from "~/lib/format";
import { useWords, type Key } from "~/lib/i18n";
import { BadgeReader } from "~/lib/reader";
import { Button } from "~/ui/button";
import { Icon, Mark } from "~/ui/icons";

function useSignIn() {
  const { t } = useWords();
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const attempt = async (trying: Promise<void>, wrong: Key) => {
    setBusy(true);
    setError(undefined);
    try {
      await trying;
    } catch (failure) {
      const { kind } = failureOf(failure);
      const key: Key = kind === "unauthorized" || kind === "refused" ? wrong : kind === "unavailable" ? "signIn.later" : "signIn.unreachable";
      setError(t(key));
      setBusy(false);
    }
  };
  const submit = (userId: string, password: string) => attempt(signIn(userId, password), "signIn.wrong");
  const show = (badge: string) => attempt(unlock(badge), "locked.badge.wrong");
  return { error, isBusy, submit, show };
}

/** Whoever holds a badge to a reader means the screen, whatever has the focus. */
function useBadge(onBadge: (badge: string) => void): void {
  const take = useEffectEvent(onBadge);
  useEffect(() => {
    const reader = new BadgeReader();
    const listen = (event: KeyboardEvent) => {
      const badge = reader.key(event.key, event.timeStamp);
      if (badge === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      take(badge);
    };
    document.addEventListener("keydown", listen, { capture: true });
    return () => document.removeEventListener("keydown", listen, { capture: true });
  }, []);
}

export function SignIn({ ended }: { ended: boolean }) {
  const { t } = useWords();
  const [userId, setUserId] = useState("");
  const [password, setPassword] = useState("");
  const { error, isBusy, submit } = useSignIn();
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void submit(userId, password);
  };
  return (
    <main className="sign" id="main">
      <form onSubmit={onSubmit}>
        <h1>
          <Mark /> {t("product")}
        </h1>
        {ended ? <p className="t2">{t("signIn.ended")}</p> : null}
        <TextInput label={t("signIn.user")} value={userId} autoComplete="username" autoFocus onChange={(event) => setUserId(event.currentTarget.value)} />
        <PasswordInput
          label={t("signIn.password")}
          value={password}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <div role="alert" className="error">
          {error}
        </div>
        <Button type="submit" look="primary" disabled={isBusy ? t("signIn.busy") : userId === "" || password === "" ? t("signIn.fill") : undefined}>
          {t("signIn")}
        </Button>
      </form>
    </main>
  );
}

export function LockScreen({ userId, place }: { userId: string; place: string | undefined }) {
  const { t, language } = useWords();
  const now = useClock();
  const [password, setPassword] = useState("");
  const { error, isBusy, submit, show } = useSignIn();
  useBadge((badge) => {
    // The reader has typed it there too.
    setPassword("");
    void show(badge);
  });
  return (
    <main className="sign" id="main">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(userId, password);
        }}
      >
        <div className="big-clock">{clockTime(now, language)}</div>
        <h1>
          <Icon name="lock" /> {t("locked", { user: userId })}
        </h1>
        <p className="t2">
          {place === undefined ? "" : `${place}. `}
          {t("locked.text")} {t("locked.badge")}
        </p>
        <PasswordInput
          label={t("signIn.password")}
          value={password}
          autoComplete="current-password"
          autoFocus
          visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <div role="alert" className="error">
          {error}
        </div>
        <Button type="submit" look="primary" disabled={isBusy ? t("signIn.busy") : password === "" ? t("signIn.fill") : undefined}>
          {t("unlock")}
        </Button>
        <Button look="quiet" onClick={() => void signOut()}>
          {t("locked.other")}
        </Button>
      </form>
    </main>
  );
}
