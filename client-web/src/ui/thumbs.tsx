//! What a touch screen shows: the stick where the thumb put it, and the boost circle.

import type { JSX } from "preact";
import { BOOST_ZONE, STICK_PIXELS } from "../input/touch.ts";
import { Icon } from "./icons.tsx";
import { model } from "./model.ts";

export function Thumbs(): JSX.Element | null {
  const thumbs = model.thumbs.value;
  if (!thumbs) return null;
  const { stick } = thumbs;
  const reach = stick ? Math.min(1, STICK_PIXELS / Math.max(1, Math.hypot(stick.dx, stick.dy))) : 0;
  return (
    <div class="thumbs" aria-hidden="true">
      {stick && (
        <div class="stick" style={{ transform: `translate(${stick.x}px, ${stick.y}px)` }}>
          <i style={{ transform: `translate(${stick.dx * reach}px, ${stick.dy * reach}px)` }} />
        </div>
      )}
      <div
        class={`boost${thumbs.boosting ? " on" : ""}`}
        style={{
          [thumbs.leftHanded ? "left" : "right"]:
            `${BOOST_ZONE.side - BOOST_ZONE.radius + (thumbs.leftHanded ? thumbs.inset.left : thumbs.inset.right)}px`,
          bottom: `${BOOST_ZONE.bottom - BOOST_ZONE.radius + thumbs.inset.bottom}px`,
          width: `${BOOST_ZONE.radius * 2}px`,
          height: `${BOOST_ZONE.radius * 2}px`,
        }}
      >
        <Icon name="energy" />
      </div>
    </div>
  );
}
