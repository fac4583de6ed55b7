//! The settings: keys that the player binds, and what the browser keeps.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { Server } from "./server.ts";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
  server = await Server.start(["--drones", "0", "--seed", "7"]);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

test("keys are bound, shown everywhere, kept, and fly", async () => {
  const pilot = new Pilot(await Tab.open(browser, server.origin), "Ada");
  const { page } = pilot;
  await page.click(".all-settings");
  const key = (action: string) =>
    page.locator(".keys-table tr", { hasText: action }).locator("button").first();
  const choose = async (action: string) => {
    await key(action).click();
    await page.waitForSelector(".keys-table .waits");
  };
  await choose("Fly");
  await page.keyboard.press("Escape");
  expect(await key("Fly").textContent()).toBe("W");
  await choose("Fly");
  await page.keyboard.press("F5");
  await pilot.untilText(".said", "belongs to the browser");
  await page.keyboard.press("KeyF");
  await pilot.untilText(".said", /^F: Fly$/);
  // A key that is taken moves.
  await choose("Brake");
  await page.keyboard.press("Space");
  await pilot.untilText(".said", "no longer does: Fire");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".settings-page", { state: "detached" });
  await page.reload();
  await pilot.untilText(".keys li", /^FFly/);
  await pilot.untilText(".keys li", /^SpaceBrake/);
  await pilot.join();
  await pilot.untilText(".hint", "Hold F to fly");
  const before = await pilot.ship();
  await pilot.aim(0);
  await page.keyboard.down("KeyF");
  await pilot.untilAwayFrom(before);
  await page.keyboard.up("KeyF");
  // Escape leaves the settings, then the menu.
  await page.keyboard.press("Escape");
  await page.click(".dialog .all-settings");
  await page.click(".settings-page .keys-table > button");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".settings-page", { state: "detached" });
  expect(await page.locator(".dialog").count()).toBe(1);
  await page.keyboard.press("Escape");
  await page.waitForSelector(".dialog", { state: "detached" });
  const after = await pilot.ship();
  await page.keyboard.down("KeyW");
  await pilot.untilAwayFrom(after);
  pilot.tab.expectNoFaults();
  await pilot.close();
});
