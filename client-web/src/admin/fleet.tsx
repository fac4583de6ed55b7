//! The servers that share their rooms, and what each runs.

import type { JSX } from "preact";
import { t, whole } from "../locale/locale.ts";
import type { Fleet } from "./api.ts";

export function FleetNodes({ fleet }: { fleet: Fleet }): JSX.Element {
  return (
    <>
      <h2>{t("admin.fleet.title")}</h2>
      <ul class="seats">
        {fleet.nodes.map((node) => (
          <li key={node.name}>
            <span>
              <b>{node.name}</b>
              {node.name === fleet.node && t("admin.fleet.here")}
              {node.isDraining && t("admin.fleet.draining")}
            </span>
            <span class="small">
              {[node.url, node.build, t("admin.fleet.rooms", { count: node.rooms.length })].join(" · ")}
            </span>
            <span class="small">
              {node.rooms
                .map(({ name, players, capacity, epoch }) =>
                  t("admin.fleet.room", {
                    name,
                    players: whole(players),
                    capacity: whole(capacity),
                    epoch: whole(epoch),
                  }),
                )
                .join(" · ")}
            </span>
            <span class="acts">
              {node.name !== fleet.node && (
                <a href={`${node.url.replace(/\/$/, "")}/admin`} target="_blank" rel="noopener">
                  {t("admin.fleet.console")}
                </a>
              )}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
