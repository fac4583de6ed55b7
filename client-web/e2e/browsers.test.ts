//! Browsers that lack, forbid or break what the page uses: each costs its function, and nothing else.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { Server } from "./server.ts";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
  server = await Server.start(["--no-tls", "--drones", "2", "--seed", "6"]);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

/** Takes away all that the game can do without: missing, or throwing when it is read or called. */
function impair(how: "missing" | "throwing"): void {
  const parts: [object, string][] = [
    [globalThis, "localStorage"],
    [globalThis, "sessionStorage"],
    [globalThis, "AudioContext"],
    [globalThis, "matchMedia"],
    [globalThis, "ResizeObserver"],
    [globalThis, "Intl"],
    [globalThis, "visualViewport"],
    [Navigator.prototype, "getGamepads"],
    [Navigator.prototype, "clipboard"],
    [Navigator.prototype, "wakeLock"],
    [Navigator.prototype, "vibrate"],
    [Navigator.prototype, "languages"],
    [Document.prototype, "execCommand"],
    [Document.prototype, "fullscreenEnabled"],
    [Element.prototype, "setPointerCapture"],
    [Element.prototype, "requestFullscreen"],
    [History.prototype, "pushState"],
    [Number.prototype, "toLocaleString"],
  ];
  for (const [owner, name] of parts) {
    const refuse = () => {
      throw new DOMException(`${name} is forbidden`, "SecurityError");
    };
    const missing = { value: undefined, writable: true };
    // Code of the browser's tools reads `Intl` and the languages.
    const throwing = name === "Intl" || name === "languages" ? missing : { get: refuse };
    Object.defineProperty(owner, name, { configurable: true, ...(how === "missing" ? missing : throwing) });
  }
}

for (const how of ["missing", "throwing"] as const) {
  test(`with everything ${how} that is not vital, the game joins and plays`, async () => {
    const tab = await Tab.open(browser, "about:blank");
    await tab.page.addInitScript(impair, how);
    await tab.page.goto(server.origin);
    const pilot = new Pilot(tab, "Ida");
    await pilot.join();
    const start = await pilot.ship();
    await pilot.aim(0);
    await pilot.page.mouse.down();
    await pilot.page.keyboard.down("KeyW");
    await pilot.untilAwayFrom(start);
    await pilot.page.mouse.up();
    await pilot.page.keyboard.up("KeyW");
    await pilot.page.keyboard.press("F3");
    await pilot.page.waitForSelector(".netgraph");
    await pilot.page.keyboard.press("Escape");
    await pilot.page.getByRole("button", { name: "Copy invite link" }).click();
    // It could not be copied: it is shown.
    const link = pilot.page.locator("input.link");
    expect(await link.inputValue()).toMatch(new RegExp(`^${server.origin}/play/.+`));
    await pilot.page.click(".dialog .danger");
    await pilot.untilPhase("join");
    await pilot.page.goto(`${server.origin}/replay`);
    await pilot.page.locator(".recordings .drop").waitFor();
    tab.expectNoFaults();
    await tab.close();
  });
}

for (const how of ["missing", "throwing"] as const) {
  test(`a page where WebGL is ${how} says so`, async () => {
    const tab = await Tab.open(browser, "about:blank");
    await tab.page.addInitScript((throws) => {
      HTMLCanvasElement.prototype.getContext = () => {
        if (throws) throw new DOMException("forbidden", "SecurityError");
        return null;
      };
    }, how === "throwing");
    for (const path of ["/", "/replay"]) {
      await tab.page.goto(server.origin + path);
      await tab.page.locator(".fault", { hasText: "WebGL 2" }).waitFor();
    }
    await tab.close();
  });
}

test("a frame that fails is reported once, and the next ones come", async () => {
  const tab = await Tab.open(browser, "about:blank");
  await tab.page.addInitScript(() => {
    const page = globalThis as typeof globalThis & { failures: number };
    page.failures = 3;
    const draw = WebGL2RenderingContext.prototype.drawElements;
    WebGL2RenderingContext.prototype.drawElements = function (...how) {
      if (globalThis.driftbelt?.state().phase === "playing" && page.failures > 0) {
        page.failures -= 1;
        throw new Error("the driver is in a mood");
      }
      draw.apply(this, how);
    };
  });
  await tab.page.goto(server.origin);
  const pilot = new Pilot(tab, "Eve");
  await pilot.join();
  await pilot.page.locator(".trouble", { hasText: "the game goes on" }).waitFor();
  const start = await pilot.ship();
  await pilot.aim(0);
  await pilot.page.keyboard.down("KeyW");
  await pilot.untilAwayFrom(start);
  await pilot.page.waitForFunction(
    () => (globalThis as typeof globalThis & { failures: number }).failures === 0,
  );
  expect(tab.faults).toHaveLength(1);
  expect(tab.faults[0]).toContain("the driver is in a mood");
  await pilot.page.locator(".trouble button", { hasText: "Hide" }).click();
  await pilot.page.locator(".trouble").waitFor({ state: "detached" });
  await tab.close();
});
