//! Keeps the page for use without a network.

import { attemptLater } from "./capability.ts";

/** Registers the service worker `script` for everything below `root`. */
export async function keepForOffline(script: string, root: string): Promise<void> {
  // Without HTTPS there is none, and nothing to report.
  if (!("serviceWorker" in navigator)) return;
  await attemptLater(
    "service worker",
    () => navigator.serviceWorker.register(script, { scope: root }),
    undefined,
  );
}
