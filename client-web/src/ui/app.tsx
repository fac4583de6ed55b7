//! The interface of the game page: one screen per phase.

import { type JSX, render } from "preact";
import { Banner } from "./banner.tsx";
import { Hud } from "./hud.tsx";
import { Join } from "./join.tsx";
import { lazy } from "./lazy.tsx";
import { type Actions, hudAtRest, model } from "./model.ts";
import { Connecting, Death, Goodbye, Menu, Queued, Reconnecting, Stalled } from "./overlays.tsx";

const Podium = lazy(async () => (await import("./podium.tsx")).Podium);
const PlayerMenu = lazy(async () => (await import("./player-menu.tsx")).PlayerMenu);

function App({ actions }: { actions: Actions }): JSX.Element {
  const phase = model.phase.value;
  const inFlight = phase === "playing" || phase === "dead";
  const { podium } = model.round.value;
  // While the connection is lost, the last values stay in sight.
  const behind = phase === "reconnecting" && model.hud.value !== hudAtRest;
  return (
    <>
      {phase === "join" && <Join actions={actions} />}
      {phase === "connecting" && <Connecting actions={actions} />}
      {phase === "queued" && <Queued actions={actions} />}
      {(inFlight || behind) && <Hud actions={actions} dimmed={behind || model.stalled.value} />}
      {inFlight && <Stalled />}
      {inFlight && podium && <Podium actions={actions} />}
      {phase === "dead" && !podium && <Death actions={actions} />}
      {phase === "reconnecting" && <Reconnecting actions={actions} />}
      {phase === "goodbye" && <Goodbye actions={actions} />}
      {model.practice.value && <Practice screen={model.practice.value.screen} />}
      {inFlight && <Banner />}
      {inFlight && model.playerMenu.value && <PlayerMenu place={model.playerMenu.value} actions={actions} />}
      {inFlight && model.menuOpen.value && <Menu actions={actions} />}
    </>
  );
}

function Practice({ screen }: { screen(): JSX.Element | null }): JSX.Element | null {
  return screen();
}

export function mountApp(host: HTMLElement, actions: Actions): void {
  render(<App actions={actions} />, host);
}
