//! Chromium for a test, and a pilot who plays in it with keys and mouse.

import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { expect } from "vitest";
import type { ReplayState } from "../src/core/core.ts";
import type { Handle, PageState, SeenShip } from "../src/game/handle.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  // Several pages play at the same time; those in the background must keep their animation frames.
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
  "--disable-background-timer-throttling",
];
/** Long, because several pages render in software on the cores that also run the server. */
const WAIT_MS = 90_000;

export async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/** A page with separate storage, and the errors that it has logged. */
export class Tab {
  readonly faults: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on("console", (message) => {
      if (message.type() === "error") this.faults.push(message.text());
    });
    page.on("pageerror", (error) => this.faults.push(String(error)));
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Tab> {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width: 800, height: 500 },
      locale: "en-US",
      permissions: ["clipboard-read", "clipboard-write"],
      // Browsers refuse them on a server whose certificate nobody has signed.
      serviceWorkers: "block",
      ...options,
    });
    context.setDefaultTimeout(WAIT_MS);
    const tab = new Tab(context, await context.newPage());
    await tab.page.goto(url);
    return tab;
  }

  /** Fails the test if the page has logged an error. */
  expectNoFaults(): void {
    expect(this.faults).toEqual([]);
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

type Window = typeof globalThis & { driftbelt: Handle };
type OwnShip = NonNullable<PageState["self"]>;

/** A player at a tab. */
export class Pilot {
  constructor(
    readonly tab: Tab,
    readonly name: string,
  ) {}

  get page(): Page {
    return this.tab.page;
  }

  /** Types the name, presses Play, and waits for the ship. */
  async join(): Promise<void> {
    await this.page.fill("input[name=name]", this.name);
    await this.page.click("button[type=submit]");
    await this.untilPhase("playing");
    await this.ship();
  }

  /** The own ship. It comes with the first snapshot, after the welcome: on a busy machine this may take a while. */
  async ship(): Promise<OwnShip> {
    const found = await this.page.waitForFunction(() => (globalThis as Window).driftbelt?.state().self);
    return (await found.jsonValue())!;
  }

  async state(): Promise<PageState> {
    return this.page.evaluate(() => (globalThis as Window).driftbelt.state());
  }

  async ships(): Promise<SeenShip[]> {
    return this.page.evaluate(() => (globalThis as Window).driftbelt.ships());
  }

  async sees(name: string): Promise<SeenShip | undefined> {
    return (await this.ships()).find((ship) => ship.name === name);
  }

  async untilPhase(phase: PageState["phase"], timeout = WAIT_MS): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => (globalThis as Window).driftbelt?.state().phase === wanted,
      phase,
      {
        timeout,
      },
    );
  }

  /** Waits until the own ship is more than 4 units from a point. */
  async untilAwayFrom(point: { x: number; y: number }): Promise<void> {
    await this.page.waitForFunction((from) => {
      const { self } = (globalThis as Window).driftbelt.state();
      return self !== null && Math.hypot(self.x - from.x, self.y - from.y) > 4;
    }, point);
  }

  async untilText(selector: string, text: string | RegExp, timeout = WAIT_MS): Promise<void> {
    await this.page.locator(selector, { hasText: text }).first().waitFor({ timeout });
  }

  /** Points the ship in a direction (radians, y down). */
  async aim(heading: number): Promise<void> {
    const size = this.page.viewportSize() ?? { width: 800, height: 500 };
    const reach = Math.min(size.width, size.height) * 0.45;
    await this.page.mouse.move(
      size.width / 2 + Math.cos(heading) * reach,
      size.height / 2 + Math.sin(heading) * reach,
    );
  }

  /**
   * Aims until the ship's heading is right: the ship is not exactly in the middle of the picture, so the pointer is corrected
   * by the remaining error. Returns the next correction.
   */
  async aimExactly(wanted: number, correction: number): Promise<number> {
    const self = (await this.state()).self;
    const off = self ? wrap(wanted - self.heading) : 0;
    const next = Math.max(-0.6, Math.min(0.6, correction + off * 0.5));
    await this.aim(wanted + next);
    return next;
  }

  async close(): Promise<void> {
    await this.tab.close();
  }
}

/** The same angle in −π..π. */
export function wrap(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}

/** The state of the recording that a page shows. */
export async function replay(page: Page): Promise<ReplayState> {
  const state = await page.evaluate(() => driftbelt.replay());
  if (!state) throw new Error("no recording is open");
  return state;
}

/** Waits until a page shows this tick of its recording. */
export async function untilTick(page: Page, tick: number): Promise<ReplayState> {
  await page.waitForFunction((wanted) => driftbelt.replay()?.tick === wanted, tick);
  return replay(page);
}
