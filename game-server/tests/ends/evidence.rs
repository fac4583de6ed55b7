//! Why did I die: the evidence that a victim is sent is what the simulation did, and is shown with the last seconds.

use crate::guest::Guest;
use crate::pair::{BAD, Pair, setup};
use crate::rewind::{OnScreen, burn, dead_on};
use client_core::evidence::EvidenceFacts;
use client_core::layout::{DrawKind, HEADER_WORDS, HeaderWord, ITEM_WORDS, ItemWord};
use client_core::notice::Notice;
use glam::{IVec2, Vec2};
use room::Room;
use shared::angle::Angle;
use shared::event::Happening;
use shared::evidence::{HitEvidence, fatal};
use shared::id::PlayerId;
use shared::input::{Buttons, Controls, InputFrame, ViewLag};
use shared::message::{ClientMessage, Input};
use shared::quantize::position_from;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

const SHOOTER: PlayerId = PlayerId(1);
const VICTIM: PlayerId = PlayerId(2);
/// How old the victim is on the shooter's screen: 7.25 ticks.
const VIEW_AGE: ViewLag = ViewLag(58);
/// Near enough for most bolts to hit in the past, in units.
const DISTANCE: f32 = 7.0;

/// What the simulation did.
#[derive(Default)]
struct Truth {
    /// Where the victim's ship was, by tick, in position quanta.
    victim: BTreeMap<u32, IVec2>,
    /// The hits on it that did not destroy it, and those that did, by tick.
    hits: Vec<(u32, HitEvidence)>,
    deaths: Vec<(u32, HitEvidence)>,
}

impl Truth {
    fn note(&mut self, room: &Room) {
        let world = room.world();
        let tick = world.tick.0;
        let ship = world.pilot(VICTIM).and_then(|pilot| world.entity(pilot.ship?));
        if let Some(ship) = ship {
            self.victim.insert(tick, ship.motion.position_q);
            self.hits.extend(world.hits.iter().filter(|hit| hit.ship == ship.id).map(|hit| (tick, *hit)));
        }
        for event in &world.events {
            if let Happening::Death { victim: VICTIM, killer, .. } = event.what {
                self.deaths.extend(fatal(&world.hits, VICTIM, killer).map(|hit| (tick, *hit)));
            }
        }
    }

    /// Where the victim was this many ticks before a tick.
    fn victim_at(&self, tick: u32, ago: f32) -> Option<Vec2> {
        let place = |ticks: u32| Some(self.victim.get(&tick.checked_sub(ticks)?)?.as_vec2());
        let whole = ago as u32;
        Some(place(whole)?.lerp(place(whole + 1)?, ago - whole as f32))
    }
}

/// Follows the victim and fires at where a screen of that age shows it.
fn hunt(shooter: &mut Guest, room: &mut Room, truth: &Truth) {
    shooter.receive();
    let world = room.world();
    let tick = world.tick;
    let ship = |player| world.pilot(player).and_then(|pilot| world.entity(pilot.ship?));
    let Some(own) = ship(SHOOTER) else { return };
    let own = OnScreen { at: own.motion.position(), speed: own.motion.velocity() };
    let places = [0.0, 1.0].map(|more| truth.victim_at(tick.0, VIEW_AGE.ticks() + more));
    let (mut buttons, mut aim) = (Buttons::BRAKE, 0.0);
    if let ([Some(now), Some(before)], true) = (places, ship(VICTIM).is_some()) {
        let at = now / 256.0;
        let foe = OnScreen { at, speed: (now - before) / 256.0 * 30.0 };
        let apart = foe.at - own.at;
        if apart.length() > DISTANCE {
            (buttons, aim) = burn(foe.speed + apart.clamp_length_max(10.0), own.speed);
        } else {
            (buttons, aim) = (Buttons::FIRE, dead_on(own, foe, 1.2, 58.0));
        }
    }
    let controls = Controls { buttons, aim: Angle::from_radians(aim), lag: VIEW_AGE };
    let frames = [InputFrame { tick: tick.next(), controls }].into_iter().collect();
    shooter.say(room, ClientMessage::Input(Input { ack: tick, frames }));
}

/// The positions of the items of a kind.
fn places(frame: &[u32], kind: DrawKind) -> Vec<Vec2> {
    let items = frame[HEADER_WORDS..].chunks(ITEM_WORDS).take(frame[HeaderWord::Items as usize] as usize);
    let of_kind = items.filter(|item| item[ItemWord::Kind as usize] == kind as u32);
    let place =
        |item: &[u32]| [ItemWord::X, ItemWord::Y].map(|word| f32::from_bits(item[word as usize])).into();
    of_kind.map(place).collect()
}

#[test]
fn the_evidence_is_what_the_simulation_did_and_is_shown_with_the_last_seconds() {
    let mut setup = setup(0);
    setup.mode.capacity = 8;
    setup.mode.asteroids_per_player = 0.0;
    let mut pair = Pair::new(setup, BAD, 3);
    let truth = Rc::new(RefCell::new(Truth::default()));
    let mut shooter = Guest::connect(&mut pair.room, 1_000_000, None);
    let noted = truth.clone();
    pair.before_tick = Box::new(move |room| {
        noted.borrow_mut().note(room);
        hunt(&mut shooter, room, &noted.borrow());
    });
    let mut told: Vec<EvidenceFacts> = Vec::new();
    let mut ghosts = Vec::new();
    let (mut replayed_ms, mut skipped) = (0.0, false);
    pair.run(90.0, |client, now_ms| {
        let drift = (now_ms / 1300.0).sin() as f32;
        client.set_input(Buttons::THRUST.0, drift * 2.0);
        while let Some(notice) = client.poll_notice() {
            if let Notice::Evidence(facts) = notice {
                told.push(facts);
            }
        }
        let frame = client.frame(now_ms);
        if frame[HeaderWord::Replaying as usize] == 1 {
            replayed_ms += 16.0;
            ghosts.extend(places(frame, DrawKind::Ghost).into_iter().map(|at| (told.len(), at)));
            assert_eq!(frame[HeaderWord::Alive as usize], 0);
            if told.len() == 2 && !skipped {
                skipped = true;
                client.skip_replay();
                assert_eq!(client.frame(now_ms)[HeaderWord::Replaying as usize], 0);
            }
        }
    });
    let truth = truth.borrow();
    assert!(truth.hits.len() > 20 && truth.deaths.len() > 3, "{} deaths", truth.deaths.len());
    for (tick, hit) in &truth.hits {
        assert_eq!((hit.shooter, hit.victim, hit.view_age), (SHOOTER, VICTIM, VIEW_AGE));
        assert_eq!(IVec2::from(hit.stood), truth.victim[tick]);
        // The rewind is sent in eighths of a tick, in which the victim flies up to 14 quanta.
        let seen = truth.victim_at(*tick, hit.rewound.ticks()).expect("a recent place");
        let off = (IVec2::from(hit.seen).as_vec2() - seen).length();
        assert!(off < 14.0, "seen {off} quanta beside where the victim was");
        assert!(position_from(IVec2::from(hit.met) - IVec2::from(hit.seen)).length() < 1.6, "on the hull");
    }
    assert!(truth.deaths.iter().any(|(_, hit)| hit.needed_rewind()), "a hit in the past");
    // The last death may still be under way.
    assert!(
        told.len() >= truth.deaths.len() - 1,
        "{} of {} deaths were told",
        told.len(),
        truth.deaths.len()
    );
    for (facts, (_, hit)) in told.iter().zip(&truth.deaths) {
        let apart = |a: (i32, i32), b: (i32, i32)| position_from(IVec2::from(a) - IVec2::from(b)).length();
        assert_eq!((facts.shooter, facts.damage), (SHOOTER.0, f32::from(hit.damage) / 8.0));
        assert!((facts.view_age_ms - 7.25 / 30.0 * 1000.0).abs() < 0.1);
        assert!((facts.rewound_ms - hit.rewound.ticks() / 30.0 * 1000.0).abs() < 0.1);
        assert_eq!((facts.moved, facts.distance), (apart(hit.seen, hit.stood), apart(hit.met, hit.muzzle)));
        let round_trip = facts.victim_round_trip_ms.expect("a client that acknowledges");
        assert!(round_trip >= 180, "{round_trip} ms");
    }
    for (told, at) in &ghosts {
        assert_eq!(*at, position_from(truth.deaths[told - 1].1.seen.into()));
    }
    assert!(!ghosts.is_empty() && skipped);
    assert!(replayed_ms > 2000.0, "{replayed_ms} ms");
}
