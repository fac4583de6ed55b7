//! Asteroids: low-poly bodies that tumble in 3D, lit per facet, with a rim of light. The shapes are made once; each frame draws
//! all asteroids of a shape with one instanced call.

import { Buffer, BufferUsage, Geometry, GlProgram, Mesh, Shader, State } from "pixi.js";
import { SUN } from "./palette.ts";
import { Random } from "./random.ts";

const WORDS = 12;

const vertex = `
in vec3 aPosition;
in vec3 aNormal;
in float aTone;
in vec4 aPlace;
in vec4 aTurn;
in vec4 aTint;
uniform mat3 uProjectionMatrix;
uniform mat3 uWorldTransformMatrix;
uniform mat3 uTransformMatrix;
out vec3 vColour;
vec3 turned(vec3 v) {
  return v + 2.0 * cross(aTurn.xyz, cross(aTurn.xyz, v) + aTurn.w * v);
}
void main() {
  const vec3 sun = vec3(${SUN.map((part) => part.toFixed(3)).join(", ")});
  vec3 p = turned(aPosition);
  vec3 n = turned(aNormal);
  vec2 world = aPlace.xy + p.xy * aPlace.z;
  vec3 clip = uProjectionMatrix * uWorldTransformMatrix * uTransformMatrix * vec3(world, 1.0);
  gl_Position = vec4(clip.xy, 0.0, 1.0);
  float lit = max(dot(n, sun), 0.0);
  float edge = 1.0 - max(n.z, 0.0);
  float toward = dot(n.xy, sun.xy);
  float rim = smoothstep(0.35, 1.0, edge) * smoothstep(0.15, 0.8, toward);
  float bounce = smoothstep(0.2, 1.0, edge) * max(-toward, 0.0);
  vec3 body = aTint.rgb * aTone;
  vec3 shade = body * (vec3(0.10, 0.11, 0.20) + vec3(1.0, 0.93, 0.84) * (0.08 + 0.78 * lit * lit + 0.22 * lit));
  shade += vec3(1.0, 0.86, 0.66) * rim * 0.9 + vec3(0.34, 0.20, 0.66) * bounce * 0.75;
  vColour = mix(vec3(0.055, 0.06, 0.145), shade, aTint.a) + vec3(aPlace.w);
}`;

const fragment = `
in vec3 vColour;
out vec4 finalColor;
void main() {
  finalColor = vec4(vColour, 1.0);
}`;

const SHAPES = 5;

/** Draws asteroids; the same seed gives the same body on every screen. */
export class Rocks {
  readonly meshes: Mesh<Geometry, Shader>[] = [];
  private readonly batches: Batch[] = [];

  /** `detail` 1 has 20 facets, 2 has 80. */
  constructor(capacity: number, detail: 1 | 2) {
    const program = GlProgram.from({ vertex, fragment, name: "rocks" });
    for (let shape = 0; shape < SHAPES; shape += 1) {
      const batch = new Batch(makeBody(shape, detail), new Shader({ glProgram: program }), capacity);
      this.batches.push(batch);
      this.meshes.push(batch.mesh);
    }
  }

  begin(): void {
    for (const batch of this.batches) batch.count = 0;
  }

  /**
   * One asteroid. `seed` selects shape, tint and axis; `seconds` turns it; `depth` 1 is the playing field, less is further into
   * the haze; `flash` 0..1 whitens it after a hit.
   */
  draw(
    seed: number,
    x: number,
    y: number,
    radius: number,
    seconds: number,
    depth: number,
    flash: number,
  ): void {
    const h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    const batch = this.batches[h % SHAPES];
    if (batch.count === batch.capacity) return;
    const words = batch.words;
    const at = batch.count * WORDS;
    batch.count += 1;
    const spread = ((h >>> 3) & 0xff) / 255;
    const other = ((h >>> 11) & 0xff) / 255;
    const warm = ((h >>> 19) & 0xff) / 255;
    const spin = (0.12 + spread * 0.4) * (h & 0x10000000 ? 1 : -1) * (radius > 2 ? 0.6 : 1);
    const half = (seconds * spin + other * 40) / 2;
    // The axis is tilted out of the screen, so that facets appear and disappear at the edge.
    const axisX = Math.cos(other * 6.283) * 0.6;
    const axisY = Math.sin(other * 6.283) * 0.6;
    const sine = Math.sin(half);
    words[at] = x;
    words[at + 1] = y;
    words[at + 2] = radius;
    words[at + 3] = flash;
    words[at + 4] = axisX * sine;
    words[at + 5] = axisY * sine;
    words[at + 6] = 0.8 * sine;
    words[at + 7] = Math.cos(half);
    words[at + 8] = 0.5 + warm * 0.2;
    words[at + 9] = 0.45 + warm * 0.1;
    words[at + 10] = 0.55 - warm * 0.1;
    words[at + 11] = depth;
  }

  end(): void {
    for (const batch of this.batches) batch.upload();
  }
}

class Batch {
  readonly mesh: Mesh<Geometry, Shader>;
  readonly words: Float32Array;
  count = 0;
  private readonly buffer: Buffer;
  private readonly geometry: Geometry;

  constructor(
    body: Body,
    shader: Shader,
    readonly capacity: number,
  ) {
    this.words = new Float32Array(capacity * WORDS);
    this.buffer = new Buffer({ data: this.words, usage: BufferUsage.VERTEX | BufferUsage.COPY_DST });
    const instanced = {
      buffer: this.buffer,
      stride: WORDS * 4,
      instance: true,
      format: "float32x4",
    } as const;
    this.geometry = new Geometry({
      attributes: {
        aPosition: { buffer: body.positions, format: "float32x3" },
        aNormal: { buffer: body.normals, format: "float32x3" },
        aTone: { buffer: body.tones, format: "float32" },
        aPlace: { ...instanced, offset: 0 },
        aTurn: { ...instanced, offset: 16 },
        aTint: { ...instanced, offset: 32 },
      },
      indexBuffer: Uint16Array.from({ length: body.tones.length }, (_, index) => index),
    });
    const state = State.for2d();
    state.culling = true;
    this.mesh = new Mesh({ geometry: this.geometry, shader, state });
  }

  upload(): void {
    this.mesh.visible = this.count > 0;
    if (this.count === 0) return;
    this.geometry.instanceCount = this.count;
    this.buffer.update(this.count * WORDS * 4);
  }
}

interface Body {
  positions: Float32Array;
  normals: Float32Array;
  tones: Float32Array;
}

type Point = readonly [number, number, number];

/** A dented ball; its silhouette stays close to the unit circle, which the simulation collides with. */
function makeBody(shape: number, detail: 1 | 2): Body {
  const random = new Random(shape * 7919 + 17);
  const squash: Point = [random.between(0.88, 1.08), random.between(0.8, 1), random.between(0.85, 1)];
  const dents = Array.from({ length: 5 }, () => ({
    at: unit([random.between(-1, 1), random.between(-1, 1), random.between(-1, 1)]),
    depth: random.between(0.12, 0.3),
  }));
  const moved = new Map<string, Point>();
  const displace = (p: Point): Point => {
    const key = p.map((part) => part.toFixed(4)).join();
    const known = moved.get(key);
    if (known) return known;
    let length = random.between(0.92, 1.1);
    for (const dent of dents) {
      const near = dot(p, dent.at);
      if (near > 0.72) length -= dent.depth * ((near - 0.72) / 0.28);
    }
    const result: Point = [p[0] * squash[0] * length, p[1] * squash[1] * length, p[2] * squash[2] * length];
    moved.set(key, result);
    return result;
  };
  const positions: number[] = [];
  const normals: number[] = [];
  const tones: number[] = [];
  for (const triangle of icosphere(detail)) {
    const [a, b, c] = triangle.map(displace) as [Point, Point, Point];
    const normal = unit(cross(sub(b, a), sub(c, a)));
    const tone = random.between(0.8, 1.15);
    for (const corner of [a, b, c]) {
      positions.push(...corner);
      normals.push(...normal);
      tones.push(tone);
    }
  }
  return {
    positions: new Float32Array(positions),
    normals: new Float32Array(normals),
    tones: new Float32Array(tones),
  };
}

/** The icosahedron, in detail 2 with every face split into four, wound so that normals point outward. */
function icosphere(detail: 1 | 2): Point[][] {
  const g = (1 + Math.sqrt(5)) / 2;
  const corners: Point[] = (
    [
      [-1, g, 0],
      [1, g, 0],
      [-1, -g, 0],
      [1, -g, 0],
      [0, -1, g],
      [0, 1, g],
      [0, -1, -g],
      [0, 1, -g],
      [g, 0, -1],
      [g, 0, 1],
      [-g, 0, -1],
      [-g, 0, 1],
    ] as Point[]
  ).map(unit);
  const faces = "0b5 051 017 07a 0ab 159 5b4 ba2 a76 718 394 342 326 368 389 495 24b 62a 867 981".split(" ");
  return faces.flatMap((face) => {
    const [a, b, c] = [...face].map((digit) => corners[Number.parseInt(digit, 16)]);
    if (detail === 1) return [[a, b, c]];
    const ab = unit(middle(a, b));
    const bc = unit(middle(b, c));
    const ca = unit(middle(c, a));
    return [
      [a, ab, ca],
      [b, bc, ab],
      [c, ca, bc],
      [ab, bc, ca],
    ];
  });
}

function middle(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2];
}

function sub(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function dot(a: Point, b: Point): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Point, b: Point): Point {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(p: Point): Point {
  const length = Math.hypot(...p);
  return [p[0] / length, p[1] / length, p[2] / length];
}
