//! A network that blocks WebSockets: the page plays over polls, and moves to a WebSocket once one opens.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TRANSPORTS } from "../src/net/transport/transport.ts";
import { launch, Pilot, Tab } from "./browser.ts";
import { BlockingProxy } from "./proxy.ts";
import { Server } from "./server.ts";

const FLIGHT_SNAPSHOTS = 100;
const SNAPSHOTS_PER_SECOND_FLOOR = 10;

type Window = typeof globalThis & { snapshots: number; phases: string[] };

let browser: Browser;
let server: Server;
let proxy: BlockingProxy;

beforeAll(async () => {
  browser = await launch();
  server = await Server.start(["--no-tls", "--drones", "4", "--seed", "5"]);
  proxy = await BlockingProxy.open(server.port);
});

afterAll(async () => {
  await browser.close();
  await proxy.close();
  await server.dispose();
});

/** Counts the snapshots in the answers to polls, and records the page's phases. */
function watch(): void {
  const SNAPSHOT = 1;
  const page = globalThis as Window;
  page.snapshots = 0;
  page.phases = [];
  const ask = page.fetch;
  page.fetch = async (...request) => {
    const answer = await ask(...request);
    if (answer.headers.get("content-type")?.includes("batch")) {
      const view = new DataView(await answer.clone().arrayBuffer());
      for (let at = 0; at + 4 < view.byteLength; at += 4 + view.getUint32(at, true)) {
        if (view.getUint8(at + 4) === SNAPSHOT) page.snapshots += 1;
      }
    }
    return answer;
  };
  const note = () => {
    const phase = page.driftbelt?.state().phase;
    if (phase !== undefined && phase !== page.phases[page.phases.length - 1]) page.phases.push(phase);
    requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}

test("where WebSockets are blocked the match runs over polls, survives a new server, and moves to a WebSocket", async () => {
  const tab = await Tab.open(browser, "about:blank");
  await tab.page.addInitScript(watch);
  await tab.page.goto(proxy.origin);
  const pilot = new Pilot(tab, "Joan");
  await pilot.join();
  expect((await pilot.state()).transport).toBe("long-poll");
  expect(proxy.blocked).toBeGreaterThan(0);
  const start = await pilot.ship();

  await pilot.aim(0);
  await pilot.page.keyboard.down("KeyW");
  const rate = await pilot.page.evaluate(async (flight) => {
    const page = globalThis as Window;
    const [from, sinceMs] = [page.snapshots, performance.now()];
    while (page.snapshots < from + flight) await new Promise(requestAnimationFrame);
    return ((page.snapshots - from) * 1000) / (performance.now() - sinceMs);
  }, FLIGHT_SNAPSHOTS);
  await pilot.untilAwayFrom(start);
  await pilot.page.keyboard.up("KeyW");
  console.log(`over long polls: ${rate.toFixed(1)} snapshots per second`);
  expect(rate).toBeGreaterThanOrEqual(SNAPSHOTS_PER_SECOND_FLOOR);
  const flown = await pilot.state();
  expect([flown.transport, flown.self!.id]).toEqual(["long-poll", start.id]);

  await server.handOver();
  await pilot.page.waitForFunction((tick) => driftbelt.state().tick > tick + 60, flown.tick);
  const taken = await pilot.state();
  expect([taken.phase, taken.transport]).toEqual(["playing", "long-poll"]);
  expect([taken.self!.id, taken.self!.score]).toEqual([start.id, flown.self!.score]);

  proxy.blocksUpgrades = false;
  await pilot.page.waitForFunction(() => driftbelt.state().transport === "websocket");
  const climbed = (await pilot.state()).tick;
  await pilot.page.waitForFunction((tick) => driftbelt.state().tick > tick + 30, climbed);
  const after = await pilot.state();
  expect([after.phase, after.transport]).toEqual(["playing", "websocket"]);
  expect([after.self!.id, after.self!.score]).toEqual([start.id, flown.self!.score]);
  const phases = await pilot.page.evaluate(() => (globalThis as Window).phases);
  expect(phases.slice(phases.indexOf("playing"))).toEqual(["playing"]);
  await pilot.close();
});

test("the transport page runs all three side by side, and shows which one is blocked", async () => {
  const tab = await Tab.open(browser, `${server.origin}/transport`);
  for (const kind of TRANSPORTS)
    await tab.page.waitForSelector(`[data-transport=${kind}][data-status=running]`);
  const overhead = (kind: string) => `[data-transport=${kind}] [data-value=overhead]`;
  await tab.page.waitForFunction(
    ([socket, polls]) => {
      const bytes = (cell: string) => Number.parseFloat(document.querySelector(cell)?.textContent ?? "");
      return bytes(polls) > 10 * bytes(socket);
    },
    [overhead("websocket"), overhead("long-poll")],
  );
  tab.expectNoFaults();
  await tab.close();

  proxy.blocksUpgrades = true;
  const behind = await Tab.open(browser, `${proxy.origin}/transport`);
  await behind.page.waitForSelector("[data-transport=websocket][data-status=failed]");
  await behind.page.waitForSelector("[data-transport=long-poll][data-status=running]");
  await behind.close();
});
