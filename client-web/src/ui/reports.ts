//! `/report Ada shoots through rocks` in the chat field: sent to the host only, with the player's number in place of the name.

import { nameKey } from "./mutes.ts";

const COMMAND = /^\/report\s+(\S.*)$/i;

/** A report: the name, and the line for the server; no line if nobody has the name. */
export interface ReportLine {
  name: string;
  line?: string;
}

/** Reads a typed line; undefined if it is chat. Of names that begin alike, the longest is meant. */
export function reportOf(typed: string, names: ReadonlyMap<number, string>): ReportLine | undefined {
  const rest = COMMAND.exec(typed.trim())?.[1];
  if (rest === undefined) return undefined;
  let best: { player: number; name: string } | undefined;
  for (const [player, name] of names) {
    const isNamed =
      nameKey(rest.slice(0, name.length)) === nameKey(name) && /^(\s|$)/.test(rest.slice(name.length));
    if (name !== "" && isNamed && name.length >= (best?.name.length ?? 0)) best = { player, name };
  }
  if (!best) return { name: rest };
  return { name: best.name, line: `/report ${best.player} ${rest.slice(best.name.length).trim()}` };
}
