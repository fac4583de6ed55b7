//! Names over ships: text is drawn once per player into a slot of a shared texture, and then only positioned.

import { CanvasSource, Texture } from "pixi.js";
import type { Region } from "./atlas.ts";
import { css, relationColour } from "./palette.ts";
import type { Quads } from "./quads.ts";

const SIZE = 1024;
const SLOT_WIDTH = 256;
const SLOT_HEIGHT = 36;
const COLUMNS = SIZE / SLOT_WIDTH;
const SLOTS = COLUMNS * Math.floor(SIZE / SLOT_HEIGHT);

interface Slot {
  text: string;
  relation: number;
  region: Region;
  usedAt: number;
}

export class Labels {
  readonly texture: Texture<CanvasSource>;
  private readonly pen: CanvasRenderingContext2D;
  private readonly slots: Slot[] = [];
  private readonly byPlayer = new Map<number, Slot>();
  private turn = 0;

  constructor() {
    const canvas = document.createElement("canvas");
    canvas.width = SIZE;
    canvas.height = SIZE;
    const pen = canvas.getContext("2d");
    if (!pen) throw new Error("the browser has no 2D canvas");
    this.pen = pen;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    this.texture = new Texture({ source: new CanvasSource({ resource: canvas, scaleMode: "linear" }) });
  }

  /** Forgets what was written: its colours have changed. */
  clear(): void {
    this.byPlayer.clear();
    this.slots.length = 0;
  }

  /** Draws a player's name centered at a point; `height` is the text's height in world units. */
  draw(
    quads: Quads,
    player: number,
    text: string,
    relation: number,
    x: number,
    y: number,
    height: number,
    alpha: number,
  ): void {
    this.turn += 1;
    let slot = this.byPlayer.get(player);
    if (!slot || slot.text !== text || slot.relation !== relation) slot = this.write(player, text, relation);
    slot.usedAt = this.turn;
    const halfHeight = height * 0.9;
    quads.paint(slot.region, x, y, (halfHeight * SLOT_WIDTH) / SLOT_HEIGHT, halfHeight, 0, 0xffffff, alpha);
  }

  private write(player: number, text: string, relation: number): Slot {
    const slot = this.byPlayer.get(player) ?? this.freeSlot();
    this.byPlayer.set(player, slot);
    slot.text = text;
    slot.relation = relation;
    const left = slot.region.u * SIZE;
    const top = slot.region.v * SIZE;
    const pen = this.pen;
    pen.save();
    // Stacked accents would reach into other names.
    pen.beginPath();
    pen.rect(left, top, SLOT_WIDTH, SLOT_HEIGHT);
    pen.clip();
    pen.clearRect(left, top, SLOT_WIDTH, SLOT_HEIGHT);
    pen.font = "600 22px Tektur, sans-serif";
    pen.lineJoin = "round";
    pen.lineWidth = 5;
    pen.strokeStyle = "rgba(5, 8, 24, 0.9)";
    pen.fillStyle = css(relationColour[relation] ?? 0xffffff);
    const middle = left + SLOT_WIDTH / 2;
    pen.strokeText(text, middle, top + SLOT_HEIGHT / 2, SLOT_WIDTH - 12);
    pen.fillText(text, middle, top + SLOT_HEIGHT / 2, SLOT_WIDTH - 12);
    pen.restore();
    this.texture.source.update();
    return slot;
  }

  private freeSlot(): Slot {
    if (this.slots.length < SLOTS) {
      const index = this.slots.length;
      const region = {
        u: ((index % COLUMNS) * SLOT_WIDTH) / SIZE,
        v: (Math.floor(index / COLUMNS) * SLOT_HEIGHT) / SIZE,
        width: SLOT_WIDTH / SIZE,
        height: SLOT_HEIGHT / SIZE,
      };
      const slot = { text: "", relation: 0, region, usedAt: 0 };
      this.slots.push(slot);
      return slot;
    }
    const oldest = this.slots.reduce((a, b) => (a.usedAt <= b.usedAt ? a : b));
    for (const [player, slot] of this.byPlayer) if (slot === oldest) this.byPlayer.delete(player);
    return oldest;
  }
}
