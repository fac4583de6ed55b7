//! The live client against a small server over a link, in virtual time.

use crate::rig::{Chance, Rig};
use crate::server::{FOE, SHIP};
use client_core::client::Client;
use client_core::layout::{EffectKind, HeaderWord};
use client_core::notice::Notice;
use client_core::state::ClientPhase;
use glam::Vec2;
use shared::angle::Angle;
use shared::codec::{decode_client, encode_server};
use shared::entity::Kind;
use shared::event::{Event, Happening};
use shared::id::{NetId, PlayerId};
use shared::input::Buttons;
use shared::message::{ClientMessage, ResumeToken, ServerMessage};
use shared::movement::Motion;

#[test]
fn on_a_clean_link_the_prediction_is_always_right() {
    for delay_ms in [0.0, 40.0, 150.0] {
        let mut rig = Rig::new(delay_ms, 0);
        let mut chance = Chance::new(3);
        let mut farthest = 0.0f32;
        rig.run(1500.0, |_| {});
        let settled = rig.client.net_graph().corrections;
        rig.run(60_000.0, |rig| {
            rig.play(&mut chance);
            farthest = farthest.max(rig.client.state(rig.now_ms).own.map_or(0.0, |own| own.x.hypot(own.y)));
        });
        let graph = rig.client.net_graph();
        assert_eq!((graph.corrections - settled, graph.prediction_error_units), (0, 0.0), "at {delay_ms} ms");
        assert_eq!(rig.server.late_frames, 0, "at {delay_ms} ms");
        assert!(farthest > 20.0, "the ship went places: {farthest}");
        assert!(graph.input_lead_ticks < 4.0, "{} ticks early", graph.input_lead_ticks);
        assert!((graph.rtt_ms - 2.0 * delay_ms).abs() < 20.0, "{} ms", graph.rtt_ms);
    }
}

#[test]
fn a_queued_client_gets_its_place_and_pings_report_the_load() {
    let mut client = Client::new("Ada", None);
    client.opened(0.0);
    let mut queued = Vec::new();
    shared::codec::encode_server(&ServerMessage::Queued { position: 12, waiting: 40 }, &mut queued);
    client.received(&queued, 50.0).expect("a message of the protocol");
    assert_eq!(client.poll_notice(), Some(Notice::Queued { position: 12, waiting: 40 }));
    assert_eq!(client.state(60.0).phase, ClientPhase::Joining);
    let mut rig = Rig::new(10.0, 0);
    assert_eq!(rig.client.net_graph().load_level, 0);
    rig.run(3000.0, |_| {});
    assert_eq!(rig.client.net_graph().load_level, 1, "as the test's server says");
}

#[test]
fn under_jitter_inputs_arrive_in_time_and_the_rate_changes_gently() {
    for jitter_ms in [20, 60] {
        let mut rig = Rig::new(30.0, jitter_ms);
        rig.tick_ms *= 1.001;
        rig.run(5000.0, |_| {});
        let (late, taken) = (rig.server.late_frames, rig.server.taken_frames.len());
        rig.run(60_000.0, |rig| assert!(rig.client.net_graph().rate_bend.abs() <= 0.04));
        let late = rig.server.late_frames - late;
        let taken = rig.server.taken_frames.len() - taken;
        assert!(late * 50 < taken, "{late} of {taken} late at {jitter_ms} ms of jitter");
        let graph = rig.client.net_graph();
        assert!((1.5..8.0).contains(&graph.input_lead_ticks), "{} ticks early", graph.input_lead_ticks);
        let ticks = rig.server.taken_frames.windows(2);
        let gaps = ticks.filter(|pair| pair[1].tick.0 != pair[0].tick.0 + 1).count();
        assert_eq!(gaps, 0, "one frame for every tick");
    }
}

#[test]
fn a_stalled_link_does_not_mislead_the_clock() {
    let mut rig = Rig::new(30.0, 10);
    rig.run(4000.0, |_| {});
    let taken = rig.server.taken_frames.len();
    rig.up.stalled_until_ms = rig.now_ms + 900.0;
    rig.run(1000.0, |_| {});
    rig.up.stalled_until_ms = rig.now_ms + 900.0;
    rig.down.stalled_until_ms = rig.now_ms + 900.0;
    rig.run(4000.0, |_| {});
    let frames = &rig.server.taken_frames[taken..];
    assert!(frames.windows(2).all(|pair| pair[1].tick.0 == pair[0].tick.0 + 1));
    let graph = rig.client.net_graph();
    assert!((1.0..5.0).contains(&graph.input_lead_ticks), "{} ticks early", graph.input_lead_ticks);
    assert_eq!(graph.prediction_error_units, 0.0, "healed");
}

#[test]
fn a_tab_that_was_hidden_does_not_send_missed_inputs() {
    let mut rig = Rig::new(30.0, 5);
    rig.run(3000.0, |_| {});
    rig.visible = false;
    rig.run(1000.0, |_| {});
    let before = rig.server.taken_frames.len();
    rig.run(20_000.0, |_| {});
    assert_eq!(rig.server.taken_frames.len(), before);
    rig.visible = true;
    rig.run(200.0, |_| {});
    let after = rig.server.taken_frames.len();
    assert!(after - before <= 7, "{} frames at once", after - before);
    rig.run(3000.0, |_| {});
    assert_eq!(rig.client.net_graph().prediction_error_units, 0.0);
    let lead = rig.client.net_graph().input_lead_ticks;
    assert!((1.0..5.0).contains(&lead), "{lead} ticks early");
}

#[test]
fn own_bolts_fly_from_the_shot_on_without_jumps() {
    let mut rig = Rig::new(60.0, 0);
    rig.server.rocks.clear();
    rig.server.foe.motion = Motion::new(Vec2::new(-60.0, -60.0), Vec2::ZERO);
    rig.run(2000.0, |_| {});
    let mut before: Vec<Vec2> = Vec::new();
    let mut shots = 0;
    let mut most = 0;
    rig.client.set_input(Buttons::FIRE.0, 0.7);
    rig.run(6000.0, |rig| {
        let frame = rig.draw();
        shots += frame.count(EffectKind::Shot, SHIP);
        let bolts = frame.own_bolts();
        most = most.max(bolts.len());
        let step = rig.server.setup.rules.bolt.speed * 0.017 * 1.3 + 0.1;
        for bolt in &bolts {
            let ship = frame.position(SHIP).expect("alive");
            let known = before.iter().any(|was| was.distance(*bolt) < step);
            assert!(known || ship.distance(*bolt) < 6.0, "a bolt appeared at {bolt}, ship at {ship}");
        }
        for was in before.iter().filter(|was| was.distance(frame.position(SHIP).expect("alive")) < 30.0) {
            assert!(bolts.iter().any(|bolt| was.distance(*bolt) < step), "a bolt vanished at {was}");
        }
        before = bolts;
    });
    let fired = rig.server.bolts.last().map_or(0, |(bolt, _)| bolt.id.0 - 199);
    assert!(shots as i64 - i64::from(fired) <= 3, "{shots} flashes for {fired} shots");
    assert!(fired > 20 && most >= 4, "{fired} shots, {most} in flight at once");
}

/// The rig's server lets bolts pass through its foe; the picture cannot know that.
#[test]
fn a_bolt_that_flies_on_at_the_server_reappears() {
    let mut rig = Rig::new(60.0, 0);
    rig.server.rocks.clear();
    rig.run(2000.0, |_| {});
    let (mut stopped, mut passed) = (0, 0);
    rig.run(6000.0, |rig| {
        let frame = rig.draw();
        let (Some(ship), Some(foe)) = (frame.position(SHIP), frame.position(FOE)) else { return };
        let offset = foe - ship;
        rig.client.set_input(Buttons::FIRE.0, offset.y.atan2(offset.x));
        let reach = rig.server.setup.rules.ship.radius;
        for bolt in frame.own_bolts() {
            let beyond = bolt.distance(ship) > offset.length() + 2.0 * reach;
            passed += usize::from(beyond);
            stopped += usize::from(!beyond);
        }
    });
    // They fly as far beyond the foe as before it, but are hidden until the server's snapshot arrives.
    assert!(passed > 10 && passed * 3 < stopped * 2, "{stopped} before the foe, {passed} beyond");
}

#[test]
fn others_move_evenly_under_jitter() {
    let mut rig = Rig::new(40.0, 25);
    rig.run(4000.0, |rig| drop(rig.draw()));
    let mut before = None;
    let (mut longest, mut shortest) = (0.0f32, f32::MAX);
    rig.run(30_000.0, |rig| {
        let position = rig.draw().position(FOE).expect("in sight");
        if let Some(before) = before.replace(position) {
            longest = longest.max(position.distance(before));
            shortest = shortest.min(position.distance(before));
        }
    });
    // 10 units per second at 60 frames per second: 0.167 units, or 0.16 to 0.17 in the rig's whole milliseconds.
    assert!(longest < 0.2 && shortest > 0.12, "steps from {shortest} to {longest}");
    let delay = rig.client.net_graph().interpolation_delay_ms;
    assert!((50.0..200.0).contains(&delay), "{delay} ms behind");
}

#[test]
fn after_a_pause_of_the_server_others_move_evenly_again() {
    let mut rig = Rig::new(40.0, 0);
    rig.run(4000.0, |rig| drop(rig.draw()));
    rig.pause_server(1500.0, |rig| drop(rig.draw()));
    rig.run(1500.0, |rig| drop(rig.draw()));
    let mut before = rig.draw().position(FOE).expect("in sight");
    rig.run(4000.0, |rig| {
        let position = rig.draw().position(FOE).expect("in sight");
        let step = position.distance(before);
        assert!((0.14..0.2).contains(&step), "a step of {step} units");
        before = position;
    });
}

fn hit(target: NetId, by: u32) -> Happening {
    Happening::Hit { target, by: PlayerId(by), damage: 80, course: Angle::default(), seen: (0, 0) }
}

#[test]
fn every_event_becomes_one_effect() {
    let mut rig = Rig::new(30.0, 30);
    rig.server.rocks.clear();
    let mut chance = Chance::new(9);
    let mut sent = Vec::new();
    let mut seen = Vec::new();
    let mut look = |rig: &mut Rig| {
        let effects = rig.draw().effects().into_iter().map(|(kind, subject, _)| (kind, subject));
        seen.extend(effects.filter(|(kind, _)| *kind != EffectKind::Shot as u32));
    };
    rig.run(10_000.0, |rig| {
        if rig.client.world().is_some() && chance.below(8) == 0 {
            let subject = if chance.below(2) == 0 { SHIP } else { FOE };
            let (what, kind) = match chance.below(4) {
                0 => (hit(subject, 2), EffectKind::Hit),
                1 => (Happening::Loaded { ship: subject }, EffectKind::Loaded),
                2 => {
                    (Happening::Banked { ship: subject, player: PlayerId(1), gained: 5 }, EffectKind::Banked)
                }
                _ => (Happening::Bounced { ship: subject, speed: 9 }, EffectKind::Bounced),
            };
            rig.server.events.push(Event { at: (0, 0), what });
            sent.push((kind as u32, subject.0));
        }
        look(rig);
    });
    rig.run(1000.0, look);
    sent.sort_unstable();
    seen.sort_unstable();
    assert!(sent.len() > 50);
    assert_eq!(seen, sent);
}

#[test]
fn a_hit_player_sees_where_the_shooter_saw_the_ship() {
    let mut rig = Rig::new(30.0, 0);
    rig.server.rocks.clear();
    rig.run(2000.0, |rig| drop(rig.draw()));
    for (target, seen, expected) in [(SHIP, (-1024, 512), 1), (SHIP, (0, 0), 0), (FOE, (-1024, 512), 0)] {
        let (by, course) = (PlayerId(2), Angle::from_step(256));
        let what = Happening::Hit { target, by, damage: 80, course, seen };
        rig.server.events.push(Event { at: (256, 256), what });
        let mut positions = Vec::new();
        rig.run(1000.0, |rig| {
            let seen = rig.draw().effects().into_iter().filter(|effect| effect.0 == EffectKind::Seen as u32);
            positions.extend(seen.map(|effect| effect.2));
        });
        assert_eq!(positions.len(), expected, "{target:?} seen {seen:?} away");
        assert!(positions.iter().all(|at| *at == Vec2::new(1.0 - 4.0, 1.0 + 2.0)), "{positions:?}");
    }
}

#[test]
fn an_impact_is_shown_at_once_and_only_once() {
    let mut rig = Rig::new(80.0, 0);
    let (mut shown, mut early) = (0, 0);
    rig.run(120_000.0, |rig| {
        // From border to border.
        let aim = if ((rig.now_ms / 12_000.0) as u32).is_multiple_of(2) { 0.1 } else { 3.0 };
        rig.client.set_input(Buttons::THRUST.0, aim);
        shown += rig.draw().count(EffectKind::Bounced, SHIP);
        early += usize::from(shown > rig.server.bounces);
    });
    assert!(
        rig.server.bounces > 10 && early > 0,
        "{} impacts, {early} shown before they happened",
        rig.server.bounces
    );
    assert!(shown.abs_diff(rig.server.bounces) <= 1, "{shown} shown of {}", rig.server.bounces);
}

#[test]
fn a_reconnect_asks_for_the_old_seat_and_starts_over() {
    let mut rig = Rig::new(20.0, 0);
    rig.run(2000.0, |_| {});
    let last_tick = rig.client.state(rig.now_ms).tick;
    rig.cut();
    assert_eq!(rig.client.state(rig.now_ms).phase, ClientPhase::Offline);
    assert_eq!(rig.draw().effects(), []);
    rig.server.tick.0 += 500;
    rig.client.opened(rig.now_ms);
    assert_eq!(rig.client.state(rig.now_ms).phase, ClientPhase::Joining);
    rig.run(3000.0, |_| {});
    let hello = rig.server.hello.clone().expect("a second Hello");
    assert!(hello.resume.is_some());
    assert_eq!(hello.last_tick.map(|tick| tick.0), Some(last_tick));
    let state = rig.client.state(rig.now_ms);
    assert_eq!((state.phase, state.prediction_error_units), (ClientPhase::Playing, 0.0));
    assert!(state.tick > last_tick + 500);
    let welcomes = rig.notices.iter().filter(|notice| matches!(notice, Notice::Welcome { .. })).count();
    assert_eq!(welcomes, 2);
    rig.client.leave();
    rig.cut();
    rig.client.opened(rig.now_ms);
    rig.run(200.0, |_| {});
    assert!(
        rig.server.hello.is_some_and(|hello| hello.resume.is_none()),
        "a seat that was given up is not asked for"
    );
}

#[test]
fn after_a_pause_of_the_server_a_resumed_ship_obeys_at_once() {
    let mut rig = Rig::new(20.0, 0);
    rig.run(2000.0, |_| {});
    // The client plays on, without a message, for longer than frames are kept.
    let paused = rig.server.tick;
    for _ in 0..500 {
        rig.now_ms += 16.0;
        rig.client.advance(rig.now_ms);
        while rig.client.poll_transmit().is_some() {}
    }
    rig.cut();
    rig.client.opened(rig.now_ms);
    while rig.client.poll_transmit().is_some() {}
    let mut resumed = Vec::new();
    encode_server(&ServerMessage::Resumed { token: ResumeToken([7; 16]), tick: paused }, &mut resumed);
    rig.client.received(&resumed, rig.now_ms + 40.0).expect("the server speaks the protocol");
    rig.client.set_input(Buttons::BRAKE.0, 0.0);
    rig.client.advance(rig.now_ms + 80.0);
    let sent = std::iter::from_fn(|| rig.client.poll_transmit());
    let sent: Vec<_> = sent.map(|bytes| decode_client(&bytes).expect("a message of the protocol")).collect();
    let frames = sent.iter().find_map(|message| match message {
        ClientMessage::Input(input) => Some(&input.frames),
        _ => None,
    });
    let newest = frames.and_then(|frames| frames.last()).expect("the present controls");
    assert_eq!(newest.controls.buttons, Buttons::BRAKE);
    assert!(newest.tick.since(paused) < 10, "for tick {} of a server at {}", newest.tick.0, paused.0);
}

#[test]
fn the_view_is_what_the_server_has_and_names_come_first() {
    let mut rig = Rig::new(30.0, 20);
    let mut chance = Chance::new(5);
    rig.run(5000.0, |rig| rig.play(&mut chance));
    rig.down.jitter_ms = 0;
    rig.down.delay_ms = 0.0;
    rig.run(500.0, |_| {});
    let world = rig.client.world().expect("welcomed");
    assert_eq!(world.view.tick(), rig.server.tick);
    assert_eq!(world.view.entities(), rig.server.entities());
    let names: Vec<_> = rig.notices.iter().filter(|n| matches!(n, Notice::Name { .. })).collect();
    assert_eq!(names.len(), 2, "each name once: {names:?}");
}

#[test]
fn a_ship_that_dies_leaves_the_camera_where_it_was() {
    let mut rig = Rig::new(30.0, 0);
    rig.client.set_input(Buttons::THRUST.0, 0.3);
    rig.run(3000.0, |rig| drop(rig.draw()));
    let position = rig.draw().position(SHIP).expect("alive");
    rig.server.ship = None;
    rig.run(500.0, |rig| drop(rig.draw()));
    assert_eq!(rig.client.state(rig.now_ms).phase, ClientPhase::Dead);
    let frame = rig.draw();
    assert!(frame.position(SHIP).is_none());
    let camera = Vec2::new(frame.header_float(HeaderWord::CameraX), frame.header_float(HeaderWord::CameraY));
    assert!(camera.distance(position) < 4.0);
    rig.server.ship = Some(Default::default());
    rig.run(2000.0, |rig| drop(rig.draw()));
    assert_eq!(rig.client.state(rig.now_ms).phase, ClientPhase::Playing);
    let kinds = rig.server.entities().iter().filter(|entity| entity.kind == Kind::Ship).count();
    assert_eq!(kinds, 2);
}

#[test]
fn the_interpolation_delay_follows_the_jitter_while_others_move_evenly() {
    let mut rig = Rig::new(40.0, 0);
    let at = |rig: &mut Rig, jitter_ms: u64| {
        rig.down.jitter_ms = jitter_ms;
        // Until the delay has settled.
        rig.run(6000.0, |rig| drop(rig.draw()));
        let mut before = None;
        rig.run(8000.0, |rig| {
            let position = rig.draw().position(FOE);
            let (Some(now), Some(was)) = (position, before) else {
                before = position;
                return;
            };
            // 10 units per second at 60 frames per second: at most a twentieth faster or slower, plus the rig's rounding.
            let step = now.distance(was);
            assert!((0.14..0.2).contains(&step), "a step of {step} units with {jitter_ms} ms of jitter");
            before = position;
        });
        rig.client.state(rig.now_ms).interpolation_delay_ms
    };
    let calm = at(&mut rig, 0);
    let rough = at(&mut rig, 90);
    let calm_again = at(&mut rig, 0);
    assert!(calm < 60.0, "{calm} ms behind on a clean link");
    assert!(rough > calm + 40.0, "{rough} ms behind under jitter");
    assert!((calm_again - calm).abs() < 15.0, "back to {calm_again} ms from {rough}");
}

#[test]
fn the_bytes_of_snapshots_are_counted_by_what_they_are_spent_on() {
    let mut rig = Rig::new(20.0, 0);
    rig.run(3000.0, |_| {});
    rig.server.events = vec![Event { at: (0, 0), what: Happening::Loaded { ship: FOE } }; 30];
    rig.run(1500.0, |rig| drop(rig.draw()));
    let graph = rig.client.net_graph();
    let spent = graph.spent_bytes_per_second;
    // The rig's server sends every entity in full.
    assert!(spent.appeared > 1000 && spent.own > 100 && spent.ids > 100, "{spent:?}");
    assert_eq!((spent.motion, spent.heading, spent.state), (0, 0, 0), "{spent:?}");
    assert!(spent.events >= 30, "a zero count per snapshot, and the thirty: {spent:?}");
    let total = f64::from(spent.total());
    assert!(
        total <= graph.bytes_per_second && total > graph.bytes_per_second - 100.0,
        "{total} of {graph:?}"
    );
}
