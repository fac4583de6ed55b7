import { expect, test } from "vitest";
import { Mutes } from "../src/mutes.ts";

test("a muted player is not heard until unmuted", () => {
  const mutes = new Mutes();
  expect(mutes.command("/mute Ada Lovelace ")).toEqual({ name: "Ada Lovelace", muted: true });
  expect(mutes.has("ada lovelace")).toBe(true);
  expect(mutes.has("Ada")).toBe(false);
  expect(mutes.command("/UNMUTE ada lovelace")).toEqual({ name: "ada lovelace", muted: false });
  expect(mutes.has("Ada Lovelace")).toBe(false);
});

test("everything else is said", () => {
  const mutes = new Mutes();
  for (const line of ["mute Ada", "/mute", "/mute  ", "/muted Ada", "hello"]) {
    expect(mutes.command(line)).toBeUndefined();
  }
});
