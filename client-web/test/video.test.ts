//! Videos: what a browser encodes, and how long and large they are.

import { afterEach, expect, test, vi } from "vitest";
import type { FilmOptions } from "../src/replay/video/format.ts";

afterEach(() => vi.unstubAllGlobals());

/** How a browser that encodes these codecs makes a video. `undefined` has no encoder of that kind. */
async function chosen(videos: string[] | undefined, audios: string[] | undefined, secure = true) {
  vi.resetModules();
  vi.doMock("mediabunny", () => ({
    canEncodeVideo: async (codec: string) => videos?.includes(codec),
    canEncodeAudio: async (codec: string) => audios?.includes(codec),
  }));
  vi.stubGlobal("isSecureContext", secure);
  if (videos) vi.stubGlobal("VideoEncoder", {});
  if (audios) vi.stubGlobal("AudioEncoder", {});
  const { chooseEncoding } = await import("../src/replay/video/codecs.ts");
  return chooseEncoding("hd");
}

test("a video is MP4 where the browser has H.264 and AAC, else WebM", async () => {
  expect(await chosen(["avc", "vp9"], ["aac", "opus"])).toEqual({
    container: "mp4",
    video: "avc",
    audio: "aac",
  });
  expect(await chosen(["avc", "vp9"], ["opus"])).toEqual({
    container: "webm",
    video: "vp9",
    audio: "opus",
  });
  expect(await chosen(["vp8"], ["opus"])).toEqual({ container: "webm", video: "vp8", audio: "opus" });
});

test("a browser that encodes no sound makes a silent video", async () => {
  expect(await chosen(["avc", "vp9"], undefined)).toEqual({
    container: "mp4",
    video: "avc",
    audio: undefined,
  });
});

test("what a browser lacks is named", async () => {
  expect(await chosen(undefined, undefined)).toBe("webCodecs");
  expect(await chosen(undefined, undefined, false)).toBe("insecure");
  expect(await chosen([], ["opus"])).toBe("codecs");
});

test("the frames of a film cover its ticks, and a film in memory is bounded", async () => {
  const { fitsMemory, frameCount, MEMORY_LIMIT_BYTES, bitrateOf } = await import(
    "../src/replay/video/format.ts"
  );
  expect(frameCount(900, 30, 60)).toBe(1800);
  expect(frameCount(900, 60, 30)).toBe(450);
  expect(frameCount(0, 30, 60)).toBe(1);
  const options: FilmOptions = { shape: "fullHd", rate: 60, labelled: true, sound: false };
  const seconds = (MEMORY_LIMIT_BYTES * 8) / bitrateOf(options);
  expect(fitsMemory(options, seconds - 1)).toBe(true);
  expect(fitsMemory(options, seconds + 1)).toBe(false);
});
