//! What people do together, and alone with the keyboard: private rooms, the menu of a player, quick chat, a phone that is turned.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { Server } from "./server.ts";

/** Two pages draw in software at the same time. */
const SMALL = { viewport: { width: 640, height: 400 } };

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
  server = await Server.start(["--no-tls", "--drones", "40", "--seed", "5"]);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

test("a room behind a password is opened, shared and closed to others; names have a menu", async () => {
  const ada = new Pilot(await Tab.open(browser, server.origin, SMALL), "Ada");
  await ada.page.fill("input[name=name]", "Ada");
  await ada.page.click("text=Private room");
  await ada.page.fill("dialog input[name=code]", "Our Den!");
  expect(await ada.page.inputValue("dialog input[name=code]")).toBe("ourden");
  await ada.page.fill("dialog input[name=password]", "sesame");
  await ada.page.click("dialog button[type=submit]");
  await ada.ship();
  await ada.page.keyboard.press("Escape");
  await ada.page.click("text=Copy invite link");
  await ada.untilText(".dialog", "need the password too");
  const link = await ada.page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/\/play\/locked-ourden-[a-z0-9]{10}$/);
  await ada.page.keyboard.press("Escape");

  const bo = new Pilot(await Tab.open(browser, link, SMALL), "Bo");
  await bo.page.fill("input[name=name]", "Bo");
  await bo.page.fill("input[name=password]", "simsim");
  await bo.page.click("button[type=submit]");
  await bo.untilText(".dialog h2", "Wrong password");
  await bo.page.click("text=Back to the start");
  await bo.page.fill("input[name=password]", "sesame");
  await bo.join();
  const own = new URL(link).pathname.split("/").pop();
  for (const list of ["status", "watch", "modes", "recordings"]) {
    const text = await (await fetch(`${server.origin}/api/${list}`)).text();
    expect(text.includes("ourden"), list).toBe(false);
  }
  expect((await fetch(`${server.origin}/api/watch/${own}`)).status).toBe(404);

  // A draft stays, and the lines that were sent come back.
  await bo.page.keyboard.press("Enter");
  await bo.page.keyboard.type("hello there");
  await bo.page.keyboard.press("Escape");
  await bo.page.keyboard.press("Enter");
  expect(await bo.page.inputValue("input[name=chat]")).toBe("hello there");
  await bo.page.keyboard.press("Enter");
  await bo.page.keyboard.press("Enter");
  await bo.page.keyboard.press("ArrowUp");
  expect(await bo.page.inputValue("input[name=chat]")).toBe("hello there");
  await bo.page.keyboard.press("ArrowDown");
  expect(await bo.page.inputValue("input[name=chat]")).toBe("");
  await bo.page.keyboard.press("Escape");

  // A click on a name chooses nothing yet.
  const name = ada.page.locator(".chat .player-name", { hasText: "Bo" }).first();
  await name.dblclick();
  const menu = ada.page.locator(".player-menu");
  await menu.waitFor();
  expect(await ada.page.locator(".player-name.muted").count()).toBe(0);
  await ada.page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  expect(await ada.page.locator(".dialog").count()).toBe(0);
  await bo.page.keyboard.press("Enter");
  await bo.page.keyboard.type("good bye");
  await bo.page.keyboard.press("Enter");
  await name.click();
  await menu.getByText("Mute").click();
  await ada.untilText(".chat li", "is muted");
  ada.tab.expectNoFaults();
  bo.tab.expectNoFaults();
  await ada.close();
  await bo.close();
});

test("an upright phone is sent what its picture shows, and a long press opens the wheel", async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const pilot = new Pilot(await Tab.open(browser, server.origin, phone), "Ida");
  await pilot.page.fill("input[name=name]", "Ida");
  await pilot.page.tap("button[type=submit]");
  await pilot.ship();
  /** Waits until a ship is seen beyond what the other way of holding the phone shows. */
  const untilSeen = (axis: "x" | "y") =>
    pilot.page.waitForFunction((along) => {
      const { self } = driftbelt.state();
      if (!self) return false;
      const across = along === "x" ? "y" : "x";
      return driftbelt
        .ships()
        .some(
          (ship) => Math.abs(ship[along] - self[along]) > 36 && Math.abs(ship[across] - self[across]) < 30,
        );
    }, axis);
  await untilSeen("y");
  await pilot.page.setViewportSize({ width: 844, height: 390 });
  await untilSeen("x");
  const button = await pilot.page.locator(".top-bar [title='Quick chat']").boundingBox();
  const touch = await pilot.tab.context.newCDPSession(pilot.page);
  const at = (x: number, y: number) => [{ x: Math.round(x), y: Math.round(y) }];
  const [x, y] = [button!.x + button!.width / 2, button!.y + button!.height / 2];
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(x, y) });
  const word = pilot.page.locator(".wheel li", { hasText: "Thanks" });
  await word.waitFor();
  const box = (await word.boundingBox())!;
  const over = at(box.x + box.width / 2, box.y + box.height / 2);
  await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: over });
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await pilot.untilText(".chat li", "Thanks!");
  pilot.tab.expectNoFaults();
  await pilot.close();
});

test("all menus are reached, used and left with the keyboard", async () => {
  const pilot = new Pilot(await Tab.open(browser, server.origin), "Kim");
  const { page } = pilot;
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: one } = document;
      return one ? `${one.tagName} ${one.getAttribute("name") ?? one.textContent?.trim()}` : "";
    });
  /** Presses Tab until the focus is on it; it must be visible there. */
  const reach = async (wanted: RegExp, key = "Tab") => {
    for (let presses = 0; presses < 40 && !wanted.test(await focused()); presses += 1)
      await page.keyboard.press(key);
    expect(await focused()).toMatch(wanted);
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
    expect(ring).not.toBe("none");
  };
  await page.waitForSelector(".modes");
  await reach(/^INPUT name/);
  await page.keyboard.type("Kim");
  const order: string[] = [];
  for (let presses = 0; presses < 6; presses += 1) {
    await page.keyboard.press("Tab");
    order.push(await focused());
  }
  expect(order.map((one) => one.split(" ")[0])).toEqual([
    "INPUT",
    "INPUT",
    "BUTTON",
    "BUTTON",
    "BUTTON",
    "A",
  ]);
  await reach(/^BUTTON Private room/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog.private-room");
  await reach(/^INPUT password/);
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog.private-room", { state: "detached" });
  await reach(/^BUTTON All settings/);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".settings-page");
  await reach(/^BUTTON Full screen/);
  await page.keyboard.press("Escape");
  await page.waitForSelector(".settings-page", { state: "detached" });
  await reach(/^BUTTON Play/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await pilot.ship();
  await page.keyboard.press("Escape");
  await reach(/^BUTTON Back to the ship/);
  await reach(/^BUTTON Leave the match/);
  await page.keyboard.press("Escape");
  await page.waitForSelector(".dialog", { state: "detached" });
  expect(await page.locator("meter").count()).toBe(4);
  await page.keyboard.press("KeyV");
  await page.waitForSelector(".wheel");
  await page.keyboard.press("Digit8");
  await pilot.untilText(".chat li", "Sorry!");
  await page.keyboard.press("Escape");
  await reach(/^BUTTON Leave the match/);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".join");
  await pilot.close();
});
