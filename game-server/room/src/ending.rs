//! The orderly end of a room whose ids or ticks run out: none is ever used twice, so the room closes to newcomers, says so,
//! and ends a while later.

use crate::news::LeaveReason;
use crate::room::Room;
use shared::command::FIRST_DRONE;
use shared::id::{PlayerId, Tick};
use shared::message::CloseCode;

/// Seconds from the notice to the end of the room.
pub const ENDING_SECONDS: u32 = 60;
/// Ids of entities and of drones that are left when the room begins to end: some ten times what
/// [`ENDING_SECONDS`] use up in a room with 2,000 ships that all fire.
pub const ENDING_IDS: u32 = 8_000_000;
/// Ticks that are left when the room begins to end, in multiples of [`ENDING_SECONDS`].
const ENDING_TICKS_FACTOR: u32 = 2;

impl Room {
    /// Whether the room admits no newcomers because it is ending or has ended.
    pub fn is_ending(&self) -> bool {
        self.ends_at.is_some()
    }

    /// Begins to end the room if something runs out, and ends it when it is time.
    pub(crate) fn check_end(&mut self) {
        let now = self.sim.tick();
        match self.ends_at {
            None if self.is_running_out() => {
                self.ends_at = Some(self.clock().plus(self.setup.ticks(ENDING_SECONDS as f32)));
                let reason = "this room comes to its end: try another one";
                self.queue.close(now, CloseCode::Full, reason);
                let text =
                    format!("This room comes to its end in {ENDING_SECONDS} seconds. A new one opens then.");
                self.say(text);
            }
            Some(end) if self.clock() >= end => {
                self.close(CloseCode::Restarting, "this room has come to its end: a new one opens");
            }
            _ => {}
        }
    }

    fn is_running_out(&self) -> bool {
        let ticks = self.setup.ticks(ENDING_SECONDS as f32).saturating_mul(ENDING_TICKS_FACTOR);
        let (entity, drone) = self.sim.next_ids();
        u32::MAX - entity.0.max(drone.0) < ENDING_IDS
            || self.next_player >= FIRST_DRONE
            || Tick(u32::MAX).since(self.sim.tick()) < ticks
    }

    /// Ends the room at the next tick: no client comes in, and everybody is sent away.
    pub(crate) fn close(&mut self, code: CloseCode, reason: &str) {
        let now = self.sim.tick();
        self.ends_at = Some(self.clock());
        self.queue.close(now, code, reason);
        let players: Vec<PlayerId> = self.seats.keys().copied().collect();
        for player in players {
            self.leave(player, LeaveReason::RoomEnded, code, reason);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::outbox::{OutboxReader, outbox};
    use crate::{Connected, ConnectionId, RoomOptions, SessionEvent};
    use shared::codec::decode_server;
    use shared::keyframe::Keyframe;
    use shared::message::{Hello, ResumeToken, ServerMessage};
    use shared::text::Name;
    use sim::Sim;
    use std::net::Ipv4Addr;

    pub fn connect(room: &mut Room, number: u8) -> OutboxReader {
        let (outbox, reader) = outbox();
        let (connection, token) = (ConnectionId(number.into()), ResumeToken([number; 16]));
        room.handle(SessionEvent::Connected(Connected {
            connection,
            network: Ipv4Addr::LOCALHOST.into(),
            hello: Hello::new(Name::from_input("Ada")),
            token,
            outbox,
        }));
        reader
    }

    /// Lines of the server, and the code of the close.
    fn received(reader: &OutboxReader) -> (usize, Option<CloseCode>) {
        let Some(drained) = reader.drain() else { return (0, None) };
        let is_line = |bytes: &[u8]| {
            matches!(decode_server(bytes), Ok(ServerMessage::Chat { player: PlayerId::NOBODY, .. }))
        };
        let lines = drained.messages.iter().filter(|bytes| is_line(bytes)).count();
        (lines, drained.close.map(|(code, _)| code))
    }

    fn ends_in_order(change: impl FnOnce(&mut Keyframe), next_player: u32) {
        let setup = sim::scripted::setup();
        let mut key = Sim::new(&setup).expect("a sound setup").keyframe();
        change(&mut key);
        let sim = Sim::from_keyframe(&setup, &key).expect("a sound keyframe");
        let mut room = Room::with_sim("belt-1".into(), setup.clone(), sim, RoomOptions::default());
        room.next_player = next_player;
        let player = connect(&mut room, 1);
        room.tick(&mut ());
        assert_eq!((room.is_ending(), room.seats()), (false, 1), "not yet");
        let mut lines = received(&player).0;
        while !room.is_ending() {
            room.tick(&mut ());
        }
        lines += received(&player).0;
        assert_eq!(lines, 1, "the player is told");
        let newcomer = connect(&mut room, 2);
        room.tick(&mut ());
        assert_eq!(received(&newcomer).1, Some(CloseCode::Full));
        let mut closed = None;
        for _ in 0..=setup.ticks(ENDING_SECONDS as f32) {
            assert!(closed.is_some() || !room.is_abandoned());
            room.tick(&mut ());
            closed = closed.or(received(&player).1);
        }
        assert_eq!((closed, room.seats()), (Some(CloseCode::Restarting), 0));
        assert!(room.is_abandoned() && room.world().tick.0 < u32::MAX);
    }

    #[test]
    fn a_room_whose_ids_or_ticks_run_out_ends_in_order() {
        let ticks = sim::scripted::setup().ticks(ENDING_SECONDS as f32) * ENDING_TICKS_FACTOR;
        ends_in_order(|key| key.tick = Tick(u32::MAX - ticks - 3), 1);
        ends_in_order(|key| key.next_net_id = u32::MAX - ENDING_IDS, 1);
        ends_in_order(|key| (key.next_drone, key.drones_wanted) = (u32::MAX - ENDING_IDS, 9), 1);
        ends_in_order(|_| {}, FIRST_DRONE - 1);
    }
}
