//! The game page: join screen, match, and the screens between them.

import { effect } from "@preact/signals";
import { Sound } from "../audio/sound.ts";
import type { Core } from "../core/core.ts";
import type { ActionName } from "../input/bindings.ts";
import { Controls } from "../input/controls.ts";
import { isShortcut, isTyping, positionOf } from "../input/keyboard.ts";
import { type KeptSeat, keptSeat } from "../net/seat.ts";
import { invitedMode, invitedRoom, pagePath } from "../page/address.ts";
import { type Hosts, reportedElsewhere } from "../page/hosts.ts";
import { animate } from "../page/loop.ts";
import { change, followCalm, settings } from "../page/settings.ts";
import { mountApp } from "../ui/app.tsx";
import { actionOfKey, keys, pad } from "../ui/keys.ts";
import { type Actions, model, precedesMatch } from "../ui/model.ts";
import { Attract } from "../view/attract.ts";
import { Stage } from "../view/stage.ts";
import { CloseCode } from "../wasm/schema.ts";
import { Game, type LocalRoom } from "./game.ts";
import { expose } from "./handle.ts";
import { fetchModes } from "./modes.ts";
import { keepMoment } from "./moment.ts";

const MODES_MS = 5000;

/**
 * Opens the page. The join screen appears while `core` is still loading; if loading fails, or the browser has no WebGL 2, the
 * page fails.
 */
export async function openGamePage(hosts: Hosts, core: Promise<Core>): Promise<void> {
  const room = invitedRoom(pagePath());
  model.room.value = room ?? "";
  model.chosenMode.value = invitedMode(location.search);
  if (room === undefined) watchModes();
  const controls = new Controls();
  const sound = new Sound();
  let game: Game | undefined;
  let stage: Stage | undefined;
  /** Counts presses of "Play" and "Back": a match that was given up while loading does not start. */
  let turn = 0;
  /** The room that the player chose on the join screen. */
  let chosen: string | undefined;
  const actions: Actions = {
    play: (name) => start(name, undefined),
    enter: (to, password) => {
      chosen = to;
      model.password.value = password;
      start(settings.value.name.trim(), undefined);
    },
    practise: async () => {
      try {
        const { openMenu } = await import("../practice/practice.tsx");
        actions.leave();
        openMenu((local) => start(settings.value.name.trim(), undefined, local));
        return true;
      } catch (error) {
        console.error("driftbelt: practice could not be loaded:", error);
        return false;
      }
    },
    leave: () => {
      turn += 1;
      if (game) game.leave();
      game = undefined;
      chosen = undefined;
      model.phase.value = "join";
      model.room.value = room ?? "";
      model.practice.value = undefined;
    },
    again: () => start(settings.value.name.trim(), undefined),
    chat: (text) => game?.chat(text),
    signal: (place) => {
      model.signalsOpen.value = false;
      game?.signal(place);
    },
    toggleMute: (name) => game?.toggleMute(name),
    tap: (button) => {
      sound.click();
      controls.tap(button, performance.now());
    },
    retryNow: () => game?.retryNow(),
    click: () => sound.click(),
    keepMoment: () => {
      // Practice is not recorded.
      if (!model.practice.value) void keepMoment(model.room.value);
    },
    skipReplay: () => game?.skipReplay(),
  };
  controls.onPress = (action) => {
    if (isFlying()) press(action, actions);
  };
  const start = (name: string, seat: KeptSeat | undefined, local?: LocalRoom) => {
    turn += 1;
    const mine = turn;
    model.phase.value = "connecting";
    void parts.then(([loaded, open]) => {
      if (mine !== turn) return;
      try {
        const [mode, password] = [model.chosenMode.value, model.password.value];
        const to = { room: seat?.room ?? chosen ?? room, mode, password };
        game = new Game(loaded, open, controls, sound, name, to, seat, local);
      } catch (error) {
        console.error("driftbelt: the match could not be started:", error);
        model.goodbye.value = { code: CloseCode.ClientCouldNotRead, reason: String(error) };
        model.phase.value = "goodbye";
      }
    }, reportedElsewhere);
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
  parts.catch(reportedElsewhere);
  const seat = keptSeat(room);
  if (seat) start(seat.name, seat);
  stage = await opening;
  controls.listen(stage.canvas);
  effect(() => {
    controls.enabled = isFlying() && !model.menuOpen.value && !model.chatOpen.value;
    controls.choosing = model.signalsOpen.value;
  });
  effect(() => controls.bind(keys.value, pad.value));
  effect(() => {
    const { aimAssist, leftHanded } = settings.value;
    controls.assists = aimAssist;
    controls.touch.leftHanded = leftHanded;
  });
  listenToKeys(actions);
  const followPads = async () => (await import("../ui/pad-menus.ts")).followPads(() => controls.enabled);
  addEventListener("gamepadconnected", () => followPads().catch(reportedElsewhere), { once: true });
  const { camera } = stage;
  followCalm((calm) => {
    camera.reducedMotion = calm;
  });
  // The keys that fly would press a button that keeps the focus after a click.
  hosts.ui.addEventListener("click", ({ detail }) => {
    if (detail > 0 && controls.enabled && document.activeElement instanceof HTMLButtonElement)
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

/** The menu; the words of the quick chat, if they are offered, are closed first. */
function toggleMenu(): void {
  if (model.signalsOpen.value) model.signalsOpen.value = false;
  else model.menuOpen.value = !model.menuOpen.value;
}

function isFlying(): boolean {
  const { value } = model.phase;
  return value === "playing" || value === "dead";
}

/** While the join screen is shown, asks how many play each mode. */
function watchModes(): void {
  const ask = async () => {
    if (model.phase.value !== "join" || document.hidden) return;
    model.modes.value = await fetchModes();
  };
  effect(() => {
    if (model.phase.value === "join") void ask();
  });
  setInterval(() => void ask(), MODES_MS);
}

/** Does what keys and pads do once per press. */
function press(action: ActionName, actions: Actions): void {
  if (action === "moment") actions.keepMoment();
  if (action === "skip") actions.skipReplay();
  if (action === "menu") toggleMenu();
  if (action === "signals") model.signalsOpen.value = !model.signalsOpen.value;
}

/** Keys that do not fly: chat, menu, sound, net graph, keeping the moment. */
function listenToKeys(actions: Actions): void {
  addEventListener("keydown", (event) => {
    if (event.repeat) return;
    const action = actionOfKey(positionOf(event));
    const flying = isFlying();
    // Also from the fields of the menu; the chat's field handles it itself.
    if (flying && action === "menu") return toggleMenu();
    if (isTyping(event.target) || isShortcut(event)) return;
    if (action === "graph") {
      event.preventDefault();
      model.netGraphOpen.value = !model.netGraphOpen.value;
    }
    if (action === "sound") change({ muted: !settings.value.muted });
    if (!flying) return;
    if (action) press(action, actions);
    const place = /^Digit([1-8])$/.exec(positionOf(event))?.[1];
    if (place && model.signalsOpen.value) actions.signal(Number(place) - 1);
    if (action === "chat" && !model.menuOpen.value) {
      event.preventDefault();
      model.chatOpen.value = true;
    }
  });
}
