//! Writes a recording of a long, full match without playing it: people by script, and drones. What seeking, verifying and
//! drawing a big recording cost can be tried on it.
//!
//! `cargo run --release -p game-server --example long_match -- FILE [PLAYERS] [MINUTES]`

use anyhow::Context;
use game_server::assets::{Assets, Choice};
use glam::Vec2;
use room::KEYFRAME_INTERVAL_SECONDS;
use shared::angle::Angle;
use shared::command::{Join, PlayerInput, TickInputs};
use shared::entity::{EntityState, Kind};
use shared::event::Happening;
use shared::id::{PlayerId, Tick};
use shared::input::{Buttons, Controls};
use shared::recording::{Encoder, Header, Mark};
use shared::setup::{DEFAULT_TICK_RATE_HZ, Setup};
use shared::snapshot::{Pilot, WorldSnapshot};
use shared::text::Name;
use sim::Sim;
use std::fs::File;
use std::io::Write;

const DEFAULT_PLAYERS: u32 = 50;
const DEFAULT_MINUTES: u32 = 30;
/// Ticks between two turns of a person's hand.
const HAND_TICKS: u32 = 2;
/// Drones fly with the people.
const DRONES: u32 = 14;
/// Loads after which a pilot flies home.
const FULL_LOADS: u16 = 10;
/// Within this range of a station a person stops.
const HOME_UNITS: f32 = 5.0;
/// Within this range and this many steps of the aim a person fires.
const GUN_UNITS: f32 = 30.0;
const GUN_STEPS: u16 = 40;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().context("which file is to be written?")?;
    let mut number = |otherwise| arguments.next().map_or(Ok(otherwise), |text| text.parse::<u32>());
    let (players, minutes) = (number(DEFAULT_PLAYERS)?, number(DEFAULT_MINUTES)?);
    let drones = Some(u16::try_from(players + DRONES)?);
    let choice = Choice { mode: "belt".into(), drones, seed: 7, tick_rate_hz: DEFAULT_TICK_RATE_HZ };
    let mut setup = Assets::Embedded.setup(&choice)?;
    setup.mode.capacity = setup.mode.capacity.max(u16::try_from(players)?);
    let header = Header::new(&setup, Sim::BUILD, "long-match", 1_790_000_000_000);
    let mut sim = Sim::new(&setup)?;
    let mut encoder = Encoder::new(&header);
    encoder.keyframe(&sim.keyframe())?;
    let mut file = File::create(&path).with_context(|| path.clone())?;
    let mut world = WorldSnapshot::default();
    let ticks = minutes * 60 * u32::from(setup.tick_rate_hz);
    let keyframe_ticks = setup.ticks(KEYFRAME_INTERVAL_SECONDS);
    for tick in (1..=ticks).map(Tick) {
        sim.capture_into(&mut world);
        let mut inputs = TickInputs::default();
        if tick.0 <= players {
            let name = Name::from_input(&format!("Pilot {}", tick.0));
            encoder.mark(Mark::joined(tick, PlayerId(tick.0), &name));
            inputs.joins.push(Join { player: PlayerId(tick.0), name, hull: Default::default() });
        }
        let people = world.pilots.iter().filter(|pilot| !pilot.drone);
        let moving = people.filter(|pilot| (pilot.player.0 + tick.0).is_multiple_of(HAND_TICKS));
        let hands = moving.filter_map(|pilot| {
            Some(PlayerInput { player: pilot.player, controls: controls(&setup, &world, pilot)? })
        });
        inputs.inputs.extend(hands);
        sim.step(&inputs);
        encoder.tick(tick, &inputs, sim.state_hash())?;
        sim.capture_into(&mut world);
        for event in &world.events {
            match event.what {
                Happening::Death { victim, killer, bounty, .. } => {
                    encoder.mark(Mark::killed(tick, killer, victim, bounty));
                }
                Happening::Banked { player, gained, .. } => encoder.mark(Mark::banked(tick, player, gained)),
                _ => {}
            }
        }
        if tick.0.is_multiple_of(keyframe_ticks) {
            encoder.keyframe(&sim.keyframe())?;
        }
        // A chunk per tick, as a room writes it.
        file.write_all(&encoder.take()?)?;
    }
    file.write_all(&encoder.finish()?)?;
    Ok(())
}

/// Miners go for what is nearest, raiders for ships; both collect ore, and bring it home before the hold is full.
fn controls(setup: &Setup, world: &WorldSnapshot, pilot: &Pilot) -> Option<Controls> {
    let own = world.entity(pilot.ship?)?;
    let at = own.motion.position();
    if own.hold >= FULL_LOADS {
        let stations = setup.arena(&world.round).stations.iter();
        let places =
            stations.map(|station| Vec2::new(station.x, station.y) * setup.half_size(&world.round) - at);
        let home = places.min_by(|one, other| one.length().total_cmp(&other.length()))?;
        let buttons = if home.length() > HOME_UNITS { Buttons::THRUST } else { Buttons::BRAKE };
        return Some(Controls { buttons, aim: Angle::from_vector(home), ..Controls::default() });
    }
    let away = |other: &&EntityState| other.motion.position().distance(at);
    let raider = pilot.player.0.is_multiple_of(3);
    let wanted = |other: &&EntityState| match other.kind {
        Kind::Ship => raider && other.id != own.id,
        Kind::Asteroid => !raider,
        Kind::Ore => true,
        Kind::Bolt => false,
    };
    let others = world.entities.iter().filter(wanted);
    let prey = others.min_by(|one, other| away(one).total_cmp(&away(other)))?;
    let aim = Angle::from_vector(prey.motion.position() - at);
    let ahead = own.heading.steps_to(aim).unsigned_abs() < GUN_STEPS;
    let fires = prey.kind != Kind::Ore && ahead && away(&prey) < GUN_UNITS;
    let buttons = if fires { Buttons::THRUST.with(Buttons::FIRE) } else { Buttons::THRUST };
    Some(Controls { buttons, aim, ..Controls::default() })
}
