//! A live match in this tab: moves bytes between the link and the core, input into it, and its frames to the
//! picture, the sound and the interface. It decides nothing about the game.

import { batch } from "@preact/signals";
import type { Sound } from "./audio/sound.ts";
import type { Client, Core, CoreState } from "./core.ts";
import { Effect, EffectKind, Entity, Frame, Head } from "./frame.ts";
import { type SeenShip, shipsOf } from "./handle.ts";
import { Hints } from "./hints.ts";
import { readChart, readHud, readPointers } from "./hud.ts";
import type { Controls } from "./input/controls.ts";
import { has, t, whole } from "./locale/locale.ts";
import { type Muted, Mutes } from "./mutes.ts";
import { CloseCode, type Link, type LinkEvents } from "./net/link.ts";
import { type KeptSeat, keepSeat } from "./net/seat.ts";
import type { TransportKind } from "./net/transport/transport.ts";
import { Names, show, tell } from "./notices.ts";
import { change, settings } from "./settings.ts";
import { addToast, hudAtRest, model, precedesMatch } from "./ui/model.ts";
import type { Stage } from "./view/stage.ts";

const HUD_MS = 66;
/** A hidden tab gets no animation frames; this often it still answers the server. */
const HIDDEN_MS = 1000;

/** Opens the connection; replaced by a made-up one on the development page. */
export type Connect = (
  room: () => string | undefined,
  events: LinkEvents,
) => Pick<Link, "kind" | "send" | "stop" | "tryNow" | "drop" | "settled">;

export class Game {
  private readonly client: Client;
  private readonly link: ReturnType<Connect>;
  private readonly frame = new Frame();
  private readonly names = new Names();
  private readonly mutes = new Mutes();
  private readonly hints = new Hints(settings.value.learned);
  private readonly hiddenTimer: ReturnType<typeof setInterval>;
  private hudAt = 0;
  private banked = 0;
  private bankedAt = 0;
  private welcomed = false;
  /** The match goes on over another transport, but has not come back there yet: the picture stands still. */
  private moving = false;
  private closed = false;

  constructor(
    private readonly core: Core,
    private readonly stage: Stage,
    private readonly controls: Controls,
    private readonly sound: Sound,
    connect: Connect,
    private readonly name: string,
    private room: string | undefined,
    seat: KeptSeat | undefined,
  ) {
    this.client = core.client(name, room);
    if (seat) this.client.claim(seat.claim);
    this.reset();
    model.phase.value = "connecting";
    // Once seated, every other connection goes to the same room.
    this.link = connect(() => this.room, {
      opened: () => {
        this.moving = model.phase.value === "playing" || model.phase.value === "dead";
        this.client.opened(performance.now());
        this.transmit();
      },
      received: (bytes) => this.receive(bytes),
      lost: (code) => this.lose(code),
      waiting: (atMs) => this.wait(atMs),
      refused: (code, reason) => this.end(code, reason),
    });
    this.hiddenTimer = setInterval(this.playHidden, HIDDEN_MS);
    document.addEventListener("visibilitychange", this.playHidden);
  }

  /** What was held when the tab was hidden is let go: nobody sees where it leads. */
  private readonly playHidden = () => {
    if (!document.hidden) return;
    this.client.setInput(0, this.controls.aim);
    this.step(performance.now());
  };

  /** One animation frame. */
  animate(nowMs: number): void {
    this.controls.sample(nowMs);
    this.client.setInput(this.controls.buttons, this.controls.aim);
    this.step(nowMs);
    if (this.closed || this.moving || precedesMatch(model.phase.value)) return;
    this.client.frame(nowMs);
    this.frame.attach(this.core.memory.buffer, this.client.framePointer(), this.client.frameLength());
    this.follow();
    const alive = this.frame.u[Head.alive] === 1;
    this.stage.draw(
      this.frame,
      { aim: alive ? this.controls.aim : undefined, follow: true, nameOf: (player) => this.names.of(player) },
      nowMs,
    );
    const self = this.frame.self;
    const { camera } = this.stage;
    if (self >= 0)
      this.controls.shipAt(
        camera.screenX(this.frame.f[self + Entity.x]),
        camera.screenY(this.frame.f[self + Entity.y]),
      );
    this.sound.play(this.frame, camera, alive);
    if (this.hints.watch(this.frame)) change({ learned: this.hints.all });
    this.countBanked(nowMs);
    if (nowMs - this.hudAt >= HUD_MS) {
      this.hudAt = nowMs;
      this.updateHud(nowMs);
    }
  }

  chat(text: string): void {
    const muted = this.mutes.command(text);
    if (muted) {
      this.tellMuted(muted);
      return;
    }
    this.client.chat(text);
    this.transmit();
  }

  toggleMute(name: string): void {
    this.tellMuted(this.mutes.toggle(name));
  }

  private tellMuted({ name, muted }: Muted): void {
    model.muted.value = this.mutes.all();
    tell(t(muted ? "news.muted" : "news.unmuted", { name }));
  }

  retryNow(): void {
    this.link.tryNow();
  }

  /** Leaves the match and frees what it held. */
  leave(): void {
    if (!this.closed) {
      this.client.leave();
      this.transmit();
      keepSeat(undefined);
    }
    this.dispose();
    model.phase.value = "join";
  }

  state(nowMs: number): CoreState {
    return this.client.state(nowMs);
  }

  /** What carries the messages. */
  get transport(): TransportKind {
    return this.link.kind;
  }

  /** What the viewer sees in the newest frame. */
  ships(): SeenShip[] {
    return shipsOf(this.frame, (player) => this.names.of(player));
  }

  private reset(): void {
    batch(() => {
      model.hud.value = hudAtRest;
      model.chart.value = undefined;
      model.pointers.value = [];
      model.kills.value = [];
      model.talk.value = [];
      model.muted.value = this.mutes.all();
      model.scores.value = { players: 0, rows: [] };
      model.quotes.value = [];
      model.menuOpen.value = false;
      model.chatOpen.value = false;
    });
    this.names.clear();
    this.stage.clear();
  }

  private step(nowMs: number): void {
    if (this.closed) return;
    this.client.advance(nowMs);
    this.transmit();
    this.listen();
  }

  private receive(bytes: Uint8Array): void {
    try {
      this.client.received(bytes, performance.now());
    } catch (error) {
      console.error("driftbelt: a message of the server could not be read:", error);
      this.link.drop(CloseCode.undecodable, "undecodable message");
      return;
    }
    this.listen();
    this.transmit();
  }

  private transmit(): void {
    for (let bytes = this.client.pollTransmit(); bytes; bytes = this.client.pollTransmit())
      this.link.send(bytes);
  }

  private listen(): void {
    for (let notice = this.client.pollNotice(); notice; notice = this.client.pollNotice()) {
      if (notice.type === "welcome" || notice.type === "resumed") {
        this.welcomed = true;
        this.moving = false;
        if (notice.type === "welcome") this.room = notice.room;
        this.link.settled();
        model.phase.value = "playing";
        model.retryReason.value = "";
        this.keep();
      } else if (notice.type === "queued") {
        this.link.settled();
        batch(() => {
          model.phase.value = "queued";
          model.queue.value = notice;
        });
      } else if (notice.type === "goodbye") {
        const key = `goodbye.${notice.code}`;
        model.retryReason.value = has(key) ? t(key) : notice.reason;
      }
      show(notice, this.names, this.mutes);
    }
  }

  /** Between playing and dead, as the frame says. */
  private follow(): void {
    const phase = model.phase.value;
    if (phase !== "playing" && phase !== "dead") return;
    const alive = this.frame.u[Head.alive] === 1;
    if (alive) model.phase.value = "playing";
    else if (this.frame.f[Head.respawn] > 0) model.phase.value = "dead";
  }

  /** The seat is known to this tab for as long as it may be taken back. */
  private keep(): void {
    const claim = this.client.seat();
    keepSeat(claim && this.room ? { name: this.name, room: this.room, claim } : undefined);
  }

  private lose(code: number): void {
    this.client.closed(performance.now());
    this.moving = false;
    if (code === CloseCode.seatGone) {
      this.client.claim(undefined);
      this.keep();
      addToast(t("toast.seatGone"), "bad");
    }
    this.stage.clear();
    this.sound.hush();
  }

  private wait(atMs: number): void {
    batch(() => {
      model.phase.value = "reconnecting";
      model.retryAt.value = atMs;
    });
  }

  private end(code: number, reason: string): void {
    this.client.closed(performance.now());
    keepSeat(undefined);
    this.dispose();
    model.goodbye.value = { code, reason };
    model.phase.value = "goodbye";
  }

  private dispose(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.hiddenTimer);
    document.removeEventListener("visibilitychange", this.playHidden);
    this.link.stop();
    this.sound.hush();
    this.stage.clear();
  }

  /** Banking comes in many small gains; they are told as one. */
  private countBanked(nowMs: number): void {
    for (let index = 0; index < this.frame.effectCount; index += 1) {
      const at = this.frame.effect(index);
      if (this.frame.u[at + Effect.own] !== 1) continue;
      if (this.frame.u[at + Effect.kind] === EffectKind.banked) {
        this.banked += this.frame.f[at + Effect.value];
        this.bankedAt = nowMs;
      }
    }
    if (this.banked > 0 && nowMs - this.bankedAt > 600) {
      addToast(t("toast.banked", { amount: whole(this.banked) }), "ore");
      this.banked = 0;
    }
  }

  private updateHud(nowMs: number): void {
    const { camera } = this.stage;
    batch(() => {
      const hud = readHud(this.frame);
      model.hud.value = hud;
      if (model.phase.value === "playing") model.carried.value = hud.hold;
      model.chart.value = readChart(this.frame, camera, this.controls.aim);
      model.pointers.value = this.welcomed
        ? readPointers(this.frame, model.quotes.value, camera, model.panels.value)
        : [];
      model.hint.value = model.phase.value === "playing" ? this.hints.current(hud) : "";
      const graph = this.client.netGraph(nowMs);
      model.rttMs.value = Math.round(graph.rttMs);
      if (model.netGraphOpen.value) model.netGraph.value = graph;
      model.transport.value = this.link.kind;
      if (matchMedia("(pointer: coarse)").matches) model.thumbs.value = this.controls.thumbs;
    });
  }
}
