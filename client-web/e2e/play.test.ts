//! One player joins and flies; the connection breaks and comes back.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { Server } from "./server.ts";

/** Drag never quite stops an unsteered ship; it counts as stopped below this speed, in units per second. */
const CREEP_SPEED = 1;
const LOOK_INTERVAL_MS = 1500;
/** A blank picture compresses to far less than this; stars, asteroids and nebula do not. */
const PICTURE_BYTES = 60_000;
const RESTORE_MS = 60_000;

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

/** The graphics card loses its memory, as when a driver restarts or a phone reclaims it. */
async function loseAndRestoreContext(): Promise<void> {
  const canvas = document.querySelector<HTMLCanvasElement>("#stage canvas")!;
  const context = canvas.getContext("webgl2")!.getExtension("WEBGL_lose_context")!;
  const restored = new Promise((resolve) => canvas.addEventListener("webglcontextrestored", resolve));
  canvas.addEventListener("webglcontextlost", () => setTimeout(() => context.restoreContext()));
  context.loseContext();
  await restored;
}

test("join, fly, see a picture", async () =>
  Server.during(["--drones", "6", "--seed", "7"], async (server) => {
    const pilot = new Pilot(await Tab.open(browser, server.origin), "Ada");
    await pilot.page.waitForSelector("input[name=name]");
    expect((await pilot.state()).phase).toBe("join");
    await pilot.join();
    const before = await pilot.ship();
    await pilot.aim(0);
    await pilot.page.keyboard.down("KeyW");
    await pilot.untilAwayFrom(before);
    await pilot.page.keyboard.up("KeyW");
    const picture = async () => (await pilot.page.locator("#stage").screenshot()).length;
    expect(await picture()).toBeGreaterThan(PICTURE_BYTES);
    await pilot.page.evaluate(loseAndRestoreContext);
    await expect.poll(picture, { timeout: RESTORE_MS }).toBeGreaterThan(PICTURE_BYTES);
    const state = await pilot.state();
    expect(state.tick).toBeGreaterThan(0);
    expect(state.players).toBeGreaterThan(0);
    expect(state.rttMs).toBeGreaterThanOrEqual(0);
    pilot.tab.expectNoFaults();
    await pilot.page.keyboard.press("F3");
    await pilot.page.waitForSelector(".netgraph");
    await pilot.page.waitForFunction(() => {
      const spent = [...document.querySelectorAll(".spent b")].map((text) =>
        Number.parseFloat(text.textContent),
      );
      return spent.length === 8 && spent.some((kilobytes) => kilobytes > 0);
    });
    expect(Math.abs((await pilot.state()).rateBend)).toBeLessThanOrEqual(0.04);
    await pilot.page.keyboard.press("Escape");
    await pilot.page.click(".dialog .danger");
    await pilot.untilPhase("join");
    pilot.tab.expectNoFaults();
    await pilot.close();
  }));

test("pressing Play again while the game loads starts one match", async () =>
  Server.during(["--drones", "0", "--seed", "7"], async (server) => {
    const tab = await Tab.open(browser, "about:blank");
    const pilot = new Pilot(tab, "Ada");
    const held: (() => Promise<void>)[] = [];
    await tab.page.route("**/*.wasm", (route) => {
      held.push(() => route.continue());
    });
    let sockets = 0;
    tab.page.on("websocket", () => {
      sockets += 1;
    });
    await tab.page.goto(server.origin);
    await tab.page.fill("input[name=name]", pilot.name);
    await tab.page.click("button[type=submit]");
    await tab.page.click(".veil button");
    await tab.page.click("button[type=submit]");
    await expect.poll(() => held.length).toBe(1);
    await held[0]();
    await pilot.untilPhase("playing");
    expect(sockets).toBe(1);
    tab.expectNoFaults();
    await pilot.close();
  }));

test("a game that cannot be loaded shows an error", async () =>
  Server.during(["--drones", "0", "--seed", "7"], async (server) => {
    const tab = await Tab.open(browser, "about:blank");
    await tab.page.route("**/*.wasm", (route) => route.abort());
    await tab.page.goto(server.origin);
    await tab.page.locator(".fault").waitFor();
    await tab.close();
  }));

test("keys keep their usual effect in the menu, and a hidden tab releases them", async () =>
  Server.during(["--drones", "0", "--seed", "7"], async (server) => {
    const pilot = new Pilot(await Tab.open(browser, server.origin), "Ada");
    const { page } = pilot;
    await pilot.join();
    await page.keyboard.press("Escape");
    await page.locator(".dialog input[type=range]").focus();
    await page.keyboard.press("Escape");
    await page.waitForSelector(".dialog", { state: "detached" });
    await page.keyboard.press("Escape");
    await page.locator(".dialog .primary").focus();
    await page.keyboard.press("Space");
    await page.waitForSelector(".dialog", { state: "detached" });
    await page.keyboard.down("KeyW");
    const start = await pilot.ship();
    await pilot.untilAwayFrom(start);
    // A hidden tab gets no more animation frames.
    await page.evaluate(() => {
      globalThis.requestAnimationFrame = () => 0;
      Object.defineProperty(document, "hidden", { value: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await page.waitForFunction(
      (creep) => {
        const seen = globalThis as typeof globalThis & { before?: { x: number; y: number } };
        const { before } = seen;
        const self = driftbelt.state().self!;
        seen.before = self;
        return before && Math.hypot(self.x - before.x, self.y - before.y) < creep;
      },
      (CREEP_SPEED * LOOK_INTERVAL_MS) / 1000,
      { polling: LOOK_INTERVAL_MS },
    );
    await pilot.close();
  }));

test("a lost connection counts down and comes back", async () => {
  const first = await Server.start(["--drones", "2"]);
  const pilot = new Pilot(await Tab.open(browser, first.origin), "Grace");
  let second: Server | undefined;
  try {
    await pilot.join();
    await first.kill();
    await pilot.untilPhase("reconnecting");
    await pilot.untilText(".dialog h2", "Connection lost");
    await pilot.untilText(".dialog .count", /Trying again/);
    second = await Server.start(["--drones", "2"], first.home, first.port);
    await pilot.untilPhase("playing");
  } finally {
    await pilot.close();
    await (second ?? first).dispose();
  }
});

test("a seat survives a network that goes away, and a reload of the page", async () =>
  Server.during(["--drones", "0", "--seed", "4"], async (server) => {
    const pilot = new Pilot(await Tab.open(browser, server.origin), "Hedy");
    await pilot.join();
    const before = await pilot.ship();
    // Going offline stalls the open socket without a close event: the page has to detect it.
    await pilot.tab.context.setOffline(true);
    await pilot.untilPhase("reconnecting");
    await pilot.tab.context.setOffline(false);
    await pilot.untilPhase("playing");
    const back = await pilot.ship();
    expect([back.id, back.score]).toEqual([before.id, before.score]);
    await pilot.page.reload();
    await pilot.untilPhase("playing");
    const reloaded = await pilot.ship();
    expect([reloaded.id, reloaded.score]).toEqual([before.id, before.score]);
    // Leaving gives the seat up: the next reload asks for a name.
    await pilot.page.keyboard.press("Escape");
    await pilot.page.click(".dialog .danger");
    await pilot.untilPhase("join");
    await pilot.page.reload();
    await pilot.page.waitForSelector("input[name=name]");
    expect((await pilot.state()).phase).toBe("join");
    await pilot.close();
  }));
