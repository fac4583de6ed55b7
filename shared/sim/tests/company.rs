//! The company that drones are to people who do not fly well: 20 matches of five minutes with naive pilots, measured.

#[path = "rules/game.rs"]
mod game;

use game::shipped;
use shared::command::{FIRST_DRONE, Join, PlayerInput, TickInputs};
use shared::entity::{EntityState, Kind};
use shared::event::Happening;
use shared::id::{NetId, PlayerId};
use shared::keyframe::Goal;
use shared::levels::HullKind;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use shared::text::Name;
use sim::Sim;
use sim::naive_pilot::{Errand, Screen};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

const MATCHES: u64 = 20;
const MATCH_SECONDS: u32 = 300;
const TICK_RATE_HZ: u32 = 30;
const PILOTS: [Errand; 8] = [
    Errand::Mine,
    Errand::Fight,
    Errand::Mine,
    Errand::Idle,
    Errand::Mine,
    Errand::Fight,
    Errand::Mine,
    Errand::Idle,
];
/// A drone stands around an ore within this distance, if nobody takes the ore for longer than this time.
const AROUND_UNITS: f32 = 6.0;
const UNTAKEN_SECONDS: u32 = 4;

/// What one pilot went through.
#[derive(Clone, Debug, Default)]
struct Life {
    deaths: u32,
    by_rocks: u32,
    by_people: u32,
    kills: u32,
    first_banked: Option<u32>,
    first_upgrade: Option<u32>,
}

/// What a match showed.
#[derive(Debug, Default)]
struct Measured {
    lives: BTreeMap<PlayerId, Life>,
    drone_ticks: u64,
    drone_deaths: u64,
    around_ore_ticks: u64,
    most_attackers: usize,
}

fn measure(seed: u64) -> Measured {
    let setup = Setup { drones: 16, seed, ..shipped("belt") };
    let mut sim = Sim::new(&setup).expect("the shipped numbers are in range");
    let mut world = sim.capture();
    let mut measured = Measured::default();
    let mut beside = BTreeMap::new();
    for tick in 0..MATCH_SECONDS * TICK_RATE_HZ {
        let mut inputs = flown(&setup, &world);
        if tick == 0 {
            inputs.joins = (1..=PILOTS.len() as u32).map(newcomer).collect();
        }
        sim.step(&inputs);
        sim.capture_into(&mut world);
        measured.events(&world);
        measured.around_ore(&world, &mut beside);
        if tick % TICK_RATE_HZ == 0 {
            measured.attackers(&sim);
        }
    }
    measured
}

fn newcomer(player: u32) -> Join {
    Join {
        player: PlayerId(player),
        name: Name::from_input(&format!("Naive {player}")),
        hull: HullKind::default(),
    }
}

fn flown(setup: &Setup, world: &WorldSnapshot) -> TickInputs {
    let mut inputs = TickInputs::default();
    for pilot in world.pilots.iter().filter(|pilot| !pilot.drone) {
        let Some(own) = pilot.ship.and_then(|ship| world.entity(ship)) else { continue };
        let half = glam::Vec2::new(setup.mode.view_width, setup.mode.view_height) / 2.0;
        let at = own.motion.position();
        let in_view = |it: &&EntityState| (it.motion.position() - at).abs().cmple(half).all();
        let entities: Vec<EntityState> = world.entities.iter().filter(in_view).copied().collect();
        let screen = Screen {
            setup,
            round: &world.round,
            tick: world.tick,
            own,
            purse: pilot.purse,
            entities: &entities,
        };
        let controls = errand(pilot.player).controls(&screen);
        inputs.inputs.push(PlayerInput { player: pilot.player, controls });
    }
    inputs
}

fn errand(player: PlayerId) -> Errand {
    PILOTS[player.0 as usize - 1]
}

impl Measured {
    fn events(&mut self, world: &WorldSnapshot) {
        let tick = world.tick.0;
        for event in &world.events {
            match event.what {
                Happening::Death { victim, killer, .. } => {
                    match world.pilot(victim).is_some_and(|pilot| pilot.drone) {
                        true => self.drone_deaths += 1,
                        false => {
                            let life = self.life(victim);
                            life.deaths += 1;
                            life.by_rocks += u32::from(killer == PlayerId::NOBODY);
                            life.by_people += u32::from(killer != PlayerId::NOBODY && killer.0 < FIRST_DRONE);
                        }
                    }
                    self.life(killer).kills += 1;
                }
                Happening::Banked { player, .. } => {
                    self.life(player).first_banked.get_or_insert(tick);
                }
                Happening::Upgraded { ship, .. } => {
                    let Some(ship) = world.entity(ship) else { continue };
                    self.life(ship.owner).first_upgrade.get_or_insert(tick);
                }
                _ => {}
            }
        }
    }

    fn life(&mut self, player: PlayerId) -> &mut Life {
        self.lives.entry(player).or_default()
    }

    /// Counts the drones that are near an ore that some drone has been near for too long.
    fn around_ore(&mut self, world: &WorldSnapshot, beside: &mut BTreeMap<NetId, u32>) {
        let drones = world.pilots.iter().filter(|pilot| pilot.drone);
        let drones: Vec<&EntityState> = drones.filter_map(|pilot| world.entity(pilot.ship?)).collect();
        self.drone_ticks += drones.len() as u64;
        let mut now = BTreeMap::new();
        let mut waiting = vec![false; drones.len()];
        for ore in world.entities.iter().filter(|entity| entity.kind == Kind::Ore) {
            let at = ore.motion.position();
            let is_near = |drone: &&EntityState| drone.motion.position().distance(at) < AROUND_UNITS;
            if !drones.iter().any(is_near) {
                continue;
            }
            let ticks = beside.get(&ore.id).map_or(1, |ticks| ticks + 1);
            now.insert(ore.id, ticks);
            if ticks > UNTAKEN_SECONDS * TICK_RATE_HZ {
                drones.iter().zip(&mut waiting).for_each(|(drone, waits)| *waits |= is_near(drone));
            }
        }
        self.around_ore_ticks += waiting.iter().filter(|waits| **waits).count() as u64;
        *beside = now;
    }

    fn attackers(&mut self, sim: &Sim) {
        let mut attackers = BTreeMap::<NetId, usize>::new();
        for drone in sim.keyframe().players.iter().filter_map(|player| player.drone) {
            if drone.goal == Goal::Fight {
                drone.target.into_iter().for_each(|prey| *attackers.entry(prey).or_default() += 1);
            }
        }
        self.most_attackers = self.most_attackers.max(attackers.into_values().max().unwrap_or(0));
    }
}

/// The median, in seconds; what never came to pass counts as the whole match.
fn median_seconds(ticks: impl Iterator<Item = Option<u32>>) -> f64 {
    let mut ticks: Vec<u32> = ticks.map(|tick| tick.unwrap_or(MATCH_SECONDS * TICK_RATE_HZ)).collect();
    ticks.sort_unstable();
    f64::from(ticks[ticks.len() / 2]) / f64::from(TICK_RATE_HZ)
}

/// What pilots of one errand went through: per pilot and minute, and medians over all of them.
struct Row {
    errand: Errand,
    deaths: f64,
    by_rocks: f64,
    by_people: f64,
    kills: f64,
    first_banked_seconds: f64,
    first_upgrade_seconds: f64,
}

impl Row {
    fn of(errand: Errand, matches: &[Measured]) -> Row {
        let numbers = (1..).zip(PILOTS).filter(|(_, other)| *other == errand).map(|(number, _)| number);
        let ids: Vec<PlayerId> = numbers.map(PlayerId).collect();
        let lives = ids.iter().flat_map(|id| matches.iter().map(|it| it.lives.get(id).cloned()));
        let lives: Vec<Life> = lives.map(Option::unwrap_or_default).collect();
        let minutes = f64::from(MATCH_SECONDS) / 60.0 * lives.len() as f64;
        let per_minute = |count: fn(&Life) -> u32| f64::from(lives.iter().map(count).sum::<u32>()) / minutes;
        Row {
            errand,
            deaths: per_minute(|life| life.deaths),
            by_rocks: per_minute(|life| life.by_rocks),
            by_people: per_minute(|life| life.by_people),
            kills: per_minute(|life| life.kills),
            first_banked_seconds: median_seconds(lives.iter().map(|life| life.first_banked)),
            first_upgrade_seconds: median_seconds(lives.iter().map(|life| life.first_upgrade)),
        }
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Row { errand, deaths, by_rocks, by_people, kills, .. } = self;
        let (banked, upgrade) = (self.first_banked_seconds, self.first_upgrade_seconds);
        let errand = format!("{errand:?}");
        write!(f, "{errand:<8}{deaths:>12.2}{by_rocks:>10.2}{by_people:>11.2}{kills:>11.2}")?;
        write!(f, "{banked:>16.1}{upgrade:>17.1}")
    }
}

#[test]
fn drones_are_good_company_to_naive_pilots() {
    let matches: Vec<Measured> = std::thread::scope(|scope| {
        let half = |half| (0..MATCHES).filter(move |seed| seed % 2 == half).map(measure).collect::<Vec<_>>();
        let halves = [0, 1].map(|parity| scope.spawn(move || half(parity)));
        halves.into_iter().flat_map(|half| half.join().expect("no match panics")).collect()
    });
    let rows = [Errand::Mine, Errand::Fight, Errand::Idle].map(|errand| Row::of(errand, &matches));
    let [miners, fighters, idlers] = &rows;
    let sum = |count: fn(&Measured) -> u64| matches.iter().map(count).sum::<u64>() as f64;
    let drone_ticks = sum(|it| it.drone_ticks);
    let around_ore_percent = sum(|it| it.around_ore_ticks) / drone_ticks * 100.0;
    let drone_deaths = sum(|it| it.drone_deaths) / (drone_ticks / f64::from(TICK_RATE_HZ) / 60.0);
    let most_attackers = matches.iter().map(|it| it.most_attackers).max().unwrap_or(0);
    let table = format!(
        "pilots    deaths/min  by rocks  by people  kills/min  first banked s  first upgrade s\n\
         {miners}\n{fighters}\n{idlers}\ndrones  {drone_deaths:>12.2}\n\
         around an ore that nobody takes: {around_ore_percent:.2} % of drone time\n\
         most drones that hunt one ship: {most_attackers}"
    );
    eprintln!("{table}");
    assert!(around_ore_percent <= 0.5, "{table}");
    assert!(miners.deaths <= 0.45 && fighters.deaths <= 0.7, "{table}");
    assert!(miners.first_banked_seconds <= 30.0 && miners.first_upgrade_seconds <= 60.0, "{table}");
    assert!((1..=2).contains(&most_attackers), "{table}");
}
