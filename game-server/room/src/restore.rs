//! A room whose server was killed continues: the world from its recording, every seat kept for its player.

use crate::room::{Room, RoomOptions, Seat};
use crate::session::Session;
use shared::command::Absence;
use shared::id::PlayerId;
use shared::recording::{SeatKey, Seats, TOKEN_HASH_BYTES, TokenHash};
use shared::setup::Setup;
use sim::Sim;
use sim::replay::Resimulation;
use std::net::{IpAddr, Ipv4Addr};

/// A recording does not say where players come from.
const UNKNOWN_NETWORK: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The hash of no token that anybody knows.
const NOBODYS_TOKEN: TokenHash = TokenHash([0; TOKEN_HASH_BYTES]);

impl Room {
    /// The room of a recording, at its last tick. All players are away, and their seats wait for them for
    /// [`RoomOptions::keep_rooms_seconds`].
    pub fn restore(name: String, restored: Resimulation, options: RoomOptions) -> Room {
        let (recording, setup, sim) = restored.into_parts();
        let seats = recording.seats();
        let known = |player: PlayerId| {
            let place = seats.keys.binary_search_by_key(&player, |key| key.player);
            place.ok().map(|place| seats.keys[place])
        };
        Room::continued(name, (setup, sim), options, seats, known)
    }

    /// A room that continues a recording from a tick beside the room that made it. The ships of its players drift for
    /// [`RoomOptions::keep_rooms_seconds`]; nobody has their seats.
    pub fn fork(name: String, world: Resimulation, options: RoomOptions) -> Room {
        let (recording, setup, sim) = world.into_parts();
        let seats = Seats { muted: Vec::new(), ..recording.seats().clone() };
        let nobodys = |player| Some(SeatKey { player, token: NOBODYS_TOKEN, before: None });
        Room::continued(name, (setup, sim), options, &seats, nobodys)
    }

    fn continued(
        name: String,
        (setup, sim): (Setup, Sim),
        options: RoomOptions,
        seats: &Seats,
        key_of: impl Fn(PlayerId) -> Option<SeatKey>,
    ) -> Room {
        let keep_rooms_seconds = options.keep_rooms_seconds;
        let mut room = Room::with_sim(name, setup, sim, options);
        let now = room.sim.tick();
        let kept_until = now.plus(room.setup.ticks(keep_rooms_seconds as f32));
        room.next_player = room.next_player.max(seats.next_player);
        let humans: Vec<_> = room.world().pilots.iter().filter(|pilot| !pilot.drone).cloned().collect();
        for pilot in humans {
            let player = pilot.player;
            room.next_player = room.next_player.max(player.0.saturating_add(1));
            let Some(key) = key_of(player) else {
                // No client could ever resume it.
                room.pending.leaves.push(player);
                continue;
            };
            room.pending.absences.push(Absence { player, away: true });
            let seat = Seat {
                permit: room.options.networks.resumed_seat(UNKNOWN_NETWORK),
                name: room.names.restore(pilot.name),
                session: Session::restored(key, &room.setup, now),
                muted: seats.muted.contains(&player).then_some(now),
                connection: None,
                kept_until,
                // The players come back after the restart: their seats are not for those who wait.
                away_since: kept_until,
                first_message: None,
            };
            room.opened_by.extend(seat.session.claim.hashes().map(|hash| (hash, player)));
            room.seats.insert(player, seat);
        }
        room.empty_since = room.seats.is_empty().then_some(now);
        room.record_keyframe();
        room
    }
}
