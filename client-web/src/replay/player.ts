//! A playing recording: what its worker sends, the camera, and the picture.

import { batch } from "@preact/signals";
import type { Sound } from "../audio/sound.ts";
import type { ReplayInfo, ReplayMark, ReplayPlayer, ReplayState } from "../core/core.ts";
import { Frame } from "../core/frame.ts";
import { type SeenShip, shipsOf } from "../game/handle.ts";
import { type Names, show } from "../game/notices.ts";
import { settings } from "../page/settings.ts";
import { model, noScores } from "../ui/model.ts";
import type { Camera } from "../view/camera.ts";
import type { Stage } from "../view/stage.ts";
import { HeaderWord } from "../wasm/schema.ts";
import { NEWEST_SECONDS } from "./live.ts";
import { replayModel, SPEEDS } from "./model.ts";
import { type Moment, momentHash, playerNamed, tickOf } from "./moment.ts";
import { type Part, reelOf } from "./reel.ts";
import type { RemoteReplay } from "./remote.ts";
import type { Scanner } from "./scan.ts";
import { neighbour } from "./story.ts";

const NARROWEST_UNITS = 24;
const WIDEST_UNITS = 400;
const STATE_MS = 100;
/** Seconds that are shown before an event. */
const LEAD_SECONDS = 2;
/** A turn that takes longer is shown as work in progress. */
const BUSY_MS = 700;
/** A player who has joined by then is followed first: a room opens before its first player joins. */
const OPENING_SECONDS = 2;
/** Height over width of the core's view: a taller screen needs a wider one. */
const VIEW_SHAPE = 0.6;
/** Sounds play up to this speed. */
const SOUND_SPEED_LIMIT = 2;

/** A camera that follows nobody: the middle of its picture and its width, in units. */
export interface FreeCamera {
  x: number;
  y: number;
  width: number;
}

/** The width of the view that the core must draw for a camera, in units. */
export function neededWidth({ halfWidth, halfHeight }: Camera): number {
  return Math.max(halfWidth, halfHeight / VIEW_SHAPE) * 2.1;
}

export class Player {
  private readonly frame = new Frame();
  private readonly names: Names = new Map();
  private readonly nameOf = (player: number) => this.names.get(player) ?? "";
  private free: FreeCamera | undefined;
  private stateAt = 0;
  /** What slow motion interrupts. */
  private usual: { speed: number; playing: boolean } | undefined;
  /** Whether there is a frame to draw. */
  private hasFrame = false;
  /** What is left of the reel that plays, the part that is shown first. */
  private reel: Part[] = [];

  constructor(
    private readonly replay: RemoteReplay,
    private readonly stage: Stage,
    private readonly sound: Sound,
    readonly scanner: Scanner,
  ) {
    replay.grown = () => this.learn();
    replay.progressed = (received, total) => {
      replayModel.progress.value = { received, total };
    };
    this.learn();
    stage.clear();
    batch(() => {
      model.kills.value = [];
      model.chat.value = [];
      model.scores.value = noScores;
      model.quotes.value = [];
      replayModel.clip.value = {};
      replayModel.freeCamera.value = false;
      replayModel.reeling.value = false;
    });
    const { firstTick, tickRate } = this.info;
    this.follow(this.presentAt(firstTick + OPENING_SECONDS * tickRate)[0]?.id ?? 0);
    this.replay.wish({ playing: true });
    this.publish();
  }

  animate(nowMs: number): void {
    const { camera } = this.stage;
    if (this.free) {
      camera.look(this.free.x, this.free.y, this.free.width, Number.POSITIVE_INFINITY);
      this.replay.wish({ camera: { x: camera.x, y: camera.y, width: neededWidth(camera) } });
    }
    this.advanceReel();
    this.replay.turn(nowMs);
    replayModel.busy.value = this.replay.waitedMs(nowMs) > BUSY_MS;
    this.takeFrame();
    if (!this.hasFrame) return;
    this.stage.draw(
      this.frame,
      { aim: undefined, follow: this.free === undefined, nameOf: this.nameOf },
      nowMs,
    );
    for (let notice = this.replay.pollNotice(); notice; notice = this.replay.pollNotice())
      show(notice, this.names);
    const state = replayModel.state.value;
    if (state?.playing && state.speed <= SOUND_SPEED_LIMIT) this.sound.play(this.frame, camera, true);
    else this.sound.hush();
    if (nowMs - this.stateAt < STATE_MS) return;
    this.stateAt = nowMs;
    this.publish();
  }

  private takeFrame(): void {
    const turned = this.replay.takeFrame();
    if (!turned) {
      // The effects of a frame that is drawn again have been seen.
      this.frame.dropEffects();
      return;
    }
    this.frame.attach(turned.words, 0);
    this.hasFrame = true;
    if (turned.sought) this.forget();
  }

  get info(): ReplayInfo {
    return this.replay.info;
  }

  private learn(): void {
    for (const player of this.info.players) this.names.set(player.id, player.name);
    replayModel.info.value = this.info;
    replayModel.loading.value = this.replay.loading;
  }

  state(): ReplayState {
    return this.replay.state();
  }

  ships(): SeenShip[] {
    return shipsOf(this.frame, this.nameOf);
  }

  toggle(): void {
    const state = this.replay.state();
    if (!state.playing && this.replay.tick >= state.ticks) this.seek(this.info.firstTick);
    this.replay.wish({ playing: !state.playing });
    this.publish();
  }

  pause(): void {
    this.replay.wish({ playing: false });
    this.publish();
  }

  seek(tick: number): void {
    this.endReel();
    this.goTo(tick);
  }

  /** Plays the highlights, or those given, one after the other. */
  playReel(highlights: readonly Part[] = this.info.highlights): void {
    this.reel = reelOf(highlights);
    replayModel.reeling.value = this.reel.length > 0;
    this.replay.wish({ playing: true, speed: 1 });
    this.showPart();
  }

  /** Leaves the reel; the match plays on. */
  endReel(): void {
    this.reel = [];
    replayModel.reeling.value = false;
  }

  private showPart(): void {
    const [part] = this.reel;
    if (part) {
      this.follow(part.player);
      this.goTo(part.from);
    } else this.endReel();
  }

  /** Goes to the next part of the reel once one has been shown. */
  private advanceReel(): void {
    const [part] = this.reel;
    if (!part || this.replay.tick < part.to) return;
    this.reel.shift();
    if (this.reel.length === 0) this.replay.wish({ playing: false });
    this.showPart();
  }

  private goTo(tick: number): void {
    const { ticks } = this.replay.state();
    this.replay.wish({ tick: Math.max(this.info.firstTick, Math.min(ticks, Math.round(tick))) });
    this.publish();
  }

  /** Plays on from the newest moment of a match that goes on, or seeks the end. */
  seekNewest(): void {
    const { ticks, live } = this.replay.state();
    this.seek(live ? ticks - NEWEST_SECONDS * this.info.tickRate : ticks);
    if (live) this.replay.wish({ playing: true, speed: 1 });
    this.publish();
  }

  /** A clip begins, or ends, at the tick that is shown. */
  mark(end: "from" | "to"): void {
    replayModel.clip.value = { ...replayModel.clip.value, [end]: this.replay.tick };
  }

  /** Cuts a clip of these ticks. */
  cut(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.replay.cut(from, to);
  }

  /** Whom the picture follows, or where it stays. */
  view(): { follow: number; free: FreeCamera | undefined } {
    return { follow: this.replay.state().following, free: this.free && { ...this.free } };
  }

  /** Seeks by a number of seconds of the match. */
  skip(seconds: number): void {
    this.seek(this.replay.tick + seconds * this.info.tickRate);
  }

  /** Pauses, and seeks by a number of ticks. */
  nudge(ticks: number): void {
    this.replay.wish({ playing: false });
    this.seek(this.replay.tick + ticks);
  }

  /** Seeks to the next (1) or previous (−1) mark of the followed player; of anybody if nobody is followed. */
  jump(direction: -1 | 1): void {
    const { following } = this.replay.state();
    const mark = neighbour(this.info.marks, this.replay.tick, direction, this.free ? 0 : following);
    if (mark) this.seek(mark.tick);
  }

  /** Seeks to a little before a tick: how it came is part of it. */
  seekBefore(tick: number): void {
    this.seek(tick - LEAD_SECONDS * this.info.tickRate);
  }

  /** Shows how the ship of a kill's mark was destroyed: the seconds before it, slow at the end, with the evidence. */
  showDeath({ tick, other }: ReplayMark): void {
    this.endReel();
    this.free = undefined;
    replayModel.freeCamera.value = false;
    this.replay.wish({
      death: { tick, victim: other ?? 0, calm: settings.value.calm },
      camera: undefined,
      tick: undefined,
      playing: undefined,
    });
    this.publish();
  }

  /** Slow motion, until it is turned off. */
  slow(on: boolean): void {
    if (on === (this.usual !== undefined)) return;
    const { speed, playing } = this.replay.state();
    this.replay.wish(on ? { speed: SPEEDS[0], playing: true } : (this.usual ?? {}));
    this.usual = on ? { speed, playing } : undefined;
    this.publish();
  }

  /** Shows a moment that an address names, paused unless it says to play. */
  show({ seconds, follow, speed, play }: Moment): void {
    if (seconds !== undefined) {
      this.seek(tickOf(seconds, this.info));
      this.replay.wish({ playing: play === true });
    }
    const player =
      follow === undefined ? undefined : playerNamed(this.info.players, follow, this.replay.tick);
    if (player) this.follow(player.id);
    if (speed !== undefined) this.setSpeed(speed);
  }

  /** The moment shown, for an address. */
  moment(): string {
    const { following, speed } = this.replay.state();
    return momentHash(this.replay.tick, this.info, this.free ? "" : this.nameOf(following), speed);
  }

  setSpeed(speed: number): void {
    this.replay.wish({ speed });
    this.publish();
  }

  /** The next slower (−1) or faster (1) speed. */
  shiftSpeed(step: -1 | 1): void {
    const now = SPEEDS.findIndex((speed) => speed >= this.replay.state().speed);
    this.setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, now + step))]);
  }

  /** Follows a player, 0 for nobody. */
  follow(player: number): void {
    this.free = undefined;
    replayModel.freeCamera.value = false;
    this.replay.wish({ follow: player, camera: undefined });
    this.publish();
  }

  followNext(): void {
    const { following } = this.replay.state();
    const present = this.presentAt(this.replay.tick);
    if (present.length === 0) return;
    const at = present.findIndex((player) => player.id === following);
    this.follow(present[(at + 1) % present.length].id);
  }

  /** Follows the ship at a point of the screen, if there is one. */
  followAt(screenX: number, screenY: number): void {
    const player = this.stage.playerAt(this.frame, screenX, screenY);
    if (player !== 0) this.follow(player);
  }

  toggleFreeCamera(): void {
    if (this.free) {
      const { following } = this.replay.state();
      this.follow(following || (this.presentAt(this.replay.tick)[0]?.id ?? 0));
    } else this.release();
  }

  /** Moves the free camera by CSS pixels. */
  pan(dx: number, dy: number): void {
    const free = this.free ?? this.release();
    free.x -= dx / this.stage.camera.scale;
    free.y -= dy / this.stage.camera.scale;
  }

  /** Moves the free camera to a place, in units. */
  lookAt(x: number, y: number): void {
    Object.assign(this.free ?? this.release(), { x, y });
  }

  /** Zooms the free camera; above 1 shows more. */
  zoom(factor: number): void {
    const free = this.free ?? this.release();
    const widest = Math.max(WIDEST_UNITS, this.frame.f[HeaderWord.HalfSize] * 2.4);
    free.width = Math.max(NARROWEST_UNITS, Math.min(widest, free.width * factor));
  }

  /** Players in the match at a tick, people before drones. When a drone joined is not recorded to the tick. */
  presentAt(tick: number): ReplayPlayer[] {
    return this.info.players
      .filter((player) => (player.drone || player.joined <= tick) && tick < player.left)
      .sort((a, b) => Number(a.drone) - Number(b.drone) || a.id - b.id);
  }

  close(): void {
    this.replay.close();
    this.scanner.close();
    this.sound.hush();
    this.stage.clear();
  }

  /** Removes what belongs to another time. */
  private forget(): void {
    this.stage.clear();
    batch(() => {
      model.kills.value = [];
      model.chat.value = [];
    });
  }

  private release(): FreeCamera {
    const { camera } = this.stage;
    this.free = { x: camera.x, y: camera.y, width: camera.halfWidth * 2 };
    replayModel.freeCamera.value = true;
    return this.free;
  }

  private publish(): void {
    batch(() => {
      replayModel.state.value = this.replay.state();
      replayModel.tick.value = this.replay.tick;
    });
  }
}
