//! A hull chosen on the join screen flies, and its ability works by key and rests afterwards.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { Server } from "./server.ts";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
  server = await Server.start(["--drones", "6"]);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

test("the hull of the join screen flies, and its ability rests after use", async () => {
  const tab = await Tab.open(browser, server.origin, { viewport: { width: 1200, height: 760 } });
  const pilot = new Pilot(tab, "Lin");
  await tab.page.getByRole("radio", { name: /Raider/ }).check();
  await pilot.join();
  const ability = tab.page.locator(".bar.ability");
  await tab.page.locator(".bar.ability.ready[title*='Shield']").waitFor();
  await tab.page.keyboard.press("KeyE");
  await tab.page.locator(".bar.ability:not(.ready)").waitFor();
  expect(await ability.getAttribute("title")).toMatch(/Shield.*: \d+ s$/);
  expect(await tab.page.evaluate(() => localStorage.getItem("driftbelt.settings"))).toContain('"hull":1');
  tab.expectNoFaults();
  await pilot.close();
});
