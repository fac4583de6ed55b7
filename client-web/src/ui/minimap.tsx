//! The minimap: the world's border, the stations, and what is in view.

import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Colour, css, relationColour } from "../view/palette.ts";
import { type MinimapData, model } from "./model.ts";

const SIZE = 172;
const MARGIN = 7;

export function Minimap(): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const data = model.minimap.value;
    const pen = canvas.current?.getContext("2d");
    if (pen && data && data.halfSize > 0) draw(pen, data);
  });
  return <canvas ref={canvas} class="minimap" width={SIZE * 2} height={SIZE * 2} />;
}

function draw(pen: CanvasRenderingContext2D, data: MinimapData): void {
  const half = SIZE / 2 - MARGIN;
  const scale = half / data.halfSize;
  pen.setTransform(2, 0, 0, 2, SIZE, SIZE);
  pen.clearRect(-SIZE, -SIZE, SIZE * 2, SIZE * 2);
  pen.fillStyle = "rgba(8, 12, 34, 0.55)";
  pen.fillRect(-half, -half, half * 2, half * 2);
  pen.strokeStyle = css(Colour.fence);
  pen.lineWidth = 1.5;
  pen.strokeRect(-half, -half, half * 2, half * 2);
  pen.strokeStyle = "rgba(160, 180, 255, 0.12)";
  pen.lineWidth = 1;
  pen.beginPath();
  for (const part of [-0.5, 0, 0.5]) {
    pen.moveTo(-half, part * half);
    pen.lineTo(half, part * half);
    pen.moveTo(part * half, -half);
    pen.lineTo(part * half, half);
  }
  pen.stroke();
  const x = data.x * scale;
  const y = data.y * scale;
  const width = data.viewHalfWidth * scale;
  const height = data.viewHalfHeight * scale;
  pen.fillStyle = "rgba(140, 190, 255, 0.1)";
  pen.fillRect(x - width, y - height, width * 2, height * 2);
  pen.strokeStyle = "rgba(190, 180, 170, 0.75)";
  pen.lineWidth = 3;
  pen.beginPath();
  for (const [x1, y1, x2, y2] of model.arena.peek().walls) {
    pen.moveTo(x1 * scale, y1 * scale);
    pen.lineTo(x2 * scale, y2 * scale);
  }
  pen.stroke();
  for (const station of model.quotes.peek()) {
    const sx = station.x * scale;
    const sy = station.y * scale;
    pen.strokeStyle = station.price >= station.base ? css(Colour.ore) : "#9fb4e8";
    pen.lineWidth = 1.8;
    pen.beginPath();
    pen.arc(sx, sy, Math.max(4, station.radius * scale), 0, Math.PI * 2);
    pen.stroke();
    pen.fillStyle = pen.strokeStyle;
    pen.fillRect(sx - 1, sy - 1, 2, 2);
  }
  for (const ship of data.ships) {
    pen.fillStyle = css(relationColour[ship.relation] ?? Colour.white);
    pen.fillRect(ship.x * scale - 1.3, ship.y * scale - 1.3, 2.6, 2.6);
  }
  pen.strokeStyle = css(Colour.white);
  pen.lineWidth = 2;
  for (const ping of model.pings.peek()) {
    pen.beginPath();
    pen.arc(ping.x * scale, ping.y * scale, 6, 0, Math.PI * 2);
    pen.stroke();
  }
  pen.save();
  pen.translate(x, y);
  pen.rotate(data.aim);
  pen.fillStyle = css(Colour.self);
  pen.beginPath();
  pen.moveTo(6, 0);
  pen.lineTo(-4, -3.6);
  pen.lineTo(-2, 0);
  pen.lineTo(-4, 3.6);
  pen.fill();
  pen.restore();
}
