//! What the service worker answers.

/** The page, relative to the server's root. */
const PAGE = "./";

interface Waits {
  waitUntil(work: Promise<unknown>): void;
}

interface Asked {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/** What is used of a service worker's globals. */
export interface Globals {
  readonly caches: CacheStorage;
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  fetch(request: Request): Promise<Response>;
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Waits) => void): void;
  addEventListener(type: "fetch", listener: (event: Asked) => void): void;
}

/** Serves the files of a build, whose names, relative to the server's root, change with their content. */
export function serve(worker: Globals, build: string, files: readonly string[]): void {
  const { scope } = worker.registration;
  // An origin may have several servers, below different paths.
  const ours = `driftbelt ${scope} `;
  const name = ours + build;
  const kept = new Set(files.map((file) => new URL(file, scope).href));

  const keep = async () => {
    const cache = await worker.caches.open(name);
    await cache.addAll([PAGE, ...files].map((file) => new URL(file, scope).href));
    await worker.skipWaiting();
  };
  const forgetOldBuilds = async () => {
    const names = await worker.caches.keys();
    const old = names.filter((other) => other.startsWith(ours) && other !== name);
    await Promise.all(old.map((other) => worker.caches.delete(other)));
    await worker.clients.claim();
  };
  const find = async (url: string) => (await worker.caches.open(name)).match(url);
  const page = async (request: Request) => {
    try {
      return await worker.fetch(request);
    } catch {
      return (await find(new URL(PAGE, scope).href)) ?? Response.error();
    }
  };
  const file = async (request: Request) => (await find(request.url)) ?? worker.fetch(request);

  worker.addEventListener("install", (event) => event.waitUntil(keep()));
  worker.addEventListener("activate", (event) => event.waitUntil(forgetOldBuilds()));
  worker.addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.method !== "GET") return;
    if (request.mode === "navigate") event.respondWith(page(request));
    else if (kept.has(request.url)) event.respondWith(file(request));
  });
}
