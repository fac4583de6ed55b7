//! Marks around the ship that point to where it was just hit from, and by whom.

import "./style/hits.css";
import type { JSX } from "preact";
import { model } from "./model.ts";
import { Name } from "./name.tsx";

export function Hits(): JSX.Element {
  return (
    <div class="hits" aria-hidden="true">
      {model.hits.value.map((hit) => (
        <div key={hit.key} class="hit">
          <i style={{ transform: `rotate(${hit.angle}rad)` }} />
          {hit.name && (
            <span style={{ left: `${Math.cos(hit.angle) * 64}%`, top: `${Math.sin(hit.angle) * 64}%` }}>
              <Name>{hit.name}</Name>
            </span>
          )}
        </div>
      ))}
    </div>
  );
}
