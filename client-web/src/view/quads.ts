//! A batch of textured quads, refilled for every frame and drawn with one instanced call. Paint covers what is below it, light
//! adds to it. A premultiplied colour with alpha 0 is light, so that one batch holds both; Pixi's own batches multiply by
//! alpha, and would need one batch per change of blend mode.

import {
  Buffer,
  BufferUsage,
  Geometry,
  GlProgram,
  Mesh,
  Shader,
  type Texture,
  type TextureSource,
} from "pixi.js";
import type { Region } from "./atlas.ts";
import { packed } from "./palette.ts";

const WORDS = 10;

const vertex = `
in vec2 aCorner;
in vec4 aPlace;
in vec4 aPatch;
in float aAngle;
in vec4 aColour;
uniform mat3 uProjectionMatrix;
uniform mat3 uWorldTransformMatrix;
uniform mat3 uTransformMatrix;
out vec2 vUv;
out vec4 vColour;
void main() {
  float c = cos(aAngle);
  float s = sin(aAngle);
  vec2 at = aCorner * aPlace.zw;
  vec2 turned = vec2(at.x * c - at.y * s, at.x * s + at.y * c) + aPlace.xy;
  vec3 clip = uProjectionMatrix * uWorldTransformMatrix * uTransformMatrix * vec3(turned, 1.0);
  gl_Position = vec4(clip.xy, 0.0, 1.0);
  vUv = aPatch.xy + (aCorner * 0.5 + 0.5) * aPatch.zw;
  vColour = aColour;
}`;

const fragment = `
in vec2 vUv;
in vec4 vColour;
uniform sampler2D uTexture;
out vec4 finalColor;
void main() {
  finalColor = texture(uTexture, vUv) * vColour;
}`;

let program: GlProgram | undefined;

export class Quads {
  readonly mesh: Mesh<Geometry, Shader>;
  private readonly words: Float32Array;
  private readonly colours: Uint32Array;
  private readonly buffer: Buffer;
  private readonly geometry: Geometry;
  private count = 0;

  constructor(
    texture: Texture<TextureSource>,
    private readonly capacity: number,
  ) {
    this.words = new Float32Array(capacity * WORDS);
    this.colours = new Uint32Array(this.words.buffer);
    this.buffer = new Buffer({ data: this.words, usage: BufferUsage.VERTEX | BufferUsage.COPY_DST });
    const instanced = { buffer: this.buffer, stride: WORDS * 4, instance: true };
    this.geometry = new Geometry({
      attributes: {
        aCorner: { buffer: new Float32Array([-1, -1, 1, -1, 1, 1, -1, 1]), format: "float32x2" },
        aPlace: { ...instanced, offset: 0, format: "float32x4" },
        aPatch: { ...instanced, offset: 16, format: "float32x4" },
        aAngle: { ...instanced, offset: 32, format: "float32" },
        aColour: { ...instanced, offset: 36, format: "unorm8x4" },
      },
      indexBuffer: [0, 1, 2, 0, 2, 3],
    });
    program ??= GlProgram.from({ vertex, fragment, name: "quads" });
    const shader = new Shader({ glProgram: program, resources: { uTexture: texture.source } });
    this.mesh = new Mesh({ geometry: this.geometry, shader });
  }

  /** Empties the batch for the next frame. */
  begin(): void {
    this.count = 0;
  }

  /** A quad that covers. Position and half extents in the layer's units, angle in radians. */
  paint(
    region: Region,
    x: number,
    y: number,
    halfWidth: number,
    halfHeight: number,
    angle: number,
    colour: number,
    alpha: number,
  ): void {
    this.write(region, x, y, halfWidth, halfHeight, angle, packed(colour, alpha, 1));
  }

  /** A quad of light. */
  light(
    region: Region,
    x: number,
    y: number,
    halfWidth: number,
    halfHeight: number,
    angle: number,
    colour: number,
    alpha: number,
  ): void {
    this.write(region, x, y, halfWidth, halfHeight, angle, packed(colour, alpha, 0));
  }

  /** A round light of a radius. */
  glow(region: Region, x: number, y: number, radius: number, colour: number, alpha: number): void {
    this.light(region, x, y, radius, radius, 0, colour, alpha);
  }

  /** Uploads the quads since `begin`. */
  end(): void {
    this.mesh.visible = this.count > 0;
    if (this.count === 0) return;
    this.geometry.instanceCount = this.count;
    this.buffer.update(this.count * WORDS * 4);
  }

  private write(
    region: Region,
    x: number,
    y: number,
    halfWidth: number,
    halfHeight: number,
    angle: number,
    colour: number,
  ): void {
    if (this.count === this.capacity) return;
    const at = this.count * WORDS;
    this.count += 1;
    const words = this.words;
    words[at] = x;
    words[at + 1] = y;
    words[at + 2] = halfWidth;
    words[at + 3] = halfHeight;
    words[at + 4] = region.u;
    words[at + 5] = region.v;
    words[at + 6] = region.width;
    words[at + 7] = region.height;
    words[at + 8] = angle;
    this.colours[at + 9] = colour;
  }
}
