//! The page below a path of another site, and at an address that the server refuses.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { freePort, Server } from "./server.ts";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
  const port = await freePort();
  const publicUrl = ["--public-url", `http://127.0.0.1:${port}/game`];
  server = await Server.start(["--no-tls", "--drones", "2", ...publicUrl], undefined, port);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

test("page, match, invite link and recordings are found below the path", async () => {
  const root = `http://127.0.0.1:${server.port}/game/`;
  const pilot = new Pilot(await Tab.open(browser, `${root}play/sub`), "Nan");
  await pilot.join();
  expect((await pilot.state()).transport).toBe("websocket");
  await pilot.page.keyboard.press("Escape");
  await pilot.page.getByText("Copy invite link").click();
  await pilot.untilText("button", "Link copied");
  expect(await pilot.page.evaluate(() => navigator.clipboard.readText())).toBe(`${root}play/sub`);
  pilot.tab.expectNoFaults();
  await pilot.close();

  const tab = await Tab.open(browser, root.slice(0, -1));
  expect(tab.page.url()).toBe(root);
  await tab.page.click("a[href=replay]");
  await tab.page.waitForURL(`${root}replay`);
  await tab.page.locator(".recordings").waitFor();
  await tab.page.click('.recordings header a[href="./"]');
  await tab.page.waitForURL(root);
  await tab.page.goto(`${root}transport`);
  await tab.page.waitForSelector("[data-transport=long-poll][data-status=running]");
  tab.expectNoFaults();
  await tab.close();
});

test("a page at another address is told the right one, and does not try again", async () => {
  const pilot = new Pilot(await Tab.open(browser, `http://localhost:${server.port}/`), "Odd");
  await pilot.page.fill("input[name=name]", pilot.name);
  await pilot.page.click("button[type=submit]");
  await pilot.untilPhase("goodbye");
  await pilot.untilText(".dialog", `this server expects http://127.0.0.1:${server.port}`);
  await pilot.close();
});
