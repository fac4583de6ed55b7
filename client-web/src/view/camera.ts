//! The camera: follows the ship, leads toward its aim, zooms out with speed, and shakes.

import type { Frame } from "../core/frame.ts";
import { HeaderWord } from "../wasm/schema.ts";

/** The share of the server's view that is shown, at rest and at top speed: the rest is room for the lead. */
const CLOSE = 0.72;
const WIDE = 0.84;
const LEAD_UNITS = 4.5;
/** The share of the lead that is left along the shorter side of the picture. */
const LEAD_SHORT = 0.7;
/** A ship further away than this has jumped (a respawn, a seek): the lead restarts. */
const JUMP_UNITS = 25;

export class Camera {
  /** Center of the picture in world units. */
  x = 0;
  y = 0;
  /** Half of the visible world, in world units. */
  halfWidth = 40;
  halfHeight = 22.5;
  /** Pixels (CSS) per world unit. */
  scale = 20;
  screenWidth = 1;
  screenHeight = 1;
  /** Whether shake and flashes are off. */
  reducedMotion = false;
  private leadX = 0;
  private leadY = 0;
  private breath = CLOSE;
  private shake = 0;
  private shakePhase = 0;

  resize(width: number, height: number): void {
    this.screenWidth = width;
    this.screenHeight = height;
  }

  /** Adds a shake, 0..1. */
  jolt(strength: number): void {
    if (!this.reducedMotion) this.shake = Math.min(1, this.shake + strength);
  }

  /** Follows the frame's camera. `aim` in radians, or undefined to look straight down; `elapsed` in seconds. */
  follow(frame: Frame, aim: number | undefined, elapsed: number): void {
    const targetX = frame.f[HeaderWord.CameraX];
    const targetY = frame.f[HeaderWord.CameraY];
    const pull = 1 - Math.exp(-elapsed * 3.2);
    const upright = this.screenHeight > this.screenWidth;
    const reach = aim === undefined ? 0 : LEAD_UNITS;
    const wantX = Math.cos(aim ?? 0) * reach * (upright ? LEAD_SHORT : 1);
    const wantY = Math.sin(aim ?? 0) * reach * (upright ? 1 : LEAD_SHORT);
    this.leadX += (wantX - this.leadX) * pull;
    this.leadY += (wantY - this.leadY) * pull;
    if (Math.hypot(targetX - this.x, targetY - this.y) > JUMP_UNITS) {
      this.leadX = 0;
      this.leadY = 0;
    }
    const speed = Math.min(1, frame.f[HeaderWord.Speed]);
    const want = CLOSE + (WIDE - CLOSE) * speed;
    this.breath += (want - this.breath) * (1 - Math.exp(-elapsed * 1.6));
    let viewWidth = frame.f[HeaderWord.ViewWidth] || 100;
    let viewHeight = frame.f[HeaderWord.ViewHeight] || 60;
    // A recording has its mode's view, also on a phone that is held upright.
    if (upright !== viewHeight > viewWidth) [viewWidth, viewHeight] = [viewHeight, viewWidth];
    this.look(targetX + this.leadX, targetY + this.leadY, viewWidth * this.breath, viewHeight * this.breath);
    this.tremble(elapsed);
  }

  /** Shows at most `width`×`height` world units around a point. */
  look(x: number, y: number, width: number, height: number): void {
    this.scale = Math.max(this.screenWidth / width, this.screenHeight / height);
    this.halfWidth = this.screenWidth / this.scale / 2;
    this.halfHeight = this.screenHeight / this.scale / 2;
    this.x = x;
    this.y = y;
  }

  screenX(worldX: number): number {
    return (worldX - this.x) * this.scale + this.screenWidth / 2;
  }

  screenY(worldY: number): number {
    return (worldY - this.y) * this.scale + this.screenHeight / 2;
  }

  worldX(screenX: number): number {
    return (screenX - this.screenWidth / 2) / this.scale + this.x;
  }

  worldY(screenY: number): number {
    return (screenY - this.screenHeight / 2) / this.scale + this.y;
  }

  /** Whether a disc of that radius touches the picture. */
  sees(worldX: number, worldY: number, radius: number): boolean {
    return (
      Math.abs(worldX - this.x) < this.halfWidth + radius &&
      Math.abs(worldY - this.y) < this.halfHeight + radius
    );
  }

  private tremble(elapsed: number): void {
    if (this.shake <= 0) return;
    this.shake = Math.max(0, this.shake - elapsed * 2.2);
    this.shakePhase += elapsed * 58;
    const size = this.shake * this.shake * 1.1;
    this.x += Math.sin(this.shakePhase) * size;
    this.y += Math.sin(this.shakePhase * 1.31 + 1) * size;
  }
}
