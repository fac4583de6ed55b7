//! Two players in one match over wss: they see each other, chat, fight, and agree on the score.

import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab, wrap } from "./browser.ts";
import { Server } from "./server.ts";

const FIRE_UNITS = 26;
const CHASE_MS = 120_000;
/** A scoreboard arrives every second. */
const AGREE = { timeout: 30_000, interval: 200 };

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
  const assets = join(await mkdtemp(join(tmpdir(), "driftbelt-assets-")), "assets");
  await cp(new URL("../../assets", import.meta.url), assets, { recursive: true });
  // Longer than the replay of a death, on a slow machine too.
  const rules = join(assets, "rules.toml");
  const text = await readFile(rules, "utf8");
  await writeFile(rules, text.replace(/^respawn_seconds = 4.0$/m, "respawn_seconds = 12.0"));
  server = await Server.start([
    "--assets",
    assets,
    "--drones",
    "0",
    "--seed",
    "3",
    "--watch-delay-seconds",
    "0",
    "--watch",
    "everybody",
  ]);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

/** Flies toward the other ship until `done`; may also fire within range. */
async function chase(
  hunter: Pilot,
  prey: Pilot,
  trigger: "hold fire" | "fire",
  done: () => Promise<boolean>,
): Promise<void> {
  const until = Date.now() + CHASE_MS;
  let correction = 0;
  const held = new Set<string>();
  const hold = async (key: string, down: boolean) => {
    if (held.has(key) === down) return;
    if (down) held.add(key);
    else held.delete(key);
    await (down ? hunter.page.keyboard.down(key) : hunter.page.keyboard.up(key));
  };
  while (!(await done()) && Date.now() < until) {
    const [own, other] = await Promise.all([hunter.state(), prey.state()]);
    if (!own.self || !other.self) continue;
    const dx = other.self.x - own.self.x;
    const dy = other.self.y - own.self.y;
    const away = Math.hypot(dx, dy);
    const wanted = Math.atan2(dy, dx);
    correction = await hunter.aimExactly(wanted, correction);
    await hold("KeyW", away > FIRE_UNITS * 0.6);
    await hold("KeyS", away < FIRE_UNITS * 0.5);
    await hold(
      "Space",
      trigger === "fire" && away < FIRE_UNITS && Math.abs(wrap(wanted - own.self.heading)) < 0.2,
    );
  }
  for (const key of [...held]) await hold(key, false);
}

/** Writes a picture of the page, if somebody wants to look at it. */
async function shoot(pilot: Pilot, name: string): Promise<void> {
  const folder = process.env.DRIFTBELT_SHOTS;
  if (folder) await pilot.page.screenshot({ path: join(folder, `${name}.png`) });
}

async function rows(pilot: Pilot): Promise<{ name: string; score: string }[]> {
  return pilot.page.$$eval(".board li", (items) =>
    items.map((item) => ({
      name: item.querySelector("bdi")?.textContent ?? "",
      score: item.querySelector("b")?.textContent ?? "",
    })),
  );
}

test("one player sees the other move, chat and die; the scores agree", async () => {
  const ada = new Pilot(await Tab.open(browser, server.origin), "Ada");
  await ada.join();
  await ada.page.keyboard.press("Escape");
  await ada.page.locator(".dialog button", { hasText: "Copy invite link" }).click();
  await ada.untilText(".dialog button", "Link copied");
  const invite = await ada.page.evaluate(() => navigator.clipboard.readText());
  expect(invite).toMatch(new RegExp(`^${server.origin}/play/.+`));
  await ada.page.keyboard.press("Escape");

  const bo = new Pilot(await Tab.open(browser, invite), "Bo");
  // News fades after seconds: wait for it before causing it.
  await Promise.all([ada.untilText(".chat .news", "Bo"), bo.join()]);

  const heard = ada.untilText(".chat .chat", "hello belt");
  await bo.page.keyboard.press("Enter");
  await bo.page.waitForSelector(".chat input:focus");
  await bo.page.keyboard.type("hello belt");
  await bo.page.keyboard.press("Enter");
  await heard;

  await chase(ada, bo, "hold fire", async () => (await ada.sees("Bo")) !== undefined);
  const seenAt = await ada.sees("Bo");
  expect(seenAt).toBeDefined();
  await bo.aim(Math.PI / 2);
  await bo.page.keyboard.down("KeyW");
  await ada.page.waitForFunction(
    (from) =>
      driftbelt
        .ships()
        .some((ship) => ship.name === "Bo" && Math.hypot(ship.x - from.x, ship.y - from.y) > 3),
    seenAt!,
  );
  await bo.page.keyboard.up("KeyW");

  let fallen = false;
  const reported = Promise.all([
    bo.untilPhase("dead", CHASE_MS),
    bo.untilText(".death .killer", "Ada", CHASE_MS),
    ada.untilText(".kills .killer", "Bo", CHASE_MS),
  ]).finally(() => {
    fallen = true;
  });
  await Promise.all([reported, chase(ada, bo, "fire", async () => fallen)]);
  // Why: the last seconds again with the evidence, until a key ends them.
  await bo.page.getByRole("button", { name: "Skip the replay" }).waitFor();
  await bo.untilText(".evidence p", "Pulse bolt");
  await bo.untilText(".evidence p", /Your round trip \d+ ms/);
  await shoot(bo, "death");
  await bo.page.keyboard.press("KeyX");
  await bo.page.getByRole("button", { name: "Skip the replay" }).waitFor({ state: "detached" });
  expect((await bo.state()).phase).toBe("dead");
  await bo.untilPhase("playing");

  const seen = await ada.page
    .waitForFunction(() => driftbelt.state().self?.score)
    .then((found) => found.jsonValue());
  expect(seen).toBeGreaterThan(0);
  await bo.page.waitForFunction(
    (score) =>
      [...document.querySelectorAll(".board li")].some(
        (item) =>
          item.querySelector("bdi")?.textContent === "Ada" &&
          Number(item.querySelector("b")?.textContent?.replace(/\D/g, "")) === score,
      ),
    seen,
  );
  await expect
    .poll(async () => {
      const [hers, his] = await Promise.all([rows(ada), rows(bo)]);
      return JSON.stringify(his) === JSON.stringify(hers);
    }, AGREE)
    .toBe(true);
  ada.tab.expectNoFaults();
  bo.tab.expectNoFaults();

  // The same in the viewer, re-simulated.
  const room = new URL(invite).pathname.split("/").at(-1);
  const viewer = new Pilot(await Tab.open(browser, `${server.origin}/watch/${room}`), "");
  await viewer.page.getByRole("tab", { name: "Events" }).click();
  await viewer.page.locator(".events .kill button").first().click();
  await viewer.page.waitForFunction(() => (driftbelt.replay()?.death?.evidence?.damage ?? 0) > 0);
  await viewer.untilText(".evidence p", "Pulse bolt");
  await shoot(viewer, "death-in-viewer");
  viewer.tab.expectNoFaults();
  await viewer.close();
  await ada.close();
  await bo.close();
});
