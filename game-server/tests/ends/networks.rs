//! What the clients of one network may hold and say together, whatever they do.

use crate::guest::{Guest, room_with, tick};
use crate::pair::setup;
use room::conduct::{NETWORK_CHAT_BURST_LINES, NETWORK_NOTICES_BURST};
use room::network::{NetworkLimits, Networks};
use room::session::CHAT_BURST_LINES;
use room::{DEFAULT_KICK_COOLDOWN_SECONDS, Room, RoomOptions, SessionEvent, YIELD_SECONDS};
use shared::command::Admin;
use shared::id::PlayerId;
use shared::message::{ClientMessage, CloseCode};
use std::net::IpAddr;

const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

fn limited(capacity: u16, limits: NetworkLimits) -> Room {
    let mut setup = setup(0);
    setup.mode.capacity = capacity;
    room_with(setup, RoomOptions { networks: Networks::new(limits), ..RoomOptions::default() })
}

fn connect(room: &mut Room, number: u64, network: IpAddr) -> Guest {
    Guest::connect_from(room, number, None, network)
}

fn cut(room: &mut Room, guest: &Guest) {
    room.handle(SessionEvent::Disconnected { connection: guest.connection });
}

/// Seats everybody and lets them play.
fn play(room: &mut Room, guests: &mut [Guest]) {
    for _ in 0..5 {
        tick(room, guests.iter_mut());
    }
    assert!(guests.iter().all(Guest::is_in));
}

#[test]
fn a_seat_is_kept_only_for_a_client_that_has_played() {
    let mut room = limited(10, NetworkLimits::default());
    let mut ghost = connect(&mut room, 1, ONE);
    room.tick(&mut ());
    ghost.receive();
    let mut player = [connect(&mut room, 2, ONE)];
    play(&mut room, &mut player);
    assert_eq!(room.seats(), 2);
    cut(&mut room, &ghost);
    cut(&mut room, &player[0]);
    assert_eq!(room.seats(), 1);
    let mut back = Guest::connect_from(&mut room, 3, player[0].token, ONE);
    tick(&mut room, [&mut back]);
    assert!(back.is_in());
}

#[test]
fn a_network_has_a_limit_of_seats_and_of_kept_ones() {
    let limits = NetworkLimits { seats: 4, kept_seats: 2, rooms: 1 };
    let mut room = limited(20, limits);
    let mut guests: Vec<_> = (0..4).map(|number| connect(&mut room, number, ONE)).collect();
    play(&mut room, &mut guests);
    let mut refused = connect(&mut room, 9, ONE);
    let mut other = [connect(&mut room, 10, OTHER)];
    play(&mut room, &mut other);
    refused.receive();
    assert_eq!((refused.closed, room.seats()), (Some(CloseCode::Full), 5));
    guests.iter().for_each(|guest| cut(&mut room, guest));
    assert_eq!(room.seats(), 1 + limits.kept_seats);
}

#[test]
fn kept_seats_go_to_those_who_wait() {
    let mut room = limited(3, NetworkLimits::default());
    let mut guests: Vec<_> = (0..3).map(|number| connect(&mut room, number, ONE)).collect();
    play(&mut room, &mut guests);
    guests[..2].iter().for_each(|guest| cut(&mut room, guest));
    let mut waiting = [connect(&mut room, 9, OTHER)];
    tick(&mut room, &mut waiting);
    assert!(!waiting[0].is_in(), "a connection that returns at once finds its seat");
    for _ in 0..room.setup().ticks(YIELD_SECONDS) {
        tick(&mut room, &mut waiting);
    }
    assert!(waiting[0].is_in());
    assert_eq!(room.seats(), 3, "no more than are wanted");
}

#[test]
fn leaving_and_coming_back_brings_neither_more_lines_nor_more_notices() {
    let mut room = limited(20, NetworkLimits::default());
    let mut listener = [connect(&mut room, 0, OTHER)];
    play(&mut room, &mut listener);
    const ROUNDS: u64 = 60;
    for round in 1..=ROUNDS {
        let mut guest = connect(&mut room, round, ONE);
        tick(&mut room, listener.iter_mut().chain([&mut guest]));
        for line in 0..2 * CHAT_BURST_LINES {
            guest.say(&mut room, ClientMessage::Chat { text: format!("round {round} line {line}") });
        }
        guest.say(&mut room, ClientMessage::Leave);
        tick(&mut room, &mut listener);
    }
    let seconds = 2 * ROUNDS as usize / usize::from(room.setup().tick_rate_hz);
    let lines = listener[0].chat_lines;
    assert!((1..=CHAT_BURST_LINES as usize + seconds).contains(&lines), "{lines} lines in {seconds} s");
    let notices = listener[0].joined_notices;
    assert!((1..=NETWORK_NOTICES_BURST as usize + seconds).contains(&notices), "{notices} in {seconds} s");
}

#[test]
fn many_players_of_one_network_share_a_limit_of_lines() {
    let mut room = limited(100, NetworkLimits::default());
    let mut guests: Vec<_> = (0..50).map(|number| connect(&mut room, number, ONE)).collect();
    guests.push(connect(&mut room, 99, OTHER));
    play(&mut room, &mut guests);
    for guest in &guests {
        let text = format!("from {}", guest.connection.0);
        guest.say(&mut room, ClientMessage::Chat { text });
    }
    tick(&mut room, &mut guests);
    assert_eq!(guests[0].chat_lines, NETWORK_CHAT_BURST_LINES as usize + 1);
}

#[test]
fn who_was_kicked_comes_back_after_a_while() {
    let mut room = limited(10, NetworkLimits::default());
    let mut guests = [connect(&mut room, 1, ONE), connect(&mut room, 2, OTHER)];
    play(&mut room, &mut guests);
    room.handle(SessionEvent::Admin(Admin::Kick(PlayerId(1))));
    let mut early = connect(&mut room, 3, ONE);
    let mut other = connect(&mut room, 4, OTHER);
    tick(&mut room, [&mut early, &mut other]);
    assert_eq!((early.closed, other.is_in()), (Some(CloseCode::Kicked), true));
    for _ in 0..room.setup().ticks(DEFAULT_KICK_COOLDOWN_SECONDS as f32) {
        room.tick(&mut ());
    }
    let mut late = connect(&mut room, 5, ONE);
    tick(&mut room, [&mut late]);
    assert!(late.is_in());
}
