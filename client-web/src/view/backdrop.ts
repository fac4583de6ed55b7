//! The background: nebula, three layers of stars and dust, sun, planet, and far asteroids. Each layer moves at its own fraction
//! of the camera's speed.

import { Buffer, BufferImageSource, Geometry, GlProgram, Mesh, Shader, UniformGroup } from "pixi.js";
import type { Atlas } from "./atlas.ts";
import type { Camera } from "./camera.ts";
import { Colour } from "./palette.ts";
import type { Quads } from "./quads.ts";
import { Random } from "./random.ts";
import type { Rocks } from "./rocks.ts";

const NEBULA_WIDTH = 384;
const NEBULA_HEIGHT = 240;
/** The sun's position in the nebula's texture. */
const SUN_U = 0.29;
const SUN_V = 0.3;

const vertex = `
in vec2 aPosition;
uniform vec4 uView;
out vec2 vUv;
void main() {
  gl_Position = vec4(aPosition, 0.0, 1.0);
  vUv = (vec2(aPosition.x, -aPosition.y) * 0.5 + 0.5) * uView.zw + uView.xy;
}`;

// The noise hides the banding of dark gradients in 8 bits.
const fragment = `
in vec2 vUv;
uniform sampler2D uTexture;
out vec4 finalColor;
void main() {
  float grain = fract(52.98 * fract(dot(gl_FragCoord.xy, vec2(0.06711, 0.00584)))) - 0.5;
  finalColor = vec4(texture(uTexture, vUv).rgb + grain / 128.0, 1.0);
}`;

/** The full-screen nebula. */
export class Nebula {
  readonly mesh: Mesh<Geometry, Shader>;
  private readonly view: UniformGroup;

  constructor() {
    this.view = new UniformGroup({ uView: { value: new Float32Array([0, 0, 1, 1]), type: "vec4<f32>" } });
    const shader = new Shader({
      glProgram: GlProgram.from({ vertex, fragment, name: "nebula" }),
      resources: { uTexture: paintNebula(), view: this.view },
    });
    const geometry = new Geometry({
      attributes: {
        aPosition: {
          buffer: new Buffer({ data: new Float32Array([-1, -1, 3, -1, -1, 3]), usage: 40 }),
          format: "float32x2",
        },
      },
      indexBuffer: [0, 1, 2],
    });
    this.mesh = new Mesh({ geometry, shader });
  }

  /** The sun's position in the picture, 0..1. */
  get sunX(): number {
    return (SUN_U - this.uView[0]) / this.uView[2];
  }

  get sunY(): number {
    return (SUN_V - this.uView[1]) / this.uView[3];
  }

  update(camera: Camera): void {
    const view = this.uView;
    const aspect = camera.screenWidth / Math.max(1, camera.screenHeight);
    const width = Math.min(0.64, 0.6 * aspect * (NEBULA_HEIGHT / NEBULA_WIDTH));
    const height = (width / aspect) * (NEBULA_WIDTH / NEBULA_HEIGHT);
    view[0] = 0.5 - width / 2 + clamp(camera.x / 3000, 0.16);
    view[1] = 0.5 - height / 2 + clamp(camera.y / 1900, 0.16);
    view[2] = width;
    view[3] = height;
    this.view.update();
  }

  private get uView(): Float32Array {
    return this.view.uniforms.uView as Float32Array;
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}

/** Noise in several octaves, shaped into clouds between navy and violet, warm around the sun. */
function paintNebula(): BufferImageSource {
  const pixels = new Uint8Array(NEBULA_WIDTH * NEBULA_HEIGHT * 4);
  const noise = gradientNoise(new Random(2031));
  const clouds = (u: number, v: number): number => {
    let sum = 0;
    let size = 0.5;
    for (let octave = 0; octave < 5; octave += 1) {
      sum += size * noise(u, v);
      // Each octave is rotated, to hide the lattice.
      const turned = u * 1.62 - v * 1.21 + 7.3;
      v = u * 1.21 + v * 1.62 - 3.1;
      u = turned;
      size *= 0.52;
    }
    return sum;
  };
  for (let y = 0; y < NEBULA_HEIGHT; y += 1) {
    for (let x = 0; x < NEBULA_WIDTH; x += 1) {
      const u = x / NEBULA_HEIGHT;
      const v = y / NEBULA_HEIGHT;
      const warp = clouds(u * 1.3 + 5, v * 1.3 + 8);
      const cloud = clouds(u * 1.9 + warp * 1.5, v * 1.9 - warp * 1.2);
      const veil = clouds(u * 2.6 - warp + 11, v * 2.6 + warp * 1.4 + 3);
      const violet = smooth(-0.16, 0.42, cloud);
      const rose = smooth(0.08, 0.5, cloud) * smooth(-0.1, 0.4, veil);
      const blue = smooth(-0.05, 0.45, -cloud) * smooth(-0.3, 0.3, veil);
      const dark = smooth(0.02, 0.34, -veil) * 0.55;
      const away = Math.hypot(
        x / NEBULA_WIDTH - SUN_U,
        ((y / NEBULA_HEIGHT - SUN_V) * NEBULA_HEIGHT) / NEBULA_WIDTH,
      );
      const near = Math.max(0, 1 - away / 0.5);
      const warm = near * near * (1 + veil * 0.8);
      const core = Math.max(0, 1 - away / 0.17) ** 3;
      const keep = 1 - dark * (1 - core);
      const at = (y * NEBULA_WIDTH + x) * 4;
      pixels[at] = byte((6 + violet * 30 + rose * 44 + blue * 3 + warm * 52 + core * 110) * keep);
      pixels[at + 1] = byte((9 + violet * 11 + rose * 9 + blue * 28 + warm * 20 + core * 72) * keep);
      pixels[at + 2] = byte((25 + violet * 52 + rose * 30 + blue * 42 + warm * 34 + core * 56) * keep);
      pixels[at + 3] = 255;
    }
  }
  return new BufferImageSource({
    resource: pixels,
    width: NEBULA_WIDTH,
    height: NEBULA_HEIGHT,
    format: "rgba8unorm",
    alphaMode: "no-premultiply-alpha",
    scaleMode: "linear",
  });
}

function byte(value: number): number {
  return Math.max(0, Math.min(255, value));
}

function smooth(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** Perlin's gradient noise, about −0.7..0.7, over a 64×64 lattice. */
function gradientNoise(random: Random): (x: number, y: number) => number {
  const gx = new Float32Array(4096);
  const gy = new Float32Array(4096);
  for (let i = 0; i < 4096; i += 1) {
    const angle = random.next() * Math.PI * 2;
    gx[i] = Math.cos(angle);
    gy[i] = Math.sin(angle);
  }
  return (x, y) => {
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    const fx = x - ix;
    const fy = y - iy;
    const sx = fx * fx * fx * (fx * (fx * 6 - 15) + 10);
    const sy = fy * fy * fy * (fy * (fy * 6 - 15) + 10);
    const at = (cx: number, cy: number) => {
      const i = (((iy + cy) & 63) << 6) + ((ix + cx) & 63);
      return gx[i] * (fx - cx) + gy[i] * (fy - cy);
    };
    const top = at(0, 0) + (at(1, 0) - at(0, 0)) * sx;
    const bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * sx;
    return top + (bottom - top) * sy;
  };
}

interface Star {
  x: number;
  y: number;
  size: number;
  alpha: number;
  colour: number;
  twinkle: number;
}

interface Layer {
  /** The layer's fraction of the camera's speed. */
  depth: number;
  stars: Star[];
}

/** World units after which a layer repeats. */
const REPEAT = 120;
const STAR_COLOURS = [0xffffff, 0xdfe8ff, 0xbcd0ff, 0xffe8cc, 0xffd0b0, 0xc8b8ff];

/** Stars and dust in screen space; far asteroids in world space. */
export class Starfield {
  private readonly layers: Layer[];
  private readonly rocks: { x: number; y: number; radius: number; depth: number; seed: number }[];

  constructor() {
    const random = new Random(77);
    const layer = (depth: number, count: number, size: number, alpha: number): Layer => ({
      depth,
      stars: Array.from({ length: count }, () => {
        const bright = random.next() ** 6;
        return {
          x: random.next() * REPEAT,
          y: random.next() * REPEAT,
          size: size * (0.55 + random.next() * 0.5 + bright * 1.3),
          alpha: alpha * (0.35 + random.next() * 0.5 + bright * 0.5),
          colour: STAR_COLOURS[Math.floor(random.next() * STAR_COLOURS.length)],
          twinkle: random.next() * 6.28,
        };
      }),
    });
    this.layers = [layer(0.03, 420, 0.16, 0.7), layer(0.09, 220, 0.22, 0.85), layer(0.2, 90, 0.3, 1)];
    this.rocks = Array.from({ length: 46 }, (_, index) => {
      const depth = random.between(0.28, 0.62);
      return {
        x: random.next() * REPEAT,
        y: random.next() * REPEAT,
        radius: random.between(0.12, 0.7) * depth * (random.next() < 0.1 ? 2.6 : 1.1),
        depth,
        seed: 9000 + index * 13,
      };
    });
  }

  /** Adds stars, sun and planet to a batch that is drawn below everything. */
  drawSky(quads: Quads, atlas: Atlas, camera: Camera, nebula: Nebula, seconds: number): void {
    const { halfWidth, halfHeight, x, y } = camera;
    // Stars keep their size in pixels: sizes are given for a view of 88 units and grow with the view.
    const grow = halfWidth > halfHeight ? halfHeight / 25 : halfWidth / 25;
    const stretch = stretchOf(camera);
    for (const layer of this.layers) {
      for (const star of layer.stars) {
        const sx = (wrap(star.x - x * layer.depth, REPEAT) - REPEAT / 2) * stretch;
        const sy = (wrap(star.y - y * layer.depth, REPEAT) - REPEAT / 2) * stretch;
        if (Math.abs(sx) > halfWidth + 1 || Math.abs(sy) > halfHeight + 1) continue;
        const twinkle = 0.8 + 0.2 * Math.sin(seconds * 1.7 + star.twinkle * 3);
        const size = star.size * grow;
        if (star.size > 0.36) {
          quads.glow(atlas.flare, x + sx, y + sy, size * 3.6, star.colour, star.alpha * twinkle * 0.8);
        } else {
          quads.glow(atlas.star, x + sx, y + sy, size, star.colour, star.alpha * twinkle);
        }
      }
    }
    const px = x + halfWidth * 0.62 - x * 0.012;
    const py = y + halfHeight * 0.5 - y * 0.012;
    const planet = Math.min(halfWidth, halfHeight * 1.4) * 0.3;
    quads.paint(atlas.planet, px, py, planet, planet, 0, 0xb4b4cc, 1);
    const sunX = x + (nebula.sunX * 2 - 1) * halfWidth;
    const sunY = y + (nebula.sunY * 2 - 1) * halfHeight;
    const sun = Math.max(halfWidth, halfHeight) * (0.2 + 0.003 * Math.sin(seconds * 0.7));
    quads.glow(atlas.sun, sunX, sunY, sun, Colour.white, 0.9);
    quads.light(atlas.ray, sunX, sunY, sun * 2.4, sun * 0.045, 0.06, Colour.sun, 0.5);
    quads.light(atlas.ray, sunX, sunY, sun * 1.2, sun * 0.035, 1.63, Colour.sun, 0.4);
  }

  /** The far side of the belt: small, hazy asteroids that move more slowly than the near ones. */
  drawFarRocks(rocks: Rocks, camera: Camera, seconds: number): void {
    const stretch = stretchOf(camera);
    for (const rock of this.rocks) {
      const rx = (wrap(rock.x - camera.x * rock.depth, REPEAT) - REPEAT / 2) * stretch;
      const ry = (wrap(rock.y - camera.y * rock.depth, REPEAT) - REPEAT / 2) * stretch;
      if (Math.abs(rx) > camera.halfWidth + 2 || Math.abs(ry) > camera.halfHeight + 2) continue;
      rocks.draw(rock.seed, camera.x + rx, camera.y + ry, rock.radius, seconds, rock.depth, 0);
    }
  }
}

/** A view wider than the layers' period (a replay's free camera) stretches them to its size. */
function stretchOf(camera: Camera): number {
  return Math.max(1, Math.max(camera.halfWidth, camera.halfHeight) / (REPEAT * 0.48));
}

function wrap(value: number, size: number): number {
  return value - Math.floor(value / size) * size;
}
