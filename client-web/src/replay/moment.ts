//! A moment of a recording in an address: `#t=12:34&follow=Comet&speed=0.5`.

import type { ReplayInfo, ReplayPlayer } from "../core/core.ts";
import { SPEEDS } from "./model.ts";

/** The parts that an address names. */
export interface Moment {
  /** Seconds since the recording's start. */
  seconds?: number;
  /** A player's name. */
  follow?: string;
  speed?: number;
  /** Play at once. */
  play?: boolean;
}

/** Reads the part of an address behind the `#`. What makes no sense is left out. */
export function readMoment(hash: string): Moment {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const moment: Moment = {};
  const seconds = secondsOf(parts.get("t") ?? "");
  if (seconds !== undefined) moment.seconds = seconds;
  const follow = parts.get("follow");
  if (follow) moment.follow = follow;
  const speed = Number.parseFloat(parts.get("speed") ?? "");
  if (speed > 0)
    moment.speed = SPEEDS.reduce((best, one) => (off(one, speed) < off(best, speed) ? one : best));
  if (parts.has("play")) moment.play = true;
  return moment;
}

function off(one: number, other: number): number {
  return Math.abs(Math.log(one / other));
}

/** Seconds of `75`, `1:15`, `1:15.5` and `0:01:15`. */
function secondsOf(text: string): number | undefined {
  if (!/^(\d+:){0,2}\d+(\.\d+)?$/.test(text)) return undefined;
  return text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** Writes a moment; `tick` exactly. A usual speed is not named. */
export function momentHash(
  tick: number,
  info: Pick<ReplayInfo, "firstTick" | "tickRate">,
  follow: string,
  speed: number,
): string {
  const seconds = (tick - info.firstTick) / info.tickRate;
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds % 60).toFixed(2).padStart(5, "0").replace(/\.00$/, "");
  const parts = [`t=${minutes}:${rest}`];
  if (follow !== "") parts.push(`follow=${encodeURIComponent(follow)}`);
  if (speed !== 1) parts.push(`speed=${speed}`);
  return `#${parts.join("&")}`;
}

/** The tick of a moment. */
export function tickOf(
  seconds: number,
  { firstTick, tickRate }: Pick<ReplayInfo, "firstTick" | "tickRate">,
): number {
  return firstTick + Math.round(seconds * tickRate);
}

/** The player of a name; of several, one who is there at the tick. */
export function playerNamed(
  players: readonly ReplayPlayer[],
  name: string,
  tick: number,
): ReplayPlayer | undefined {
  const named = players.filter((player) => player.name === name);
  return named.find((player) => player.joined <= tick && tick < player.left) ?? named[0];
}
