//! A room whose server was killed continues: the world from its recording, every seat kept for its player.

use crate::room::{Room, RoomOptions, Seat};
use crate::session::Session;
use shared::command::Absence;
use sim::replay::Resimulation;
use std::net::{IpAddr, Ipv4Addr};

/// A recording does not say where players come from.
const UNKNOWN_NETWORK: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

impl Room {
    /// The room of a recording, at its last tick. All players are away, and their seats wait for them for
    /// [`RoomOptions::keep_rooms_seconds`].
    pub fn restore(name: String, restored: Resimulation, options: RoomOptions) -> Room {
        let (recording, setup, sim) = restored.into_parts();
        let seats = recording.seats();
        let keep_rooms_seconds = options.keep_rooms_seconds;
        let mut room = Room::with_sim(name, setup, sim, options);
        let now = room.sim.tick();
        let kept_until = now.plus(room.setup.ticks(keep_rooms_seconds as f32));
        room.next_player = room.next_player.max(seats.next_player);
        let humans: Vec<_> = room.world().pilots.iter().filter(|pilot| !pilot.drone).cloned().collect();
        for pilot in humans {
            let player = pilot.player;
            room.next_player = room.next_player.max(player.0.saturating_add(1));
            let key = seats.keys.binary_search_by_key(&player, |key| key.player);
            let Ok(key) = key.map(|place| seats.keys[place]) else {
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
            room.seats.insert(player, seat);
        }
        room.empty_since = room.seats.is_empty().then_some(now);
        room.record_keyframe();
        room
    }
}
