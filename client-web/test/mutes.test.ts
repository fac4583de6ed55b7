//! Muting players.

import { expect, test } from "vitest";
import { Mutes, nameKey } from "../src/ui/mutes.ts";

test("a muted player stays muted until unmuted", () => {
  const mutes = new Mutes();
  expect(mutes.command("/mute Ada Lovelace ")).toEqual({ name: "Ada Lovelace", muted: true });
  expect(mutes.has("ada lovelace")).toBe(true);
  expect(mutes.has("Ada")).toBe(false);
  expect(mutes.command("/UNMUTE ada lovelace")).toEqual({ name: "ada lovelace", muted: false });
  expect(mutes.has("Ada Lovelace")).toBe(false);
});

test("a click mutes, and the next one unmutes", () => {
  const mutes = new Mutes();
  expect(mutes.toggle("Ada")).toEqual({ name: "Ada", muted: true });
  expect([...mutes.all()]).toEqual([nameKey("ADA ")]);
  expect(mutes.toggle("ada")).toEqual({ name: "ada", muted: false });
  expect(mutes.all().size).toBe(0);
});

test("all other lines are chat", () => {
  const mutes = new Mutes();
  for (const line of ["mute Ada", "/mute", "/mute  ", "/muted Ada", "hello"]) {
    expect(mutes.command(line)).toBeUndefined();
  }
});
