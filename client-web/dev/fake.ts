//! A made-up belt behind the core's interface, for working on the picture and the HUD without a server.
//! It follows none of the game's rules; it only moves plausibly. Never part of a build.

import type { Client, Core, CoreState, NetGraph, Notice } from "../src/core.ts";
import {
  EFFECT_WORDS,
  Effect,
  EffectKind,
  ENTITY_WORDS,
  Entity,
  Flag,
  HEADER_WORDS,
  Head,
  Kind,
  NONE,
  Relation,
} from "../src/frame.ts";
import { Random } from "../src/view/random.ts";

const HALF = 110;
const NAMES = [
  "Kestrel",
  "Мира",
  "Juno",
  "Bolt-Eater",
  "Orla",
  "Вектор",
  "Tycho",
  "Nadir",
  "drone 7",
  "drone 12",
  "drone 3",
  "drone 9",
];

interface Body {
  id: number;
  kind: number;
  x: number;
  y: number;
  vx: number;
  vy: number;
  angle: number;
  radius: number;
  relation: number;
  variant: number;
  player: number;
  flags: number;
  health: number;
  hold: number;
  until: number;
  plan: number;
}

export class FakeClient implements Client {
  readonly memory = { buffer: new ArrayBuffer(4 * 16384) };
  private readonly random = new Random(5);
  private readonly notices: Notice[] = [];
  private bodies: Body[] = [];
  private effects: {
    kind: number;
    x: number;
    y: number;
    subject: number;
    other: number;
    value: number;
    angle: number;
    own: number;
  }[] = [];
  private words = HEADER_WORDS;
  private nextId = 1;
  private time = 0;
  private last = Number.NaN;
  private buttons = 0;
  private aim = 0;
  private cooldown = 0;
  private energy = 100;
  private score = 1840;
  private deadUntil = 0;
  private spoke = 0;

  constructor(name: string) {
    NAMES[0] = name;
    const r = this.random;
    for (let i = 0; i < 12; i += 1) {
      const relation =
        i === 0 ? Relation.self : i < 4 ? Relation.foe : i < 6 ? Relation.mate : Relation.neutral;
      this.add(Kind.ship, i === 0 ? 0 : r.between(-34, 34), i === 0 ? 0 : r.between(-20, 20), {
        radius: 1,
        relation,
        player: i + 1,
        flags: i >= 8 ? Flag.drone : 0,
        angle: r.between(0, 6.28),
        health: i === 2 ? 0.5 : i === 5 ? 0.25 : 1,
        hold: i === 3 ? 0.8 : 0.1,
        plan: r.between(0, 100),
      });
      this.notices.push({ type: "name", player: i + 1, name: NAMES[i], team: 0, drone: i >= 8 });
    }
    for (let i = 0; i < 170; i += 1) {
      const size = r.next() < 0.3 ? 2 : r.next() < 0.55 ? 1 : 0;
      this.add(Kind.asteroid, r.between(-HALF, HALF), r.between(-HALF, HALF), {
        radius: [0.9, 1.8, 3.2][size] * r.between(0.9, 1.1),
        variant: size,
        vx: r.between(-2, 2),
        vy: r.between(-2, 2),
      });
    }
    for (let i = 0; i < 26; i += 1)
      this.add(Kind.ore, r.between(-40, 40), r.between(-24, 24), { radius: 0.4 });
    for (const [index, x, y] of [
      [0, 17, -9],
      [1, -70, 40],
      [2, 60, 70],
    ]) {
      this.add(Kind.station, x, y, { radius: 8, variant: index });
    }
    this.notices.push({
      type: "welcome",
      player: 1,
      name,
      room: "belt-7",
      mode: "ffa",
      teams: false,
      tickRate: 30,
    });
  }

  opened(): void {}
  seat(): undefined {}
  claim(): void {}
  received(): void {}
  closed(): void {}
  leave(): void {}
  free(): void {}

  chat(text: string): void {
    this.notices.push({ type: "chat", player: 1, name: NAMES[0], text });
  }

  setInput(buttons: number, aim: number): void {
    this.buttons = buttons;
    this.aim = aim;
  }

  pollTransmit(): undefined {
    return undefined;
  }

  pollNotice(): Notice | undefined {
    return this.notices.shift();
  }

  advance(nowMs: number): void {
    const step = Number.isNaN(this.last) ? 0.016 : Math.min(0.1, (nowMs - this.last) / 1000);
    this.last = nowMs;
    this.time += step;
    for (const body of this.bodies) this.move(body, step);
    this.bodies = this.bodies.filter((body) => body.until === 0 || body.until > this.time);
    this.energy = Math.max(0, Math.min(100, this.energy + (this.buttons & 2 ? -26 : 14) * step));
    this.speak();
  }

  frame(nowMs: number): void {
    const u = new Uint32Array(this.memory.buffer);
    const f = new Float32Array(this.memory.buffer);
    const self = this.bodies.find((body) => body.relation === Relation.self && body.kind === Kind.ship)!;
    const near = this.bodies.filter(
      (body) =>
        body.kind === Kind.station || (Math.abs(body.x - self.x) < 54 && Math.abs(body.y - self.y) < 34),
    );
    const dead = this.deadUntil > this.time;
    const shown = dead ? near.filter((body) => body !== self) : near;
    u.fill(0, 0, HEADER_WORDS);
    u[Head.entities] = shown.length;
    u[Head.effects] = this.effects.length;
    u[Head.tick] = Math.floor(this.time * 30);
    u[Head.self] = dead ? NONE : shown.indexOf(self);
    f[Head.cameraX] = self.x;
    f[Head.cameraY] = self.y;
    f[Head.halfSize] = HALF;
    f[Head.viewWidth] = 100;
    f[Head.viewHeight] = 60;
    f[Head.health] = dead ? 0 : 72;
    f[Head.healthMax] = 100;
    f[Head.energy] = this.energy;
    f[Head.energyMax] = 100;
    f[Head.hold] = 13;
    f[Head.holdMax] = 20;
    u[Head.score] = this.score;
    u[Head.streak] = 3;
    u[Head.levels] = 1 | (2 << 8);
    const station = this.bodies.find(
      (body) => body.kind === Kind.station && Math.hypot(body.x - self.x, body.y - self.y) < body.radius,
    );
    u[Head.docked] = station ? station.variant : NONE;
    f[Head.respawn] = dead ? this.deadUntil - this.time : 0;
    u[Head.costHull] = 400;
    u[Head.costEngine] = 900;
    u[Head.costGun] = 300;
    u[Head.costHold] = 0;
    f[Head.seconds] = this.time;
    u[Head.alive] = dead ? 0 : 1;
    f[Head.speed] = Math.hypot(self.vx, self.vy) / 24;
    let at = HEADER_WORDS;
    for (const body of shown) {
      u[at + Entity.id] = body.id;
      u[at + Entity.kind] = body.kind;
      f[at + Entity.x] = body.x;
      f[at + Entity.y] = body.y;
      f[at + Entity.angle] = body.angle;
      f[at + Entity.vx] = body.vx;
      f[at + Entity.vy] = body.vy;
      f[at + Entity.health] = body.health;
      u[at + Entity.flags] = body.flags;
      f[at + Entity.radius] = body.radius;
      u[at + Entity.relation] = body.relation;
      u[at + Entity.variant] = body.variant;
      u[at + Entity.player] = body.player;
      f[at + Entity.hold] = body.hold;
      at += ENTITY_WORDS;
    }
    for (const effect of this.effects) {
      u[at + Effect.kind] = effect.kind;
      f[at + Effect.x] = effect.x;
      f[at + Effect.y] = effect.y;
      u[at + Effect.subject] = effect.subject;
      u[at + Effect.other] = effect.other;
      f[at + Effect.value] = effect.value;
      f[at + Effect.angle] = effect.angle;
      u[at + Effect.own] = effect.own;
      at += EFFECT_WORDS;
    }
    this.effects = [];
    this.words = at;
    this.last = Math.max(this.last, nowMs - 1000);
  }

  framePointer(): number {
    return 0;
  }

  frameLength(): number {
    return this.words;
  }

  state(): CoreState {
    const self = this.bodies[0];
    return {
      phase: "playing",
      tick: Math.floor(this.time * 30),
      rttMs: 34 + 6 * Math.sin(this.time),
      jitterMs: 2.1,
      snapshotBytes: 412,
      bytesPerSecond: 12400,
      entities: this.bodies.length,
      self: {
        id: self.id,
        x: self.x,
        y: self.y,
        heading: self.angle,
        health: 72,
        hold: 13,
        score: this.score,
      },
      pendingInputs: 2,
      predictionErrorUnits: 0,
      interpolationDelayMs: 66,
      inputLeadTicks: 2,
      rateBend: 0,
      players: 12,
      version: "dev",
    };
  }

  netGraph(): NetGraph {
    const wave = Math.sin(this.time * 3);
    return {
      rttMs: 36 + 8 * wave + this.random.next() * 4,
      newestRttMs: 36 + 8 * wave,
      roundTrips: Math.floor(this.time),
      jitterMs: 2 + wave,
      snapshotBytes: 420 + 120 * wave,
      bytesPerSecond: 12400 + 900 * wave,
      interpolationDelayMs: 66,
      inputLeadTicks: 2 + wave * 0.4,
      rateBend: wave * 0.01,
      spentBytesPerSecond: {
        appeared: 700,
        gone: 90,
        names: 1500,
        motion: 3100 + wave * 400,
        heading: 900,
        state: 300,
        events: 240,
        own: 600,
      },
      predictionErrorUnits: 0,
      pendingInputs: 2,
      serverTickMs: 1.2 + 0.3 * wave,
      loadLevel: 0,
    };
  }

  private add(kind: number, x: number, y: number, rest: Partial<Body>): Body {
    const body = {
      id: this.nextId++,
      kind,
      x,
      y,
      vx: 0,
      vy: 0,
      angle: 0,
      radius: 1,
      relation: Relation.neutral as number,
      variant: 0,
      player: 0,
      flags: 0,
      health: 1,
      hold: 0,
      until: 0,
      plan: 0,
      ...rest,
    };
    this.bodies.push(body);
    return body;
  }

  private move(body: Body, step: number): void {
    if (body.kind === Kind.ship) this.fly(body, step);
    if (body.kind === Kind.bolt) this.strike(body);
    body.x += body.vx * step;
    body.y += body.vy * step;
    if (body.kind === Kind.station) return;
    if (Math.abs(body.x) > HALF) body.vx = -Math.sign(body.x) * Math.abs(body.vx);
    if (Math.abs(body.y) > HALF) body.vy = -Math.sign(body.y) * Math.abs(body.vy);
  }

  private fly(ship: Body, step: number): void {
    const own = ship.relation === Relation.self;
    let buttons = this.buttons;
    if (own) ship.angle = this.aim;
    else {
      ship.plan += step;
      ship.angle +=
        Math.sin(ship.plan * 0.9) * 1.6 * step - (Math.hypot(ship.x, ship.y) > 34 ? 1.4 * step : 0);
      buttons = (Math.sin(ship.plan * 1.3) > -0.4 ? 1 : 0) | (Math.sin(ship.plan * 0.7) > 0.6 ? 2 : 0);
      if (Math.sin(ship.plan * 2.1) > 0.75) buttons |= 4;
    }
    ship.flags = (ship.flags & Flag.drone) | (buttons & 1 ? Flag.thrust : 0) | (buttons & 2 ? Flag.boost : 0);
    const power = (buttons & 1 ? 16 : 0) + (buttons & 2 ? 24 : 0);
    ship.vx += (Math.cos(ship.angle) * power - ship.vx * 0.9) * step;
    ship.vy += (Math.sin(ship.angle) * power - ship.vy * 0.9) * step;
    if (!(buttons & 4)) return;
    this.cooldown -= step;
    if (own ? this.cooldown > 0 : this.random.next() > step * 5) return;
    this.cooldown = 0.16;
    const [dx, dy] = [Math.cos(ship.angle), Math.sin(ship.angle)];
    this.add(Kind.bolt, ship.x + dx * 1.6, ship.y + dy * 1.6, {
      vx: ship.vx + dx * 46,
      vy: ship.vy + dy * 46,
      radius: 0.2,
      relation: ship.relation,
      variant: ship.id,
      until: this.time + 1.1,
    });
    this.effect(EffectKind.shot, ship.x + dx * 1.6, ship.y + dy * 1.6, ship.id, 0, 0, ship.angle, own);
  }

  private strike(bolt: Body): void {
    for (const body of this.bodies) {
      if (body.id === bolt.variant || (body.kind !== Kind.asteroid && body.kind !== Kind.ship)) continue;
      if (Math.hypot(body.x - bolt.x, body.y - bolt.y) > body.radius + 0.2) continue;
      bolt.until = this.time;
      this.effect(
        EffectKind.hit,
        bolt.x,
        bolt.y,
        body.id,
        bolt.variant,
        10,
        Math.atan2(bolt.vy, bolt.vx),
        body.relation === Relation.self && body.kind === Kind.ship,
      );
      body.health -= 0.18;
      if (body.health > 0) return;
      body.health = 1;
      if (body.kind === Kind.asteroid) {
        this.effect(EffectKind.broken, body.x, body.y, body.id, 0, body.radius, 0, false);
        this.add(Kind.ore, body.x, body.y, {
          radius: 0.4,
          vx: this.random.between(-2, 2),
          vy: this.random.between(-2, 2),
        });
        body.x = this.random.between(-HALF, HALF);
        body.y = this.random.between(-HALF, HALF);
      } else {
        this.effect(EffectKind.death, body.x, body.y, body.id, 0, 0, 0, body.relation === Relation.self);
        const victim = body.player;
        const killer = this.bodies.find((other) => other.id === bolt.variant)?.player ?? 0;
        const own = victim === 1 ? "victim" : killer === 1 ? "killer" : "";
        this.notices.push({
          type: "kill",
          killer,
          killerName: NAMES[killer - 1] ?? "",
          victim,
          victimName: NAMES[victim - 1],
          bounty: 120,
          self: own,
        });
        if (victim === 1) this.deadUntil = this.time + 4;
        body.x = this.random.between(-30, 30);
        body.y = this.random.between(-18, 18);
      }
      return;
    }
  }

  private effect(
    kind: number,
    x: number,
    y: number,
    subject: number,
    other: number,
    value: number,
    angle: number,
    own: boolean,
  ): void {
    this.effects.push({ kind, x, y, subject, other, value, angle, own: own ? 1 : 0 });
  }

  /** Shows one of everything, for screenshots. */
  celebrate(): void {
    this.effect(EffectKind.death, -12, 6, this.bodies[1].id, 0, 0, 0, false);
    this.effect(EffectKind.broken, -20, -8, this.bodies[20].id, 0, 3, 0, false);
    this.effect(EffectKind.banked, 14, -8, this.bodies[0].id, 0, 120, 0, true);
    this.effect(EffectKind.hit, 6, 9, this.bodies[2].id, this.bodies[0].id, 10, 0.4, false);
  }

  private speak(): void {
    if (this.time < this.spoke) return;
    this.spoke = this.time + 1;
    const rows = NAMES.map((name, index) => ({
      rank: index + 1,
      player: index + 1,
      name,
      score: 2600 - index * 190,
      kills: 9 - (index >> 1),
      deaths: index,
      team: 0,
      drone: index >= 8,
      self: index === 0,
    }));
    const own = rows[0];
    own.rank = 10;
    this.notices.push({
      type: "scoreboard",
      players: 12,
      rows: [...rows.slice(1, 9).map((row, i) => ({ ...row, rank: i + 1 })), own],
    });
    this.notices.push({
      type: "quotes",
      stations: [
        {
          index: 0,
          name: "Halden",
          x: 17,
          y: -9,
          radius: 8,
          price: 12.4 + Math.sin(this.time / 4),
          base: 10,
        },
        { index: 1, name: "Corvid", x: -70, y: 40, radius: 8, price: 7.1, base: 10 },
        { index: 2, name: "Perihel", x: 60, y: 70, radius: 8, price: 10, base: 10 },
      ],
    });
    if (this.time < 3)
      this.notices.push({ type: "chat", player: 2, name: "Мира", text: "full hold, cover me to Halden" });
    if (this.time < 2) this.notices.push({ type: "system", key: "joined", values: { name: "Orla" } });
  }
}

/** The fake as a core: its memory is that of the newest client. */
export function fakeCore(): Core & { newest: FakeClient | undefined } {
  const core = {
    newest: undefined as FakeClient | undefined,
    get memory() {
      return core.newest?.memory ?? { buffer: new ArrayBuffer(0) };
    },
    client(name: string) {
      core.newest = new FakeClient(name);
      return core.newest;
    },
    replay(): never {
      throw new Error("the fake core plays no recordings");
    },
  };
  return core;
}
