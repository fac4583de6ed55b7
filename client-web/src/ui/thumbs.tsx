//! What a touch screen shows: the stick where the thumb put it, and the circles of boost and ability.

import type { JSX } from "preact";
import { ABILITY_ZONE, BOOST_ZONE, STICK_PIXELS } from "../input/touch.ts";
import { HULL_ICONS } from "./hulls.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { model } from "./model.ts";

function Circle(props: {
  zone: typeof BOOST_ZONE | typeof ABILITY_ZONE;
  on: boolean;
  icon: IconName;
  waiting?: boolean;
}): JSX.Element | null {
  const { zone, on, icon, waiting } = props;
  const thumbs = model.thumbs.value;
  if (!thumbs) return null;
  const { leftHanded, inset } = thumbs;
  return (
    <div
      class={`boost${on ? " on" : ""}${waiting ? " waiting" : ""}`}
      style={{
        [leftHanded ? "left" : "right"]:
          `${zone.side - zone.radius + (leftHanded ? inset.left : inset.right)}px`,
        bottom: `${zone.bottom - zone.radius + inset.bottom}px`,
        width: `${zone.radius * 2}px`,
        height: `${zone.radius * 2}px`,
      }}
    >
      <Icon name={icon} />
    </div>
  );
}

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
      <Circle zone={BOOST_ZONE} on={thumbs.boosting} icon="energy" />
      <Circle
        zone={ABILITY_ZONE}
        on={thumbs.using}
        icon={HULL_ICONS[model.hud.value.hull]}
        waiting={model.hud.value.abilitySeconds > 0}
      />
    </div>
  );
}
