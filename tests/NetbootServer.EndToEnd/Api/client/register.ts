// A program that uses the API through nothing but its OpenAPI document: paths, bodies and answers are checked by tsc.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[]; exit(code: number): never };

const [, , url, token] = process.argv;
if (!url || !token) throw new Error("usage: register.js URL TOKEN");
const client = createClient<paths>({ baseUrl: url, headers: { authorization: `Bearer ${token}` } });

function fail(what: string, problem: { type: string; detail: string } | undefined): never {
  console.error(`${what}: ${problem?.type} ${problem?.detail}`);
  process.exit(1);
}

const image = await client.PUT("/api/v1/images/{name}", {
  params: { path: { name: "client-image" } },
  body: { source: { type: "upload" } },
});
if (!image.data) fail("image", image.error);

const machine = await client.PUT("/api/v1/machines/{name}", {
  params: { path: { name: "client-machine" } },
  body: { macs: ["52:54:00:c1:1e:47"], labels: { rack: "3" } },
});
if (!machine.data) fail("machine", machine.error);

const patched = await client.PATCH("/api/v1/machines/{name}", {
  params: { path: { name: "client-machine" } },
  body: { notes: "made by a generated client", serial: null },
  headers: { "content-type": "application/merge-patch+json" },
});
if (!patched.data) fail("patch", patched.error);

const taken = await client.PUT("/api/v1/machines/{name}", {
  params: { path: { name: "another-machine" } },
  body: { macs: ["52:54:00:c1:1e:47"] },
});
if (taken.error?.type !== "/problems/mac-taken") fail("a taken MAC was not refused", taken.error);

const list = await client.GET("/api/v1/machines", { params: { query: { label: ["rack=3"], limit: "10" } } });
if (!list.data) fail("list", list.error);
console.log(list.data.items.map((item) => `${item.name} ${item.macs.join(",")} ${item.state} ${item.notes}`).join("\n"));
