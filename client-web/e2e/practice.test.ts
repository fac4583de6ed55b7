//! Practice: the tutorial, and a room that needs no server and no network.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { Server } from "./server.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser.close());

test("once visited, the page opens and practice plays with the network off and the server gone", async () => {
  const server = await Server.start(["--no-tls", "--drones", "2"]);
  const tab = await Tab.open(browser, server.origin, { serviceWorkers: "allow" });
  const { page } = tab;
  // The worker takes over once it has kept every file.
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await server.dispose();
  await tab.context.setOffline(true);
  await page.reload();
  await page.fill("input[name=name]", "Mae");
  await page.getByRole("button", { name: "Practice alone" }).click();
  await page.getByRole("button", { name: /^Tutorial/ }).click();
  const pilot = new Pilot(tab, "Mae");
  await pilot.untilPhase("playing");
  const from = await pilot.ship();
  const lesson = page.locator(".tutorial");
  await lesson.getByText("hold W").waitFor();
  await page.keyboard.down("KeyW");
  await pilot.untilAwayFrom(from);
  // Done by doing: the next step comes.
  await lesson.getByText("Hold Shift").waitFor();
  await page.keyboard.down("ShiftLeft");
  await lesson.getByText("hold Space").waitFor();
  await page.keyboard.up("ShiftLeft");
  await page.keyboard.up("KeyW");
  const state = await pilot.state();
  expect(state.transport).toBe("practice");
  expect(state.players).toBeGreaterThan(4);
  await lesson.getByRole("button", { name: "Skip" }).click();
  await lesson.getByText("fly over the ore").waitFor();
  await lesson.getByRole("button", { name: "End the tutorial" }).click();
  await lesson.waitFor({ state: "detached" });
  await tab.close();
});

test("without a server the page offers practice, and keeps the best score", async () => {
  const server = await Server.start(["--no-tls", "--drones", "2"]);
  const tab = await Tab.open(browser, server.origin);
  const { page } = tab;
  await page.evaluate(() => localStorage.setItem("driftbelt.practice", '{"teams": 1234}'));
  // The files of practice are there before the network is gone.
  await page.getByRole("button", { name: "Practice alone" }).click();
  await page.getByRole("button", { name: "Teams" }).getByText("Best: 1,234").waitFor();
  await page.getByRole("button", { name: "Teams" }).click();
  const pilot = new Pilot(tab, "Mae");
  await pilot.untilPhase("playing");
  await page.locator(".practice-best", { hasText: "Best: 1,234" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Leave the match" }).click();
  await pilot.untilPhase("join");
  await server.dispose();
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.getByRole("button", { name: "Practice alone" }).click();
  await page.getByRole("button", { name: "Free for all" }).click();
  await pilot.untilPhase("playing");
  expect((await pilot.state()).transport).toBe("practice");
  await tab.close();
});
