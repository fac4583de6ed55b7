//! The HUD in flight: everything at the edges, nothing over the middle.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Levels } from "../core/frame.ts";
import { ACTIONS, type ActionName } from "../input/bindings.ts";
import { digits, t, whole } from "../locale/locale.ts";
import { change, settings } from "../page/settings.ts";
import { Board, KillFeed } from "./board.tsx";
import { Chat } from "./chat.tsx";
import { Ability } from "./hulls.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { labelOf } from "./keys.ts";
import { lazy } from "./lazy.tsx";
import { Minimap } from "./minimap.tsx";
import { type Actions, model } from "./model.ts";
import { watchPanels } from "./panels.ts";
import { Thumbs } from "./thumbs.tsx";

const NetGraphPanel = lazy(async () => (await import("./netgraph.tsx")).NetGraphPanel);
const Wheel = lazy(async () => (await import("./wheel.tsx")).Wheel);
const Hits = lazy(async () => (await import("./hits.tsx")).Hits);

export function Hud({ actions, dimmed }: { actions: Actions; dimmed: boolean }): JSX.Element {
  const hud = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!hud.current) return undefined;
    return watchPanels(hud.current, (boxes) => {
      model.panels.value = boxes;
    });
  }, []);
  return (
    <div
      class={`hud${dimmed ? " dimmed" : ""}`}
      ref={hud}
      inert={model.menuOpen.value || model.phase.value === "reconnecting"}
    >
      <div class="top-left">
        <Score />
        <Quotes />
      </div>
      <TopBar />
      <div class="top-right">
        <Board />
        <KillFeed />
      </div>
      <div class="bottom-left">
        <Chat actions={actions} />
        <Vitals />
      </div>
      <div class="bottom-right">
        <Minimap />
      </div>
      <div class="bottom">
        <Toasts />
        <Hint />
        <Docked actions={actions} />
      </div>
      {model.signalsOpen.value && <Wheel actions={actions} />}
      {model.hits.value.length > 0 && <Hits />}
      <Pointers />
      <Thumbs />
      {model.netGraphOpen.value && <NetGraphPanel />}
    </div>
  );
}

function Score(): JSX.Element {
  const { score, purse, streak } = model.hud.value;
  return (
    <div class="score">
      <output aria-label={t("hud.score")} aria-live="off">
        {whole(score)}
      </output>
      <span class="purse" title={t("hud.purse")}>
        <Icon name="hold" />
        {whole(purse)}
      </span>
      {streak > 1 && <span class="streak">{t("hud.streak", { count: streak })}</span>}
    </div>
  );
}

function Quotes(): JSX.Element {
  const { docked } = model.hud.value;
  return (
    <ul class="quotes">
      {model.quotes.value.map((quote) => {
        const tendency =
          quote.price > quote.base * 1.02 ? "up" : quote.price < quote.base * 0.98 ? "down" : "even";
        return (
          <li key={quote.index} class={`${tendency}${docked === quote.index ? " here" : ""}`}>
            <span>{quote.name}</span>
            <b title={t("hud.perLoad")}>{digits(quote.price, 1)}</b>
            <i aria-hidden="true">{{ up: "▲", down: "▼", even: "●" }[tendency]}</i>
          </li>
        );
      })}
    </ul>
  );
}

/** A finger that stays on the button this long opens the wheel, and chooses where it is lifted. */
const HELD_MS = 350;

function TopBar(): JSX.Element {
  const held = useRef(false);
  const rtt = model.rttMs.value;
  const quality = rtt < 80 ? "good" : rtt < 180 ? "fair" : "poor";
  const { muted } = settings.value;
  return (
    <div class="top-bar">
      <Clock />
      <span class={`line ${quality}`}>{t("hud.ms", { value: rtt })}</span>
      <button
        type="button"
        class="sound"
        title={t(muted ? "hud.unmute" : "hud.mute")}
        onClick={() => change({ muted: !muted })}
      >
        <Icon name={muted ? "mute" : "sound"} />
      </button>
      <button
        type="button"
        title={t("hud.chat")}
        onClick={() => {
          model.chatOpen.value = true;
        }}
      >
        <Icon name="chat" />
      </button>
      <button
        type="button"
        title={t("signal.title")}
        onClick={() => {
          if (!held.current) model.signalsOpen.value = !model.signalsOpen.value;
        }}
        onPointerDown={(event) => {
          held.current = false;
          if (event.pointerType === "mouse") return;
          // The wheel takes the finger from here.
          event.currentTarget.releasePointerCapture(event.pointerId);
          const timer = setTimeout(() => {
            held.current = true;
            model.signalsOpen.value = true;
          }, HELD_MS);
          addEventListener("pointerup", () => clearTimeout(timer), { once: true });
        }}
      >
        <Icon name="signal" />
      </button>
      <button
        type="button"
        title={t("hud.menu")}
        onClick={() => {
          model.menuOpen.value = true;
        }}
      >
        <Icon name="menu" />
      </button>
    </div>
  );
}

/** Seconds from which the clock is marked. */
const LAST_SECONDS = 60;

function Clock(): JSX.Element | null {
  const seconds = model.hud.value.roundSeconds;
  if (seconds < 0) return null;
  const { podium } = model.round.value;
  const shown = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return (
    <time class={`clock${seconds <= LAST_SECONDS && !podium ? " last" : ""}`} title={t("round.clock")}>
      {shown}
    </time>
  );
}

function Vitals(): JSX.Element {
  const { health, healthMax, energy, energyMax, hold, holdMax } = model.hud.value;
  const full = hold >= holdMax;
  return (
    <div class="vitals">
      <Bar
        kind={health < healthMax * 0.3 ? "hull low" : "hull"}
        icon="hull"
        name={t("hud.hull")}
        value={health}
        most={healthMax}
      />
      <Bar kind="energy" icon="energy" name={t("hud.energy")} value={energy} most={energyMax} />
      <Bar
        kind={full ? "hold full" : "hold"}
        icon="hold"
        name={t(full ? "hud.holdFull" : "hud.hold")}
        value={hold}
        most={holdMax}
      />
      <Ability />
    </div>
  );
}

function Bar(props: {
  kind: string;
  icon: IconName;
  name: string;
  value: number;
  most: number;
}): JSX.Element {
  const part = Math.max(0, Math.min(1, props.value / props.most));
  return (
    <div class={`bar ${props.kind}`} title={props.name}>
      <meter class="unseen" min={0} max={props.most} value={props.value} aria-label={props.name} />
      <Icon name={props.icon} />
      <span class="track">
        <span class="fill" style={{ transform: `scaleX(${part})` }} />
      </span>
      <b aria-hidden="true">
        {props.value}
        <small>/{props.most}</small>
      </b>
    </div>
  );
}

const UPGRADES = [
  { key: "hull", action: "buyHull" },
  { key: "engine", action: "buyEngine" },
  { key: "gun", action: "buyGun" },
  { key: "hold", action: "buyHold" },
] as const satisfies readonly { key: keyof Levels; action: ActionName }[];
const LEVELS = [1, 2, 3];
/** Values that are percentages. */
const PERCENT: readonly string[] = ["engine"];

function Docked({ actions }: { actions: Actions }): JSX.Element | null {
  const { docked, hull, levels, costs, purse } = model.hud.value;
  if (docked < 0) return null;
  const station = model.quotes.value.find((quote) => quote.index === docked)?.name ?? "";
  return (
    <section class="docked" aria-label={t("upgrade.title", { station })}>
      <h2>{t("upgrade.title", { station })}</h2>
      {UPGRADES.map(({ key, action }, slot) => {
        const cost = costs[slot];
        return (
          <button
            key={key}
            type="button"
            class={cost > 0 && cost <= purse ? "affordable" : ""}
            title={t(`upgrade.tip.${key}`)}
            disabled={cost === 0 || cost > purse}
            onClick={() => actions.tap(ACTIONS[action].button)}
          >
            <kbd>{labelOf(action)}</kbd>
            <Icon name={key} />
            <span>{t(`upgrade.${key}`)}</span>
            <i class="pips" aria-hidden="true">
              {LEVELS.map((level) => (
                <i key={level} class={levels[key] >= level ? "on" : ""} />
              ))}
            </i>
            <small>{gain(key, model.upgrades.value[hull]?.[slot] ?? [], levels[key])}</small>
            <b>{cost === 0 ? t("upgrade.max") : whole(cost)}</b>
          </button>
        );
      })}
    </section>
  );
}

/** What the next level does: "+15 %: 100 → 115"; at the highest, what the ship has. */
function gain(key: string, values: readonly number[], level: number): string {
  const unit = PERCENT.includes(key) ? " %" : "";
  const shown = (value: number) =>
    `${digits(value, Number.isInteger(Math.round(value * 10) / 10) ? 0 : 1)}${unit}`;
  const [base, now, next] = [values[0], values[level], values[level + 1]];
  if (now === undefined) return "";
  if (next === undefined) return shown(now);
  return t("upgrade.gain", {
    percent: whole(((next - now) / base) * 100),
    now: shown(now),
    next: shown(next),
  });
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status">
      {model.toasts.value.map((toast) => (
        <p key={toast.key} class={toast.tone}>
          {toast.text}
        </p>
      ))}
    </div>
  );
}

/** The region is always present, so that screen readers announce a hint. */
function Hint(): JSX.Element {
  return <div role="status">{model.hint.value !== "" && <HintText hint={model.hint.value} />}</div>;
}

function HintText({ hint }: { hint: string }): JSX.Element {
  const touch =
    model.thumbs.value !== undefined && (hint === "fly" || hint === "shoot" || hint === "upgrade");
  const key = labelOf(hint === "shoot" ? "fire" : "thrust");
  const keys = UPGRADES.map(({ action }) => labelOf(action)).join(" ");
  return <p class="hint">{t(touch ? `hint.${hint}Touch` : `hint.${hint}`, { key, keys })}</p>;
}

function Pointers(): JSX.Element {
  const names = new Map(model.quotes.value.map((quote) => [quote.index, quote.name]));
  return (
    <>
      {model.pointers.value.map((pointer) => (
        <div
          key={pointer.index}
          class="pointer"
          style={{ transform: `translate(${pointer.x}px, ${pointer.y}px)` }}
        >
          <i style={{ transform: `rotate(${pointer.angle}rad)` }} />
          <span>
            {names.get(pointer.index)} <b>{pointer.distance}</b>
          </span>
        </div>
      ))}
    </>
  );
}
