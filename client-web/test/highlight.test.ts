//! The highlight of a round.

import { expect, test } from "vitest";
import { RoundHighlight } from "../src/game/highlight.ts";

const kill = (killerName: string, bounty: number) => ({ killerName, victimName: "Bo", bounty });

test("the longest row is the highlight, then the highest bounty", () => {
  const round = new RoundHighlight();
  round.add(kill("", 900), 0);
  expect(round.best).toBeUndefined();
  round.add(kill("Ada", 50), 0);
  round.add(kill("Lin", 20), 1000);
  expect(round.best).toMatchObject({ name: "Ada", kills: 1, bounty: 50 });
  round.add(kill("Lin", 10), 9400);
  expect(round.best).toMatchObject({ name: "Lin", kills: 2, seconds: 8 });
  // The first is too long ago.
  round.add(kill("Lin", 10), 13_500);
  expect(round.best).toMatchObject({ kills: 2, bounty: 10 });
  round.clear();
  expect(round.best).toBeUndefined();
});
