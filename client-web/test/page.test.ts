//! The page's address, language and stored settings.

import { expect, test } from "vitest";
import { preferredLanguage } from "../src/locale/locale.ts";
import { invitedRoom, isReplayPath, namedRecording, recordingPath } from "../src/page/address.ts";
import { adopt, defaults } from "../src/page/settings.ts";

test("the room of an invite link", () => {
  expect(invitedRoom("/")).toBeUndefined();
  expect(invitedRoom("/play/belt-7")).toBe("belt-7");
  expect(invitedRoom("/play/a%20b/")).toBe("a b");
  expect(invitedRoom("/play/Belt-7%20")).toBe("belt-7");
  expect(invitedRoom("/play/%20")).toBeUndefined();
  expect(invitedRoom("/play/%ff")).toBeUndefined();
  expect(invitedRoom("/play/a/b")).toBeUndefined();
});

test("the recording and the tick of a replay link", () => {
  expect(isReplayPath("/replay")).toBe(true);
  expect(isReplayPath("/replays")).toBe(false);
  expect(namedRecording("/replay", "?t=4")).toBeUndefined();
  expect(namedRecording("/replay/a.belt", "")).toEqual({ name: "a.belt", tick: 0 });
  expect(namedRecording("/replay/a.belt", "?t=-9")).toEqual({ name: "a.belt", tick: 0 });
  const path = `/${recordingPath("my belt.belt", 120)}`;
  const [pathname, search] = path.split("?");
  expect(namedRecording(pathname, `?${search}`)).toEqual({ name: "my belt.belt", tick: 120 });
});

test("the first language that the browser wants and the game has", () => {
  expect(preferredLanguage(["tlh", "ru-RU", "en"])).toBe("ru");
  expect(preferredLanguage(["fr"])).toBe("en");
});

test("stored settings of the wrong kind change nothing", () => {
  const base = defaults();
  expect(adopt(base, null)).toEqual(base);
  expect(adopt(base, { volume: 9, language: "tlh", muted: "yes", learned: ["fly", 2], name: 3 })).toEqual(
    base,
  );
  expect(adopt(base, { uiScale: 9, quality: 2, palette: "toString", keys: null, other: 1 })).toEqual(base);
  expect(adopt(base, { name: "Ada", language: "ru", muted: true, volume: 0, learned: ["fly"] })).toEqual({
    ...base,
    name: "Ada",
    language: "ru",
    muted: true,
    volume: 0,
    learned: ["fly"],
  });
});
