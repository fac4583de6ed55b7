//! Aim assist for thumbs and sticks: while the gun fires, the aim is drawn to a ship near its line. It only changes the aim that
//! the client sends, as a steadier hand would.

/** A ship that may be aimed at, relative to the own ship, in world units. */
export interface Target {
  dx: number;
  dy: number;
}

/** Beyond this angle from the line, in radians, nothing draws the aim. */
const CONE = 0.16;
/** Beyond this distance, in world units, neither. */
const REACH_UNITS = 32;
/** The share of the angle that is corrected at most: the player still aims. */
const PULL = 0.65;

/** The aim after the assist, both in radians. */
export function assistedAim(aim: number, targets: readonly Target[]): number {
  let nearest = CONE;
  let turn = 0;
  for (const { dx, dy } of targets) {
    const distance = Math.hypot(dx, dy);
    if (distance === 0 || distance > REACH_UNITS) continue;
    const off = wrap(Math.atan2(dy, dx) - aim);
    if (Math.abs(off) >= nearest) continue;
    nearest = Math.abs(off);
    // Weaker toward the edge of the cone, so that the aim does not jump.
    turn = off * PULL * (1 - nearest / CONE);
  }
  return wrap(aim + turn);
}

function wrap(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}
