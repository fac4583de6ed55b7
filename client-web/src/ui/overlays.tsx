//! The screens in front of the game: connecting, queue, death, reconnecting, goodbye, menu.

import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t, whole } from "../locale/locale.ts";
import { isLocked, publicUrl, roomPath, serverUrl, watchPath } from "../page/address.ts";
import { CloseCode } from "../wasm/schema.ts";
import { CopyLink } from "./copy-link.tsx";
import { Evidence } from "./evidence.tsx";
import { NextHull } from "./hulls.tsx";
import { labelOf } from "./keys.ts";
import { type Actions, model } from "./model.ts";
import { Name } from "./name.tsx";
import { PracticeButton } from "./practice.tsx";
import { SettingsPanel } from "./settings.tsx";
import { explain, headline, mayPlayAgain, needsOtherRoom, needsReload, nextStep } from "./words.ts";

export function Connecting({ actions }: { actions: Actions }): JSX.Element {
  return (
    <Dialog title={t("link.connecting")} quiet>
      <div class="spinner" aria-hidden="true" />
      <button type="button" onClick={actions.leave}>
        {t("link.back")}
      </button>
    </Dialog>
  );
}

export function Queued({ actions }: { actions: Actions }): JSX.Element {
  const { position, waiting } = model.queue.value;
  return (
    <Dialog title={t("queue.title")} quiet>
      <div class="spinner" aria-hidden="true" />
      <p class="count" role="status" aria-live="polite">
        {t("queue.place", { position: whole(position) })}
      </p>
      <p class="small">{t("queue.waiting", { count: waiting })}</p>
      <p class="small">{t("queue.stay")}</p>
      <WatchLink />
      <button type="button" onClick={actions.leave}>
        {t("queue.leave")}
      </button>
    </Dialog>
  );
}

const DAMAGE_ROWS = 4;

export function Death({ actions }: { actions: Actions }): JSX.Element {
  const { respawnSeconds } = model.hud.value;
  const killer = model.killedBy.value;
  const facts = model.evidence.value;
  const replaying = model.replaying.value;
  return (
    <>
      <div class={`death${replaying ? " aside" : ""}`}>
        <div role="status">
          <h2>{t("death.title")}</h2>
          <p class="killer">{killer ? t("death.by", { name: killer }) : t("death.rock")}</p>
          {model.carried.value > 0 && <p class="small">{t("death.spilled")}</p>}
          <p class="count">{t("death.respawn", { count: respawnSeconds })}</p>
          <DamageList />
        </div>
        <NextHull actions={actions} />
      </div>
      {(facts || replaying) && (
        <section class="panel evidence" aria-label={t("evidence.title")}>
          {facts && <Evidence facts={facts} shooter={killer} />}
          {replaying && (
            <button type="button" onClick={actions.skipReplay}>
              {t("death.skip")} <kbd>{labelOf("skip")}</kbd>
            </button>
          )}
        </section>
      )}
    </>
  );
}

/** Who did how much, and with what. */
function DamageList(): JSX.Element | null {
  const list = model.damage.value;
  if (list.length === 0) return null;
  return (
    <ul class="damage" aria-label={t("death.damage")}>
      {list.slice(0, DAMAGE_ROWS).map(({ name, hits, damage }) => (
        <li key={name}>
          {hits === 0 ? t("death.crash") : <Name>{name || t("death.unknown")}</Name>}
          <span>{hits > 0 && t("death.bolts", { count: hits })}</span>
          <b>−{whole(damage)}</b>
        </li>
      ))}
    </ul>
  );
}

export function Reconnecting({ actions }: { actions: Actions }): JSX.Element {
  const left = useSignal(secondsLeft());
  const reason = model.retryReason.value;
  useEffect(() => {
    const timer = setInterval(() => {
      left.value = secondsLeft();
    }, 200);
    return () => clearInterval(timer);
  }, [left]);
  return (
    <Dialog title={t("link.lost")}>
      {reason && <p>{reason.text}</p>}
      {reason?.detail && <p class="small">{reason.detail}</p>}
      <p class="count" role="status">
        {left.value > 0 ? t("link.retry", { count: left.value }) : t("link.trying")}
      </p>
      <button type="button" class="primary" onClick={actions.retryNow}>
        {t("link.now")}
      </button>
      <PracticeButton actions={actions} />
      <button type="button" onClick={actions.leave}>
        {t("link.back")}
      </button>
    </Dialog>
  );
}

/** The connection is still open, but nothing comes. The region is always present, so that screen readers announce it. */
export function Stalled(): JSX.Element {
  return (
    <div class="stalled" role="status">
      {model.stalled.value && <p class="panel">{t("link.stalled")}</p>}
    </div>
  );
}

function secondsLeft(): number {
  return Math.max(0, Math.ceil((model.retryAt.value - performance.now()) / 1000));
}

export function Goodbye({ actions }: { actions: Actions }): JSX.Element {
  const { code, reason } = model.goodbye.value;
  const { text, detail } = explain(code, reason);
  const next = nextStep(code, reason);
  return (
    <Dialog title={headline(code, reason)}>
      <p>{text}</p>
      {detail && <p class="small">{detail}</p>}
      {next && <p>{next}</p>}
      {needsReload(code) && (
        <button type="button" class="primary" onClick={() => location.reload()}>
          {t("link.reload")}
        </button>
      )}
      {mayPlayAgain(code) && (
        <button type="button" class="primary" onClick={actions.again}>
          {t(code === CloseCode.TakenOver ? "goodbye.here" : "goodbye.again")}
        </button>
      )}
      {model.room.value && needsOtherRoom(code, reason) && (
        <a class="button primary" href="./">
          {t("goodbye.anyRoom")}
        </a>
      )}
      {code !== CloseCode.ClientCouldNotRead && (
        <button type="button" onClick={actions.leave}>
          {t("link.back")}
        </button>
      )}
    </Dialog>
  );
}

export function Menu({ actions }: { actions: Actions }): JSX.Element {
  const close = () => {
    actions.click();
    model.menuOpen.value = false;
  };
  return (
    <Dialog title={t("menu.title")}>
      <button type="button" class="primary" onClick={close}>
        {t("menu.resume")}
      </button>
      {model.room.value && !model.practice.value && (
        <CopyLink
          link={() => publicUrl(roomPath(model.room.value))}
          label={t("menu.invite")}
          pressed={actions.click}
        >
          {(copied) => t(copied ? "menu.copied" : "menu.invite")}
        </CopyLink>
      )}
      {isLocked(model.room.value) && <p class="small">{t("room.share")}</p>}
      <button
        type="button"
        onClick={() => {
          model.netGraphOpen.value = !model.netGraphOpen.value;
        }}
      >
        {t("menu.graph")} <kbd>{labelOf("graph")}</kbd>
      </button>
      {!model.practice.value && (
        <button
          type="button"
          onClick={() => {
            close();
            actions.keepMoment();
          }}
        >
          {t("menu.moment")} <kbd>{labelOf("moment")}</kbd>
        </button>
      )}
      {!model.practice.value && <WatchLink />}
      <SettingsPanel />
      <button type="button" class="danger" onClick={actions.leave}>
        {t("menu.leave")}
      </button>
    </Dialog>
  );
}

/** To the match, or to the list of matches, in another tab: the seat, or the place in the queue, is kept. */
function WatchLink(): JSX.Element {
  const path = model.room.value ? watchPath(model.room.value) : "watch";
  return (
    <a class="button" href={serverUrl() + path} target="_blank" rel="noreferrer">
      {t("menu.watch")}
    </a>
  );
}

function Dialog(props: { title: string; quiet?: boolean; children: ComponentChildren }): JSX.Element {
  const section = useRef<HTMLElement>(null);
  useLayoutEffect(() => section.current?.querySelector<HTMLElement>("button, a")?.focus(), []);
  return (
    <div class={`veil${props.quiet ? " quiet" : ""}`}>
      <section ref={section} class="panel dialog" role="dialog" aria-modal="true" aria-label={props.title}>
        <h2>{props.title}</h2>
        {props.children}
      </section>
    </div>
  );
}
