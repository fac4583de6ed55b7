//! The rooms, and the players of one of them.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { digits, t, title, whole } from "../locale/locale.ts";
import { Name } from "../ui/name.tsx";
import { type Player, type Room, roomPath } from "./api.ts";
import { Dialog } from "./dialog.tsx";
import { Facts } from "./facts.tsx";
import { Line } from "./line.tsx";
import { admin, order } from "./model.ts";
import { duration } from "./units.ts";

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
/** Who may watch a room. */
const AUDIENCES = ["nobody", "players", "everybody"] as const;
/** Lengths of a ban to choose from. */
const BANS: readonly { key: string; seconds: number }[] = [
  { key: "hour", seconds: HOUR_SECONDS },
  { key: "day", seconds: DAY_SECONDS },
  { key: "week", seconds: 7 * DAY_SECONDS },
  { key: "month", seconds: 30 * DAY_SECONDS },
  { key: "forever", seconds: 100 * 365 * DAY_SECONDS },
];

export function Rooms(): JSX.Element {
  const rooms = admin.rooms.value;
  if (!rooms) return <div class="spinner" aria-hidden="true" />;
  const chosen = rooms.find((room) => room.name === admin.room.value);
  return (
    <div class="rooms">
      <section class="list" aria-label={t("admin.rooms")}>
        {rooms.length === 0 && <p class="small">{t("admin.noRooms")}</p>}
        {rooms.map((room) => (
          <RoomCard key={room.name} room={room} />
        ))}
        <OpenRoom />
      </section>
      {chosen && <RoomDetail key={chosen.name} room={chosen} />}
    </div>
  );
}

function OpenRoom(): JSX.Element {
  const asked = useSignal(false);
  const modes = admin.server.value?.modes ?? [];
  return (
    <>
      <button type="button" onClick={() => (asked.value = true)}>
        {t("admin.openRoom")}
      </button>
      {asked.value && (
        <Dialog
          title={t("admin.openRoom")}
          act={t("admin.openIt")}
          confirm={(fields) => {
            const name = String(fields.get("name"));
            const delay = String(fields.get("delay"));
            const room = {
              name,
              mode: fields.get("mode"),
              watch: fields.get("watch") || null,
              watchDelaySeconds: delay === "" ? null : Number(delay),
            };
            void order("rooms", room, t("admin.opened", { room: name }));
          }}
          close={() => (asked.value = false)}
        >
          <label>
            <span>{t("admin.roomName")}</span>
            <input name="name" required pattern="[a-z0-9\-]+" maxLength={32} autocomplete="off" />
          </label>
          <label>
            <span>{t("admin.mode")}</span>
            <select name="mode">
              {modes.map((mode) => (
                <option key={mode.name} value={mode.name}>
                  {title(mode.title)}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>{t("admin.watch")}</span>
            <select name="watch">
              <option value="">{t("admin.audience.usual")}</option>
              {AUDIENCES.map((audience) => (
                <option key={audience} value={audience}>
                  {t(`admin.audience.${audience}`)}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>{t("admin.watchDelay")}</span>
            <input
              name="delay"
              type="number"
              min={0}
              max={DAY_SECONDS}
              placeholder={t("admin.audience.usual")}
            />
          </label>
        </Dialog>
      )}
    </>
  );
}

function RoomCard({ room }: { room: Room }): JSX.Element {
  const { recording } = room;
  return (
    <button
      type="button"
      class={`panel card${room.loadLevel > 0 ? " strained" : ""}`}
      aria-pressed={room.name === admin.room.value}
      onClick={() => {
        admin.players.value = [];
        admin.room.value = room.name;
      }}
    >
      <b>{room.name}</b>
      <span class="count">
        {whole(room.players)}/{whole(room.capacity)}
      </span>
      <span class="small">{title(room.mode)}</span>
      <span class={`small state ${recording.recording ? "on" : recording.problem ? "bad" : ""}`}>
        {t(recording.recording ? "admin.recording" : recording.problem ? "admin.failed" : "admin.unrecorded")}
      </span>
    </button>
  );
}

function RoomDetail({ room }: { room: Room }): JSX.Element {
  const closing = useSignal(false);
  const path = roomPath(room.name);
  const ms = (micros: number) => digits(micros / 1000, 2);
  const facts: readonly [string, string][] = [
    ["waiting", whole(room.waiting)],
    ["drones", whole(room.drones)],
    ["tick", whole(room.tick)],
    ["time", t("admin.percentiles", { p50: ms(room.tickMicrosP50), p99: ms(room.tickMicrosP99) })],
    ["lost", whole(room.ticksLost)],
    ["load", t(`graph.loads.${room.loadLevel}`)],
    ["sent", t("graph.kilobytes", { value: digits(room.bytesPerSecond / 1024, 1) })],
  ];
  return (
    <section class="panel detail" aria-label={room.name}>
      <h2>{room.name}</h2>
      {room.recording.problem && <p class="warning">{room.recording.problem}</p>}
      <Facts facts={facts} />
      <Line
        name="announce"
        label={t("admin.announce")}
        act={t("admin.send")}
        submit={(text) => order(`${path}/announce`, { text }, t("admin.announced"))}
      />
      <div class="row">
        <Amount
          name="drones"
          value={room.drones + room.players}
          most={10_000}
          submit={(drones) => order(`${path}/drones`, { drones }, t("admin.changed"))}
        />
        <Amount
          name="capacity"
          value={room.capacity}
          most={65_535}
          submit={(capacity) => order(`${path}/capacity`, { capacity }, t("admin.changed"))}
        />
      </div>
      <h3>{t("admin.players")}</h3>
      <Players room={room.name} />
      <div class="row">
        <button
          type="button"
          class="primary"
          disabled={room.recording.file === null}
          onClick={() => (admin.travel.value = { room: room.name })}
        >
          {t("admin.travel")}
        </button>
        <button type="button" class="danger" onClick={() => (closing.value = true)}>
          {t("admin.close")}
        </button>
      </div>
      {closing.value && (
        <Dialog
          title={t("admin.closeAsk", { room: room.name })}
          act={t("admin.close")}
          danger
          confirm={() => void order(`${path}/close`, {}, t("admin.closed", { room: room.name }))}
          close={() => (closing.value = false)}
        />
      )}
    </section>
  );
}

/** A number of the room that the host may change. */
function Amount(props: {
  name: "drones" | "capacity";
  value: number;
  most: number;
  submit(value: number): Promise<boolean>;
}): JSX.Element {
  return (
    <form
      class="entry amount"
      onSubmit={(event) => {
        event.preventDefault();
        void props.submit(Number(new FormData(event.currentTarget).get(props.name)));
      }}
    >
      <label>
        <span>{t(`admin.amount.${props.name}`)}</span>
        <input
          name={props.name}
          type="number"
          min={0}
          max={props.most}
          step={1}
          required
          defaultValue={String(props.value)}
        />
      </label>
      <button type="submit">{t("admin.change")}</button>
    </form>
  );
}

function Players({ room }: { room: string }): JSX.Element {
  const asked = useSignal<{ act: "kick" | "ban"; player: Player } | undefined>(undefined);
  const players = admin.players.value;
  const ask = asked.value;
  const path = roomPath(room);
  const confirm = (fields: FormData) => {
    if (!ask) return;
    const { player, name } = ask.player;
    if (ask.act === "kick") {
      void order(`${path}/kick`, { player, ...reasonOf(fields) }, t("admin.kicked", { name }));
    } else {
      void order(`${path}/ban`, { player, ...banOf(fields) }, t("admin.banned", { name }));
    }
  };
  if (players.length === 0) return <p class="small">{t("admin.noPlayers")}</p>;
  return (
    <>
      <ul class="seats">
        {players.map((player) => (
          <Seat
            key={player.player}
            player={player}
            mute={() => {
              const muted = !player.muted;
              const news = t(muted ? "admin.mutedNow" : "admin.unmutedNow", { name: player.name });
              void order(`${path}/mute`, { player: player.player, muted }, news);
            }}
            kick={() => (asked.value = { act: "kick", player })}
            ban={() => (asked.value = { act: "ban", player })}
          />
        ))}
      </ul>
      {ask && (
        <Dialog
          title={t(`admin.${ask.act}Ask`, { name: ask.player.name })}
          act={t(`admin.${ask.act}`)}
          danger
          confirm={confirm}
          close={() => (asked.value = undefined)}
        >
          {ask.act === "ban" ? <BanFields /> : <ReasonField />}
        </Dialog>
      )}
    </>
  );
}

/** What the fields of a ban say. */
export function banOf(fields: FormData): { seconds: number; reason?: string } {
  return { seconds: Number(fields.get("seconds")), ...reasonOf(fields) };
}

function reasonOf(fields: FormData): { reason?: string } {
  const reason = String(fields.get("reason") ?? "").trim();
  return reason === "" ? {} : { reason };
}

function ReasonField(): JSX.Element {
  return (
    <label>
      <span>{t("admin.reason")}</span>
      <input name="reason" maxLength={60} autocomplete="off" />
    </label>
  );
}

export function BanFields(): JSX.Element {
  return (
    <>
      <ReasonField />
      <label>
        <span>{t("admin.banFor")}</span>
        <select name="seconds">
          {BANS.map(({ key, seconds }) => (
            <option key={key} value={seconds}>
              {t(`admin.time.${key}`)}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

function Seat(props: { player: Player; mute(): void; kick(): void; ban(): void }): JSX.Element {
  const { player } = props;
  return (
    <li data-player={player.player}>
      <span>
        <b>
          <Name>{player.name}</Name>
        </b>
        {player.away && <i class="small">{t("admin.away")}</i>}
        {player.muted && <i class="small">{t("admin.muted")}</i>}
      </span>
      <span class="small">
        {[
          t("admin.score", { value: whole(player.score) }),
          player.pingMs === null ? "–" : t("graph.ms", { value: whole(player.pingMs) }),
          t("admin.since", { time: duration(player.seconds) }),
          player.address ?? t("admin.noAddress"),
        ].join(" · ")}
      </span>
      <span class="acts">
        {player.reports > 0 && (
          <button type="button" class="strained" onClick={() => (admin.section.value = "reports")}>
            {t("admin.reports", { count: player.reports })}
          </button>
        )}
        <button type="button" onClick={props.mute}>
          {t(player.muted ? "admin.unmute" : "admin.mute")}
        </button>
        <button type="button" onClick={props.kick}>
          {t("admin.kick")}
        </button>
        <button type="button" class="danger" disabled={player.address === null} onClick={props.ban}>
          {t("admin.ban")}
        </button>
      </span>
    </li>
  );
}
