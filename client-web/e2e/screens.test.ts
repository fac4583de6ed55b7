//! Every screen in every language, from a small phone to a large display: nothing is cut off, nothing runs together, and text on
//! panels is read over bright rocks.

import type { Browser, Page } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch } from "./browser.ts";

const PHONES = [
  [320, 568],
  [390, 844],
  [844, 390],
] as const;
const DESKTOPS = [
  [800, 500],
  [1366, 768],
  [1920, 1080],
  [3840, 2160],
] as const;
/** The brightest side of a rock. */
const ROCK = "#b4b8c8";
/** WCAG 2, for small text. */
const CONTRAST = 4.5;

let browser: Browser;
let server: ViteDevServer;

beforeAll(async () => {
  browser = await launch();
  server = await createServer({
    logLevel: "error",
    server: { port: 0 },
    define: { DRIFTBELT_VERSION: '"test"' },
  });
  await server.listen();
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

async function open(phone: boolean): Promise<Page> {
  const context = await browser.newContext({ hasTouch: phone, isMobile: phone, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(`${server.resolvedUrls!.local[0]}e2e/screens.html`);
  await page.waitForFunction(() => globalThis.gallery !== undefined);
  await page.evaluate(() => document.fonts.ready);
  return page;
}

async function faultsAt(page: Page, width: number, height: number): Promise<string[]> {
  await page.setViewportSize({ width, height });
  return page.evaluate(async () => {
    const found: string[] = [];
    for (const language of gallery.languages)
      for (const screen of gallery.names) {
        await gallery.show(screen, language);
        const at = `${innerWidth}×${innerHeight} ${language} ${screen}: `;
        found.push(...gallery.faults().map((fault) => at + fault));
      }
    return found;
  });
}

test.each([true, false])("no text is cut off or runs into other text (phone: %s)", async (phone) => {
  const page = await open(phone);
  const found: string[] = [];
  for (const [width, height] of phone ? PHONES : DESKTOPS)
    found.push(...(await faultsAt(page, width, height)));
  expect(found).toEqual([]);
  await page.context().close();
});

function luminance([red, green, blue]: readonly number[]): number {
  const linear = (part: number) => (part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

test("text is read over bright rocks", async () => {
  const page = await open(false);
  await page.setViewportSize({ width: 1366, height: 768 });
  await page.addStyleTag({ content: `#stage { background: ${ROCK}; }` });
  for (const screen of ["hud", "shop", "chat", "dead", "podium"] as const) {
    await page.evaluate((one) => gallery.show(one, "en"), screen);
    const texts = await page.evaluate(() => gallery.texts());
    const style = await page.addStyleTag({
      content: "#ui * { color: transparent !important; text-shadow: none !important; }",
    });
    const picture = `data:image/png;base64,${(await page.screenshot()).toString("base64")}`;
    await style.evaluate((element) => (element as HTMLElement).remove());
    const behind = await page.evaluate(
      async ({ url, boxes }) => {
        const image = await createImageBitmap(await (await fetch(url)).blob());
        const pen = new OffscreenCanvas(image.width, image.height).getContext("2d")!;
        pen.drawImage(image, 0, 0);
        return boxes.map(({ left, top, right, bottom }) => {
          // The boxes of letters reach beyond what is drawn.
          const [width, height] = [Math.max(1, right - left), Math.max(1, bottom - top)];
          const { data } = pen.getImageData(left, top + height / 5, width, (height * 3) / 5);
          let brightest = [0, 0, 0];
          for (let at = 0; at < data.length; at += 4)
            if (data[at] + data[at + 1] + data[at + 2] > brightest[0] + brightest[1] + brightest[2])
              brightest = [...data.slice(at, at + 3)];
          return brightest;
        });
      },
      { url: picture, boxes: texts },
    );
    const faint = texts.flatMap(({ text, colour }, at) => {
      const own = colour.match(/[\d.]+/g)!.map(Number);
      const [light, dark] = [luminance(own), luminance(behind[at])].sort((a, b) => b - a);
      const contrast = (light + 0.05) / (dark + 0.05);
      return contrast < CONTRAST ? [`${screen}: "${text}" ${contrast.toFixed(1)}`] : [];
    });
    expect(faint).toEqual([]);
  }
  await page.context().close();
});
