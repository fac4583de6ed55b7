//! The map of deaths: where ships were lost, up to now or in the whole recording; a click looks there.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../locale/locale.ts";
import { model } from "../ui/model.ts";
import { Progress } from "./curves.tsx";
import { shareAt } from "./marks.ts";
import type { Found } from "./messages.ts";
import { replayModel } from "./model.ts";
import type { Player } from "./player.ts";

const SIZE = 300;
/** The glow of one death, pixels of the map. */
const GLOW = 20;

export function DeathMap({ player }: { player: Player }): JSX.Element {
  useEffect(() => player.scanner.start(), [player]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const onlyBefore = useSignal(false);
  const scan = replayModel.scan.value;
  const until = onlyBefore.value ? replayModel.tick.value : Number.POSITIVE_INFINITY;
  useLayoutEffect(() => {
    const pen = canvas.current?.getContext("2d");
    if (pen && scan && scan.halfSize > 0) draw(pen, scan, until, player);
  }, [scan, until, replayModel.state.value, player]);
  const deaths = scan?.deaths.filter(({ tick }) => tick <= until).length ?? 0;
  return (
    <>
      <canvas
        ref={canvas}
        class="deaths"
        width={SIZE * 2}
        height={SIZE * 2}
        aria-label={t("replay.panel.map")}
        onClick={(event) => {
          if (!scan) return;
          const box = event.currentTarget.getBoundingClientRect();
          const place = (at: number, length: number) => (at / length - 0.5) * 2 * scan.halfSize;
          player.lookAt(
            place(event.clientX - box.left, box.width),
            place(event.clientY - box.top, box.height),
          );
        }}
      />
      <label class="toggle">
        <span>{t("replay.onlyBefore")}</span>
        <input
          type="checkbox"
          checked={onlyBefore.value}
          onChange={(event) => {
            onlyBefore.value = event.currentTarget.checked;
          }}
        />
      </label>
      <p class="small">{t("replay.lost", { count: deaths })}</p>
      {!scan?.done && <Progress share={scan ? shareAt(scan.tick, player.info) : 0} />}
    </>
  );
}

function draw(pen: CanvasRenderingContext2D, scan: Found, until: number, player: Player): void {
  const scale = SIZE / (2 * scan.halfSize);
  pen.setTransform(2, 0, 0, 2, SIZE, SIZE);
  pen.globalCompositeOperation = "source-over";
  pen.fillStyle = "#070a1e";
  pen.fillRect(-SIZE / 2, -SIZE / 2, SIZE, SIZE);
  pen.globalCompositeOperation = "lighter";
  const glow = pen.createRadialGradient(0, 0, 0, 0, 0, GLOW);
  glow.addColorStop(0, "rgba(255, 110, 70, 0.5)");
  glow.addColorStop(0.4, "rgba(255, 60, 90, 0.16)");
  glow.addColorStop(1, "rgba(120, 30, 120, 0)");
  pen.fillStyle = glow;
  for (const { tick, x, y } of scan.deaths) {
    if (tick > until) continue;
    pen.setTransform(2, 0, 0, 2, SIZE + x * scale * 2, SIZE + y * scale * 2);
    pen.fillRect(-GLOW, -GLOW, GLOW * 2, GLOW * 2);
  }
  pen.setTransform(2, 0, 0, 2, SIZE, SIZE);
  pen.globalCompositeOperation = "source-over";
  pen.lineWidth = 1.2;
  pen.strokeStyle = "#ffb43d";
  for (const { x, y, radius } of model.quotes.peek()) {
    pen.beginPath();
    pen.arc(x * scale, y * scale, Math.max(4, radius * scale), 0, Math.PI * 2);
    pen.stroke();
  }
  const following = replayModel.state.peek()?.following;
  for (const ship of player.ships()) {
    pen.fillStyle = ship.player === following ? "#4fe3ff" : "#eaf0ff";
    pen.fillRect(ship.x * scale - 1.5, ship.y * scale - 1.5, 3, 3);
  }
  pen.strokeStyle = "rgba(150, 175, 255, 0.35)";
  pen.strokeRect(-SIZE / 2 + 0.5, -SIZE / 2 + 0.5, SIZE - 1, SIZE - 1);
}
