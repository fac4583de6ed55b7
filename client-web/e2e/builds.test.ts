//! A recording of an earlier build plays with the page of that build, which the server has kept, to its recorded hashes.

import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab, untilTick } from "./browser.ts";
import { command, Server } from "./server.ts";

const MATCH_TICKS = 150;

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

/** Another name of a build, of the same length: it can stand in files in place of the first. */
function otherName(build: string): string {
  return build.replace(/\d+$/, (digits) => "9".repeat(digits.length));
}

/** A recording that names another build. */
function renamed(recording: Buffer, build: string, other: string): Buffer {
  const changed = Buffer.from(recording);
  const length = changed.readUInt32LE(6);
  const at = changed.indexOf(build);
  expect(at).toBeGreaterThan(14);
  expect(at).toBeLessThan(14 + length);
  changed.write(other, at);
  // Of format, length and body; the checksum stands between them.
  changed.writeUInt32LE(crc32(changed.subarray(14, 14 + length), crc32(changed.subarray(4, 10))), 10);
  return changed;
}

/** Makes the kept page of a build that of another one. */
async function keepAs(builds: string, build: string, other: string): Promise<void> {
  await cp(join(builds, build), join(builds, other), { recursive: true });
  let named = 0;
  for (const entry of await readdir(join(builds, other), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (/\.(br|gz)$/.test(entry.name)) await rm(path);
    if (!/\.(js|wasm)$/.test(entry.name)) continue;
    const bytes = await readFile(path);
    for (let at = bytes.indexOf(build); at >= 0; at = bytes.indexOf(build, at + 1)) {
      bytes.write(other, at);
      named += 1;
    }
    await writeFile(path, bytes);
  }
  expect(named).toBeGreaterThan(0);
}

test("a recording of another build opens with its kept page and reaches its recorded hashes", async () => {
  const live = await Server.start(["--drones", "5", "--seed", "11", "--keep-rooms-seconds", "0"]);
  const pilot = new Pilot(await Tab.open(browser, live.origin), "Mae");
  await pilot.join();
  await pilot.page.keyboard.down("KeyW");
  await pilot.page.keyboard.down("Space");
  await pilot.page.waitForFunction((ticks) => driftbelt.state().tick >= ticks, MATCH_TICKS);
  await pilot.close();
  expect(await live.stop()).toBe(0);
  const [file] = (await readdir(live.recordings)).filter((name) => name.endsWith(".belt"));
  const path = join(live.recordings, file);
  const last = /the last one ([0-9a-f]{16}) at tick (\d+)/.exec(await command("verify", path));
  const builds = join(live.recordings, "builds");
  const [build] = await readdir(builds);
  const other = otherName(build);
  await keepAs(builds, build, other);
  await writeFile(path, renamed(await readFile(path), build, other));

  const server = await Server.start(["--watch-delay-seconds", "0"], live.home);
  try {
    const tab = await Tab.open(browser, `${server.origin}/replay/${encodeURIComponent(file)}`);
    const kept = `/builds/${other}/`;
    expect(new URL(tab.page.url()).pathname.startsWith(kept)).toBe(true);
    await tab.page.waitForFunction(() => (driftbelt.replay()?.tick ?? 0) > 0);
    expect(await tab.page.evaluate(() => new URL(document.baseURI).pathname)).toBe(kept);
    await tab.page.getByText(other).waitFor({ state: "attached" });
    await tab.page.keyboard.press("End");
    const end = await untilTick(tab.page, Number(last![2]));
    expect([end.stateHash, end.divergedAt, end.warning]).toEqual([last![1], null, null]);
    tab.expectNoFaults();
    await tab.close();
  } finally {
    await server.dispose();
  }
});
