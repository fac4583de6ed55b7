//! The players whose chat is hidden: by a click on a name, or `/mute Ada` and `/unmute Ada` in the chat field. Names are unique
//! in a room. The server is always heard.

/** The name of the server's own lines, which no player can have. */
const SERVER_NAME = "Server";
const COMMAND = /^\/(mute|unmute)\s+(\S.*)$/i;

/** What a typed line or a click changed. */
export interface MuteChange {
  name: string;
  result: "muted" | "unmuted" | "refused";
}

export class Mutes {
  private readonly keys = new Set<string>();

  /** Runs a typed line; undefined if it is not a command but chat. */
  command(line: string): MuteChange | undefined {
    const [, verb, name] = COMMAND.exec(line.trim()) ?? [];
    if (verb === undefined || name === undefined) return undefined;
    return this.set(name, verb.toLowerCase() === "mute");
  }

  /** Mutes or unmutes a player. */
  toggle(name: string): MuteChange {
    return this.set(name, !this.has(name));
  }

  /** Whether a line of chat is hidden. Lines of no player are the server's. */
  hides(player: number, name: string): boolean {
    return player !== 0 && this.has(name);
  }

  has(name: string): boolean {
    return this.keys.has(nameKey(name));
  }

  /** The keys of all muted names, as of now. */
  all(): ReadonlySet<string> {
    return new Set(this.keys);
  }

  private set(name: string, muted: boolean): MuteChange {
    const key = nameKey(name);
    if (key === nameKey(SERVER_NAME)) return { name, result: "refused" };
    if (muted) this.keys.add(key);
    else this.keys.delete(key);
    return { name, result: muted ? "muted" : "unmuted" };
  }
}

/** The same key for all spellings of a name. */
export function nameKey(name: string): string {
  return name.trim().normalize("NFKC").toLowerCase();
}
