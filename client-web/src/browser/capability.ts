//! What a browser may lack, forbid or break: by its version, by Permissions-Policy, in a private window, without HTTPS. The page
//! uses such a part only through here. Its failure costs what it is used for, is reported once, and stops nothing else.

export type Capability =
  | "audio"
  | "canvas"
  | "clipboard"
  | "full screen"
  | "gamepad"
  | "history"
  | "internationalization"
  | "keyboard layout"
  | "media queries"
  | "pointer capture"
  | "service worker"
  | "size observer"
  | "storage"
  | "vibration"
  | "WebSocket";

const reported = new Set<Capability>();

/** The result of `use`; `otherwise` if the browser refuses. */
export function attempt<T>(capability: Capability, use: () => T, otherwise: T): T {
  try {
    return use();
  } catch (error) {
    report(capability, error);
    return otherwise;
  }
}

/** As `attempt`, for what takes time. */
export async function attemptLater<T>(
  capability: Capability,
  use: () => Promise<T>,
  otherwise: T,
): Promise<T> {
  try {
    return await use();
  } catch (error) {
    report(capability, error);
    return otherwise;
  }
}

/** Reports the first failure of a capability. */
export function report(capability: Capability, error: unknown): void {
  if (reported.has(capability)) return;
  reported.add(capability);
  console.warn(`driftbelt: the page goes on without this browser's ${capability}:`, error);
}
