//! The entry point: picks the page by the address and starts what it needs.

import "./ui/style.css";
import { keepForOffline } from "./browser/offline.ts";
import { loadCore } from "./core/core.ts";
import { openGamePage } from "./game/page.ts";
import { setLanguage, t } from "./locale/locale.ts";
import { isAdminPath, isReplayPath, isTransportPath, pagePath, serverUrl } from "./page/address.ts";
import { settings } from "./page/settings.ts";
import { followAppearance } from "./ui/appearance.ts";
import { followLayout } from "./ui/keys.ts";
import { mountTroubles } from "./ui/troubles.tsx";
import { NoWebGl } from "./view/stage.ts";

/** The page keeps its files for later once those that it needs now have come. */
const KEEP_AFTER_MS = 5000;

async function start(): Promise<void> {
  mountTroubles(element("troubles"));
  followAppearance();
  followLayout();
  const hosts = { stage: element("stage"), ui: element("ui") };
  try {
    // If a language cannot be loaded, the page stays English.
    await setLanguage(settings.value.language).catch((error: unknown) => console.error("driftbelt:", error));
    const path = pagePath();
    if (isReplayPath(path)) {
      const { openReplayPage } = await import("./replay/page.tsx");
      await openReplayPage(hosts);
    } else if (isTransportPath(path)) {
      const { openTransportPage } = await import("./transport/page.tsx");
      await openTransportPage(hosts, loadCore());
    } else if (isAdminPath(path)) {
      const { openAdminPage } = await import("./admin/page.tsx");
      openAdminPage(hosts);
    } else {
      await openGamePage(hosts, loadCore());
      const root = serverUrl();
      setTimeout(() => void keepForOffline(`${root}service-worker.js`, root), KEEP_AFTER_MS);
    }
  } catch (error) {
    console.error("driftbelt:", error);
    const fault = document.createElement("p");
    fault.className = "fault";
    fault.setAttribute("role", "alert");
    fault.textContent = t(error instanceof NoWebGl ? "error.webgl" : "error.load");
    hosts.ui.replaceChildren(fault);
  }
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

void start();
