//! The service worker with fake caches and a fake network.

import { expect, test } from "vitest";
import { type Globals, serve } from "../src/offline/serve.ts";

const ROOT = "https://belt.example/game/";

/** A browser with a service worker of a build: its caches outlive builds. */
function browserWith(caches: Map<string, Map<string, string>>, build: string, files: string[]) {
  const listeners = new Map<string, (event: never) => void>();
  const network = { isUp: true };
  const fetched = async (url: string) => {
    if (!network.isUp) throw new TypeError("no network");
    return new Response(`network ${url}`);
  };
  const open = async (name: string) => {
    const cache = caches.get(name) ?? new Map<string, string>();
    caches.set(name, cache);
    return {
      addAll: async (urls: string[]) => {
        for (const url of urls) cache.set(url, `kept by ${build}`);
      },
      match: async (url: string) => (cache.has(url) ? new Response(cache.get(url)) : undefined),
    };
  };
  const worker = {
    caches: {
      open,
      keys: async () => [...caches.keys()],
      delete: async (name: string) => caches.delete(name),
    },
    registration: { scope: ROOT },
    clients: { claim: async () => {} },
    skipWaiting: async () => {},
    fetch: (request: Request) => fetched(request.url),
    addEventListener: (type: string, listener: (event: never) => void) => listeners.set(type, listener),
  };
  serve(worker as unknown as Globals, build, files);
  const settle = async (type: string) => {
    let work: Promise<unknown> = Promise.resolve();
    listeners.get(type)?.({ waitUntil: (promise: Promise<unknown>) => (work = promise) } as never);
    await work;
  };
  /** The answer to a request; undefined if the browser asks the network itself. */
  const ask = async (path: string, mode = "cors", method = "GET") => {
    let answer: Promise<Response> | undefined;
    const request = { url: ROOT + path, mode, method };
    listeners.get("fetch")?.({
      request,
      respondWith: (response: Promise<Response>) => (answer = response),
    } as never);
    return (await answer)?.text();
  };
  return { network, ask, install: () => settle("install"), activate: () => settle("activate") };
}

test("the page comes from the network while there is one, and is kept for when there is none", async () => {
  const browser = browserWith(new Map(), "1", ["assets/index-a.js"]);
  await browser.install();
  await browser.activate();
  expect(await browser.ask("play/x", "navigate")).toBe(`network ${ROOT}play/x`);
  expect(await browser.ask("assets/index-a.js")).toBe("kept by 1");
  browser.network.isUp = false;
  expect(await browser.ask("play/x", "navigate")).toBe("kept by 1");
});

test("a new build's page gets the new build's files, also before the new worker is there", async () => {
  const browser = browserWith(new Map(), "1", ["assets/index-a.js"]);
  await browser.install();
  expect(await browser.ask("assets/index-b.js")).toBeUndefined();
  expect(await browser.ask("api/status")).toBeUndefined();
  expect(await browser.ask("assets/index-a.js", "cors", "POST")).toBeUndefined();
});

test("a new build deletes what the one before kept, and nothing of another server", async () => {
  const caches = new Map([["driftbelt https://belt.example/other/ 1", new Map<string, string>()]]);
  const before = browserWith(caches, "1", ["assets/index-a.js"]);
  await before.install();
  const browser = browserWith(caches, "2", ["assets/index-b.js"]);
  await browser.install();
  await browser.activate();
  expect([...caches.keys()]).toEqual(["driftbelt https://belt.example/other/ 1", `driftbelt ${ROOT} 2`]);
  expect(await browser.ask("assets/index-a.js")).toBeUndefined();
  expect(await browser.ask("assets/index-b.js")).toBe("kept by 2");
});
