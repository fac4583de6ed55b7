//! A server that refuses over plain HTTP: a banned address, an origin that it does not allow, a limit. It says why in a line of
//! text. Of a WebSocket that did not open, a browser hides that line: the page asks for it by a request.

import { BATCH_TYPE, CloseCode, PROTOCOL_VERSION } from "../../wasm/schema.ts";
import { pieces } from "./batch.ts";
import { queryOf, type ServerAddress } from "./transport.ts";

/** Close codes of IANA's registry, in place of the HTTP status: asking again cannot help, and it can. */
export const FORBIDDEN = 3003;
export const TRY_AGAIN_LATER = 1013;

/** The server's lines are shorter; a longer text is not from it. */
const REASON_LIMIT_BYTES = 1000;
/** Statuses below 500 that pass: a timeout, too early, too many requests. */
const PASSING: readonly number[] = [408, 425, 429];
/** Of those who do not know the address: there is no such server there, or not yet. */
const NOT_FOUND = 404;

export interface Answer {
  status: number;
  type: string;
  body: Uint8Array;
}

export interface Refusal {
  code: number;
  reason: string;
}

/** The refusal that an answer holds. A page of HTML comes from something between here and the server. */
export function refusalOf({ status, type, body }: Answer): Refusal | undefined {
  if (status < 400 || status === NOT_FOUND) return undefined;
  if (!type.startsWith("text/plain") || body.length > REASON_LIMIT_BYTES) return undefined;
  const reason = new TextDecoder().decode(body).trim();
  const passes = status >= 500 || PASSING.includes(status);
  return { code: passes ? TRY_AGAIN_LATER : FORBIDDEN, reason };
}

/** The request that opens a connection over polls. */
export function pollAddress(server: ServerAddress): string {
  const query = queryOf(server);
  return `${server.url}poll?version=${PROTOCOL_VERSION}${query && `&${query}`}`;
}

/** Why the server refuses connections, if it does: asks for one without a Hello, which takes no seat. */
export async function askWhy(server: ServerAddress, request: typeof fetch): Promise<Refusal | undefined> {
  try {
    const response = await request(pollAddress(server), { method: "POST", cache: "no-store" });
    const body = new Uint8Array(await response.arrayBuffer());
    const type = response.headers.get("content-type") ?? "";
    if (type !== BATCH_TYPE) return refusalOf({ status: response.status, type, body });
    // The empty Hello is a bad message.
    for (const piece of pieces(body))
      if ("code" in piece && piece.code !== CloseCode.BadMessage) return piece;
  } catch {
    // No server, or not ours.
  }
  return undefined;
}
