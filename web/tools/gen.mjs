/** Writes the types of the services' interfaces from their OpenAPI documents; `--check` compares. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

import openapiTS, { astToString } from "openapi-typescript";

const SERVICES = [
  "api-gateway-web",
  "automation-management",
  "building-management",
  "catalog",
  "patient-management-integration",
  "performance",
  "staff-tracking",
  "surgery-booking-integration",
  "surgery-report",
  "surgical-process-monitoring",
  "user-management-integration",
];
const HEAD = "// Written by `cargo xtask gen` from openapi/; never edited.\n\n";

/** Operations are known by method and path; the names of handlers are not unique. */
function read(service) {
  const source = new URL(`../../openapi/${service}.json`, import.meta.url);
  return JSON.parse(readFileSync(source, "utf8"), (key, value) => (key === "operationId" ? undefined : value));
}

const check = process.argv.includes("--check");
const stale = [];
mkdirSync(new URL("../src/api/", import.meta.url), { recursive: true });
for (const service of SERVICES) {
  const target = new URL(`../src/api/${service}.ts`, import.meta.url);
  const text = HEAD + astToString(await openapiTS(read(service)));
  if (!check) {
    writeFileSync(target, text);
    continue;
  }
  let found = "";
  try {
    found = readFileSync(target, "utf8");
  } catch {
    // Not there is stale as well.
  }
  if (found !== text) stale.push(`web/src/api/${service}.ts`);
}
if (stale.length > 0) {
  console.error(`stale, run \`cargo xtask gen\`: ${stale.join(", ")}`);
  process.exit(1);
}
