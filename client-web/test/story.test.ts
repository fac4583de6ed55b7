//! Moments in addresses, and what the marks tell.

import { expect, test } from "vitest";
import type { ReplayMark, ReplayPlayer } from "../src/core/core.ts";
import { momentHash, playerNamed, readMoment, tickOf } from "../src/replay/moment.ts";
import { neighbour, summarize } from "../src/replay/story.ts";

const info = { firstTick: 18_000, tickRate: 30 };

test("a moment is read from an address, without what makes no sense", () => {
  expect(readMoment("#t=12:34&follow=Comet&speed=0.5")).toEqual({
    seconds: 754,
    follow: "Comet",
    speed: 0.5,
  });
  expect(readMoment("#t=75")).toEqual({ seconds: 75 });
  expect(readMoment("#t=1:02:03.5")).toEqual({ seconds: 3723.5 });
  expect(readMoment("#follow=A%26B%20C&speed=3")).toEqual({ follow: "A&B C", speed: 4 });
  expect(readMoment("#t=-3&speed=-1&follow=&x=1")).toEqual({});
  expect(readMoment("#t=1e9&speed=NaN")).toEqual({});
  expect(readMoment("")).toEqual({});
});

test("a moment leads back to its tick", () => {
  for (const tick of [18_000, 18_001, 18_029, 18_030, 40_637]) {
    const { seconds = -1, follow, speed } = readMoment(momentHash(tick, info, "A & Bö", 0.25));
    expect([tickOf(seconds, info), follow, speed]).toEqual([tick, "A & Bö", 0.25]);
  }
  expect(momentHash(18_000 + 754 * 30, info, "Comet", 1)).toBe("#t=12:34&follow=Comet");
});

test("of two players of a name the one who is there is followed", () => {
  const seat = { name: "Bo", team: 0, drone: false };
  const players: ReplayPlayer[] = [
    { ...seat, id: 1, joined: 0, left: 100 },
    { ...seat, id: 2, joined: 200, left: 300 },
  ];
  expect([50, 250, 900].map((tick) => playerNamed(players, "Bo", tick)?.id)).toEqual([1, 2, 1]);
  expect(playerNamed(players, "Al", 50)).toBeUndefined();
});

const kill = (tick: number, player: number, other: number): ReplayMark => ({
  tick,
  kind: "kill",
  player,
  other,
  amount: 10,
});
const marks: ReplayMark[] = [
  kill(10, 1, 2),
  kill(20, 1, 3),
  { tick: 25, kind: "bank", player: 2, amount: 70 },
  kill(30, 2, 1),
  kill(40, 1, 2),
  { tick: 50, kind: "bank", player: 1, amount: 30 },
];

test("the neighbours of a moment are marks of the player", () => {
  expect(neighbour(marks, 10, 1, 2)?.tick).toBe(25);
  expect(neighbour(marks, 10, -1, 2)).toBeUndefined();
  expect(neighbour(marks, 45, -1, 3)?.tick).toBe(20);
  expect(neighbour(marks, 45, -1, 0)?.tick).toBe(40);
});

test("a player's sums", () => {
  const players = [{ id: 1, name: "Ada", team: 0, drone: false, joined: 5, left: 65 }];
  expect(summarize({ marks, players }, 1)).toEqual({
    kills: 3,
    deaths: 1,
    streak: 2,
    bounties: 30,
    hauls: 1,
    haul: 30,
    bestHaul: 30,
    present: 60,
  });
});
