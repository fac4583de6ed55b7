//! Reporting players.

import { expect, test } from "vitest";
import { reportOf } from "../src/ui/reports.ts";

const names = new Map([
  [1, "Ada"],
  [2, "Ada Lovelace"],
  [3, "Bo"],
]);

test("a report names a player by the longest name that fits", () => {
  expect(reportOf("/report ada lovelace rams me", names)).toEqual({
    name: "Ada Lovelace",
    line: "/report 2 rams me",
  });
  expect(reportOf(" /REPORT Ada", names)).toEqual({ name: "Ada", line: "/report 1 " });
  expect(reportOf("/report Boris x", names)).toEqual({ name: "Boris x" });
});

test("all other lines are chat", () => {
  for (const line of ["report Ada", "/report", "/reported Ada", "hello"])
    expect(reportOf(line, names)).toBeUndefined();
});
