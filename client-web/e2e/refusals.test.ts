//! What can never work is not tried for ever: the page says why, and what to do.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { Server } from "./server.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

/** Presses Play and waits for the server's words. */
async function untilRefused(pilot: Pilot, words: RegExp): Promise<void> {
  await pilot.page.fill("input[name=name]", pilot.name);
  await pilot.page.click("button[type=submit]");
  await pilot.untilPhase("goodbye");
  await pilot.untilText(".dialog", words);
}

test("a room's name: capital letters are folded, an impossible one is the end", async () =>
  Server.during(["--no-tls", "--drones", "0"], async (server) => {
    const pilot = new Pilot(await Tab.open(browser, `${server.origin}/play/Belt-A`), "Ann");
    await pilot.join();
    await pilot.page.keyboard.press("Escape");
    await pilot.page.click(".dialog .danger");
    await pilot.page.goto(`${server.origin}/play/no_such+room`);
    await untilRefused(pilot, /The server says: .*no_such\+room.*a–z/);
    await pilot.page.click(".dialog a.primary");
    await pilot.page.waitForURL(`${server.origin}/`);
    await pilot.join();
    pilot.tab.expectNoFaults();
    await pilot.close();
  }));

test("a page of an origin that the server does not allow shows the server's line", async () =>
  Server.during(["--no-tls", "--drones", "0", "--origin", "https://play.example"], async (server) => {
    const pilot = new Pilot(await Tab.open(browser, server.origin), "Ann");
    let sockets = 0;
    pilot.page.on("websocket", () => {
      sockets += 1;
    });
    await untilRefused(pilot, /The server says: .*origin/);
    expect(sockets).toBe(1);
    await pilot.close();
  }));

test("after a panic of the core the page asks for a reload, which keeps the seat", async () =>
  Server.during(["--no-tls", "--drones", "0"], async (server) => {
    const tab = await Tab.open(browser, "about:blank");
    await tab.page.addInitScript(() => {
      const page = globalThis as typeof globalThis & { panics: boolean };
      const start = WebAssembly.instantiateStreaming;
      WebAssembly.instantiateStreaming = async (...asked) => {
        const { instance, module } = await start(...asked);
        const exports = { ...instance.exports };
        const draw = exports.client_frame as (...values: number[]) => number;
        exports.client_frame = (...values: number[]) => {
          if (page.panics) throw new WebAssembly.RuntimeError("unreachable");
          return draw(...values);
        };
        return { instance: { exports }, module };
      };
    });
    await tab.page.goto(server.origin);
    const pilot = new Pilot(tab, "Ann");
    await pilot.join();
    const { id } = await pilot.ship();
    await pilot.page.evaluate(() => {
      (globalThis as typeof globalThis & { panics: boolean }).panics = true;
    });
    await pilot.untilPhase("goodbye");
    await pilot.page.locator(".dialog button", { hasText: "Reload the page" }).click();
    await pilot.untilPhase("playing");
    expect((await pilot.ship()).id).toBe(id);
    expect(tab.faults).toHaveLength(1);
    await pilot.close();
  }));
