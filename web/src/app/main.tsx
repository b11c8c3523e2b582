/** The application: its providers, its styles, its first breath. */
import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/default-css-variables.css";
import "@mantine/core/styles/global.css";
import "@mantine/core/styles/UnstyledButton.css";
import "@mantine/core/styles/ScrollArea.css";
import "@mantine/core/styles/Overlay.css";
import "@mantine/core/styles/CloseButton.css";
import "@mantine/core/styles/Paper.css";
import "@mantine/core/styles/Input.css";
import "@mantine/core/styles/PasswordInput.css";
import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Modal.css";
import "~/ui/tokens.css";
import "~/ui/base.css";
import "./app.css";

import { createTheme, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { failureOf } from "~/data/http";
import { WordsProvider } from "~/lib/i18n";

import { PreferencesProvider, usePreferences } from "./preferences";
import { makeRouter } from "./router";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // What is refused stays refused; what did not answer is asked again, calmly.
      retry: (count, error) => {
        const { kind } = failureOf(error);
        return count < 2 && (kind === "unreachable" || kind === "unavailable");
      },
      retryDelay: (count) => 500 * 2 ** count,
      refetchOnWindowFocus: true,
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
});
const router = makeRouter(client);
// Motion is one of the things that a theatre has too much of already.
const theme = createTheme({ respectReducedMotion: true });

function Themed() {
  const { theme: chosen, language } = usePreferences();
  return (
    // The style sheet brings the kit's variables: the page's policy allows no style in the page.
    <MantineProvider theme={theme} withCssVariables={false} withGlobalClasses={false} forceColorScheme={chosen === "theatre" ? "dark" : "light"}>
      <WordsProvider language={language}>
        <RouterProvider router={router} />
      </WordsProvider>
    </MantineProvider>
  );
}

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <PreferencesProvider>
          <Themed />
        </PreferencesProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
