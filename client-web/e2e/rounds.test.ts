//! A round ends while somebody plays: the clock runs out, the podium shows, the next round begins.

import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { Server } from "./server.ts";

const ROUND_SECONDS = 12;
// Long enough to vote twice on a busy machine.
const PODIUM_SECONDS = 25;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
  const assets = join(await mkdtemp(join(tmpdir(), "driftbelt-assets-")), "assets");
  await cp(new URL("../../assets", import.meta.url), assets, { recursive: true });
  const mode = join(assets, "modes/belt.toml");
  const text = await readFile(mode, "utf8");
  const short = text
    .replace(/^round_seconds = .*$/m, `round_seconds = ${ROUND_SECONDS}`)
    .replace(/^podium_seconds = .*$/m, `podium_seconds = ${PODIUM_SECONDS}`);
  await writeFile(mode, short);
  server = await Server.start(["--assets", assets, "--drones", "8"]);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

test("a round ends with a podium, and the next one begins with a new ship", async () => {
  const tab = await Tab.open(browser, server.origin);
  const pilot = new Pilot(tab, "Ada");
  await pilot.join();
  const { page } = tab;
  await page.waitForSelector(".clock");
  expect(await page.textContent(".clock")).toMatch(/^0:\d\d$/);
  expect(await page.textContent(".board h2")).toMatch(/1 pilot, 7 drones/);
  const first = (await pilot.state()).self?.id;
  await page.waitForSelector(".podium");
  const over = await page.textContent(".podium h2");
  expect(over).toMatch(/^Round \d+ is over$/);
  expect(await page.textContent(".podium .count")).toMatch(/^Next round in \d+ seconds?$/);
  expect(await page.locator(".death").count()).toBe(0);
  expect((await pilot.state()).self).toBeNull();
  const arenas = page.locator(".vote button");
  expect(await arenas.allTextContents()).toEqual([
    "1The Cluster0 votes",
    "2The Corridor0 votes",
    "3The Expanse0 votes",
  ]);
  await page.keyboard.press("2");
  await page.waitForSelector(".vote .leads >> text=The Corridor1 vote");
  await arenas.nth(2).click();
  await page.waitForSelector(".vote .leads >> text=The Expanse1 vote");
  await page.waitForSelector(".podium", { state: "detached" });
  await expect.poll(async () => (await pilot.state()).self?.id ?? first, { timeout: 30_000 }).not.toBe(first);
  expect((await pilot.state()).self?.score).toBe(0);
  expect(await page.textContent(".quotes")).toContain("Kalliope");
  tab.expectNoFaults();
  await tab.close();
});
