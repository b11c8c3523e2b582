// Discovers the actuators in the directory, reads, observes and drives them with node-wot as it
// is published. Arguments: the directory's base URL, a bearer token.

const assert = require("node:assert");
const { Servient } = require("@node-wot/core");
const { HttpClientFactory } = require("@node-wot/binding-http");

const [directory, token] = process.argv.slice(2);

async function main() {
  const servient = new Servient();
  servient.addClientFactory(new HttpClientFactory(null));
  const ids = ["urn:chiron:thing-directory", ...["h-1", "v-1", "al-1"].map((id) => `urn:chiron:thing:${id}`)];
  servient.addCredentials(Object.fromEntries(ids.map((id) => [id, { token }])));
  const wot = await servient.start();

  const found = new Map();
  const discovery = await wot.exploreDirectory(`${directory}/.well-known/wot`);
  for await (const td of discovery) found.set(td.id, td);
  assert.strictEqual(discovery.error, undefined);
  assert.deepStrictEqual([...found.keys()].sort(), ids.slice(1).sort());

  const light = await wot.consume(found.get("urn:chiron:thing:al-1"));
  assert.strictEqual(await (await light.readProperty("power_state")).value(), "on");
  assert.strictEqual(await (await light.readProperty("intensity")).value(), 100);

  let seen;
  const changed = new Promise((resolve) => (seen = resolve));
  const subscription = await light.observeProperty("intensity", async (output) => seen(await output.value()));
  await light.invokeAction("setIntensity", { intensity: 250 });
  assert.strictEqual(await changed, 250);
  await subscription.stop().catch(() => {});
  assert.strictEqual(await (await light.readProperty("intensity")).value(), 250);

  const heating = await wot.consume(found.get("urn:chiron:thing:h-1"));
  await heating.invokeAction("on");
  assert.strictEqual(await (await heating.readProperty("power_state")).value(), "on");
  await assert.rejects(heating.invokeAction("off"), /Client error/);
  await assert.rejects(heating.invokeAction("setIntensity", { intensity: 1 }));

  console.log("all done");
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
