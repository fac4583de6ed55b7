//! Stations: those inside a ring bank their hold, are repaired and may buy; prices move with what is sold.

use bevy_ecs::prelude::{Query, Res, ResMut, Resource};
use shared::entity::Kind;
use shared::event::Happening;
use shared::id::{NetId, PlayerId};
use shared::input::Buttons;
use shared::levels::Upgrade;
use shared::movement::Motion;
use shared::quantize;

use crate::components::{Cargo, Crew, Flight, Hull};
use crate::entity_index::EntityIndex;
use crate::players::{Player, Players};
use crate::rules::{PRICE_SCALE, WorldRules};
use crate::tick_context::{Clock, EventQueue};

/// Thousandths of a load that make a load.
const LOAD: u32 = 1000;

/// The price of a load at each station, in hundredths of a point of score.
#[derive(Resource, Debug, Default)]
pub struct Prices(pub Vec<u32>);

/// Serves every ship that is inside a ring.
pub fn serve(
    rules: Res<WorldRules>,
    clock: Res<Clock>,
    entities: Res<EntityIndex>,
    mut ships: Query<(&Flight, &mut Hull, &mut Cargo, &Crew)>,
    mut players: ResMut<Players>,
    mut prices: ResMut<Prices>,
    mut events: ResMut<EventQueue>,
) {
    if rules.stations.is_empty() {
        return;
    }
    let repair = quantize::health(rules.station.repair_per_second);
    let repair = rules.portion(u32::from(repair), clock.0).min(u32::from(u16::MAX)) as u16;
    let thousandths = rules.portion((rules.station.bank_per_second * LOAD as f32) as u32, clock.0);
    for entry in entities.of(Kind::Ship) {
        let Ok((flight, mut hull, mut cargo, crew)) = ships.get_mut(entry.entity) else { continue };
        let Some(player) = players.get_mut(crew.player) else { continue };
        let motion = &flight.state.motion;
        let Some(price) =
            rules.station_at(motion.position()).and_then(|at| prices.0.get_mut(usize::from(at)))
        else {
            cargo.bank_progress = 0;
            close_haul(entry.id, motion, crew, &mut cargo, &mut events);
            continue;
        };
        bank(&mut cargo, player, price, thousandths, &rules);
        if cargo.hold == 0 {
            close_haul(entry.id, motion, crew, &mut cargo, &mut events);
        }
        if hull.last_hit.by != PlayerId::NOBODY && hull.last_hit.until >= clock.0 {
            note_escape(&mut player.state.escape, hull.health);
        }
        hull.health = hull.health.saturating_add(repair).min(rules.ship_health_q(player.state.levels));
        buy(entry.id, motion, player, &mut hull, &rules, &mut events);
    }
}

/// Turns ore into score load by load; each lowers the price of the next.
fn bank(cargo: &mut Cargo, player: &mut Player, price: &mut u32, thousandths: u32, rules: &WorldRules) {
    if cargo.hold == 0 {
        cargo.bank_progress = 0;
        return;
    }
    let mut progress = u32::from(cargo.bank_progress) + thousandths;
    while progress >= LOAD && cargo.hold > 0 {
        progress -= LOAD;
        cargo.hold -= 1;
        let gained = whole(*price as f32 / PRICE_SCALE);
        cargo.haul = cargo.haul.saturating_add(gained);
        player.state.best_haul = player.state.best_haul.max(cargo.haul);
        player.earn(gained);
        let drop = whole(*price as f32 * rules.station.price_drop);
        *price = price.saturating_sub(drop).max(rules.price_floor());
    }
    cargo.bank_progress = (progress % LOAD) as u16;
}

/// Remembers the least health with which a ship that had just been hit reached a station.
fn note_escape(least: &mut u16, health: u16) {
    *least = if *least == 0 { health } else { health.min(*least) };
}

/// Ends the haul and reports what it earned.
pub fn close_haul(ship: NetId, motion: &Motion, crew: &Crew, cargo: &mut Cargo, events: &mut EventQueue) {
    let gained = std::mem::take(&mut cargo.haul);
    if gained > 0 {
        events.push(motion, Happening::Banked { ship, player: crew.player, gained });
    }
}

/// Buys the upgrades whose buttons were pressed in this tick, if the purse suffices.
fn buy(
    ship: NetId,
    motion: &Motion,
    player: &mut Player,
    hull: &mut Hull,
    rules: &WorldRules,
    events: &mut EventQueue,
) {
    let pressed = player.state.controls.buttons.pressed_since(player.held);
    for upgrade in Upgrade::ALL {
        if !pressed.any(button(upgrade)) {
            continue;
        }
        let cost = rules.upgrade_cost(player.state.levels, upgrade);
        let Some(left) = cost.and_then(|cost| player.state.purse.checked_sub(cost)) else { continue };
        let before = rules.ship_health_q(player.state.levels);
        player.state.purse = left;
        player.state.levels = player.state.levels.raised(upgrade);
        let more = rules.ship_health_q(player.state.levels) - before;
        hull.health = hull.health.saturating_add(more);
        events.push(motion, Happening::Upgraded { ship, upgrade });
    }
}

/// The button that buys an upgrade.
pub fn button(upgrade: Upgrade) -> Buttons {
    match upgrade {
        Upgrade::Hull => Buttons::BUY_HULL,
        Upgrade::Engine => Buttons::BUY_ENGINE,
        Upgrade::Gun => Buttons::BUY_GUN,
        Upgrade::Hold => Buttons::BUY_HOLD,
    }
}

/// Once a second, every price recovers a share of its drop.
pub fn recover(rules: Res<WorldRules>, clock: Res<Clock>, mut prices: ResMut<Prices>) {
    if !clock.0.0.is_multiple_of(u32::from(rules.setup.tick_rate_hz)) {
        return;
    }
    let rest = rules.price_at_rest();
    for price in &mut prices.0 {
        let gap = rest.saturating_sub(*price);
        *price += ((gap as f32 * rules.station.price_recovery).ceil() as u32).min(gap);
    }
}

/// The nearest whole number.
fn whole(value: f32) -> u32 {
    value.round() as u32
}
