//! A recorded match plays in the browser: from the server, at any tick, with the recorded hashes, and from a file without a
//! server.

import { readdir, readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, replay, Tab, untilTick } from "./browser.ts";
import { command, Server } from "./server.ts";

const MATCH_TICKS = 240;

let browser: Browser;
let server: Server;
let file: string;
/** The recording's last tick and its hash. */
let recorded: { tick: number; hash: string };

beforeAll(async () => {
  browser = await launch();
  const live = await Server.start(["--drones", "5", "--seed", "11", "--keep-rooms-seconds", "0"]);
  const pilot = new Pilot(await Tab.open(browser, live.origin), "Mae");
  await pilot.join();
  await pilot.page.keyboard.down("KeyW");
  await pilot.page.keyboard.down("Space");
  await pilot.page.waitForFunction((ticks) => driftbelt.state().tick >= ticks, MATCH_TICKS);
  await pilot.close();
  expect(await live.stop()).toBe(0);
  [file] = (await readdir(live.recordings)).filter((name) => name.endsWith(".belt"));
  const verdict = await command("verify", join(live.recordings, file));
  const last = /every hash matches, the last one ([0-9a-f]{16}) at tick (\d+)/.exec(verdict);
  expect(last, verdict).not.toBeNull();
  recorded = { hash: last![1], tick: Number(last![2]) };
  server = await Server.start(["--watch-delay-seconds", "0"], live.home);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

test("the list opens the recording, whose last hash is the live server's", async () => {
  const tab = await Tab.open(browser, `${server.origin}/replay`);
  await tab.page.locator(".recordings li a").first().click();
  await tab.page.waitForFunction(() => (driftbelt.replay()?.tick ?? 0) > 5);
  expect(new URL(tab.page.url()).pathname).toBe(`/replay/${encodeURIComponent(file)}`);
  await tab.page.keyboard.press("Space");
  await tab.page.waitForFunction(() => driftbelt.replay()?.playing === false);
  await tab.page.keyboard.press("End");
  const end = await untilTick(tab.page, recorded.tick);
  expect(end.ticks).toBe(recorded.tick);
  expect(end.stateHash).toBe(recorded.hash);
  tab.expectNoFaults();
  await tab.close();
});

test("seeking back and forth reaches the same states", async () => {
  const tab = await Tab.open(browser, `${server.origin}/replay/${encodeURIComponent(file)}?t=100`);
  const first = await untilTick(tab.page, 100);
  expect(first.playing).toBe(false);
  expect(first.stateHash).toMatch(/^[0-9a-f]{16}$/);
  await tab.page.keyboard.press("Period");
  const next = await untilTick(tab.page, 101);
  expect(next.stateHash).not.toBe(first.stateHash);
  await tab.page.keyboard.press("Home");
  // The recording begins when the player has steered.
  await tab.page.waitForFunction(() => (driftbelt.replay()?.tick ?? 100) < 100);
  await tab.page.locator(".timeline input").fill("100");
  expect((await untilTick(tab.page, 100)).stateHash).toBe(first.stateHash);
  await tab.page.keyboard.press("Minus");
  await tab.page.waitForFunction(() => driftbelt.replay()?.speed === 0.5);
  const before = (await replay(tab.page)).following;
  await tab.page.keyboard.press("f");
  await tab.page.waitForFunction((player) => driftbelt.replay()?.following !== player, before);
  tab.expectNoFaults();
  await tab.close();
});

test("a file plays without a server, and a broken one shows why it does not", async () => {
  const bytes = await readFile(join(server.recordings, file));
  const tab = await Tab.open(browser, `${server.origin}/replay`);
  await tab.page.waitForSelector(".recordings li");
  await tab.context.setOffline(true);
  const input = tab.page.locator("input[type=file]");
  await input.setInputFiles({
    name: "broken.belt",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("no belt"),
  });
  await tab.page.locator("[role=alert]").waitFor();
  await input.setInputFiles({ name: "mine.belt", mimeType: "application/octet-stream", buffer: bytes });
  await tab.page.waitForFunction(() => (driftbelt.replay()?.tick ?? 0) > 3);
  await tab.page.keyboard.press("End");
  expect((await untilTick(tab.page, recorded.tick)).stateHash).toBe(recorded.hash);
  await tab.close();
});

/** Stands before the server, and sends only the first bytes of the recording until it is told to break the connection off. */
async function holdBack(
  bytes: number,
): Promise<{ origin: string; ranges: string[]; breakOff(): void; end(): void }> {
  const ranges: string[] = [];
  let held: ServerResponse | undefined;
  const listener = createServer(({ url, headers }, response) => {
    const { range, "if-range": validator } = headers;
    const passed = range === undefined ? {} : { range, "if-range": String(validator) };
    get(`${server.origin}${url}`, { headers: passed, rejectUnauthorized: false }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      if (!url?.startsWith("/recordings/")) return answer.pipe(response);
      ranges.push(range ?? "");
      if (range) return answer.pipe(response);
      held = response;
      answer.once("readable", () => response.write(answer.read(bytes)));
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  const end = () => listener.close();
  return { origin: `http://127.0.0.1:${port}`, ranges, breakOff: () => held?.destroy(), end };
}

test("a recording opens while it loads, and a download that breaks off goes on from there", async () => {
  const whole = (await readFile(join(server.recordings, file))).length;
  const part = Math.floor(whole / 2);
  const front = await holdBack(part);
  const tab = await Tab.open(browser, `${front.origin}/replay/${encodeURIComponent(file)}`);
  await tab.page.waitForFunction(() => (driftbelt.replay()?.tick ?? 0) > 5);
  const { ticks, live } = await replay(tab.page);
  expect([ticks < recorded.tick, live]).toEqual([true, false]);
  await tab.page.locator(".loading").waitFor();
  await tab.page.keyboard.press("Space");
  await tab.page.waitForFunction(() => driftbelt.replay()?.playing === false);
  // A tick that is there is shown at once.
  await tab.page.locator(".timeline input").fill(String(ticks - 1));
  await untilTick(tab.page, ticks - 1);
  front.breakOff();
  await tab.page.locator(".loading").waitFor({ state: "detached" });
  expect(front.ranges).toEqual(["", `bytes=${part}-`]);
  await tab.page.keyboard.press("End");
  expect((await untilTick(tab.page, recorded.tick)).stateHash).toBe(recorded.hash);
  tab.expectNoFaults();
  await tab.close();
  front.end();
});

test("of two openings the newer one wins; cancel, back and forward work", async () => {
  const tab = await Tab.open(browser, `${server.origin}/replay`);
  const { page } = tab;
  const held: (() => Promise<void>)[] = [];
  await page.route("**/recordings/slow.belt", (route) => {
    held.push(() => route.fulfill({ body: "no belt" }).catch(() => undefined));
  });
  await page.locator(".recordings li a").first().click();
  await page.waitForFunction(() => (driftbelt.replay()?.tick ?? 0) > 3);
  const openSlow = () =>
    page.evaluate(() => {
      history.pushState(null, "", "/replay/slow.belt");
      dispatchEvent(new PopStateEvent("popstate"));
    });
  await openSlow();
  await page.locator(".dialog progress").waitFor();
  await expect.poll(() => held.length).toBe(1);
  await page.goBack();
  await page.waitForFunction(() => (driftbelt.replay()?.tick ?? 0) > 3);
  await held[0]();
  await page.goForward();
  await page.locator(".dialog button").click();
  await page.locator(".recordings li a").first().waitFor();
  expect(new URL(page.url()).pathname).toBe("/replay");
  expect(await page.locator("[role=alert]").count()).toBe(0);
  await page.goBack();
  await page.goBack();
  await page.waitForFunction(() => (driftbelt.replay()?.tick ?? 0) > 3);
  await page.goBack();
  await page.locator(".recordings li a").first().waitFor();
  tab.expectNoFaults();
  await tab.close();
});

test("a link opens a moment; panels, marks and keys lead through the match", async () => {
  const address = `${server.origin}/replay/${encodeURIComponent(file)}`;
  const tab = await Tab.open(browser, `${address}#t=0:03&follow=Mae&speed=0.5`);
  const { page } = tab;
  // Moments count from the recording's first tick.
  const begin = Number(await page.locator(".timeline input").getAttribute("min"));
  const opened = await untilTick(page, begin + 90);
  expect([opened.playing, opened.speed]).toEqual([false, 0.5]);
  await page.getByRole("tab", { name: "Pilots" }).click();
  await page.locator(".scores tr.on", { hasText: "Mae" }).waitFor();
  await page.keyboard.press("Period");
  await untilTick(page, begin + 91);
  await page.getByRole("button", { name: "Copy link to this moment" }).click();
  await page.getByRole("button", { name: "Copy link to this moment" }).getByText("Link copied").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toBe(`${address}#t=0:03.03&follow=Mae&speed=0.5`);
  await page.evaluate(() => {
    location.hash = "#t=0:01&speed=1";
  });
  expect((await untilTick(page, begin + 30)).speed).toBe(1);

  await page.keyboard.down("s");
  await page.waitForFunction(() => driftbelt.replay()?.playing && driftbelt.replay()?.speed === 0.25);
  await page.keyboard.up("s");
  await page.waitForFunction(() => !driftbelt.replay()?.playing && driftbelt.replay()?.speed === 1);
  await page.keyboard.press("BracketLeft");
  await page.waitForFunction((tick) => (driftbelt.replay()?.tick ?? tick) < tick, begin + 30);
  await page.getByRole("tab", { name: "Scores" }).click();
  await page.locator(".curves polyline").first().waitFor({ state: "attached" });
  await page.getByRole("tab", { name: "Losses" }).click();
  await page.getByText(/ships? (was|were) lost/).waitFor();
  await page.locator(".progress").waitFor({ state: "detached" });
  await page.keyboard.press("h");
  await page.locator(".viewer").waitFor({ state: "detached" });
  await page.keyboard.press("h");
  await page.locator(".viewer").waitFor();
  await page.keyboard.press("?");
  await page.locator(".key-page").waitFor();
  tab.expectNoFaults();
  await tab.close();
});
