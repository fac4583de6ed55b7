//! The page is installed, and opens without a network.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Tab } from "./browser.ts";
import { freePort, Server } from "./server.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser.close());

test("once visited, the page below a path opens with the network off and the server gone", async () => {
  const port = await freePort();
  const root = `http://127.0.0.1:${port}/game/`;
  const server = await Server.start(["--no-tls", "--drones", "0", "--public-url", root], undefined, port);
  const tab = await Tab.open(browser, root, { serviceWorkers: "allow" });
  const { page } = tab;
  const manifest = await page.evaluate(async () => {
    const { href } = document.querySelector<HTMLLinkElement>("link[rel=manifest]")!;
    const response = await fetch(href);
    const { start_url, scope, icons } = await response.json();
    const sizes = icons.map(async ({ src, sizes }: { src: string; sizes: string }) => {
      const icon = await createImageBitmap(await (await fetch(new URL(src, href))).blob());
      return `${icon.width}x${icon.height}` === sizes;
    });
    return {
      type: response.headers.get("content-type"),
      start: new URL(start_url, href).href,
      scope: new URL(scope, href).href,
      areSized: await Promise.all(sizes),
    };
  });
  expect(manifest).toEqual({
    type: "application/manifest+json",
    start: root,
    scope: root,
    areSized: [true, true, true],
  });
  // The worker takes over once it has kept every file.
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).scope)).toBe(root);
  await server.dispose();
  await tab.context.setOffline(true);
  await page.goto(`${root}play/somewhere`);
  await page.locator("input[name=name]").waitFor();
  expect(await page.locator(".invited").textContent()).toContain("somewhere");
  await page.goto(`${root}replay`);
  await page.locator("input[type=file]").waitFor({ state: "attached" });
  await tab.close();
});
