//! One texture with everything the quads draw: hulls and stations from the SVG files, and small soft shapes painted here. One
//! texture means one draw call.

import { CanvasSource, Texture } from "pixi.js";
import oreArt from "../../../assets/sprites/ore.svg?raw";
import droneArt from "../../../assets/sprites/ship-drone.svg?raw";
import foeArt from "../../../assets/sprites/ship-foe.svg?raw";
import mateArt from "../../../assets/sprites/ship-mate.svg?raw";
import neutralArt from "../../../assets/sprites/ship-neutral.svg?raw";
import selfArt from "../../../assets/sprites/ship-self.svg?raw";
import coreArt from "../../../assets/sprites/station-core.svg?raw";
import ringArt from "../../../assets/sprites/station-ring.svg?raw";
import { Colour, css, relationColour } from "./palette.ts";

const WIDTH = 2048;
const HEIGHT = 1088;
const GAP = 6;

/** A part of the atlas in texture coordinates. */
export interface Region {
  u: number;
  v: number;
  width: number;
  height: number;
}

export interface Atlas {
  texture: Texture<CanvasSource>;
  /** A round soft light. */
  glow: Region;
  /** A small star with a hard middle. */
  star: Region;
  /** A star with four rays. */
  flare: Region;
  /** A long soft streak, bright at its right end. */
  streak: Region;
  /** A thin circle. */
  ring: Region;
  /** A circle of dashes. */
  dashes: Region;
  /** A long thin ray, bright in its middle. */
  ray: Region;
  /** The sun's disc and corona. */
  sun: Region;
  /** A far planet with its shadow. */
  planet: Region;
  /** A plain white square. */
  solid: Region;
  /** Broken plates. */
  shards: Region[];
  ore: Region;
  /** Hulls of players, by relation. */
  hulls: Region[];
  /** Hulls of drones, by relation. */
  drones: Region[];
  stationRing: Region;
  stationCore: Region;
}

/** Paints the atlas. Waits for the browser to decode the SVG files, which are part of the script. */
export async function makeAtlas(): Promise<Atlas> {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const sheet = new Sheet(canvas);
  const hullArt = [selfArt, mateArt, foeArt, neutralArt];
  const [hulls, drones] = await Promise.all([
    Promise.all(hullArt.map((art, relation) => sheet.svg(art, 160, 160, relationColour[relation]))),
    Promise.all(relationColour.map((colour) => sheet.svg(droneArt, 128, 128, colour))),
  ]);
  const [stationRing, stationCore, ore] = await Promise.all([
    sheet.svg(ringArt, 512, 512, Colour.self),
    sheet.svg(coreArt, 256, 256, Colour.self),
    sheet.svg(oreArt, 64, 64, Colour.ore),
  ]);
  const regions = {
    glow: sheet.paint(128, 128, paintGlow),
    star: sheet.paint(32, 32, paintStar),
    flare: sheet.paint(128, 128, paintFlare),
    streak: sheet.paint(128, 32, paintStreak),
    ring: sheet.paint(256, 256, paintRing),
    dashes: sheet.paint(480, 480, paintDashes),
    ray: sheet.paint(128, 16, paintRay),
    sun: sheet.paint(256, 256, paintSun),
    planet: sheet.paint(320, 320, paintPlanet),
    solid: sheet.paint(8, 8, (c) => c.fillRect(-8, -8, 16, 16)),
    shards: [0, 1, 2].map((shape) => sheet.paint(32, 32, (c) => paintShard(c, shape))),
  };
  const source = new CanvasSource({ resource: canvas, autoGenerateMipmaps: true, scaleMode: "linear" });
  return { texture: new Texture({ source }), ...regions, ore, hulls, drones, stationRing, stationCore };
}

/** Fills the canvas row by row. */
class Sheet {
  private readonly pen: CanvasRenderingContext2D;
  private x = GAP;
  private y = GAP;
  private rowHeight = 0;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const pen = canvas.getContext("2d");
    if (!pen) throw new Error("the browser has no 2D canvas");
    this.pen = pen;
  }

  /** A region painted with the origin in its middle. */
  paint(width: number, height: number, draw: (pen: CanvasRenderingContext2D) => void): Region {
    const at = this.reserve(width, height);
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(at.x, at.y, width, height);
    this.pen.clip();
    this.pen.translate(at.x + width / 2, at.y + height / 2);
    this.pen.fillStyle = "#fff";
    this.pen.strokeStyle = "#fff";
    draw(this.pen);
    this.pen.restore();
    return at.region;
  }

  /** An SVG file whose `currentColor` becomes `colour`. */
  async svg(source: string, width: number, height: number, colour: number): Promise<Region> {
    const at = this.reserve(width, height);
    const image = new Image(width, height);
    image.src = `data:image/svg+xml,${encodeURIComponent(source.replaceAll("currentColor", css(colour)))}`;
    await image.decode();
    this.pen.drawImage(image, at.x, at.y, width, height);
    return at.region;
  }

  private reserve(width: number, height: number): { x: number; y: number; region: Region } {
    if (this.x + width + GAP > this.canvas.width) {
      this.x = GAP;
      this.y += this.rowHeight + GAP;
      this.rowHeight = 0;
    }
    if (this.y + height + GAP > this.canvas.height) throw new Error("the atlas is full");
    const { x, y } = this;
    this.x += width + GAP;
    this.rowHeight = Math.max(this.rowHeight, height);
    const region = {
      u: x / this.canvas.width,
      v: y / this.canvas.height,
      width: width / this.canvas.width,
      height: height / this.canvas.height,
    };
    return { x, y, region };
  }
}

type Pen = CanvasRenderingContext2D;

function radial(pen: Pen, radius: number, stops: [number, string][]): void {
  const gradient = pen.createRadialGradient(0, 0, 0, 0, 0, radius);
  for (const [offset, colour] of stops) gradient.addColorStop(offset, colour);
  pen.fillStyle = gradient;
  pen.fillRect(-radius, -radius, radius * 2, radius * 2);
}

function paintGlow(pen: Pen): void {
  radial(pen, 64, [
    [0, "rgba(255,255,255,1)"],
    [0.12, "rgba(255,255,255,0.72)"],
    [0.3, "rgba(255,255,255,0.3)"],
    [0.6, "rgba(255,255,255,0.07)"],
    [1, "rgba(255,255,255,0)"],
  ]);
}

function paintStar(pen: Pen): void {
  radial(pen, 16, [
    [0, "rgba(255,255,255,1)"],
    [0.22, "rgba(255,255,255,0.9)"],
    [0.5, "rgba(255,255,255,0.18)"],
    [1, "rgba(255,255,255,0)"],
  ]);
}

function paintFlare(pen: Pen): void {
  radial(pen, 64, [
    [0, "rgba(255,255,255,1)"],
    [0.06, "rgba(255,255,255,0.8)"],
    [0.2, "rgba(255,255,255,0.12)"],
    [1, "rgba(255,255,255,0)"],
  ]);
  for (const turn of [0, Math.PI / 2]) {
    pen.save();
    pen.rotate(turn);
    pen.scale(1, 0.035);
    radial(pen, 64, [
      [0, "rgba(255,255,255,1)"],
      [0.4, "rgba(255,255,255,0.4)"],
      [1, "rgba(255,255,255,0)"],
    ]);
    pen.restore();
  }
}

function paintStreak(pen: Pen): void {
  pen.save();
  pen.translate(32, 0);
  pen.scale(3, 0.5);
  radial(pen, 32, [
    [0, "rgba(255,255,255,1)"],
    [0.25, "rgba(255,255,255,0.75)"],
    [1, "rgba(255,255,255,0)"],
  ]);
  pen.restore();
}

function paintRay(pen: Pen): void {
  pen.scale(0.5, 8 / 128);
  radial(pen, 128, [
    [0, "rgba(255,255,255,1)"],
    [0.3, "rgba(255,255,255,0.4)"],
    [1, "rgba(255,255,255,0)"],
  ]);
}

function paintRing(pen: Pen): void {
  radial(pen, 128, [
    [0, "rgba(255,255,255,0)"],
    [0.7, "rgba(255,255,255,0.02)"],
    [0.88, "rgba(255,255,255,0.28)"],
    [0.95, "rgba(255,255,255,1)"],
    [0.98, "rgba(255,255,255,0.4)"],
    [1, "rgba(255,255,255,0)"],
  ]);
}

function paintDashes(pen: Pen): void {
  pen.lineWidth = 4;
  const dashes = 48;
  for (let dash = 0; dash < dashes; dash += 1) {
    const from = (dash / dashes) * Math.PI * 2;
    pen.globalAlpha = dash % 4 === 0 ? 1 : 0.5;
    pen.beginPath();
    pen.arc(0, 0, dash % 4 === 0 ? 232 : 235, from, from + (Math.PI * 2 * 0.55) / dashes);
    pen.stroke();
  }
}

function paintSun(pen: Pen): void {
  radial(pen, 128, [
    [0, "rgba(255,255,255,1)"],
    [0.16, "rgba(255,252,242,1)"],
    [0.2, "rgba(255,232,190,0.8)"],
    [0.34, "rgba(255,186,128,0.3)"],
    [0.62, "rgba(230,120,120,0.09)"],
    [1, "rgba(140,60,150,0)"],
  ]);
}

function paintPlanet(pen: Pen): void {
  const radius = 108;
  const rings = (front: number) => {
    pen.save();
    pen.rotate(-0.42);
    pen.beginPath();
    pen.rect(-160, front > 0 ? 0 : -160, 320, 160);
    pen.clip();
    for (const [size, width, alpha] of [
      [138, 9, 0.3],
      [150, 5, 0.42],
      [127, 3, 0.2],
    ]) {
      pen.beginPath();
      pen.ellipse(0, 0, size, size * 0.2, 0, 0, Math.PI * 2);
      pen.lineWidth = width;
      pen.strokeStyle = `rgba(176,150,214,${alpha})`;
      pen.stroke();
    }
    pen.restore();
  };
  rings(-1);
  pen.save();
  pen.beginPath();
  pen.arc(0, 0, radius, 0, Math.PI * 2);
  pen.clip();
  const body = pen.createRadialGradient(-66, -62, 4, -44, -42, radius * 1.5);
  body.addColorStop(0, "#8f76b4");
  body.addColorStop(0.28, "#574487");
  body.addColorStop(0.55, "#261f4f");
  body.addColorStop(0.8, "#0d1029");
  body.addColorStop(1, "#080b20");
  pen.fillStyle = body;
  pen.fillRect(-radius, -radius, radius * 2, radius * 2);
  pen.rotate(-0.42);
  for (const [y, height, alpha] of [
    [-78, 12, 0.05],
    [-48, 20, 0.06],
    [-8, 12, 0.035],
    [22, 24, 0.025],
  ]) {
    pen.fillStyle = `rgba(255,214,200,${alpha})`;
    pen.fillRect(-radius, y, radius * 2, height);
  }
  pen.restore();
  // The atmosphere: a thin arc on the sunlit side.
  pen.lineWidth = 3;
  const air = pen.createLinearGradient(-90, -84, 30, 28);
  air.addColorStop(0, "rgba(255,226,214,0.75)");
  air.addColorStop(1, "rgba(190,150,255,0)");
  pen.strokeStyle = air;
  pen.beginPath();
  pen.arc(0, 0, radius - 1.5, 0, Math.PI * 2);
  pen.stroke();
  rings(1);
}

function paintShard(pen: Pen, shape: number): void {
  const corners = [
    [-13, -6, 4, -12, 13, 3, -4, 11],
    [-12, 8, -3, -13, 12, -2],
    [-14, -3, 2, -8, 14, -5, 8, 7, -9, 6],
  ][shape];
  pen.beginPath();
  for (let i = 0; i < corners.length; i += 2) pen.lineTo(corners[i], corners[i + 1]);
  pen.closePath();
  const shade = pen.createLinearGradient(-12, -12, 12, 12);
  shade.addColorStop(0, "#fff");
  shade.addColorStop(1, "#667");
  pen.fillStyle = shade;
  pen.fill();
}
