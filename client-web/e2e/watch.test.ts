//! A running match is watched behind its delay; clips are cut from it, kept, and opened by their links.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, replay, Tab, untilTick } from "./browser.ts";
import { command, Server } from "./server.ts";

const DELAY_TICKS = 2 * 30;

let browser: Browser;
let server: Server;
let pilot: Pilot;

beforeAll(async () => {
  browser = await launch();
  server = await Server.start([
    "--drones",
    "5",
    "--seed",
    "11",
    "--watch-delay-seconds",
    "2",
    "--clips",
    "clips",
  ]);
  pilot = new Pilot(await Tab.open(browser, server.origin), "Mae");
  await pilot.join();
  await pilot.page.keyboard.down("KeyW");
  await pilot.page.keyboard.down("Space");
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

async function seek(page: Page, tick: number): Promise<void> {
  await page.locator(".timeline input").fill(String(tick));
  await untilTick(page, tick);
}

test("a match is watched from the list, behind its delay, and a clip of it is that of the command line", async () => {
  const tab = await Tab.open(browser, `${server.origin}/watch`);
  await tab.page.locator(".recordings li a").first().click();
  await tab.page.waitForFunction(() => driftbelt.replay()?.live);
  expect(new URL(tab.page.url()).pathname).toBe("/watch/belt-1");
  const first = await replay(tab.page);
  expect((await pilot.state()).tick - first.ticks).toBeGreaterThanOrEqual(DELAY_TICKS);
  await tab.page.waitForFunction((before) => (driftbelt.replay()?.ticks ?? 0) > before + 90, first.ticks);
  // What is shown is read first: the match goes on between two looks.
  const shown = await replay(tab.page);
  expect((await pilot.state()).tick - shown.ticks).toBeGreaterThanOrEqual(DELAY_TICKS);
  if (process.env.DRIFTBELT_SHOTS)
    await tab.page.screenshot({ path: join(process.env.DRIFTBELT_SHOTS, "watch.png") });

  await tab.page.keyboard.press("Space");
  const begin = Number(await tab.page.locator(".timeline input").getAttribute("min"));
  await seek(tab.page, begin + 30);
  await tab.page.keyboard.press("i");
  await seek(tab.page, begin + 90);
  await tab.page.keyboard.press("o");
  const [download] = await Promise.all([
    tab.page.waitForEvent("download"),
    tab.page.getByRole("button", { name: "Save clip" }).click(),
  ]);
  const clip = await readFile(await download.path());
  const [file] = (await readdir(server.recordings)).filter((name) => name.endsWith(".belt"));
  const cut = join(server.home, "cut.belt");
  await command("clip", join(server.recordings, file), "--from", "1", "--to", "3", "-o", cut);
  expect(clip.equals(await readFile(cut))).toBe(true);
  expect(await command("verify", cut)).toContain("every hash matches");

  await tab.page.getByRole("button", { name: "Link to clip" }).click();
  const link = (await tab.page.locator(".clip a").getAttribute("href"))!;
  await tab.page.getByRole("button", { name: "To the newest moment" }).click();
  await tab.page.waitForFunction((tick) => (driftbelt.replay()?.tick ?? 0) > tick, begin + 120);
  if (process.env.DRIFTBELT_SHOTS)
    await tab.page.screenshot({ path: join(process.env.DRIFTBELT_SHOTS, "clip.png") });
  tab.expectNoFaults();
  await tab.close();

  const kept = await Tab.open(browser, link);
  await kept.page.waitForFunction(() => (driftbelt.replay()?.tick ?? 0) > 0);
  expect((await replay(kept.page)).ticks).toBe(begin + 90);
  expect(await kept.page.title()).toMatch(/ · Driftbelt$/);
  kept.expectNoFaults();
  await kept.close();
});

test("a key keeps the moment, whose link opens once the delay is over", async () => {
  await pilot.page.keyboard.press("KeyK");
  await pilot.page.getByText("Clip kept, link copied").waitFor();
  const { tick } = await pilot.state();
  const link = await pilot.page.evaluate(() => navigator.clipboard.readText());
  const tab = await Tab.open(browser, link);
  await tab.page.waitForFunction(() => (driftbelt.replay()?.ticks ?? 0) > 0);
  const shown = await replay(tab.page);
  expect([shown.live, shown.ticks <= tick]).toEqual([false, true]);
  expect((await pilot.state()).tick - shown.ticks).toBeGreaterThanOrEqual(DELAY_TICKS);
  tab.expectNoFaults();
  await tab.close();
});
