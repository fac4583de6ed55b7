//! Devices other than keyboard and mouse: two thumbs on a phone, and a gamepad.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { Server } from "./server.ts";

const PHONE = {
  viewport: { width: 390, height: 780 },
  hasTouch: true,
  isMobile: true,
  locale: "ru-RU",
  reducedMotion: "reduce",
} as const;
const FLOWN_UNITS = 4;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
  server = await Server.start(["--drones", "0", "--seed", "9"]);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

/** Waits until the ship has flown to the right. */
async function untilFlownRight(pilot: Pilot): Promise<void> {
  const start = await pilot.ship();
  await pilot.page.waitForFunction(
    ({ from, units }) => {
      const self = driftbelt.state().self;
      return self !== null && self.x - from.x > units && Math.abs(self.heading) < 0.1;
    },
    { from: start, units: FLOWN_UNITS },
  );
}

test("a phone uses its language and reduced motion, and two thumbs fly and fire", async () => {
  const pilot = new Pilot(await Tab.open(browser, server.origin, PHONE), "Юрий");
  await pilot.untilText("button[type=submit]", "Играть");
  expect(await pilot.page.evaluate(() => document.body.classList.contains("calm"))).toBe(true);
  await pilot.join();
  const screen = await pilot.tab.context.newCDPSession(pilot.page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...points: [number, number][]) =>
    screen.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: points.map(([x, y], id) => ({ x, y, id })),
    });
  const flown = untilFlownRight(pilot);
  await touch("touchStart", [100, 500]);
  await touch("touchMove", [170, 500]);
  await pilot.page.waitForSelector(".thumbs .stick");
  await flown;
  await touch("touchStart", [170, 500], [300, 300]);
  // Fire costs energy.
  await pilot.page.waitForFunction(() => {
    const [energy] = document.querySelector(".bar.energy b")?.textContent?.split("/") ?? [];
    return Number(energy) < 100;
  });
  await touch("touchEnd");
  await pilot.page.locator(".top-bar button[title='Чат']").tap();
  await pilot.page.waitForSelector(".chat input");
  pilot.tab.expectNoFaults();
  await pilot.close();
});

test("Enter that ends a composition neither joins nor sends", async () => {
  const pilot = new Pilot(await Tab.open(browser, server.origin), "Mei");
  const { page } = pilot;
  const key = (type: string, init: { key: string; code: string; isComposing?: boolean; keyCode?: number }) =>
    page.evaluate(
      ([kind, options]) => {
        const target = document.activeElement ?? document.body;
        target.dispatchEvent(new KeyboardEvent(kind, { bubbles: true, cancelable: true, ...options }));
      },
      [type, init] as const,
    );
  await page.fill("input[name=name]", pilot.name);
  await page.locator("input[name=name]").focus();
  await key("keydown", { key: "Enter", code: "Enter", isComposing: true });
  await page.evaluate(() => document.querySelector("form")!.requestSubmit());
  expect((await pilot.state()).phase).toBe("join");
  await key("keyup", { key: "Enter", code: "Enter" });
  await pilot.join();

  await page.keyboard.press("Enter");
  await page.waitForSelector(".chat input:focus");
  await page.keyboard.type("ni hao");
  await key("keydown", { key: "Enter", code: "Enter", keyCode: 229 });
  await page.evaluate(() => document.querySelector<HTMLFormElement>(".chat form")!.requestSubmit());
  expect(await page.locator(".chat input").inputValue()).toBe("ni hao");
  await page.keyboard.press("Enter");
  await pilot.untilText(".chat .chat", "ni hao");
  await pilot.close();
});

test("a gamepad flies", async () => {
  const pilot = new Pilot(await Tab.open(browser, server.origin), "Pat");
  await pilot.join();
  const flown = untilFlownRight(pilot);
  await pilot.page.evaluate(() => {
    const buttons = Array.from({ length: 17 }, () => ({ value: 0, pressed: false, touched: false }));
    const pad = { connected: true, mapping: "standard", axes: [1, 0, 0, 0], buttons };
    navigator.getGamepads = () => [pad as unknown as Gamepad];
  });
  await flown;
  pilot.tab.expectNoFaults();
  await pilot.close();
});
