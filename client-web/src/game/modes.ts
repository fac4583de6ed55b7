//! The modes that this server offers, with how many play each.

import { serverUrl } from "../page/address.ts";
import { ask } from "../page/ask.ts";
import type { Mode } from "../ui/model.ts";

/** The modes, the usual one first; none if the server does not answer. */
export async function fetchModes(): Promise<Mode[]> {
  try {
    const modes: unknown = await (await ask(`${serverUrl()}api/modes`)).json();
    return Array.isArray(modes) ? modes : [];
  } catch {
    return [];
  }
}
