//! Turns a frame's effects into particles, camera shake and flashes.

import type { Frame } from "../core/frame.ts";
import { EffectKind, EffectWord, ItemWord } from "../wasm/schema.ts";
import type { Camera } from "./camera.ts";
import { Colour } from "./palette.ts";
import type { Particles } from "./particles.ts";

/** Entities by id, for the effects. */
interface Subjects {
  /** The entity's colour; white if it is gone. */
  colourOf(id: number): number;
  /** Marks an entity as hit. */
  hit(id: number): void;
}

/** Plays the frame's effects; each comes exactly once. */
export function playEffects(frame: Frame, particles: Particles, camera: Camera, subjects: Subjects): void {
  for (let index = 0; index < frame.effectCount; index += 1) {
    const at = frame.effect(index);
    const kind = frame.u[at + EffectWord.Kind];
    const x = frame.f[at + EffectWord.X];
    const y = frame.f[at + EffectWord.Y];
    const subject = frame.u[at + EffectWord.Subject];
    const value = frame.f[at + EffectWord.Value];
    const heading = frame.f[at + EffectWord.Heading];
    const own = frame.u[at + EffectWord.Own] === 1;
    switch (kind) {
      case EffectKind.Hit:
        subjects.hit(subject);
        hit(particles, x, y, heading, subjects.colourOf(frame.u[at + EffectWord.Other]));
        if (own) camera.jolt(0.3 + Math.min(0.3, value / 60));
        if (isOwn(frame, subject)) struck(particles, x, y, heading);
        break;
      case EffectKind.Death:
        death(particles, x, y, subjects.colourOf(subject));
        camera.jolt(own ? 1 : 0.28);
        break;
      case EffectKind.Broken:
        breakRock(particles, x, y, value);
        break;
      case EffectKind.Loaded:
        load(particles, x, y);
        break;
      case EffectKind.Banked:
        bank(particles, x, y);
        break;
      case EffectKind.Shot:
        muzzle(particles, x, y, heading, subjects.colourOf(subject));
        tracer(particles, x, y, heading, value, subjects.colourOf(subject));
        if (own) camera.jolt(0.06);
        break;
      case EffectKind.Spawned:
        appear(particles, x, y, subjects.colourOf(subject));
        break;
      case EffectKind.Used:
        use(particles, x, y, subjects.colourOf(subject));
        break;
      case EffectKind.Upgraded:
        upgrade(particles, x, y);
        break;
      case EffectKind.Seen:
        seen(particles, x, y, subjects.colourOf(frame.u[at + EffectWord.Other]));
        break;
      case EffectKind.Bounced:
        bounce(particles, x, y, value);
        if (own) camera.jolt(Math.min(0.6, value / 30));
        break;
    }
  }
}

function spray(
  particles: Particles,
  x: number,
  y: number,
  count: number,
  speed: number,
  life: number,
  size: number,
  colour: number,
): void {
  for (let i = 0; i < count; i += 1) {
    const direction = particles.random.next() * Math.PI * 2;
    const pace = speed * (0.35 + particles.random.next() * 0.65);
    const spark = particles.emit("spark", x, y, life * (0.5 + particles.random.next() * 0.5), size, colour);
    spark.vx = Math.cos(direction) * pace;
    spark.vy = Math.sin(direction) * pace;
    spark.drag = 3.2;
  }
}

function hit(particles: Particles, x: number, y: number, heading: number, colour: number): void {
  particles.emit("glow", x, y, 0.22, 2.1, colour);
  particles.emit("glow", x, y, 0.1, 1.1, Colour.white);
  for (let i = 0; i < 8; i += 1) {
    // Sparks fly back along the bolt, in a cone.
    const direction = heading + Math.PI + (particles.random.next() - 0.5) * 2;
    const pace = 8 + particles.random.next() * 16;
    const spark = particles.emit(
      "spark",
      x,
      y,
      0.18 + particles.random.next() * 0.22,
      0.3,
      i % 3 === 0 ? Colour.white : colour,
    );
    spark.vx = Math.cos(direction) * pace;
    spark.vy = Math.sin(direction) * pace;
    spark.drag = 4;
  }
}

function isOwn(frame: Frame, id: number): boolean {
  return frame.own >= 0 && frame.u[frame.own + ItemWord.Id] === id;
}

/** An arc of light around the own ship, on the side from which it was shot. */
function struck(particles: Particles, x: number, y: number, heading: number): void {
  for (let i = -4; i <= 4; i += 1) {
    const direction = heading + Math.PI + i * 0.13;
    const reach = 3.4 - Math.abs(i) * 0.05;
    const light = particles.emit(
      "glow",
      x + Math.cos(direction) * reach,
      y + Math.sin(direction) * reach,
      0.55,
      0.7 - Math.abs(i) * 0.08,
      Colour.danger,
    );
    light.vx = Math.cos(direction) * 2;
    light.vy = Math.sin(direction) * 2;
    light.alpha = 0.9;
  }
}

/** Where the shooter saw the own ship: that is why the bolt hit. */
function seen(particles: Particles, x: number, y: number, colour: number): void {
  const ring = particles.emit("ring", x, y, 0.6, 1.5, colour);
  ring.grow = 0.5;
  ring.alpha = 0.7;
  const light = particles.emit("glow", x, y, 0.3, 1, colour);
  light.alpha = 0.4;
}

function death(particles: Particles, x: number, y: number, colour: number): void {
  particles.emit("glow", x, y, 0.75, 8.5, Colour.ember);
  particles.emit("glow", x, y, 0.35, 4.6, Colour.white);
  const shock = particles.emit("ring", x, y, 0.75, 1, Colour.white);
  shock.grow = 9;
  const second = particles.emit("ring", x, y, 1.1, 0.8, colour);
  second.grow = 7;
  second.alpha = 0.7;
  spray(particles, x, y, 34, 30, 0.9, 0.4, Colour.ember);
  spray(particles, x, y, 16, 20, 1.1, 0.34, Colour.sun);
  spray(particles, x, y, 12, 36, 0.6, 0.34, colour);
  for (let i = 0; i < 12; i += 1) {
    const direction = particles.random.next() * Math.PI * 2;
    const pace = 3 + particles.random.next() * 9;
    const plate = particles.emit(
      "shard",
      x,
      y,
      1.4 + particles.random.next() * 1.2,
      0.28 + particles.random.next() * 0.42,
      0x8b95b5,
    );
    if (i % 3 === 0) plate.colour = colour;
    plate.vx = Math.cos(direction) * pace;
    plate.vy = Math.sin(direction) * pace;
    plate.spin = (particles.random.next() - 0.5) * 12;
    plate.drag = 0.8;
  }
  for (let i = 0; i < 7; i += 1) {
    const ember = particles.emit(
      "glow",
      x + (particles.random.next() - 0.5) * 2,
      y + (particles.random.next() - 0.5) * 2,
      0.5 + particles.random.next() * 0.7,
      1 + particles.random.next() * 1.6,
      Colour.ember,
    );
    ember.vx = (particles.random.next() - 0.5) * 9;
    ember.vy = (particles.random.next() - 0.5) * 9;
    ember.alpha = 0.7;
  }
}

function breakRock(particles: Particles, x: number, y: number, radius: number): void {
  const dust = particles.emit("glow", x, y, 0.6, radius * 2.1, 0xa08cb8);
  dust.alpha = 0.5;
  const ring = particles.emit("ring", x, y, 0.42, radius * 0.7, 0xffdcb0);
  ring.grow = 2.6;
  ring.alpha = 0.45;
  const plates = Math.round(6 + radius * 3);
  for (let i = 0; i < plates; i += 1) {
    const direction = particles.random.next() * Math.PI * 2;
    const pace = 2 + particles.random.next() * 8;
    const reach = particles.random.next() * radius * 0.7;
    const plate = particles.emit(
      "shard",
      x + Math.cos(direction) * reach,
      y + Math.sin(direction) * reach,
      0.8 + particles.random.next() * 0.8,
      0.16 + particles.random.next() * 0.1 * radius,
      i % 2 === 0 ? 0x8d80a0 : 0x5f5878,
    );
    plate.vx = Math.cos(direction) * pace;
    plate.vy = Math.sin(direction) * pace;
    plate.spin = (particles.random.next() - 0.5) * 9;
    plate.drag = 1.2;
  }
  spray(particles, x, y, 8, 16, 0.4, 0.26, Colour.sun);
}

function load(particles: Particles, x: number, y: number): void {
  particles.emit("glow", x, y, 0.3, 1.5, Colour.ore);
  const ring = particles.emit("ring", x, y, 0.3, 1.6, Colour.ore);
  ring.grow = 0.3;
  ring.alpha = 0.7;
}

function bank(particles: Particles, x: number, y: number): void {
  const ring = particles.emit("ring", x, y, 0.7, 0.8, Colour.ore);
  ring.grow = 5;
  ring.alpha = 0.6;
  for (let i = 0; i < 8; i += 1) {
    const direction = (i / 8) * Math.PI * 2;
    const crystal = particles.emit("crystal", x, y, 0.7, 0.34, Colour.white);
    crystal.vx = Math.cos(direction) * 7;
    crystal.vy = Math.sin(direction) * 7;
    crystal.spin = 6;
    crystal.drag = 2.5;
    crystal.grow = 0.3;
  }
}

function muzzle(particles: Particles, x: number, y: number, heading: number, colour: number): void {
  const flash = particles.emit("glow", x, y, 0.09, 1, colour);
  flash.vx = Math.cos(heading) * 8;
  flash.vy = Math.sin(heading) * 8;
}

/** The path that a bolt has flown before it appears, because of its shooter's lag. */
function tracer(
  particles: Particles,
  x: number,
  y: number,
  heading: number,
  length: number,
  colour: number,
): void {
  for (let along = 2; along < Math.min(length, 40); along += 1.5) {
    const light = particles.emit(
      "glow",
      x + Math.cos(heading) * along,
      y + Math.sin(heading) * along,
      0.16,
      0.5,
      colour,
    );
    light.alpha = 0.25 + (0.5 * along) / length;
  }
}

function appear(particles: Particles, x: number, y: number, colour: number): void {
  const ring = particles.emit("ring", x, y, 0.6, 5, colour);
  ring.grow = 0.25;
  particles.emit("glow", x, y, 0.6, 3.4, colour);
  spray(particles, x, y, 12, 12, 0.6, 0.26, colour);
}

function use(particles: Particles, x: number, y: number, colour: number): void {
  const ring = particles.emit("ring", x, y, 0.5, 0.8, colour);
  ring.grow = 4;
  particles.emit("glow", x, y, 0.3, 2.6, colour);
}

function upgrade(particles: Particles, x: number, y: number): void {
  for (let i = 0; i < 3; i += 1) {
    const ring = particles.emit("ring", x, y, 0.5 + i * 0.18, 0.6, Colour.mate);
    ring.grow = 4 + i;
    ring.alpha = 0.8;
  }
}

function bounce(particles: Particles, x: number, y: number, speed: number): void {
  particles.emit("glow", x, y, 0.18, 0.6 + Math.min(1.6, speed / 14), Colour.sun);
  spray(particles, x, y, Math.min(14, 3 + Math.round(speed / 2)), 10 + speed * 0.4, 0.35, 0.24, Colour.sun);
}
