//! What has damaged the own ship since it last appeared, and from where: for the marks around the ship and for the death card.

import type { Frame } from "../core/frame.ts";
import { type Damage, markHit, model } from "../ui/model.ts";
import { EffectKind, EffectWord, HeaderWord, ItemWord } from "../wasm/schema.ts";

/** Less than this is rounding, health points. */
const NOTHING = 1;

export class Wounds {
  private alive = false;
  private ship = 0;
  private health = 0;
  /** All that the hull has lost. */
  private lost = 0;
  private readonly byShooter = new Map<number, Damage>();

  /** Looks at a frame. */
  watch(frame: Frame, nameOf: (player: number) => string): void {
    if (frame.replaying) return;
    if (frame.alive && !this.alive) this.reset();
    if (frame.own >= 0) this.ship = frame.u[frame.own + ItemWord.Id];
    const health = frame.f[HeaderWord.Health];
    if (this.alive) this.lost += Math.max(0, this.health - health);
    this.health = health;
    let isChanged = this.alive && !frame.alive;
    this.alive = frame.alive;
    for (let index = 0; index < frame.effectCount; index += 1) {
      const at = frame.effect(index);
      if (frame.u[at + EffectWord.Kind] !== EffectKind.Hit) continue;
      if (frame.u[at + EffectWord.Subject] !== this.ship) continue;
      this.add(frame, at, nameOf);
      isChanged = true;
    }
    if (isChanged && !frame.alive) model.damage.value = this.list();
  }

  private add(frame: Frame, at: number, nameOf: (player: number) => string): void {
    const player = frame.u[at + EffectWord.Player];
    const name = nameOf(player);
    const known = this.byShooter.get(player);
    this.byShooter.set(player, {
      name: name || known?.name || "",
      hits: (known?.hits ?? 0) + 1,
      damage: (known?.damage ?? 0) + frame.f[at + EffectWord.Value],
    });
    // The bolt flew the other way.
    if (frame.alive) markHit(player, name, frame.f[at + EffectWord.Heading] + Math.PI);
  }

  /** The most first; what no bolt did was a collision. */
  private list(): Damage[] {
    const list = [...this.byShooter.values()].sort((one, other) => other.damage - one.damage);
    const crashed = this.lost - list.reduce((sum, { damage }) => sum + damage, 0);
    return crashed > NOTHING ? [...list, { name: "", hits: 0, damage: crashed }] : list;
  }

  private reset(): void {
    this.lost = 0;
    this.health = 0;
    this.byShooter.clear();
    model.damage.value = [];
  }
}
