//! The console: a host logs in by the link that the command line prints, sees who plays, and acts on them.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab } from "./browser.ts";
import { command, Server } from "./server.ts";

const TOKEN = "correct horse battery staple";
/** Where to put pictures for people to look at, if anywhere. */
const PICTURES = process.env.DRIFTBELT_PICTURES;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
  server = await Server.start([
    "--drones",
    "4",
    "--seed",
    "11",
    "--kick-cooldown-seconds",
    "0",
    "--admin-token",
    TOKEN,
  ]);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

async function picture(tab: Tab, name: string): Promise<void> {
  if (!PICTURES) return;
  await mkdir(PICTURES, { recursive: true });
  await tab.page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

async function logIn(): Promise<Tab> {
  const link = (await command("admin-link", "--recordings", server.recordings)).trim();
  expect(new URL(link)).toMatchObject({ pathname: "/admin", search: "" });
  const tab = await Tab.open(browser, link, { viewport: { width: 1200, height: 800 } });
  await tab.page.locator(".admin .rooms").waitFor();
  expect(tab.page.url()).not.toContain("#");
  return tab;
}

async function section(tab: Tab, name: string): Promise<void> {
  const button = tab.page.getByRole("button", { name, exact: true });
  await button.click();
  await tab.page.locator("nav [aria-pressed=true]", { hasText: name }).waitFor();
}

test("a link opens the console once, and a wrong token does not", async () => {
  const link = (await command("admin-link", "--recordings", server.recordings)).trim();
  const first = await Tab.open(browser, link);
  await first.page.locator(".admin .rooms").waitFor();
  await first.page.reload();
  await first.page.locator(".admin .rooms").waitFor();
  const second = await Tab.open(browser, link);
  await second.page.locator(".login [role=alert]", { hasText: "void" }).waitFor();
  await second.page.fill("input[name=token]", `${TOKEN}r`);
  await second.page.keyboard.press("Enter");
  await second.page.locator(".login [role=alert]", { hasText: "not the token" }).waitFor();
  await second.page.fill("input[name=token]", TOKEN);
  await second.page.keyboard.press("Enter");
  await second.page.locator(".admin .rooms").waitFor();
  await first.page.getByRole("button", { name: "Log out" }).click();
  await first.page.locator(".login").waitFor();
  for (const tab of [first, second]) await tab.close();
});

test("the host announces, mutes and kicks, and players are told", async () => {
  const host = await logIn();
  const pilot = new Pilot(await Tab.open(browser, server.origin), "Mae");
  await pilot.join();
  const seat = host.page.locator(".seats li", { hasText: "Mae" });
  await seat.waitFor();
  await seat.getByText(/127\.0\.0\.1|::1/).waitFor();

  await host.page.fill("input[name=announce]", "Races <b>on</b> Friday");
  await host.page.keyboard.press("Enter");
  await pilot.page.locator(".banner", { hasText: "Races <b>on</b> Friday" }).waitFor();
  expect(await pilot.page.locator(".chat li", { hasText: "Races" }).count()).toBe(0);
  await picture(host, "rooms");
  await picture(pilot.tab, "banner");
  await pilot.page.getByRole("button", { name: "Close", exact: true }).click();
  await pilot.page.locator(".banner .panel").waitFor({ state: "detached" });

  await seat.getByRole("button", { name: "Mute" }).click();
  await seat.getByText("muted").waitFor();
  await seat.getByRole("button", { name: "Kick" }).click();
  await picture(host, "kick");
  await host.page.locator("dialog").getByRole("button", { name: "Kick" }).click();
  await pilot.untilPhase("goodbye");
  await host.page.locator(".seats li").waitFor({ state: "detached" });
  host.expectNoFaults();
  for (const tab of [host, pilot.tab]) await tab.close();
});

test("the host travels back in a running room, looks at a ship, takes the repro and forks", async () => {
  const pilot = new Pilot(await Tab.open(browser, server.origin), "Tove");
  await pilot.join();
  await pilot.page.keyboard.down("KeyW");
  await pilot.page.waitForFunction(() => driftbelt.state().tick > 400);
  const host = await logIn();
  await host.page.locator(".card", { hasText: "belt-1" }).click();
  await host.page.locator(".detail h2", { hasText: "belt-1" }).waitFor();
  await host.page.getByRole("button", { name: "Time travel" }).click();
  await host.page.locator(".inspector").waitFor();
  const tick = async () => (await host.page.evaluate(() => driftbelt.replay()))!.tick;
  await host.page.locator(".timeline input").fill("300");
  await host.page.waitForFunction(() => driftbelt.replay()?.tick === 300);
  await host.page.locator(".inspector summary", { hasText: "300" }).waitFor();
  const subject = host.page.locator(".inspector select");
  const options = host.page.locator(".inspector option", { hasText: "Ship" });
  const ships = await options.evaluateAll((found) => found.map((option) => option.getAttribute("value")!));
  const changes = host.page.locator(".history li");
  // A ship that is docked does not change its position.
  let moves = false;
  for (const ship of ships) {
    await subject.selectOption(ship);
    await host.page.getByRole("button", { name: /^position_q/ }).click();
    moves = await changes
      .nth(1)
      .waitFor({ timeout: 5000 })
      .then(
        () => true,
        () => false,
      );
    if (moves) break;
  }
  expect(moves).toBe(true);
  await picture(host, "travel");
  await changes.last().getByRole("button").click();
  await host.page.waitForFunction(() => driftbelt.replay()?.tick === 210);
  expect(await tick()).toBe(210);

  const saving = host.page.waitForEvent("download");
  await host.page.getByRole("button", { name: "Download the repro" }).click();
  const repro = join(server.home, "repro.belt");
  await (await saving).saveAs(repro);
  expect(await command("verify", repro)).toContain("every hash matches");
  expect(await command("info", repro)).toContain("belt-1");

  await host.page.getByRole("button", { name: "Fork here" }).click();
  const link = host.page.locator(".forked a");
  await link.waitFor();
  const sandbox = new Pilot(
    await Tab.open(browser, new URL((await link.getAttribute("href"))!, server.origin).href),
    "Una",
  );
  await sandbox.join();
  await sandbox.page.waitForFunction(() => driftbelt.state().tick > 211);
  await host.page.setViewportSize({ width: 390, height: 844 });
  expect(await host.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  const inspector = host.page.locator(".inspector");
  const panels = host.page.locator(".panels");
  const expectApart = async () => {
    const [one, other] = [(await inspector.boundingBox())!, (await panels.boundingBox())!];
    expect(one.y).toBeGreaterThanOrEqual(other.y + other.height);
  };
  for (const viewport of [
    { width: 390, height: 844 },
    { width: 844, height: 390 },
  ]) {
    await host.page.setViewportSize(viewport);
    await panels.and(host.page.locator(":not(.open)")).waitFor();
    await expectApart();
    await panels.getByRole("tab").first().click();
    await host.page.locator(".inspector:not([open])").waitFor();
    await expectApart();
    await inspector.locator("summary").click();
    await panels.and(host.page.locator(":not(.open)")).waitFor();
    await expectApart();
  }
  await host.page.setViewportSize({ width: 390, height: 844 });
  await picture(host, "phone-travel");
  await host.page.getByRole("button", { name: "Back to the console" }).click();
  await host.page.locator(".card", { hasText: "sandbox-1" }).waitFor();
  host.expectNoFaults();
  for (const tab of [host, pilot.tab, sandbox.tab]) await tab.close();
});

test("the host opens a room and changes its limits", async () => {
  const host = await logIn();
  await host.page.getByRole("button", { name: "Open a room" }).click();
  const dialog = host.page.locator("dialog");
  await dialog.locator("input[name=name]").fill("friday");
  await dialog.locator("select[name=mode]").selectOption("teams");
  await dialog.getByRole("button", { name: "Open", exact: true }).click();
  await host.page.locator(".card", { hasText: "friday" }).click();
  await host.page.locator(".detail h2", { hasText: "friday" }).waitFor();
  await host.page.fill("input[name=drones]", "7");
  await host.page.locator(".amount", { hasText: "Drones" }).getByRole("button").click();
  await host.page.fill("input[name=capacity]", "3");
  await host.page.locator(".amount", { hasText: "Most players" }).getByRole("button").click();
  await host.page.locator(".card", { hasText: "friday" }).getByText("0/3").waitFor();
  await picture(host, "limits");
  host.expectNoFaults();
  await host.close();
});

test("the console fits a phone, and shows the server and its log", async () => {
  const host = await logIn();
  await host.page.setViewportSize({ width: 360, height: 740 });
  for (const name of ["Server", "Bans", "Log", "Rooms"]) {
    await section(host, name);
    await picture(host, `phone-${name.toLowerCase()}`);
    const page = host.page.locator(".admin");
    expect(await page.evaluate((main) => main.scrollWidth - main.clientWidth), name).toBe(0);
  }
  await section(host, "Log");
  await host.page.locator(".log", { hasText: "an administrator has logged in" }).waitFor();
  expect(await host.page.locator(".log").textContent()).not.toContain(TOKEN);
  await section(host, "Server");
  await host.page.locator("input[name=message]").fill("Welcome to the belt");
  await host.page.keyboard.press("Enter");
  await host.page.locator(".news-line", { hasText: "Saved" }).waitFor();
  const pilot = new Pilot(await Tab.open(browser, `${server.origin}/play/another`), "Lin");
  await pilot.join();
  await pilot.page.locator(".banner", { hasText: "Welcome to the belt" }).waitFor();
  host.expectNoFaults();
  for (const tab of [host, pilot.tab]) await tab.close();
});
