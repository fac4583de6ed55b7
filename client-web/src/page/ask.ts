//! Asks the server, and asks again while it is busy.

/** Answers of a server that has too much to do: of the network's share, and of the server. */
const BUSY = [429, 503];
/** The wait without a `Retry-After`, and the longest. */
const WAIT_MS = 3000;
const WAIT_LIMIT_MS = 60_000;

/** The server cannot be reached, or its answer was no. */
export class Unanswered extends Error {
  constructor(
    /** The HTTP status; undefined if there was no answer. */
    readonly status: number | undefined,
    reason: string,
  ) {
    super(reason);
  }
}

/** As `fetch` of a resource. While the server is busy, calls `busy`, waits for as long as the answer says, and asks again. Fails
 * with an `Unanswered` for every other answer that is no success. */
export async function ask(address: string, busy = () => {}, request: RequestInit = {}): Promise<Response> {
  const { signal } = request;
  for (;;) {
    const response = await fetch(address, { cache: "no-cache", ...request }).catch((error: unknown) => {
      throw new Unanswered(undefined, String(error));
    });
    if (response.ok) return response;
    const reason = (await response.text()).trim();
    if (!BUSY.includes(response.status)) throw new Unanswered(response.status, reason);
    busy();
    await wait(waitMs(response.headers.get("retry-after")), signal);
  }
}

/** Milliseconds of a `Retry-After` in seconds. */
function waitMs(header: string | null): number {
  const seconds = Number.parseInt(header ?? "", 10);
  return Number.isNaN(seconds) ? WAIT_MS : Math.min(Math.max(seconds, 1) * 1000, WAIT_LIMIT_MS);
}

/** Ends early when the signal says so; the next request then fails. */
function wait(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, signal?.aborted ? 0 : ms);
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}
