//! A match by script: the same in every build, so that one number tells whether two machines agree.

use shared::angle::Angle;
use shared::command::{Absence, Admin, Join, PlayerInput, TickInputs};
use shared::id::PlayerId;
use shared::input::{Buttons, Controls, ViewLag};
use shared::levels::HullKind;
use shared::rules::{
    AbilityRules, Arena, AsteroidRules, BoltRules, BountyRules, DroneRules, HullRules, HullsRules, Mode,
    ModeKind, OreRules, Region, Rules, ShipRules, Station, StationRules, UpgradeRules, Wall,
};
use shared::setup::Setup;
use shared::text::Name;

use crate::Sim;

/// Ticks of the match.
pub const SCRIPT_TICKS: u32 = 600;

/// Plays the scripted match and returns the hash of all its state hashes.
///
/// Its numbers stand here and not in `assets/`, so that tuning the game does not change it.
///
/// # Panics
/// If the script's own numbers are out of range.
pub fn scripted_match() -> u64 {
    let mut sim = Sim::new(&setup()).expect("the script's numbers are in range");
    let mut hasher = shared::hash::StateHasher::default();
    for tick in 1..=SCRIPT_TICKS {
        sim.step(&inputs(tick));
        hasher.bytes(&sim.state_hash().to_le_bytes());
    }
    hasher.finish()
}

/// What enters the world in a tick of the match: people come, fly, fight, vanish and leave.
pub fn inputs(tick: u32) -> TickInputs {
    let mut inputs = TickInputs::default();
    if tick % 40 == 1 && tick <= 241 {
        let player = PlayerId(tick / 40 + 1);
        inputs.joins.push(join(player, &format!("Script {}", player.0)));
    }
    match tick {
        300 => inputs.leaves.push(PlayerId(2)),
        310 => inputs.absences.push(Absence { player: PlayerId(3), away: true }),
        370 => inputs.absences.push(Absence { player: PlayerId(3), away: false }),
        400 => inputs.admin.push(Admin::SetDrones(14)),
        450 => inputs.admin.push(Admin::Kick(PlayerId(4))),
        460 => inputs.joins.push(join(PlayerId(20), "Late")),
        _ => {}
    }
    for player in (1..=7).chain([20]).filter(|player| (tick + player * 5).is_multiple_of(9)) {
        inputs.inputs.push(PlayerInput { player: PlayerId(player), controls: controls(player, tick) });
    }
    inputs
}

fn join(player: PlayerId, name: &str) -> Join {
    Join { player, name: Name::from_input(name), hull: HullKind::of_number((player.0 % 3) as u16) }
}

/// What a player of the script holds: sweeping aims, long burns, bursts of fire.
fn controls(player: u32, tick: u32) -> Controls {
    let beat = (tick / 9).wrapping_mul(2_654_435_761).wrapping_add(player.wrapping_mul(40_503)) >> 7;
    let mut buttons = Buttons::THRUST;
    if beat.is_multiple_of(5) {
        buttons = buttons.with(Buttons::BOOST);
    }
    if !beat.is_multiple_of(3) {
        buttons = buttons.with(Buttons::FIRE);
    }
    if beat.is_multiple_of(11) {
        buttons = Buttons::BRAKE.with(Buttons(16 << (beat % 4)));
    }
    if beat.is_multiple_of(4) {
        buttons = buttons.with(Buttons::ABILITY);
    }
    let lag = ViewLag((player * 11 + beat % 40) as u16);
    Controls { buttons, aim: Angle::from_step((player * 131 + tick * 3 + beat % 200) as u16), lag }
}

/// What the match is played by: small and crowded, so that much happens in its 600 ticks.
pub fn setup() -> Setup {
    let ring = |name: &str, x, y| Station { name: name.into(), x, y, radius: 9.0 };
    Setup {
        rules: rules(),
        mode: Mode {
            title: "Script".into(),
            kind: ModeKind::FreeForAll,
            is_listed: false,
            teams: 0,
            capacity: 12,
            area_per_player: 500.0,
            asteroids_per_player: 2.0,
            drones: 8,
            view_width: 100.0,
            view_height: 60.0,
            arenas: vec!["script".into(), "walled".into()],
            round_seconds: 16,
            podium_seconds: 2,
            kills_to_win: 0,
        },
        arenas: vec![
            Arena {
                stations: vec![ring("One", 0.0, -0.5), ring("Two", 0.5, 0.4), ring("Three", -0.5, 0.4)],
                ..open("Script")
            },
            Arena {
                size: 1.2,
                drift: 0.5,
                stations: vec![ring("Four", 0.0, -0.6), ring("Five", 0.0, 0.6)],
                fields: vec![Region { x: 0.4, y: 0.0, radius: 0.4 }],
                walls: vec![Wall { from: [-0.6, -0.2], to: [0.5, -0.2] }],
                ..open("Walled")
            },
        ],
        tick_rate_hz: 30,
        drones: 8,
        seed: 0xd21f_7be1,
    }
}

fn open(title: &str) -> Arena {
    let (stations, fields, spawns, walls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    Arena { title: title.into(), size: 1.0, rocks: 1.0, drift: 1.0, stations, fields, spawns, walls }
}

fn hull(health: f32, thrust: f32, damage: f32, hold: f32, ability_seconds: f32) -> HullRules {
    HullRules { health, thrust, damage, hold, ability_seconds, ability_cooldown_seconds: 3.0 }
}

fn rules() -> Rules {
    Rules {
        ship: ShipRules {
            radius: 1.2,
            health: 30.0,
            energy: 100.0,
            energy_regen: 14.0,
            thrust: 26.0,
            boost_thrust: 58.0,
            boost_drain: 32.0,
            drag: 1.1,
            brake: 2.5,
            load_slowdown: 0.4,
            restitution: 0.55,
            crash_speed: 14.0,
            crash_damage: 1.6,
            respawn_seconds: 2.0,
            protection_seconds: 1.0,
        },
        bolt: BoltRules {
            speed: 58.0,
            lifetime_seconds: 0.9,
            damage: 11.0,
            cooldown_seconds: 0.2,
            energy: 2.0,
            radius: 0.3,
            rewind_seconds: 0.25,
        },
        asteroid: AsteroidRules {
            radius: [1.3, 2.4, 4.2],
            boulder_radius: 4.6,
            health: [10.0, 20.0, 30.0],
            drift_speed: 2.5,
            pieces: 2,
            ore: 3,
            respawn_seconds: 3.0,
        },
        ore: OreRules { radius: 0.6, lifetime_seconds: 12.0, hold: 8 },
        station: StationRules {
            bank_per_second: 8.0,
            repair_per_second: 20.0,
            price: 10.0,
            price_floor: 4.0,
            price_drop: 0.012,
            price_recovery: 0.02,
        },
        bounty: BountyRules { base: 25, per_streak: 15, assist: 10, assist_seconds: 8.0 },
        upgrades: UpgradeRules {
            cost: [20, 40, 80],
            hull_per_level: 0.15,
            engine_per_level: 0.1,
            gun_per_level: 0.12,
            hold_per_level: 0.35,
        },
        hulls: HullsRules {
            miner: hull(1.0, 1.0, 1.0, 1.25, 1.5),
            raider: hull(1.1, 0.9, 1.1, 0.75, 1.0),
            scout: hull(0.9, 1.2, 1.0, 1.0, 0.0),
        },
        ability: AbilityRules {
            tractor_range: 10.0,
            shield_share: 0.6,
            mine_damage: 20.0,
            mine_radius: 2.5,
            mine_arm_seconds: 0.3,
            mine_lifetime_seconds: 6.0,
        },
        drone: DroneRules { sight: 45.0, think_seconds: 0.4, flee_health: 0.35, aim_error_steps: 20 },
    }
}
