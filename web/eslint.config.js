/** The rules of the house that the compiler does not know. */
import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

const features = ["rooms", "block", "staff", "bookings", "reports", "building", "design", "account", "portal"];

const outside = (folders) => ({
  patterns: folders.map((folder) => ({
    group: [`~/${folder}/**`, `../${folder}/**`, `../../${folder}/**`],
    message: `this layer does not know ${folder}`,
  })),
});

export default ts.config(
  { ignores: ["dist", "src/api", "node_modules"] },
  js.configs.recommended,
  ...ts.configs.recommended,
  hooks.configs.flat.recommended,
  {
    files: ["src/**/*.{ts,tsx}"],
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      eqeqeq: "error",
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXText[value=/[A-Za-zÀ-ž]{2,}/]",
          message: "every string a person reads stands in the catalogues",
        },
        {
          selector: "MemberExpression[object.name='Date'][property.name='now']",
          message: "the block has a clock of its own: lib/clock",
        },
      ],
      // A live screen reads the clock of the block while it is drawn.
      "react-hooks/purity": "off",
      "react-hooks/set-state-in-effect": "off",
      "react-hooks/refs": "off",
    },
  },
  { files: ["src/lib/clock.ts", "src/**/*.test.{ts,tsx}"], rules: { "no-restricted-syntax": "off" } },
  {
    files: ["src/**/*.test.{ts,tsx}"],
    rules: {
      "@typescript-eslint/consistent-type-assertions": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  { files: ["src/lib/**"], rules: { "no-restricted-imports": ["error", outside(["app", "features", "data", "ui"])] } },
  { files: ["src/ui/**"], rules: { "no-restricted-imports": ["error", outside(["app", "features", "data"])] } },
  { files: ["src/data/**"], rules: { "no-restricted-imports": ["error", outside(["app", "features", "ui"])] } },
  ...features.map((feature) => ({
    files: [`src/features/${feature}/**`],
    rules: {
      "no-restricted-imports": [
        "error",
        outside(["app", ...features.filter((other) => other !== feature).map((other) => `features/${other}`)]),
      ],
    },
  })),
  {
    files: ["e2e/**", "tools/**", "*.js"],
    languageOptions: {
      globals: Object.fromEntries(
        ["localStorage", "innerWidth", "NodeFilter", "performance", "history", "MutationObserver", "process", "console", "URL", "Buffer", "fetch", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "document", "window", "getComputedStyle", "TextEncoder"].map((name) => [name, "readonly"]),
      ),
    },
  },
);
