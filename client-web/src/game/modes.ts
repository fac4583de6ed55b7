//! The modes that this server offers, with how many play each.

import { serverUrl } from "../page/address.ts";
import type { Mode } from "../ui/model.ts";

/** The modes, the usual one first; none if the server does not answer. */
export async function fetchModes(): Promise<Mode[]> {
  try {
    const response = await fetch(`${serverUrl()}api/modes`, { cache: "no-store" });
    const modes: unknown = response.ok ? await response.json() : [];
    return Array.isArray(modes) ? modes : [];
  } catch {
    return [];
  }
}
