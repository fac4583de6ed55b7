//! A live match in this tab: moves bytes between the link and the core, input into the core, and its frames to the picture, the
//! sound and the interface. It decides nothing about the game.

import { batch } from "@preact/signals";
import type { Sound } from "../audio/sound.ts";
import { vibrate } from "../browser/vibration.ts";
import { matches } from "../browser/view.ts";
import type { Client, ClientState, Core } from "../core/core.ts";
import { Frame } from "../core/frame.ts";
import type { Controls } from "../input/controls.ts";
import { t, whole } from "../locale/locale.ts";
import { type GameLink, Link, type LinkEvents, type LinkKind } from "../net/link.ts";
import { type KeptSeat, keepSeat } from "../net/seat.ts";
import { ABNORMAL_CLOSURE } from "../net/transport/transport.ts";
import { serverUrl } from "../page/address.ts";
import { change, settings } from "../page/settings.ts";
import { addToast, hudAtRest, model, noArena, noRound, noScores, precedesMatch } from "../ui/model.ts";
import { type MuteChange, Mutes } from "../ui/mutes.ts";
import { reportOf } from "../ui/reports.ts";
import { explain, needsReload } from "../ui/words.ts";
import type { Stage } from "../view/stage.ts";
import { CloseCode, EffectKind, EffectWord, HeaderWord, ItemWord } from "../wasm/schema.ts";
import { type SeenShip, shipsOf } from "./handle.ts";
import { Hints } from "./hints.ts";
import { readHud, readMinimap, readPointers } from "./hud.ts";
import { addNews, type Names, show } from "./notices.ts";
import { Wounds } from "./wounds.ts";

const HUD_MS = 66;
/** A hidden tab gets no animation frames; it still answers the server this often. */
const HIDDEN_MS = 1000;
/** Ore that was banked is shown as one sum, this long after the last load. */
const BANKED_MS = 600;
/** The server sends many times per second: silence for longer than this is shown. */
const STALLED_MS = 700;
const HIT_SHAKE_MS = 40;
const DEATH_SHAKE_MS = 250;
/** A connection with a message that cannot be read is opened again; after this many within this time nothing is gained. */
const UNREADABLE_LIMIT = 3;
const UNREADABLE_MS = 60_000;

/** Where to play. */
export interface Destination {
  /** The room; undefined for any. */
  room: string | undefined;
  /** The mode; undefined for the usual one. */
  mode: string | undefined;
  /** What opens a room behind a password; "" for none. */
  password: string;
}

/** A room in this tab, in place of a server. */
export interface LocalRoom {
  link(events: LinkEvents): GameLink;
  /** Looks at what happens. */
  watch(frame: Frame, nowMs: number): void;
}

export class Game {
  private readonly client: Client;
  private readonly link: GameLink;
  private readonly frame = new Frame();
  private readonly names: Names = new Map();
  private readonly nameOf = (player: number) => this.names.get(player) ?? "";
  private readonly mutes = new Mutes();
  private readonly wounds = new Wounds();
  private readonly hints = new Hints(settings.value.learned);
  /** The room, once seated: every later connection goes there. */
  private room: string | undefined;
  private readonly hiddenTimer: ReturnType<typeof setInterval>;
  private hudAt = 0;
  private banked = 0;
  private bankedAt = 0;
  private welcomed = false;
  /** The link has moved to another transport, and the session is not resumed yet: the picture stands still. */
  private moving = false;
  private closed = false;
  /** When messages could not be read lately. */
  private unreadable: number[] = [];

  constructor(
    private readonly core: Core,
    private readonly stage: Stage,
    private readonly controls: Controls,
    private readonly sound: Sound,
    private readonly name: string,
    { room, mode, password }: Destination,
    seat: KeptSeat | undefined,
    private readonly local: LocalRoom | undefined,
  ) {
    this.room = room;
    this.client = core.client(name, room, settings.value.hull, (panic) => this.breakDown(panic));
    this.client.setPassword(password || undefined);
    if (seat) this.client.claim(seat.claim);
    this.reset();
    model.phase.value = "connecting";
    const events: LinkEvents = {
      opened: () => {
        this.moving = model.phase.value === "playing" || model.phase.value === "dead";
        this.showPicture();
        this.client.opened(performance.now());
        this.transmit();
      },
      received: (bytes) => this.receive(bytes),
      lost: (code, reason) => this.lose(code, reason),
      waiting: (atMs) => this.wait(atMs),
      hindered: (code, reason) => {
        model.retryReason.value = explain(code, reason);
      },
      refused: (code, reason) => this.end(code, reason),
    };
    this.link = local?.link(events) ?? new Link(() => ({ url: serverUrl(), room: this.room, mode }), events);
    this.hiddenTimer = setInterval(this.playHidden, HIDDEN_MS);
    document.addEventListener("visibilitychange", this.playHidden);
  }

  /** A hidden tab releases all buttons: nobody sees where the ship flies. */
  private readonly playHidden = () => {
    if (document.hidden) this.step(performance.now(), 0);
  };

  /** One animation frame. */
  animate(nowMs: number): void {
    this.controls.sample(nowMs);
    this.step(nowMs, this.controls.buttons);
    if (this.closed || this.moving || precedesMatch(model.phase.value)) return;
    this.client.setCalm(settings.value.calm);
    this.showPicture();
    const pointer = this.client.frame(nowMs);
    // The core may have panicked.
    if (this.closed) return;
    this.frame.attach(this.core.memory.buffer, pointer);
    this.updatePhase();
    if (model.replaying.value !== this.frame.replaying) {
      model.replaying.value = this.frame.replaying;
      this.stage.clear();
    }
    const { alive, own } = this.frame;
    const aim = alive ? this.controls.aim : undefined;
    this.stage.draw(this.frame, { aim, follow: true, nameOf: this.nameOf }, nowMs);
    const { camera } = this.stage;
    if (own >= 0)
      this.controls.shipAt(
        camera.screenX(this.frame.f[own + ItemWord.X]),
        camera.screenY(this.frame.f[own + ItemWord.Y]),
      );
    if (this.controls.assists) this.controls.targets = this.frame.rivals();
    this.sound.play(this.frame, camera, alive);
    this.wounds.watch(this.frame, this.nameOf);
    this.shake();
    if (this.hints.watch(this.frame)) change({ learned: this.hints.all });
    this.local?.watch(this.frame, nowMs);
    this.showEarned(nowMs);
    const inFlight = model.phase.value === "playing" || model.phase.value === "dead";
    model.stalled.value = inFlight && this.link.silentMs > STALLED_MS;
    if (inFlight && nowMs - this.hudAt >= HUD_MS) {
      this.hudAt = nowMs;
      this.updateHud();
    }
  }

  chat(text: string): void {
    const muted = this.mutes.command(text);
    if (muted) {
      this.showMuted(muted);
      return;
    }
    const report = reportOf(text, this.names);
    if (report) addNews(t(report.line ? "news.reported" : "news.nobody", { name: report.name }));
    if (report && !report.line) return;
    this.client.chat(report?.line ?? text);
    this.transmit();
  }

  signal(place: number): void {
    this.client.signal(place);
    this.transmit();
  }

  toggleMute(name: string): void {
    this.showMuted(this.mutes.toggle(name));
  }

  private showMuted({ name, result }: MuteChange): void {
    model.muted.value = this.mutes.all();
    addNews(t(`news.${result}`, { name }));
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

  state(nowMs: number): ClientState {
    return this.client.state(nowMs);
  }

  /** Ends the replay of the own ship's last seconds. */
  skipReplay(): void {
    if (!this.closed) this.client.skipReplay();
  }

  /** The transport in use. */
  get transport(): LinkKind {
    return this.link.kind;
  }

  /** The ships in the newest frame. */
  ships(): SeenShip[] {
    return shipsOf(this.frame, this.nameOf);
  }

  private reset(): void {
    batch(() => {
      model.hud.value = hudAtRest;
      model.minimap.value = undefined;
      model.pointers.value = [];
      model.kills.value = [];
      model.chat.value = [];
      model.muted.value = this.mutes.all();
      model.scores.value = noScores;
      model.round.value = noRound;
      model.arena.value = noArena;
      model.quotes.value = [];
      model.menuOpen.value = false;
      model.chatOpen.value = false;
      model.evidence.value = undefined;
      model.replaying.value = false;
    });
    this.names.clear();
    this.stage.clear();
  }

  private step(nowMs: number, buttons: number): void {
    if (this.closed) return;
    this.client.advance(nowMs, buttons, this.controls.aim);
    this.transmit();
    this.readNotices();
  }

  private receive(bytes: Uint8Array): void {
    try {
      this.client.received(bytes, performance.now());
    } catch (error) {
      console.error("driftbelt: a message of the server could not be read:", error);
      const now = performance.now();
      this.unreadable = [...this.unreadable.filter((at) => now - at < UNREADABLE_MS), now];
      if (this.unreadable.length < UNREADABLE_LIMIT)
        this.link.drop(CloseCode.ClientCouldNotRead, "undecodable message");
      else this.end(CloseCode.ClientCouldNotRead, String(error));
      return;
    }
    this.readNotices();
    this.transmit();
  }

  private transmit(): void {
    for (let bytes = this.client.pollTransmit(); bytes; bytes = this.client.pollTransmit())
      this.link.send(bytes);
  }

  private readNotices(): void {
    for (let notice = this.client.pollNotice(); notice; notice = this.client.pollNotice()) {
      if (notice.type === "welcome" || notice.type === "resumed") {
        this.welcomed = true;
        this.moving = false;
        if (notice.type === "welcome") this.room = notice.room;
        this.link.settled();
        model.phase.value = "playing";
        model.retryReason.value = undefined;
        this.keepSeat();
      } else if (notice.type === "queued") {
        this.link.settled();
        const { position, waiting } = notice;
        batch(() => {
          model.phase.value = "queued";
          model.queue.value = { position, waiting };
        });
      } else if (notice.type === "goodbye") {
        model.retryReason.value = explain(notice.code, notice.reason);
      }
      show(notice, this.names, this.mutes);
    }
  }

  /** The server sends what the picture shows, upright or not. */
  private showPicture(): void {
    const { screenWidth, screenHeight } = this.stage.camera;
    this.client.setPicture(screenWidth, screenHeight);
  }

  /** Playing or dead, as the frame says. */
  private updatePhase(): void {
    const phase = model.phase.value;
    if (phase !== "playing" && phase !== "dead") return;
    if (this.frame.alive) {
      model.phase.value = "playing";
      model.evidence.value = undefined;
    } else if (this.frame.f[HeaderWord.RespawnSeconds] > 0) {
      if (phase === "playing" && settings.value.vibration) vibrate(DEATH_SHAKE_MS, 1);
      model.phase.value = "dead";
    }
  }

  /** The device vibrates when the own ship is hit. */
  private shake(): void {
    const { frame } = this;
    if (!settings.value.vibration || frame.own < 0) return;
    const id = frame.u[frame.own + ItemWord.Id];
    for (let index = 0; index < frame.effectCount; index += 1) {
      const at = frame.effect(index);
      if (frame.u[at + EffectWord.Kind] === EffectKind.Hit && frame.u[at + EffectWord.Subject] === id)
        vibrate(HIT_SHAKE_MS, 0.5);
    }
  }

  /** Stores the seat in this tab for a reload of the page. */
  private keepSeat(): void {
    if (this.local) return;
    const claim = this.client.seat();
    keepSeat(claim && this.room ? { name: this.name, room: this.room, claim } : undefined);
  }

  private lose(code: number, reason: string): void {
    this.client.closed();
    this.moving = false;
    if (code === CloseCode.SeatGone) {
      this.client.claim(undefined);
      this.keepSeat();
      addToast(t("toast.seatGone"), "bad");
    }
    const byServer = code !== ABNORMAL_CLOSURE && code !== CloseCode.Silence;
    model.retryReason.value = byServer ? explain(code, reason) : undefined;
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
    this.client.closed();
    // After a reload the seat is claimed again.
    if (!needsReload(code)) keepSeat(undefined);
    this.dispose();
    batch(() => {
      model.goodbye.value = { code, reason };
      model.phase.value = "goodbye";
    });
  }

  /** The core has panicked, which is a defect. */
  private breakDown(panic: Error): void {
    console.error("driftbelt: the core has failed:", panic);
    this.end(CloseCode.ClientCouldNotRead, panic.message);
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

  /** Toasts for what was earned. Ore is banked in many small loads; one toast shows their sum. */
  private showEarned(nowMs: number): void {
    const { frame } = this;
    for (let index = 0; index < frame.effectCount; index += 1) {
      const at = frame.effect(index);
      if (frame.u[at + EffectWord.Own] !== 1) continue;
      const kind = frame.u[at + EffectWord.Kind];
      if (kind === EffectKind.Assisted)
        addToast(t("toast.assist", { amount: whole(frame.f[at + EffectWord.Value]) }), "good");
      if (kind !== EffectKind.Banked) continue;
      this.banked += frame.f[at + EffectWord.Value];
      this.bankedAt = nowMs;
    }
    if (this.banked > 0 && nowMs - this.bankedAt > BANKED_MS) {
      addToast(t("toast.banked", { amount: whole(this.banked) }), "ore");
      this.banked = 0;
    }
  }

  private updateHud(): void {
    const { camera } = this.stage;
    batch(() => {
      const hud = readHud(this.frame);
      model.hud.value = hud;
      if (model.phase.value === "playing") model.carried.value = hud.hold;
      // What was chosen after a loss is kept for the next visit.
      else if (hud.hull !== settings.value.hull) change({ hull: hud.hull });
      model.minimap.value = readMinimap(this.frame, camera, this.controls.aim);
      model.pointers.value = this.welcomed
        ? readPointers(this.frame, model.quotes.value, camera, model.panels.value)
        : [];
      model.hint.value = model.phase.value === "playing" ? this.hints.current(hud) : "";
      const graph = this.client.netGraph();
      model.rttMs.value = Math.round(graph.rttMs);
      if (model.netGraphOpen.value) model.netGraph.value = graph;
      model.transport.value = this.link.kind;
      if (matches("(pointer: coarse)")) model.thumbs.value = this.controls.thumbs;
    });
  }
}
