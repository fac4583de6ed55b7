//! Whatever bytes arrive, the client returns an error or continues; it never panics and never grows without limit.

use crate::server::Server;
use client_core::client::Client;
use client_core::notice::Notice;
use client_core::state::ClientPhase;
use client_core::world::NAMES_LIMIT;
use proptest::prelude::*;
use shared::angle::Angle;
use shared::event::{Event, Happening};
use shared::id::{NetId, PlayerId};
use shared::message::{ClientMessage, Hello};
use shared::text::Name;

fn hello() -> ClientMessage {
    let name = Name::from_input("Ada");
    ClientMessage::Hello(Hello { version: 1, ..Hello::new(name) })
}

/// A welcome and some snapshots, as the server sends them.
fn session() -> Vec<Vec<u8>> {
    let mut server = Server::new();
    let mut messages: Vec<Vec<u8>> = server.receive(hello()).into_iter().collect();
    for index in 0..8 {
        server.step();
        let (target, by, course) = (NetId(100 + index % 3), PlayerId(index % 3), Angle::default());
        let seen = (i16::MIN, i16::MAX);
        let what = Happening::Hit { target, by, damage: 9, course, seen };
        server.events.push(Event { at: (300, -70), what });
        if index == 5 {
            server.rocks.remove(1);
        }
        messages.push(server.snapshot());
    }
    messages
}

/// Feeds messages until one is refused, drawing and playing in between.
fn feed(messages: &[Vec<u8>]) -> Client {
    let mut client = Client::new("Ada", None);
    client.opened(0.0);
    let mut now_ms = 100.0;
    for message in messages {
        let received = client.received(message, now_ms);
        client.set_input(0xffff, now_ms as f32);
        client.advance(now_ms);
        client.frame(now_ms);
        assert!(client.state(now_ms).players < 1000);
        if received.is_err() {
            break;
        }
        now_ms += 33.3;
    }
    client.frame(now_ms + 1e7);
    client.closed();
    client
}

#[test]
fn an_untouched_session_plays() {
    let mut client = Client::new("Ada", None);
    client.opened(0.0);
    for message in session() {
        client.received(&message, 50.0).expect("the server speaks the protocol");
    }
    assert_eq!(client.state(50.0).phase, ClientPhase::Playing);
}

#[test]
fn every_truncation_and_every_flipped_bit_of_a_snapshot_is_survived() {
    let messages = session();
    let last = messages.len() - 1;
    for length in 0..messages[last].len() {
        let mut cut = messages.clone();
        cut[last].truncate(length);
        feed(&cut);
    }
    for bit in 0..messages[last].len() * 8 {
        let mut flipped = messages.clone();
        flipped[last][bit / 8] ^= 1 << (bit % 8);
        feed(&flipped);
    }
}

/// Whether the client announces the name of `owner`, who now flies the foe's ship.
fn announces_name(client: &mut Client, server: &mut Server, owner: PlayerId) -> bool {
    server.foe.owner = owner;
    server.step();
    client.received(&server.snapshot(), 50.0).expect("the server speaks the protocol");
    let mut notices = std::iter::from_fn(|| client.poll_notice());
    notices.any(|notice| matches!(notice, Notice::Name { player, .. } if player == owner.0))
}

#[test]
fn names_are_remembered_up_to_a_limit() {
    let mut server = Server::new();
    let mut client = Client::new("Ada", None);
    client.opened(0.0);
    let welcome = server.receive(hello()).expect("a welcome");
    client.received(&welcome, 50.0).expect("the server speaks the protocol");
    // One of the names is the player's own.
    let others = 2..=NAMES_LIMIT as u32;
    for player in others.clone() {
        assert!(announces_name(&mut client, &mut server, PlayerId(player)), "player {player} is new");
    }
    for player in others.clone() {
        assert!(!announces_name(&mut client, &mut server, PlayerId(player)), "player {player} is known");
    }
    assert!(announces_name(&mut client, &mut server, PlayerId(others.end() + 1)));
    assert!(announces_name(&mut client, &mut server, PlayerId(2)), "forgotten");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn mutated_messages_are_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut messages = session();
        for (message, byte, value) in changes {
            let message = message.get_mut(&mut messages);
            let place = byte.index(message.len());
            message[place] = value;
        }
        feed(&messages);
    }

    #[test]
    fn random_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), variant in 0u8..10) {
        let mut messages = session();
        let mut tail = vec![variant];
        tail.extend(bytes);
        messages.push(tail);
        feed(&messages);
    }

    #[test]
    fn times_that_jump_are_survived(times in prop::collection::vec(-1e12f64..1e12, 1..40)) {
        let mut client = Client::new("Ada", None);
        client.opened(0.0);
        let messages = session();
        for (index, now_ms) in times.iter().enumerate() {
            if let Some(message) = messages.get(index) {
                client.received(message, *now_ms).expect("the server speaks the protocol");
            }
            client.advance(*now_ms);
            client.frame(*now_ms);
        }
        prop_assert!(std::iter::from_fn(|| client.poll_transmit()).count() <= 256);
    }
}
