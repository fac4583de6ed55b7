//! Seats: clients wait for one in a queue that gives out a few per tick, so that a storm of joins costs the players nothing;
//! a lost connection keeps its seat for the grace time, and resumes it at once.

use crate::event::{Connected, ConnectionId};
use crate::network::SeatPermit;
use crate::news::{Happened, LeaveReason, refusal_name};
use crate::room::{Room, Seat};
use crate::session::{FirstMessage, ResumePoint, ResumeRequest, Session, hash_of};
use shared::codec::encode_server;
use shared::command::{Absence, FIRST_DRONE, Join};
use shared::id::PlayerId;
use shared::message::{ClientMessage, CloseCode, Notice, ServerMessage};
use shared::recording::{Mark, TokenHash};
use std::net::IpAddr;

/// Seconds after which a waiting client is sent its position again.
pub const QUEUED_INTERVAL_SECONDS: f32 = 1.0;
/// Seconds after which the seat of a player who is away goes to a client that waits.
pub const YIELD_SECONDS: f32 = 3.0;
/// In a room with more players than this, notices of joins and leaves are not sent, and notices of kills only to those
/// involved and to those within sight.
pub const NOTICE_LIMIT_PLAYERS: usize = 64;

impl Room {
    /// A client said Hello: it resumes its seat, or goes to the end of the queue for a new one.
    pub(crate) fn connect(&mut self, connected: Connected) {
        if let Some(shown) = connected.hello.resume.map(hash_of) {
            return self.resume(shown, connected);
        }
        let kicked_seconds = self
            .conduct
            .kicked_ticks(connected.network, self.clock())
            .div_ceil(self.setup.tick_rate_hz.into());
        if kicked_seconds > 0 {
            let reason = format!("you were removed by a moderator: you may come back in {kicked_seconds} s");
            return self.refuse(connected, CloseCode::Kicked, &reason);
        }
        if self.is_ending() {
            return self.refuse(connected, CloseCode::Full, "this room comes to its end: try another one");
        }
        let Some(permit) = self.options.networks.seat(connected.network) else {
            let reason = "too many players of your network are here: try again when one has left";
            return self.refuse(connected, CloseCode::Full, reason);
        };
        if let Err(refused) = self.queue.enter(connected, permit) {
            self.refuse(refused, CloseCode::Full, "too many wait for a seat here: try again in a moment");
        }
    }

    fn refuse(&mut self, connected: Connected, code: CloseCode, told: &str) {
        connected.outbox.close(self.sim.tick(), code, told);
        let refused = Happened::Refused { reason: refusal_name(code), told: told.into() };
        self.tell_host(connected.network, refused);
    }

    fn resume(&mut self, shown: TokenHash, connected: Connected) {
        let now = self.sim.tick();
        let player = self.opened_by.get(&shown).copied();
        let seat = player.and_then(|player| self.seats.get_mut(&player));
        let Some((player, seat)) = player.zip(seat.filter(|seat| seat.session.claim.opens(shown))) else {
            return self.refuse(connected, CloseCode::SeatGone, "this seat is no longer kept: join again");
        };
        if seat.session.claim.is_overtaken(shown, connected.hello.attempt) {
            return self.refuse(connected, CloseCode::TakenOver, "a later connection has this seat");
        }
        let Connected { connection, network, hello, token, outbox } = connected;
        seat.session.set_aspect(hello.aspect);
        if let Some((old, outbox)) = seat.connection.replace((connection, outbox)) {
            self.players.remove(&old);
            outbox.close(now, CloseCode::TakenOver, "this seat was taken over by another tab");
        }
        let resume_point = hello.last_tick.map(|tick| ResumePoint { tick, backlog_ack: hello.backlog_ack });
        seat.permit = self.options.networks.resumed_seat(network);
        let request = ResumeRequest { shown, token, attempt: hello.attempt, resume_point };
        for hash in seat.session.claim.hashes() {
            self.opened_by.remove(&hash);
        }
        seat.first_message = Some(seat.session.resume(&request, &self.replicator));
        self.opened_by.extend(seat.session.claim.hashes().map(|hash| (hash, player)));
        self.players.insert(connection, player);
        self.pending.absences.push(Absence { player, away: false });
    }

    /// Ends the seats of players who have been away for too long.
    pub(crate) fn evict_away(&mut self) {
        let now = self.clock();
        let away = self.seats.iter().filter(|(_, seat)| seat.connection.is_none());
        let expired = away.filter(|(_, seat)| now > seat.kept_until);
        let expired: Vec<PlayerId> = expired.map(|(player, _)| *player).collect();
        for player in expired {
            self.leave(player, LeaveReason::Away, CloseCode::Left, "");
        }
    }

    /// Gives out the seats that a tick may give out, and sends waiting clients their positions.
    pub(crate) fn admit(&mut self) {
        let now = self.sim.tick();
        let ids = FIRST_DRONE.saturating_sub(self.next_player) as usize;
        let wanted = self.load.joins_per_tick().min(self.queue.len()).min(ids);
        let capacity = self.capacity();
        self.yield_seats((self.seats.len() + wanted).saturating_sub(capacity));
        for _ in 0..wanted.min(capacity.saturating_sub(self.seats.len())) {
            let Some((connected, permit)) = self.queue.next() else { break };
            self.seat(connected, permit);
        }
        self.queue.send_positions(now, self.setup.ticks(QUEUED_INTERVAL_SECONDS));
    }

    /// Ends up to this many seats of players who are away, the longest away first, for clients that wait.
    fn yield_seats(&mut self, wanted: usize) {
        if wanted == 0 {
            return;
        }
        let (now, floor_ticks) = (self.clock(), self.setup.ticks(YIELD_SECONDS));
        let away = self.seats.iter().filter(|(_, seat)| seat.connection.is_none());
        let mut away: Vec<_> = away.map(|(player, seat)| (seat.away_since, *player)).collect();
        away.retain(|(since, _)| now.since(*since) >= floor_ticks);
        away.sort_unstable();
        for (_, player) in away.into_iter().take(wanted) {
            self.leave(player, LeaveReason::GaveWay, CloseCode::Left, "");
        }
    }

    fn seat(&mut self, connected: Connected, permit: SeatPermit) {
        let now = self.sim.tick();
        let Connected { connection, network, hello, token, outbox } = connected;
        let player = PlayerId(self.next_player);
        self.next_player += 1;
        let held_name = self.names.take(self.options.words.name(&hello.name));
        let name = held_name.name.clone();
        self.pending.joins.push(Join { player, name: name.clone(), hull: hello.hull });
        self.records.mark(Mark::joined(now, player, &name));
        self.tell_host(network, Happened::Joined { player, name: name.as_str().into() });
        self.send_notice(network, Notice::Joined { name });
        self.players.insert(connection, player);
        let mut session = Session::new(player, token, &self.setup, now);
        session.set_aspect(hello.aspect);
        session.chat = self.conduct.chat_of_newcomer(network, now);
        self.opened_by.extend(session.claim.hashes().map(|hash| (hash, player)));
        let seat = Seat {
            name: held_name,
            permit,
            session,
            muted: None,
            connection: Some((connection, outbox)),
            kept_until: now,
            away_since: now,
            first_message: Some(FirstMessage::Welcome),
        };
        self.seats.insert(player, seat);
    }

    /// Ends a seat.
    pub(crate) fn leave(&mut self, player: PlayerId, reason: LeaveReason, code: CloseCode, told: &str) {
        let now = self.sim.tick();
        let Some(seat) = self.seats.remove(&player) else { return };
        self.names.release(&seat.name);
        for hash in seat.session.claim.hashes() {
            self.opened_by.remove(&hash);
        }
        if let Some((connection, outbox)) = seat.connection {
            self.players.remove(&connection);
            outbox.close(now, code, told);
        }
        self.pending.leaves.push(player);
        self.records.mark(Mark::left(now, player));
        let network = seat.permit.network;
        self.conduct.leave(network, seat.session.chat.full_at(&self.setup), now);
        let left = Happened::Left { player, name: seat.name.name.as_str().into(), reason };
        self.tell_host(network, left);
        self.send_notice(network, Notice::Left { name: seat.name.name });
    }

    fn send_notice(&mut self, network: IpAddr, notice: Notice) {
        if self.seats.len() <= NOTICE_LIMIT_PLAYERS && self.conduct.allows_notice(network, self.sim.tick()) {
            self.broadcast_kept(&ServerMessage::Notice(notice));
        }
    }

    /// A waiting client may ping or leave.
    pub(crate) fn on_queued_message(&mut self, connection: ConnectionId, message: &ClientMessage) {
        let now = self.sim.tick();
        let Some(outbox) = self.queue.outbox(connection) else { return };
        match *message {
            ClientMessage::Ping { stamp } => {
                let mut pong = Vec::new();
                encode_server(&self.report.pong(stamp), &mut pong);
                outbox.send(now, &pong);
            }
            ClientMessage::Leave => {
                outbox.close(now, CloseCode::Left, "you left the queue");
                self.queue.leave(connection);
            }
            ClientMessage::Hello(_)
            | ClientMessage::Input(_)
            | ClientMessage::Chat { .. }
            | ClientMessage::Signal(_)
            | ClientMessage::View(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ending::tests::connect;
    use crate::room::EMPTY_ROOM_SECONDS;
    use crate::{Record, RoomOptions, SessionEvent};
    use shared::id::Tick;
    use shared::input::{Controls, InputFrame};
    use shared::message::{Hello, Input, ResumeToken};
    use shared::text::Name;
    use std::net::Ipv4Addr;

    fn room() -> Room {
        let options = RoomOptions { is_recorded: true, ..RoomOptions::default() };
        Room::new("belt-1".into(), sim::scripted::setup(), options).expect("a sound setup")
    }

    /// A client acknowledges a snapshot and steers.
    fn steer(room: &mut Room, number: u64, ack: Tick) {
        let frame = InputFrame { tick: room.world().tick.next(), controls: Controls::default() };
        let message = ClientMessage::Input(Input { ack, frames: [frame].into_iter().collect() });
        room.handle(SessionEvent::Message { connection: ConnectionId(number), message });
        room.tick(&mut ());
    }

    fn tick_until_resting(room: &mut Room) {
        while !room.is_resting() {
            room.tick(&mut ());
        }
    }

    #[test]
    fn a_room_is_recorded_from_when_somebody_has_played() {
        let mut room = room();
        let _guest = connect(&mut room, 1);
        (0..9).for_each(|_| room.tick(&mut ()));
        room.handle(SessionEvent::Disconnected { connection: ConnectionId(1) });
        tick_until_resting(&mut room);
        assert!(room.poll_record().is_none(), "a Hello leaves nothing");
        let _player = connect(&mut room, 2);
        let first_snapshot = room.world().tick.next();
        (0..9).for_each(|_| room.tick(&mut ()));
        let here = room.world().tick;
        steer(&mut room, 2, first_snapshot);
        assert!(matches!(room.poll_record(), Some(Record::Keyframe(keyframe)) if keyframe.0.tick == here));
        assert!(matches!(room.poll_record(), Some(Record::Mark(mark)) if mark.tick == here));
        let is_next = |record| matches!(record, Record::Tick { tick, .. } if tick == here.next());
        assert!(std::iter::from_fn(|| room.poll_record()).any(is_next));
    }

    #[test]
    fn seats_of_a_room_at_rest_are_kept_for_their_time_and_taken_back_where_the_world_stood() {
        let mut room = room();
        assert!(room.is_resting());
        for number in [1, 2] {
            let _reader = connect(&mut room, number);
            let first_snapshot = room.world().tick.next();
            (0..9).for_each(|_| room.tick(&mut ()));
            steer(&mut room, number.into(), first_snapshot);
            room.handle(SessionEvent::Disconnected { connection: ConnectionId(number.into()) });
        }
        assert!(!room.is_resting(), "the world is told of the absence");
        tick_until_resting(&mut room);
        let (tick, grace_ticks) =
            (room.world().tick, room.setup.ticks(room.options.seat_grace_seconds as f32));
        room.rest(grace_ticks / 2);
        assert!(room.is_resting() && room.seats() == 2);
        let (outbox, _reader) = crate::outbox::outbox();
        room.handle(SessionEvent::Connected(Connected {
            connection: ConnectionId(9),
            network: Ipv4Addr::LOCALHOST.into(),
            hello: Hello { resume: Some(ResumeToken([2; 16])), ..Hello::new(Name::from_input("Ada")) },
            token: ResumeToken([9; 16]),
            outbox,
        }));
        assert!(!room.is_resting());
        room.tick(&mut ());
        assert_eq!((room.world().tick, room.seats()), (tick.next(), 2));
        room.handle(SessionEvent::Disconnected { connection: ConnectionId(9) });
        tick_until_resting(&mut room);
        room.rest(grace_ticks / 2 + 1);
        assert_eq!((room.is_resting(), room.seats()), (false, 1), "the world is told of a leave");
        tick_until_resting(&mut room);
        room.rest(grace_ticks);
        tick_until_resting(&mut room);
        assert_eq!((room.seats(), room.opened_by.len()), (0, 0));
        assert!(!room.is_abandoned());
        room.rest(room.setup.ticks(EMPTY_ROOM_SECONDS) + 1);
        assert!(room.is_abandoned());
    }
}
