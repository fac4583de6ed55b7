//! The game page: join screen, match, and what lies between them.

import { effect } from "@preact/signals";
import { invitedRoom } from "./address.ts";
import { Sound } from "./audio/sound.ts";
import type { Core } from "./core.ts";
import { type Connect, Game } from "./game.ts";
import { expose } from "./handle.ts";
import { Controls } from "./input/controls.ts";
import { isTyping } from "./input/keyboard.ts";
import { animate } from "./loop.ts";
import { type KeptSeat, keptSeat } from "./net/seat.ts";
import { change, followCalm, settings } from "./settings.ts";
import { mountApp } from "./ui/app.tsx";
import { type Actions, model, precedesMatch } from "./ui/model.ts";
import { Attract } from "./view/attract.ts";
import { Stage } from "./view/stage.ts";

/** Where the page puts its two layers. */
export interface Hosts {
  stage: HTMLElement;
  ui: HTMLElement;
}

/**
 * Opens the page. `core` may still be loading while the join screen already stands; without it, or without a picture, the
 * page fails.
 */
export async function openGamePage(hosts: Hosts, core: Promise<Core>, connect: Connect): Promise<void> {
  const room = invitedRoom(location.pathname);
  model.room.value = room ?? "";
  const controls = new Controls();
  const sound = new Sound();
  let game: Game | undefined;
  let stage: Stage | undefined;
  /** Counts who pressed "Play" and "Back": what was given up meanwhile does not begin. */
  let turn = 0;
  const actions: Actions = {
    play: (name) => begin(name, undefined),
    leave: () => {
      turn += 1;
      if (game) game.leave();
      game = undefined;
      model.phase.value = "join";
      model.room.value = room ?? "";
    },
    chat: (text) => game?.chat(text),
    toggleMute: (name) => game?.toggleMute(name),
    tap: (button) => {
      sound.click();
      controls.tap(button, performance.now());
    },
    retryNow: () => game?.retryNow(),
    click: () => sound.click(),
  };
  const begin = (name: string, seat: KeptSeat | undefined) => {
    turn += 1;
    const mine = turn;
    model.phase.value = "connecting";
    void parts.then(([loaded, open]) => {
      if (mine === turn) {
        game = new Game(loaded, open, controls, sound, connect, name, seat?.room ?? room, seat);
      }
    }, saidByTheOpener);
  };
  const fps = animateWhenOpen();
  expose({
    core: () => game?.state(performance.now()),
    ships: () => game?.ships() ?? [],
    phase: () => model.phase.value,
    transport: () => game?.transport ?? "websocket",
    fps,
    replay: () => undefined,
  });
  mountApp(hosts.ui, actions);
  const opening = Stage.open(hosts.stage);
  const parts = Promise.all([core, opening]);
  parts.catch(saidByTheOpener);
  const seat = keptSeat(room);
  if (seat) begin(seat.name, seat);
  stage = await opening;
  controls.listen(stage.canvas);
  effect(() => {
    controls.enabled = model.phase.value === "playing" && !model.menuOpen.value && !model.chatOpen.value;
  });
  listenToKeys();
  const { camera } = stage;
  followCalm((calm) => {
    camera.reducedMotion = calm;
  });
  // A button that keeps the focus after a click would be pressed again by the keys that fly.
  hosts.ui.addEventListener("click", () => {
    if (controls.enabled && document.activeElement instanceof HTMLButtonElement)
      document.activeElement.blur();
  });
  effect(() => {
    document.body.classList.toggle("flying", model.phase.value === "playing");
  });
  await parts;

  function animateWhenOpen(): () => number {
    const attract = new Attract();
    let measured = () => 0;
    measured = animate((nowMs) => {
      model.fps.value = measured();
      if (!stage) return;
      game?.animate(nowMs);
      if (precedesMatch(model.phase.value)) {
        attract.update(nowMs);
        stage.draw(attract.frame, { aim: undefined, follow: true, nameOf: () => "" }, nowMs);
      }
    });
    return measured;
  }
}

/** The page waits for the same and fails with it. */
export function saidByTheOpener(): void {}

/** Keys that are not flight: chat, menu, sound, net graph. */
function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.code === "F3") {
      event.preventDefault();
      model.netGraphOpen.value = !model.netGraphOpen.value;
    }
    if (event.repeat) return;
    const flying = model.phase.value === "playing" || model.phase.value === "dead";
    // Also from the fields of the menu; the chat's field keeps it to itself.
    if (flying && event.code === "Escape") model.menuOpen.value = !model.menuOpen.value;
    if (isTyping(event.target)) return;
    if (event.code === "KeyM") change({ muted: !settings.value.muted });
    if (!flying) return;
    if (event.code === "Enter" && !model.menuOpen.value) {
      event.preventDefault();
      model.chatOpen.value = true;
    }
  });
}
