/** Signing in, and coming back to a screen that has locked itself. */
import { PasswordInput, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";

import { useClock } from "~/data/hooks";
import { failureOf } from "~/data/http";
import { signIn, signOut } from "~/data/session";
import { clockTime } from "~/lib/format";
import { useWords, type Key } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Icon, Mark } from "~/ui/icons";

function useSignIn() {
  const { t } = useWords();
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (userId: string, password: string) => {
    setBusy(true);
    setError(undefined);
    try {
      await signIn(userId, password);
    } catch (failure) {
      const { kind } = failureOf(failure);
      const key: Key = kind === "unauthorized" || kind === "refused" ? "signIn.wrong" : kind === "unavailable" ? "signIn.later" : "signIn.unreachable";
      setError(t(key));
      setBusy(false);
    }
  };
  return { error, isBusy, submit };
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
  const { error, isBusy, submit } = useSignIn();
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
          {t("locked.text")}
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
