//! The first screen: a name, a button, and how to play.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { ActionName } from "../input/bindings.ts";
import { t, title } from "../locale/locale.ts";
import { isLocked, roomTitle } from "../page/address.ts";
import { change, settings } from "../page/settings.ts";
import { NAME_LIMIT_CHARS } from "../wasm/schema.ts";
import { useComposing } from "./composing.ts";
import { HullChoice } from "./hulls.tsx";
import { Icon } from "./icons.tsx";
import { labelOf } from "./keys.ts";
import { lazy } from "./lazy.tsx";
import { type Actions, model } from "./model.ts";
import { PracticeButton } from "./practice.tsx";
import { SettingsPanel } from "./settings.tsx";
import { VerbatimField } from "./verbatim-field.tsx";

export function Join({ actions }: { actions: Actions }): JSX.Element {
  const name = settings.value.name;
  const { watch, release, isComposing } = useComposing();
  const play = (event: Event) => {
    event.preventDefault();
    if (isComposing()) return;
    actions.click();
    actions.play(name.trim());
  };
  return (
    <main class="join">
      <header>
        <h1>Driftbelt</h1>
        <p>{t("join.tagline")}</p>
      </header>
      <form class="panel launch" onSubmit={play}>
        {model.room.value && <p class="invited">{t("join.room", { room: roomTitle(model.room.value) })}</p>}
        <label>
          <span>{t("join.name")}</span>
          <input
            name="name"
            autocomplete="nickname"
            spellcheck={false}
            maxLength={NAME_LIMIT_CHARS}
            placeholder={t("join.namePlaceholder")}
            value={name}
            onKeyDown={watch}
            onKeyUp={release}
            onBlur={release}
            onInput={(event) => change({ name: event.currentTarget.value })}
          />
        </label>
        {isLocked(model.room.value) && <Password />}
        {!model.room.value && <Modes />}
        <HullChoice />
        <button type="submit" class="primary">
          {t("join.play")}
          <Icon name="arrow" />
        </button>
        {!model.room.value && <RoomButton actions={actions} />}
        <PracticeButton actions={actions} />
        <p class="links">
          <a class="quiet" href="watch">
            {t("join.watch")}
          </a>
          <a class="quiet" href="replay">
            {t("join.replays")}
          </a>
        </p>
      </form>
      <HowTo />
      <div class="panel corner">
        <SettingsPanel />
      </div>
    </main>
  );
}

const PrivateRoom = lazy(async () => (await import("./private-room.tsx")).PrivateRoom);

function RoomButton({ actions }: { actions: Actions }): JSX.Element {
  const open = useSignal(false);
  return (
    <>
      <button
        type="button"
        onClick={() => {
          open.value = true;
        }}
      >
        {t("room.open")}
      </button>
      {open.value && (
        <PrivateRoom
          actions={actions}
          close={() => {
            open.value = false;
          }}
        />
      )}
    </>
  );
}

/** The password of the room of an invite link. */
function Password(): JSX.Element {
  return (
    <VerbatimField
      label={t("room.password")}
      name="password"
      value={model.password.value}
      onInput={(event) => {
        model.password.value = event.currentTarget.value;
      }}
    />
  );
}

/** The modes that the server offers, with how many play each. */
function Modes(): JSX.Element | null {
  const modes = model.modes.value;
  if (modes.length < 2) return null;
  const chosen = model.chosenMode.value ?? modes.find((mode) => mode.isUsual)?.name;
  return (
    <fieldset class="modes">
      <legend>{t("join.mode")}</legend>
      {modes.map((mode) => (
        <label key={mode.name}>
          <input
            type="radio"
            name="mode"
            checked={mode.name === chosen}
            onChange={() => {
              model.chosenMode.value = mode.name;
            }}
          />
          <span>{title(mode.title)}</span>
          <small>{t("join.playing", { count: mode.players })}</small>
        </label>
      ))}
    </fieldset>
  );
}

function HowTo(): JSX.Element {
  return (
    <section class="how" aria-label={t("join.how")}>
      <ul class="keys">
        <Key of={["thrust"]} does="fly" />
        <Key of={["boost"]} does="boost" />
        <Key of={["fire"]} mouse does="fire" />
        <Key of={["ability"]} does="ability" />
        <Key of={["brake"]} does="brake" />
        <Key of={["chat", "menu"]} does="talk" />
      </ul>
      <ol class="loop">
        <li>{t("how.loop1")}</li>
        <li>{t("how.loop2")}</li>
        <li>{t("how.loop3")}</li>
      </ol>
      <p class="small">
        {t("how.touch")} {t("how.pad")}
      </p>
    </section>
  );
}

function Key(props: { of: readonly ActionName[]; mouse?: boolean; does: string }): JSX.Element {
  return (
    <li>
      {props.of.map((action) => (
        <kbd key={action}>{labelOf(action)}</kbd>
      ))}
      {props.mouse && <kbd>{t("how.mouse")}</kbd>}
      <span>{t(`how.${props.does}`)}</span>
    </li>
  );
}
