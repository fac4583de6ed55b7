//! The world as the server hands it out.

use shared::id::Tick;
use shared::round::Round;
use shared::snapshot::WorldSnapshot;

use crate::stations::Prices;
use crate::tick_context::EventQueue;
use crate::view::WorldView;

/// Fills a snapshot, reusing its buffers.
pub fn capture_into(
    out: &mut WorldSnapshot,
    tick: Tick,
    view: &WorldView<'_>,
    prices: &Prices,
    round: Round,
    events: &EventQueue,
) {
    out.tick = tick;
    out.entities.clear();
    out.entities.extend(view.entities.iter().map(|(entity, _)| *entity));
    out.events.clear();
    out.events.extend_from_slice(&events.events);
    out.hits.clear();
    out.hits.extend_from_slice(&events.hits);
    out.pilots.clear();
    out.pilots.extend(view.players.all().iter().map(|player| view.pilot(player)));
    out.prices.clone_from(&prices.0);
    out.round = round;
}
