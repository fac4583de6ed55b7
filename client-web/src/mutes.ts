//! Whom the player does not want to hear: a click on a name, or `/mute Ada` and `/unmute Ada` in the chat field. Names are
//! unique in a room.

const COMMAND = /^\/(mute|unmute)\s+(\S.*)$/i;

/** What a typed line or a click did. */
export interface Muted {
  name: string;
  muted: boolean;
}

export class Mutes {
  private readonly keys = new Set<string>();

  /** Takes a typed line; undefined if it is no command, and is to be said. */
  command(line: string): Muted | undefined {
    const [, verb, name] = COMMAND.exec(line.trim()) ?? [];
    if (verb === undefined || name === undefined) return undefined;
    return this.set(name, verb.toLowerCase() === "mute");
  }

  /** Mutes who is heard, and the other way round. */
  toggle(name: string): Muted {
    return this.set(name, !this.has(name));
  }

  has(name: string): boolean {
    return this.keys.has(nameKey(name));
  }

  /** The keys of all muted names, as of now. */
  all(): ReadonlySet<string> {
    return new Set(this.keys);
  }

  private set(name: string, muted: boolean): Muted {
    if (muted) this.keys.add(nameKey(name));
    else this.keys.delete(nameKey(name));
    return { name, muted };
  }
}

/** What stands for a name, however it is typed. */
export function nameKey(name: string): string {
  return name.trim().normalize("NFKC").toLowerCase();
}
