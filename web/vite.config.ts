/** How the application is built and its unit tests run. */
import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` asks a Chiron on this machine; its ports may be shifted.
const offset = Number(process.env["CHIRON_PORT_OFFSET"] ?? "0");

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // The policy of the page allows no `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      "/api": `http://127.0.0.1:${8080 + offset}`,
      "/services": `http://127.0.0.1:${8080 + offset}`,
    },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
