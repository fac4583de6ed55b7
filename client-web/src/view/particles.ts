//! Short-lived sparks, lights, rings and plates, in a fixed pool: new ones replace the oldest.

import type { Atlas, Region } from "./atlas.ts";
import type { Quads } from "./quads.ts";
import { Random } from "./random.ts";

const CAPACITY = 700;

/** How a particle is drawn and how it ages. */
type ParticleKind = "spark" | "glow" | "ring" | "shard" | "crystal";

interface Particle {
  kind: ParticleKind;
  x: number;
  y: number;
  vx: number;
  vy: number;
  /** Seconds lived and seconds to live. */
  age: number;
  life: number;
  size: number;
  /** Size at the end as a multiple of the size at the start. */
  grow: number;
  angle: number;
  spin: number;
  drag: number;
  alpha: number;
  colour: number;
  shape: number;
}

const dead: Readonly<Particle> = {
  kind: "glow",
  x: 0,
  y: 0,
  vx: 0,
  vy: 0,
  age: 1,
  life: 0,
  size: 1,
  grow: 1,
  angle: 0,
  spin: 0,
  drag: 0,
  alpha: 1,
  colour: 0xffffff,
  shape: 0,
};

export class Particles {
  /** For whoever emits: the same effects give the same sparks. */
  readonly random = new Random(1203);
  private readonly pool: Particle[] = Array.from({ length: CAPACITY }, () => ({ ...dead }));
  private next = 0;

  /** Takes a particle from the pool and resets it; the caller sets the rest. */
  emit(kind: ParticleKind, x: number, y: number, life: number, size: number, colour: number): Particle {
    const particle = this.pool[this.next];
    this.next = (this.next + 1) % CAPACITY;
    particle.kind = kind;
    particle.x = x;
    particle.y = y;
    particle.vx = 0;
    particle.vy = 0;
    particle.age = 0;
    particle.life = life;
    particle.size = size;
    particle.grow = 1;
    particle.angle = 0;
    particle.spin = 0;
    particle.drag = 0;
    particle.alpha = 1;
    particle.colour = colour;
    particle.shape = this.next;
    return particle;
  }

  clear(): void {
    for (const particle of this.pool) particle.age = particle.life;
  }

  /** Moves and draws all live particles. `elapsed` in seconds. */
  draw(quads: Quads, atlas: Atlas, elapsed: number): void {
    for (const p of this.pool) {
      if (p.age >= p.life) continue;
      p.age += elapsed;
      const slow = Math.exp(-p.drag * elapsed);
      p.vx *= slow;
      p.vy *= slow;
      p.x += p.vx * elapsed;
      p.y += p.vy * elapsed;
      p.angle += p.spin * elapsed;
      const t = Math.min(1, p.age / p.life);
      const left = 1 - t;
      const size = p.size * (1 + (p.grow - 1) * (1 - left * left));
      switch (p.kind) {
        case "spark": {
          const speed = Math.hypot(p.vx, p.vy);
          const length = Math.max(size, speed * 0.045);
          quads.light(
            atlas.streak,
            p.x,
            p.y,
            length,
            size * 0.5,
            Math.atan2(p.vy, p.vx),
            p.colour,
            p.alpha * left,
          );
          break;
        }
        case "glow":
          quads.glow(atlas.glow, p.x, p.y, size, p.colour, p.alpha * left * left);
          break;
        case "ring":
          quads.glow(atlas.ring, p.x, p.y, size, p.colour, p.alpha * left);
          break;
        case "shard":
          plate(quads, atlas.shards[p.shape % atlas.shards.length], p, size, left);
          break;
        case "crystal":
          plate(quads, atlas.ore, p, size, left);
          break;
      }
    }
  }
}

function plate(quads: Quads, region: Region, p: Particle, size: number, left: number): void {
  quads.paint(region, p.x, p.y, size, size, p.angle, p.colour, Math.min(1, left * 2.5) * p.alpha);
}
