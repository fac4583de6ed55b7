//! Practice: its menu, a room in this tab, the tutorial, and the best scores.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import "./style.css";
import { read, write } from "../browser/storage.ts";
import type { Frame } from "../core/frame.ts";
import type { LocalRoom } from "../game/game.ts";
import { t, title, whole } from "../locale/locale.ts";
import type { GameLink, LinkEvents } from "../net/link.ts";
import { LocalLink } from "../net/local.ts";
import { labelOf } from "../ui/keys.ts";
import { model } from "../ui/model.ts";
import { HeaderWord } from "../wasm/schema.ts";
import { openRoom, type PracticeMode, practiceModes } from "./room.ts";
import { STEPS, Tutorial } from "./tutorial.ts";

const KEY = "driftbelt.practice";
/** The tutorial takes place in it. */
const TUTORIAL_MODE = "belt";

/** The best score of each mode, by the name of its file. */
function bestScores(): Record<string, number> {
  const stored = read("localStorage", KEY);
  const entries = typeof stored === "object" && stored !== null ? Object.entries(stored) : [];
  return Object.fromEntries(entries.filter(([, score]) => typeof score === "number"));
}

/** Asks what to practise. `start` is called with the room. */
export function openMenu(start: (room: LocalRoom) => void): void {
  const fault = signal("");
  const open = async (mode: string, tutorial: Tutorial | undefined) => {
    try {
      const session = new Session(await openRoom(mode), mode, tutorial);
      start(session);
      model.practice.value = { screen: () => <Progress session={session} /> };
    } catch (error) {
      console.error("driftbelt: practice could not be started:", error);
      fault.value = t("practice.failed");
    }
  };
  model.practice.value = { screen: () => <Menu fault={fault.value} open={open} /> };
}

/** A room in this tab, and what the player does in it. */
class Session implements LocalRoom {
  readonly best = signal(0);
  /** The steps of the tutorial that are done; undefined without a tutorial, and after it. */
  readonly done = signal<number | undefined>(undefined);

  constructor(
    private readonly worker: Worker,
    private readonly mode: string,
    private readonly tutorial: Tutorial | undefined,
  ) {
    this.best.value = bestScores()[mode] ?? 0;
    this.report();
  }

  link(events: LinkEvents): GameLink {
    return new LocalLink(this.worker, events);
  }

  watch(frame: Frame, nowMs: number): void {
    if (this.tutorial?.watch(frame, nowMs)) this.report();
    const score = frame.u[HeaderWord.Score];
    if (score <= this.best.value) return;
    this.best.value = score;
    write("localStorage", KEY, { ...bestScores(), [this.mode]: score });
  }

  skip(): void {
    this.tutorial?.skip();
    this.report();
  }

  end(): void {
    this.done.value = undefined;
  }

  private report(): void {
    this.done.value = this.tutorial?.done;
  }
}

function Menu(props: {
  fault: string;
  open(mode: string, tutorial: Tutorial | undefined): Promise<void>;
}): JSX.Element {
  const best = bestScores();
  return (
    <div class="veil">
      <section class="panel dialog practice" role="dialog" aria-modal="true" aria-label={t("practice.title")}>
        <h2>{t("practice.title")}</h2>
        <p class="small">{t("practice.lead")}</p>
        <button type="button" class="primary" onClick={() => void props.open(TUTORIAL_MODE, new Tutorial())}>
          {t("practice.tutorial")}
        </button>
        {practiceModes.map(({ name, title: given }: PracticeMode) => (
          <button type="button" key={name} onClick={() => void props.open(name, undefined)}>
            {title(given)}
            {best[name] > 0 && <small>{t("practice.best", { score: whole(best[name]) })}</small>}
          </button>
        ))}
        {props.fault && <p role="alert">{props.fault}</p>}
        <button
          type="button"
          onClick={() => {
            model.practice.value = undefined;
          }}
        >
          {t("link.back")}
        </button>
      </section>
    </div>
  );
}

/** What to do next, or the best score. */
function Progress({ session }: { session: Session }): JSX.Element | null {
  const done = session.done.value;
  if (model.phase.value !== "playing") return null;
  if (done === undefined) {
    if (session.best.value === 0) return null;
    return <p class="practice-best">{t("practice.best", { score: whole(session.best.value) })}</p>;
  }
  const step = STEPS[done];
  return (
    <section class="panel tutorial" aria-label={t("practice.tutorial")}>
      <p role="status">
        {t(`practice.step.${step ?? "end"}`, {
          thrust: labelOf("thrust"),
          boost: labelOf("boost"),
          fire: labelOf("fire"),
          first: labelOf("buyHull"),
          last: labelOf("buyHold"),
        })}
      </p>
      <div class="row">
        {step && <small>{t("practice.count", { done: done + 1, steps: STEPS.length })}</small>}
        {step && (
          <button type="button" onClick={() => session.skip()}>
            {t("practice.skip")}
          </button>
        )}
        <button type="button" onClick={() => session.end()}>
          {t(step ? "practice.end" : "practice.on")}
        </button>
      </div>
    </section>
  );
}
