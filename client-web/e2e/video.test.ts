//! A clip becomes a video, frame by frame, and equal each time.

import { readdir, readFile } from "node:fs/promises";
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from "mediabunny";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Pilot, Tab, untilTick } from "./browser.ts";
import { Server } from "./server.ts";

const MATCH_TICKS = 200;
/** The clip's end, in ticks before the recording's; its length. */
const BEFORE_END = 10;
const CLIP_TICKS = 15;
const TICK_RATE = 30;

type Patched = typeof globalThis & { hashes: Promise<string>[]; showSaveFilePicker?: unknown };

let browser: Browser;
let server: Server;
let address: string;

beforeAll(async () => {
  browser = await launch();
  const live = await Server.start(["--drones", "5", "--seed", "11", "--keep-rooms-seconds", "0"]);
  const pilot = new Pilot(await Tab.open(browser, live.origin), "Mae");
  await pilot.join();
  await pilot.page.keyboard.down("KeyW");
  await pilot.page.keyboard.down("Space");
  await pilot.page.waitForFunction((ticks) => driftbelt.state().tick >= ticks, MATCH_TICKS);
  await pilot.close();
  await live.stop();
  const [file] = (await readdir(live.recordings)).filter((name) => name.endsWith(".belt"));
  server = await Server.start(["--watch-delay-seconds", "0"], live.home);
  address = `${server.origin}/replay/${encodeURIComponent(file)}`;
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

/** Opens the recording with the dialog for a clip of it. `prepare` runs in the page first. */
async function openDialog(prepare: () => void): Promise<Tab> {
  const tab = await Tab.open(browser, "about:blank");
  const { page } = tab;
  await page.addInitScript(prepare);
  // An address with a tick opens paused.
  await page.goto(`${address}?t=1#follow=Mae`);
  const state = await (await page.waitForFunction(() => driftbelt.replay())).jsonValue();
  const end = state!.ticks - BEFORE_END;
  for (const [tick, key] of [
    [end - CLIP_TICKS, "i"],
    [end, "o"],
  ] as const) {
    await page.locator(".timeline input").fill(String(tick));
    await untilTick(page, tick);
    await page.keyboard.press(key);
  }
  await page.getByRole("button", { name: "Save as video" }).click();
  return tab;
}

function save(page: Page) {
  return page.getByRole("dialog").getByRole("button", { name: "Save", exact: true });
}

/** Counts and measures the packets of a video file. */
async function measure(bytes: Uint8Array) {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
  const video = (await input.getPrimaryVideoTrack())!;
  const audio = await input.getPrimaryAudioTrack();
  let frames = 0;
  const times = new Set<number>();
  for await (const packet of new EncodedPacketSink(video).packets()) {
    frames += 1;
    times.add(Math.round(packet.timestamp * 1000));
  }
  return {
    frames,
    times: times.size,
    seconds: await video.computeDuration(),
    soundSeconds: (await audio?.computeDuration()) ?? 0,
  };
}

/** Plays a video file in a page without the game: its size, its duration, and the loudness of its sound. */
async function decode(bytes: Buffer) {
  const tab = await Tab.open(browser, "about:blank");
  const decoded = await tab.page.evaluate(async (base64) => {
    const raw = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const video = document.createElement("video");
    video.muted = true;
    video.src = URL.createObjectURL(new Blob([raw], { type: "video/webm" }));
    const ended = new Promise((resolve, reject) => {
      video.onended = resolve;
      video.onerror = () => reject(new Error(video.error?.message));
    });
    await video.play();
    await ended;
    const sound = await new OfflineAudioContext(2, 1, 48_000).decodeAudioData(raw.buffer);
    const samples = sound.getChannelData(0);
    return {
      width: video.videoWidth,
      height: video.videoHeight,
      seconds: video.duration,
      soundSeconds: sound.duration,
      loudest: samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0),
    };
  }, bytes.toString("base64"));
  await tab.close();
  return decoded;
}

test("two videos of a clip have equal frames, and decode to its length, with sound", async () => {
  const tab = await openDialog(() => {
    const patched = globalThis as Patched;
    delete patched.showSaveFilePicker;
    patched.hashes = [];
    const encode = VideoEncoder.prototype.encode;
    VideoEncoder.prototype.encode = function (frame, options) {
      const copy = frame.clone();
      const hash = async () => {
        const pixels = new Uint8Array(copy.allocationSize());
        await copy.copyTo(pixels);
        copy.close();
        const digest = await crypto.subtle.digest("SHA-256", pixels);
        return [...new Uint8Array(digest)].join();
      };
      patched.hashes.push(hash());
      return encode.call(this, frame, options);
    };
  });
  const { page } = tab;
  const session = await tab.context.newCDPSession(page);
  const make = async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), save(page).click()]);
    await page.getByRole("status").filter({ hasText: "Saved" }).waitFor();
    const hashes = await page.evaluate(() => Promise.all((globalThis as Patched).hashes.splice(0)));
    return { name: download.suggestedFilename(), file: await readFile(await download.path()), hashes };
  };
  const first = await make();
  // A slower machine makes the same film.
  await session.send("Emulation.setCPUThrottlingRate", { rate: 2 });
  const second = await make();
  await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  expect(first.name).toMatch(/\.(webm|mp4)$/);
  expect(first.hashes).toHaveLength(CLIP_TICKS);
  expect(new Set(first.hashes).size).toBe(CLIP_TICKS);
  expect(second.hashes).toEqual(first.hashes);
  const measured = await measure(first.file);
  expect(measured.frames).toBe(CLIP_TICKS);
  expect(measured.times).toBe(CLIP_TICKS);
  expect(measured.seconds).toBeCloseTo(CLIP_TICKS / TICK_RATE, 2);
  expect(measured.soundSeconds).toBeCloseTo(CLIP_TICKS / TICK_RATE, 1);
  const decoded = await decode(first.file);
  expect([decoded.width, decoded.height]).toEqual([1280, 720]);
  expect(decoded.seconds).toBeCloseTo(CLIP_TICKS / TICK_RATE, 1);
  expect(decoded.soundSeconds).toBeCloseTo(CLIP_TICKS / TICK_RATE, 1);
  expect(decoded.loudest).toBeGreaterThan(0.01);
  tab.expectNoFaults();
  await tab.close();
});

test("a video is written to the disk as it is made, and a cancelled one leaves nothing", async () => {
  const tab = await openDialog(() => {
    const picker = async ({ suggestedName }: { suggestedName: string }) =>
      (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
    Object.assign(globalThis, { showSaveFilePicker: picker });
  });
  const { page } = tab;
  const files = () =>
    page.evaluate(async () => {
      const folder = (await navigator.storage.getDirectory()) as unknown as {
        values(): AsyncIterable<FileSystemFileHandle>;
      };
      const sizes: number[] = [];
      for await (const handle of folder.values()) sizes.push((await handle.getFile()).size);
      return sizes;
    });
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "9:16" }).click();
  await dialog.getByRole("button", { name: "60" }).click();
  await dialog.getByLabel("Names, scores, clock and kills").uncheck();
  await save(page).click();
  await dialog.getByText(`of ${2 * CLIP_TICKS} frames`).waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await save(page).waitFor();
  expect(await files()).toEqual([]);
  await dialog.getByRole("button", { name: "720p" }).click();
  await save(page).click();
  await dialog.getByText("Saved").waitFor();
  expect(await files()).toEqual([expect.any(Number)]);
  const base64 = await page.evaluate(async () => {
    const folder = (await navigator.storage.getDirectory()) as unknown as {
      values(): AsyncIterable<FileSystemFileHandle>;
    };
    for await (const handle of folder.values()) {
      const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    }
    return "";
  });
  const measured = await measure(Buffer.from(base64, "base64"));
  expect(measured.frames).toBe(2 * CLIP_TICKS);
  expect(measured.seconds).toBeCloseTo(CLIP_TICKS / TICK_RATE, 2);
  tab.expectNoFaults();
  await tab.close();
});

test("a browser without WebCodecs says so", async () => {
  const tab = await openDialog(() => {
    delete (globalThis as { VideoEncoder?: unknown }).VideoEncoder;
  });
  await tab.page.getByRole("alert").filter({ hasText: "WebCodecs" }).waitFor();
  expect(await save(tab.page).isDisabled()).toBe(true);
  await tab.close();
});
