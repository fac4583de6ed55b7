//! Whom the player does not want to hear: `/mute Ada` and `/unmute Ada` in the chat field. Names are unique in a room.

const COMMAND = /^\/(mute|unmute)\s+(\S.*)$/i;

/** What a typed line did. */
export interface Muted {
  name: string;
  muted: boolean;
}

export class Mutes {
  private readonly names = new Set<string>();

  /** Takes a typed line; undefined if it is no command, and is to be said. */
  command(line: string): Muted | undefined {
    const [, verb, name] = COMMAND.exec(line.trim()) ?? [];
    if (verb === undefined || name === undefined) return undefined;
    const muted = verb.toLowerCase() === "mute";
    if (muted) this.names.add(key(name));
    else this.names.delete(key(name));
    return { name, muted };
  }

  has(name: string): boolean {
    return this.names.has(key(name));
  }
}

function key(name: string): string {
  return name.trim().normalize("NFKC").toLowerCase();
}
