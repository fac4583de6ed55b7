//! The game page on the made-up belt: `npm run dev`, then open /dev/.

import "../src/ui/style.css";
import { setLanguage } from "../src/locale/locale.ts";
import { openGamePage } from "../src/play.ts";
import { settings } from "../src/settings.ts";
import { fakeCore } from "./fake.ts";

const core = fakeCore();
Object.assign(globalThis, { fake: core });
await setLanguage(settings.value.language);
const hosts = { stage: document.getElementById("stage")!, ui: document.getElementById("ui")! };
await openGamePage(hosts, Promise.resolve(core), (_room, events) => {
  queueMicrotask(() => events.opened());
  const nothing = () => {};
  return {
    kind: "websocket",
    send: nothing,
    stop: nothing,
    tryNow: nothing,
    drop: nothing,
    settled: nothing,
  };
});
