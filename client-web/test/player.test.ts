//! A recording that begins in the middle of a match.

import { expect, test } from "vitest";
import type { Sound } from "../src/audio/sound.ts";
import type { ReplayInfo } from "../src/core/core.ts";
import { pressReplayKey } from "../src/replay/keys.ts";
import type { Wishes } from "../src/replay/messages.ts";
import { Player } from "../src/replay/player.ts";
import type { RemoteReplay } from "../src/replay/remote.ts";
import type { Scanner } from "../src/replay/scan.ts";
import type { Stage } from "../src/view/stage.ts";

const FIRST = 18_000;
const LAST = 19_800;

function open() {
  const seated = { team: 0, drone: false, left: LAST + 1 };
  const info = {
    marks: [],
    highlights: [],
    tickRate: 30,
    firstTick: FIRST,
    ticks: LAST,
    players: [
      { ...seated, id: 2, name: "Bo", joined: FIRST + 600 },
      { ...seated, id: 3, name: "Cy", joined: FIRST },
    ],
  } as unknown as ReplayInfo;
  const state = { tick: FIRST, ticks: LAST, playing: false, speed: 1, following: 0 };
  const wishes: Wishes = {};
  const replay = {
    info,
    state: () => state,
    get tick() {
      return wishes.tick ?? state.tick;
    },
    wish: (more: Wishes) => Object.assign(wishes, more),
  };
  const stage = { clear() {} } as Stage;
  return { wishes, player: new Player(replay as unknown as RemoteReplay, stage, {} as Sound, {} as Scanner) };
}

test("it first follows a player who is present at its start", () => {
  expect(open().wishes.follow).toBe(3);
});

test("it seeks to its own start, not to the match's", () => {
  const { wishes, player } = open();
  player.seek(120);
  expect(wishes.tick).toBe(FIRST);
  player.seek(FIRST + 120);
  expect(wishes.tick).toBe(FIRST + 120);
  pressReplayKey(player, { code: "Home", shiftKey: false });
  expect(wishes.tick).toBe(FIRST);
  player.pause();
  player.seek(LAST);
  player.toggle();
  expect(wishes.tick).toBe(FIRST);
});
