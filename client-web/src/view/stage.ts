//! The picture: owns the renderer and its layers, and draws a frame from back to front.

import "pixi.js/unsafe-eval";
import { effect } from "@preact/signals";
import { Container, WebGLRenderer } from "pixi.js";
import { attempt } from "../browser/capability.ts";
import { observeSize } from "../browser/view.ts";
import type { Frame } from "../core/frame.ts";
import { settings } from "../page/settings.ts";
import { raise, settle } from "../page/trouble.ts";
import { BOULDER, DrawKind, HeaderWord, ItemWord } from "../wasm/schema.ts";
import { type Atlas, makeAtlas } from "./atlas.ts";
import { Nebula, Starfield } from "./backdrop.ts";
import { Camera } from "./camera.ts";
import { playEffects } from "./effects.ts";
import { Labels } from "./labels.ts";
import { Particles } from "./particles.ts";
import { Quads } from "./quads.ts";
import { Ribbons } from "./ribbons.ts";
import { Rocks } from "./rocks.ts";
import { drawBolt, drawEvidence, drawFence, drawMine, drawOre, drawStation } from "./scenery.ts";
import { Sharpness } from "./sharpness.ts";
import { Ships } from "./ships.ts";

const FLASH_SECONDS = 0.1;
/** A longer gap between two frames, as of a hidden tab, animates no more than this. */
const STEP_LIMIT_SECONDS = 0.1;

/** A picture without a place on the page, for a film: its size in CSS pixels, and device pixels per CSS pixel. */
export interface FixedSize {
  width: number;
  height: number;
  resolution: number;
}

/** What the stage needs besides the frame. */
interface DrawOptions {
  /** Where the own ship aims, radians; undefined without one. */
  aim: number | undefined;
  /** The name over a player's ship, "" for none. */
  nameOf(player: number): string;
  /** False leaves the camera where `camera.look` put it. */
  follow: boolean;
  /** Everything moves on as if the frame were drawn. */
  unseen?: boolean;
}

export class Stage {
  readonly camera = new Camera();
  readonly canvas: HTMLCanvasElement;
  private readonly root = new Container();
  private readonly world = new Container();
  private readonly nebula = new Nebula();
  private readonly starfield = new Starfield();
  private readonly sky: Quads;
  private readonly farRocks = new Rocks(64, 1);
  private readonly rocks = new Rocks(600, 2);
  private readonly ribbons = new Ribbons(4000);
  private readonly ground: Quads;
  private readonly craft: Quads;
  private readonly names: Quads;
  private readonly labels = new Labels();
  private readonly particles = new Particles();
  private readonly ships: Ships;
  private readonly rockFlash = new Map<number, number>();
  private lastSeconds = Number.NaN;
  private lastDraw = 0;
  /** Fits the resolution to the machine's speed. */
  private adjust: (nowMs: number) => void = () => {};

  /** Starts the renderer inside an element, or for a film. Rejects if the browser has no WebGL 2. */
  static async open(place: HTMLElement | FixedSize): Promise<Stage> {
    const renderer = new WebGLRenderer();
    const inSoftware = drawsInSoftware();
    await renderer.init({
      // Multisampling smooths the asteroids' edges; a software renderer is too slow for it, but a film may take its time.
      antialias: !inSoftware || !(place instanceof HTMLElement),
      backgroundColor: 0x060a1c,
      autoDensity: true,
      // Every part that is used is imported by name; the others stay out of the bundle.
      manageImports: false,
      preferWebGLVersion: 2,
      powerPreference: "high-performance",
      width: 1,
      height: 1,
    });
    const stage = new Stage(renderer, await makeAtlas());
    if (place instanceof HTMLElement) stage.fill(place);
    else stage.resize(place.width, place.height, place.resolution);
    return stage;
  }

  private constructor(
    private readonly renderer: WebGLRenderer,
    private readonly atlas: Atlas,
  ) {
    this.canvas = renderer.canvas as HTMLCanvasElement;
    this.sky = new Quads(atlas.texture, 900);
    this.ground = new Quads(atlas.texture, 2600);
    this.craft = new Quads(atlas.texture, 4000);
    this.names = new Quads(this.labels.texture, 300);
    this.ships = new Ships(atlas, this.labels);
    this.world.addChild(
      this.sky.mesh,
      ...this.farRocks.meshes,
      this.ground.mesh,
      this.ribbons.mesh,
      ...this.rocks.meshes,
      this.craft.mesh,
      this.names.mesh,
    );
    this.root.addChild(this.nebula.mesh, this.world);
  }

  /** Releases the renderer. Nothing can be drawn any more. */
  close(): void {
    this.renderer.destroy(true);
  }

  /** Removes trails and particles: after a seek or a new match the old ones must not linger. */
  clear(): void {
    this.ships.clear();
    this.particles.clear();
    this.rockFlash.clear();
    this.lastSeconds = Number.NaN;
  }

  /** Draws a frame. `nowMs` is the browser's clock. */
  draw(frame: Frame, options: DrawOptions, nowMs: number): void {
    this.adjust(nowMs);
    const seconds = frame.f[HeaderWord.Seconds];
    const wall = Math.min(STEP_LIMIT_SECONDS, Math.max(0, (nowMs - this.lastDraw) / 1000));
    this.lastDraw = nowMs;
    const step = Number.isNaN(this.lastSeconds) ? wall : seconds - this.lastSeconds;
    const elapsed = Math.min(STEP_LIMIT_SECONDS, Math.max(0, step));
    if (seconds < this.lastSeconds) this.endFlashes();
    this.lastSeconds = seconds;
    if (options.follow) this.camera.follow(frame, options.aim, wall);
    this.world.scale.set(this.camera.scale);
    this.world.position.set(
      this.camera.screenWidth / 2 - this.camera.x * this.camera.scale,
      this.camera.screenHeight / 2 - this.camera.y * this.camera.scale,
    );
    this.drawBackdrop(nowMs / 1000);
    playEffects(frame, this.particles, this.camera, {
      colourOf: (id) => this.ships.colourOf(id),
      hit: (id) => this.hit(id, seconds),
    });
    this.drawEntities(frame, options, seconds, elapsed);
    if (!options.unseen) this.renderer.render(this.root);
  }

  /** The player of the ship nearest to a point of the screen; 0 if none is near. */
  playerAt(frame: Frame, screenX: number, screenY: number): number {
    const x = this.camera.worldX(screenX);
    const y = this.camera.worldY(screenY);
    let best = 0;
    let bestAway = Math.max(2.5, 28 / this.camera.scale);
    for (let index = 0; index < frame.itemCount; index += 1) {
      const at = frame.item(index);
      if (frame.u[at + ItemWord.Kind] !== DrawKind.Ship) continue;
      const away = Math.hypot(frame.f[at + ItemWord.X] - x, frame.f[at + ItemWord.Y] - y);
      if (away >= bestAway) continue;
      best = frame.u[at + ItemWord.Player];
      bestAway = away;
    }
    return best;
  }

  /** Follows the player's resolution, frame cap and palette. */
  private followSettings(sharpness: Sharpness, resize: () => void): void {
    effect(() => {
      const { quality, frameCap } = settings.value;
      sharpness.want(quality, frameCap);
      resize();
    });
    let painted = settings.value.palette;
    effect(() => {
      const { palette } = settings.value;
      if (palette !== painted) void this.repaint();
      painted = palette;
    });
  }

  /** Paints again what was painted with other colours. */
  private async repaint(): Promise<void> {
    this.labels.clear();
    const { source } = this.atlas.texture;
    source.resource = (await makeAtlas()).texture.source.resource;
    source.update();
  }

  private hit(id: number, seconds: number): void {
    this.ships.hit(id, seconds);
    if (this.camera.reducedMotion) return;
    this.ships.flash(id, seconds);
    this.rockFlash.set(id, seconds + FLASH_SECONDS);
  }

  /** The frame's clock wraps every hour: flashes that were to end before it would last for the next hour. */
  private endFlashes(): void {
    this.ships.endFlashes();
    this.rockFlash.clear();
  }

  private drawBackdrop(seconds: number): void {
    this.nebula.update(this.camera);
    this.sky.begin();
    this.starfield.drawSky(this.sky, this.atlas, this.camera, this.nebula, seconds);
    this.sky.end();
    this.farRocks.begin();
    this.starfield.drawFarRocks(this.farRocks, this.camera, seconds);
    this.farRocks.end();
  }

  private drawEntities(frame: Frame, options: DrawOptions, seconds: number, elapsed: number): void {
    const { ground, craft, ribbons, rocks, names } = this;
    for (const layer of [ground, craft, ribbons, rocks, names]) layer.begin();
    drawFence(frame, this.camera, ribbons, seconds);
    for (let index = 0; index < frame.itemCount; index += 1) {
      const at = frame.item(index);
      switch (frame.u[at + ItemWord.Kind]) {
        case DrawKind.Station:
          drawStation(frame, at, ground, this.atlas, seconds);
          break;
        case DrawKind.Asteroid:
          this.drawRock(frame, at, seconds);
          break;
        case DrawKind.Ore:
          drawOre(frame, at, craft, this.atlas, seconds);
          break;
        case DrawKind.Ship:
          this.ships.drawWake(frame, at, ribbons, ground, seconds, elapsed);
          break;
      }
    }
    for (let index = 0; index < frame.itemCount; index += 1) {
      const at = frame.item(index);
      const kind = frame.u[at + ItemWord.Kind];
      if (kind === DrawKind.Ship) this.ships.drawHull(frame, at, craft, seconds, elapsed);
      else if (kind === DrawKind.Bolt) drawBolt(frame, at, craft, this.atlas);
      else if (kind === DrawKind.Mine) drawMine(frame, at, craft, this.atlas, seconds);
    }
    this.particles.draw(craft, this.atlas, elapsed);
    for (let index = 0; index < frame.itemCount; index += 1)
      drawEvidence(frame, frame.item(index), craft, this.atlas, seconds);
    for (let index = 0; index < frame.itemCount; index += 1) {
      const at = frame.item(index);
      if (frame.u[at + ItemWord.Kind] !== DrawKind.Ship) continue;
      const name = options.nameOf(frame.u[at + ItemWord.Player]);
      this.ships.drawPlate(frame, at, craft, names, name, this.camera.scale, seconds);
    }
    for (const layer of [ground, craft, ribbons, rocks, names]) layer.end();
    this.ships.forget(seconds);
  }

  private drawRock(frame: Frame, at: number, seconds: number): void {
    const id = frame.u[at + ItemWord.Id];
    const until = this.rockFlash.get(id);
    let flash = 0;
    if (until !== undefined) {
      flash = Math.max(0, (until - seconds) / FLASH_SECONDS) * 0.35;
      if (flash === 0) this.rockFlash.delete(id);
    }
    const { f, u } = frame;
    const turned = u[at + ItemWord.Variant] === BOULDER ? 0 : seconds;
    this.rocks.draw(id, f[at + ItemWord.X], f[at + ItemWord.Y], f[at + ItemWord.Radius], turned, 1, flash);
  }

  /** Shows the picture in an element, in its size, as sharp as the machine can draw it. */
  private fill(host: HTMLElement): void {
    host.append(this.canvas);
    const sharpness = new Sharpness();
    const resize = () => this.resize(host.clientWidth, host.clientHeight, sharpness.resolution);
    this.adjust = (nowMs) => {
      if (sharpness.measure(nowMs)) resize();
    };
    observeSize([host], resize);
    this.followSettings(sharpness, resize);
    this.canvas.addEventListener("webglcontextlost", () => raise("picture"));
    this.canvas.addEventListener("webglcontextrestored", () => settle("picture"));
  }

  private resize(width: number, height: number, resolution: number): void {
    this.renderer.resize(Math.max(1, width), Math.max(1, height), resolution);
    this.camera.resize(Math.max(1, width), Math.max(1, height));
  }
}

/** The browser has no WebGL 2, or the user, a policy or the graphics driver forbids it. */
export class NoWebGl extends Error {}

/** Whether the browser renders in software. */
function drawsInSoftware(): boolean {
  const gl = attempt("canvas", () => document.createElement("canvas").getContext("webgl2"), null);
  if (!gl) throw new NoWebGl("the browser has no WebGL 2");
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "";
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}
