//! Soft bands of light: engine trails and the fence around the world. A band fades from its middle to both sides, which also
//! smooths its edges without multisampling.

import { Buffer, BufferUsage, Geometry, GlProgram, Mesh, Shader } from "pixi.js";
import { packed } from "./palette.ts";

const WORDS = 3;
const VERTICES_PER_SEGMENT = 12;

const vertex = `
in vec2 aPosition;
in vec4 aColour;
uniform mat3 uProjectionMatrix;
uniform mat3 uWorldTransformMatrix;
uniform mat3 uTransformMatrix;
out vec4 vColour;
void main() {
  vec3 clip = uProjectionMatrix * uWorldTransformMatrix * uTransformMatrix * vec3(aPosition, 1.0);
  gl_Position = vec4(clip.xy, 0.0, 1.0);
  vColour = aColour;
}`;

const fragment = `
in vec4 vColour;
out vec4 finalColor;
void main() {
  finalColor = vColour;
}`;

/** One end of a segment: its middle, the vector to its side, and the packed colour of its middle. */
export interface BandEnd {
  x: number;
  y: number;
  acrossX: number;
  acrossY: number;
  colour: number;
}

export class Ribbons {
  readonly mesh: Mesh<Geometry, Shader>;
  private readonly words: Float32Array;
  private readonly colours: Uint32Array;
  private readonly buffer: Buffer;
  private readonly indices: Uint32Array;
  private readonly geometry: Geometry;
  private vertices = 0;

  constructor(private readonly segments: number) {
    const vertices = segments * VERTICES_PER_SEGMENT;
    this.words = new Float32Array(vertices * WORDS);
    this.colours = new Uint32Array(this.words.buffer);
    this.indices = Uint32Array.from({ length: vertices }, (_, index) => index);
    this.buffer = new Buffer({ data: this.words, usage: BufferUsage.VERTEX | BufferUsage.COPY_DST });
    this.geometry = new Geometry({
      attributes: {
        aPosition: { buffer: this.buffer, stride: WORDS * 4, offset: 0, format: "float32x2" },
        aColour: { buffer: this.buffer, stride: WORDS * 4, offset: 8, format: "unorm8x4" },
      },
      indexBuffer: this.indices,
    });
    const shader = new Shader({ glProgram: GlProgram.from({ vertex, fragment, name: "ribbons" }) });
    this.mesh = new Mesh({ geometry: this.geometry, shader });
  }

  begin(): void {
    this.vertices = 0;
  }

  /** A band of light between two ends. */
  band(from: BandEnd, to: BandEnd): void {
    if (this.vertices + VERTICES_PER_SEGMENT > this.segments * VERTICES_PER_SEGMENT) return;
    for (let side = -1; side <= 1; side += 2) {
      const fx = from.x + from.acrossX * side;
      const fy = from.y + from.acrossY * side;
      const tx = to.x + to.acrossX * side;
      const ty = to.y + to.acrossY * side;
      this.corner(from.x, from.y, from.colour);
      this.corner(fx, fy, 0);
      this.corner(to.x, to.y, to.colour);
      this.corner(fx, fy, 0);
      this.corner(tx, ty, 0);
      this.corner(to.x, to.y, to.colour);
    }
  }

  /** A triangle of light that fades from its first point to the other two. */
  fan(x: number, y: number, x1: number, y1: number, x2: number, y2: number, colour: number): void {
    if (this.vertices + 3 > this.segments * VERTICES_PER_SEGMENT) return;
    this.corner(x, y, colour);
    this.corner(x1, y1, 0);
    this.corner(x2, y2, 0);
  }

  end(): void {
    this.mesh.visible = this.vertices > 0;
    if (this.vertices === 0) return;
    this.geometry.indexCount = this.vertices;
    this.buffer.update(this.vertices * WORDS * 4);
  }

  private corner(x: number, y: number, colour: number): void {
    const at = this.vertices * WORDS;
    this.vertices += 1;
    this.words[at] = x;
    this.words[at + 1] = y;
    this.colours[at + 2] = colour;
  }
}

/** The middle colour of a band of light. */
export function lightOf(colour: number, alpha: number): number {
  return packed(colour, alpha, 0);
}
