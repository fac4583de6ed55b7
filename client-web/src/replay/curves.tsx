//! Scores over time, as curves; a click seeks.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t, whole } from "../locale/locale.ts";
import { Name } from "../ui/name.tsx";
import { shareAt, tickAt } from "./marks.ts";
import type { Found } from "./messages.ts";
import { replayModel } from "./model.ts";
import type { Player } from "./player.ts";

const WIDTH = 300;
const HEIGHT = 170;
/** The top of the axis at least. */
const LEAST_TOP = 10;
/** Curves beside the followed player's. */
const CURVES = 6;
const COLOURS = ["#ffb43d", "#6ff2b0", "#ff6b5e", "#9fd0ff", "#c39bff", "#f2f27a"];
const FOLLOWED = "#4fe3ff";

export function Curves({ player }: { player: Player }): JSX.Element {
  useEffect(() => player.scanner.start(), [player]);
  const scan = replayModel.scan.value;
  const following = replayModel.freeCamera.value ? 0 : (replayModel.state.value?.following ?? 0);
  const { info } = player;
  if (!scan) return <Progress share={0} />;
  const shown = chosen(scan, following);
  const most = highest(scan);
  const names = new Map(info.players.map(({ id, name }) => [id, name]));
  return (
    <>
      <svg
        class="curves"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("replay.panel.curves")}
        onPointerDown={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          player.seek(tickAt((event.clientX - box.left) / box.width, info));
        }}
      >
        {shown.map(({ id, colour }) => (
          <polyline key={id} points={points(scan, id, most, info)} style={{ stroke: colour }} />
        ))}
        <line
          x1={shareAt(replayModel.tick.value, info) * WIDTH}
          x2={shareAt(replayModel.tick.value, info) * WIDTH}
          y1={0}
          y2={HEIGHT}
        />
      </svg>
      <p class="small">{t("replay.most", { score: whole(most) })}</p>
      {!scan.done && <Progress share={shareAt(scan.tick, info)} />}
      <ul class="legend">
        {shown.map(({ id, colour }) => (
          <li key={id}>
            <button type="button" aria-pressed={id === following} onClick={() => player.follow(id)}>
              <i style={{ background: colour }} />
              <Name>{names.get(id) ?? ""}</Name>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The highest score, or what the axis shows at least. */
function highest({ samples }: Found): number {
  let most = LEAST_TOP;
  for (const { scores } of samples) for (const [, score] of scores) most = Math.max(most, score);
  return most;
}

export function Progress({ share }: { share: number }): JSX.Element {
  return (
    <p class="small progress" role="status">
      {t("replay.scanning")}
      <progress max={1} value={share} />
    </p>
  );
}

/** The followed player and the best of the newest sample. */
function chosen({ samples }: Found, following: number): { id: number; colour: string }[] {
  const ranked = [...(samples.at(-1)?.scores ?? [])].sort(([, one], [, other]) => other - one);
  const best = ranked.map(([id]) => id).filter((id) => id !== following);
  const others = best.slice(0, CURVES).map((id, index) => ({ id, colour: COLOURS[index] }));
  return following === 0 ? others : [...others, { id: following, colour: FOLLOWED }];
}

function points(
  { samples }: Found,
  id: number,
  most: number,
  span: { firstTick: number; ticks: number },
): string {
  const along: string[] = [];
  for (const { tick, scores } of samples) {
    const score = scores.find(([player]) => player === id)?.[1];
    if (score === undefined) continue;
    const x = shareAt(tick, span) * WIDTH;
    const y = HEIGHT - 2 - (score / most) * (HEIGHT - 6);
    along.push(`${x.toFixed(1)},${y.toFixed(1)}`);
  }
  return along.join(" ");
}
