//! A recording that begins in the middle of a match.

import { expect, test, vi } from "vitest";
import type { Sound } from "../src/audio/sound.ts";
import type { Core, ReplayInfo } from "../src/core/core.ts";
import { pressReplayKey } from "../src/replay/keys.ts";
import { Player } from "../src/replay/player.ts";
import type { Stage } from "../src/view/stage.ts";

const FIRST = 18_000;
const LAST = 19_800;

function open() {
  const seated = { team: 0, drone: false, left: LAST + 1 };
  const info = {
    tickRate: 30,
    firstTick: FIRST,
    ticks: LAST,
    players: [
      { ...seated, id: 2, name: "Bo", joined: FIRST + 600 },
      { ...seated, id: 3, name: "Cy", joined: FIRST },
    ],
  } as ReplayInfo;
  const state = { tick: FIRST, ticks: LAST, playing: false, speed: 1, following: 0 };
  const replay = {
    info: () => info,
    state: () => state,
    seek: vi.fn((tick: number) => {
      state.tick = tick;
    }),
    setPlaying: vi.fn(),
    follow: vi.fn(),
  };
  const core = { replay: () => replay } as unknown as Core;
  const stage = { clear() {} } as Stage;
  return { replay, state, player: new Player(core, stage, {} as Sound, new Uint8Array()) };
}

test("it first follows a player who is present at its start", () => {
  expect(open().replay.follow).toHaveBeenLastCalledWith(3);
});

test("it seeks to its own start, not to the match's", () => {
  const { replay, state, player } = open();
  player.seek(120);
  expect(replay.seek).toHaveBeenLastCalledWith(FIRST);
  player.seek(FIRST + 120);
  expect(replay.seek).toHaveBeenLastCalledWith(FIRST + 120);
  pressReplayKey(player, { code: "Home", key: "Home", shiftKey: false });
  expect(replay.seek).toHaveBeenLastCalledWith(FIRST);
  state.tick = LAST;
  player.toggle();
  expect(replay.seek).toHaveBeenLastCalledWith(FIRST);
});
