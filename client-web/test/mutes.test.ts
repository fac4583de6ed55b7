//! Muting players.

import { expect, test } from "vitest";
import { Mutes, nameKey } from "../src/ui/mutes.ts";

test("a muted player stays muted until unmuted", () => {
  const mutes = new Mutes();
  expect(mutes.command("/mute Ada Lovelace ")).toEqual({ name: "Ada Lovelace", result: "muted" });
  expect(mutes.has("ada lovelace")).toBe(true);
  expect(mutes.has("Ada")).toBe(false);
  expect(mutes.command("/UNMUTE ada lovelace")).toEqual({ name: "ada lovelace", result: "unmuted" });
  expect(mutes.has("Ada Lovelace")).toBe(false);
});

test("a click mutes, and the next one unmutes", () => {
  const mutes = new Mutes();
  expect(mutes.toggle("Ada")).toEqual({ name: "Ada", result: "muted" });
  expect([...mutes.all()]).toEqual([nameKey("ADA ")]);
  expect(mutes.toggle("ada")).toEqual({ name: "ada", result: "unmuted" });
  expect(mutes.all().size).toBe(0);
});

test("nothing hides what the server says", () => {
  const mutes = new Mutes();
  expect(mutes.command("/mute ｓerver ")).toEqual({ name: "ｓerver", result: "refused" });
  expect(mutes.toggle("Server").result).toBe("refused");
  expect(mutes.hides(0, "Server")).toBe(false);
  mutes.toggle("Ada");
  expect([mutes.hides(7, "ada"), mutes.hides(0, "ada"), mutes.hides(8, "Bo")]).toEqual([true, false, false]);
});

test("all other lines are chat", () => {
  const mutes = new Mutes();
  for (const line of ["mute Ada", "/mute", "/mute  ", "/muted Ada", "hello"]) {
    expect(mutes.command(line)).toBeUndefined();
  }
});
