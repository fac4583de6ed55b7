//! Storms of joins: players notice nothing, and every client gets a seat or its position in the queue.

use crate::guest::{Guest, room, tick};
use crate::pair::setup;
use room::load::JOINS_PER_TICK;
use room::{QUEUED_INTERVAL_SECONDS, SessionEvent, WAITING_LIMIT_CLIENTS};
use shared::command::Admin;
use shared::id::PlayerId;
use shared::message::{ClientMessage, CloseCode};

#[test]
fn a_thousand_joins_at_once_are_admitted_a_few_per_tick_and_players_get_every_snapshot() {
    const PLAYERS: u64 = JOINS_PER_TICK as u64;
    const STORM: u64 = 1000;
    let mut setup = setup(0);
    setup.mode.capacity = 1100;
    let mut room = room(setup);
    let mut players: Vec<Guest> = (0..PLAYERS).map(|it| Guest::connect(&mut room, it, None)).collect();
    tick(&mut room, &mut players);
    assert!(players.iter().all(Guest::is_in));
    let storm = PLAYERS..PLAYERS + STORM;
    let mut guests: Vec<Guest> = storm.map(|number| Guest::connect(&mut room, number, None)).collect();
    let mut seats = room.seats();
    while room.waiting() > 0 {
        tick(&mut room, players.iter_mut().chain(&mut guests));
        let now = room.world().tick;
        assert!(players.iter().all(|player| player.snapshots.last() == Some(&now)), "at tick {}", now.0);
        assert!(room.seats() - seats <= JOINS_PER_TICK, "{} seats after {seats}", room.seats());
        seats = room.seats();
        assert_eq!(room.world().pilots.len(), seats);
        for (number, guest) in guests.iter().enumerate() {
            assert!(guest.is_in() || !guest.positions.is_empty(), "guest {number} knows nothing");
        }
    }
    assert_eq!(seats as u64, PLAYERS + STORM);
    assert!(guests.iter().all(|guest| guest.is_in() && guest.closed.is_none()));
    assert!(guests.iter().all(|guest| guest.positions.is_sorted_by(|before, after| before > after)));
    assert_eq!(guests[JOINS_PER_TICK].positions[0], 1, "the first who had to wait");
    let updates = guests.last().map_or(0, |last| last.positions.len());
    assert!(updates >= 2, "the last received {updates} positions in two seconds");
    let heard = players.iter().map(|player| player.joined_notices).max();
    assert!(heard < Some(100), "a player read {heard:?} names");
}

#[test]
fn a_client_that_finds_the_queue_full_is_refused_at_once() {
    let mut setup = setup(0);
    setup.mode.capacity = 10;
    let mut room = room(setup);
    let all = WAITING_LIMIT_CLIENTS as u64 + 3;
    let mut guests: Vec<Guest> = (0..all).map(|number| Guest::connect(&mut room, number, None)).collect();
    tick(&mut room, &mut guests);
    let (waiting, refused) = guests.split_at(WAITING_LIMIT_CLIENTS);
    assert!(waiting.iter().all(|guest| guest.closed.is_none()));
    assert!(refused.iter().all(|guest| guest.closed == Some(CloseCode::Full) && guest.positions.is_empty()));
    assert_eq!((room.seats(), room.waiting()), (10, WAITING_LIMIT_CLIENTS - 10));
}

#[test]
fn the_longest_waiting_client_is_admitted_first_and_a_kept_seat_never_waits() {
    let mut setup = setup(0);
    setup.mode.capacity = 2;
    let interval = setup.ticks(QUEUED_INTERVAL_SECONDS);
    let mut room = room(setup);
    let mut guests: Vec<Guest> = (0..5).map(|number| Guest::connect(&mut room, number, None)).collect();
    tick(&mut room, &mut guests);
    let first: Vec<_> = guests.iter().map(|guest| guest.positions.first().copied()).collect();
    assert_eq!(first, [None, None, Some(1), Some(2), Some(3)]);

    // A waiting client is answered, may leave, and may lose its connection.
    guests[2].say(&mut room, ClientMessage::Ping { stamp: 1 });
    guests[2].say(&mut room, ClientMessage::Chat { text: "let me in".into() });
    guests[3].say(&mut room, ClientMessage::Leave);
    tick(&mut room, &mut guests);
    assert_eq!((guests[2].loads.len(), guests[3].closed), (1, Some(CloseCode::Left)));
    for _ in 0..interval {
        tick(&mut room, &mut guests);
    }
    assert_eq!(guests[4].positions.last(), Some(&2), "the gap is closed");

    // A seat that is kept is no free seat, and is taken back at once.
    room.handle(SessionEvent::Disconnected { connection: guests[0].connection });
    tick(&mut room, &mut guests);
    assert_eq!(room.waiting(), 2);
    let mut back = Guest::connect(&mut room, 9, guests[0].token);
    tick(&mut room, [&mut back]);
    assert!(back.is_in() && back.positions.is_empty());

    back.say(&mut room, ClientMessage::Leave);
    tick(&mut room, &mut guests);
    assert!(guests[2].is_in() && !guests[4].is_in());
    room.handle(SessionEvent::Disconnected { connection: guests[4].connection });
    assert_eq!((room.seats(), room.waiting()), (2, 0));
}

#[test]
fn a_seat_that_a_moderator_frees_goes_to_a_waiting_client() {
    let mut setup = setup(0);
    setup.mode.capacity = 1;
    let mut room = room(setup);
    let mut guests: Vec<Guest> = (0..3).map(|number| Guest::connect(&mut room, number, None)).collect();
    tick(&mut room, &mut guests);
    assert_eq!(guests.iter().map(Guest::is_in).collect::<Vec<_>>(), [true, false, false]);
    room.handle(SessionEvent::Admin(Admin::Kick(PlayerId(1))));
    tick(&mut room, &mut guests);
    assert_eq!(guests[0].closed, Some(CloseCode::Kicked));
    assert!(guests[1].is_in() && room.world().pilot(PlayerId(1)).is_none());
    room.handle(SessionEvent::Admin(Admin::Ban(PlayerId(2))));
    tick(&mut room, &mut guests);
    assert_eq!((guests[1].closed, guests[2].is_in()), (Some(CloseCode::Kicked), true));
}
