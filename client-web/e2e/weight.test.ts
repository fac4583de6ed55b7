//! A first visit: how much it loads, from where, and for how long that may be cached.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { Server } from "./server.ts";

const VISIT_LIMIT_BYTES = 480 * 1024;
const WASM_LIMIT_BYTES = 292 * 1024;
const YEAR_SECONDS = 31_536_000;

interface Loaded {
  url: string;
  bytes: number;
  headers: Record<string, string>;
}

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
  server = await Server.start(["--drones", "4"]);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

async function visit(): Promise<Loaded[]> {
  const tab = await Tab.open(browser, "about:blank");
  const session = await tab.context.newCDPSession(tab.page);
  await session.send("Network.enable");
  const loaded = new Map<string, Loaded>();
  session.on("Network.responseReceived", ({ requestId, response }) => {
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    loaded.set(requestId, { url: response.url, bytes: 0, headers });
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const response = loaded.get(requestId);
    if (response) response.bytes = encodedDataLength;
  });
  await tab.page.goto(server.origin);
  const pilot = new Pilot(tab, "Lin");
  await pilot.join();
  tab.expectNoFaults();
  await tab.close();
  return [...loaded.values()].filter((one) => one.url.startsWith("http"));
}

test("a first visit is light, loads from one origin, and is cached by content", async () => {
  const loaded = await visit();
  const total = loaded.reduce((sum, one) => sum + one.bytes, 0);
  const wasm = loaded.find((one) => one.url.endsWith(".wasm"));
  expect(total).toBeLessThanOrEqual(VISIT_LIMIT_BYTES);
  expect(wasm?.bytes).toBeLessThanOrEqual(WASM_LIMIT_BYTES);
  expect(wasm?.headers["content-type"]).toBe("application/wasm");
  for (const one of loaded) expect(new URL(one.url).origin).toBe(server.origin);
  const kept = loaded.filter((one) => new URL(one.url).pathname.startsWith("/assets/"));
  expect(kept.length).toBeGreaterThan(3);
  for (const one of kept) {
    expect(one.headers["cache-control"]).toContain("immutable");
    expect(one.headers["cache-control"]).toContain(`max-age=${YEAR_SECONDS}`);
    if (/\.(js|css|wasm)$/.test(one.url)) expect(one.headers["content-encoding"]).toBe("br");
  }
  const page = loaded.find((one) => new URL(one.url).pathname === "/");
  expect(page?.headers["cache-control"]).not.toContain("immutable");
  expect(page?.headers["content-security-policy"]).toContain("default-src 'none'");
});
