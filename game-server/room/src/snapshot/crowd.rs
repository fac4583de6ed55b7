//! What a viewer is told when there is more to tell than its budget of bytes allows: the own ship always, then what is
//! near, what flies, and what has waited longest. The rest waits; the viewer moves it on by the motion rule meanwhile.

use super::Interest;
use shared::entity::{EntityState, Kind};
use shared::id::{PlayerId, Tick};

/// What a difference to an older baseline is taken to cost before it is encoded, in bytes.
pub const OLDER_COST_BYTES: usize = 10;
/// What a full record is taken to cost, in bytes.
pub const FULL_COST_BYTES: usize = 28;
/// Something new is as urgent as if it had waited this many ticks.
const NEW_WAITED_TICKS: u32 = 8;

/// One entity in sight of a viewer in a crowd.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Into the world's entities.
    pub index: usize,
    /// The newest tick for which the viewer's state of it is exact; `None` if the viewer does not hold it.
    pub exact_at: Option<Tick>,
    /// Bytes that it takes to tell.
    pub cost: usize,
    /// Whether it is told.
    pub chosen: bool,
    urgency: u32,
}

impl Candidate {
    /// An entity as it stands at a tick, for the player whose view it is in.
    pub fn new(
        index: usize,
        entity: &EntityState,
        exact_at: Option<Tick>,
        cost: usize,
        now: Tick,
        viewer: (PlayerId, &Interest),
    ) -> Candidate {
        let (player, interest) = viewer;
        let waited = exact_at.map_or(NEW_WAITED_TICKS, |tick| now.since(tick));
        let own = entity.kind == Kind::Ship && entity.owner == player;
        let urgency = if own { u32::MAX } else { waited.saturating_mul(weight(entity, interest)) };
        Candidate { index, exact_at, cost, chosen: cost == 0, urgency }
    }
}

/// How much it matters that an entity is exact.
fn weight(entity: &EntityState, interest: &Interest) -> u32 {
    let offset = (entity.motion.position_q - interest.centre).abs();
    let near = match () {
        () if offset.x <= interest.enter.x / 4 && offset.y <= interest.enter.y / 4 => 4,
        () if offset.x <= interest.enter.x / 2 && offset.y <= interest.enter.y / 2 => 2,
        () => 1,
    };
    let moves_by_will = matches!(entity.kind, Kind::Ship | Kind::Bolt);
    near * if moves_by_will { 3 } else { 1 }
}

/// Chooses the most urgent ones that fit into a budget. What costs nothing, and the own ship, is told in any case.
pub fn choose(candidates: &mut [Candidate], order: &mut Vec<usize>, budget_bytes: usize) {
    order.clear();
    order.extend((0..candidates.len()).filter(|place| !candidates[*place].chosen));
    order.sort_unstable_by_key(|place| (std::cmp::Reverse(candidates[*place].urgency), *place));
    let mut left = budget_bytes;
    for place in order {
        let candidate = &mut candidates[*place];
        if candidate.cost > left && candidate.urgency < u32::MAX {
            return;
        }
        candidate.chosen = true;
        left = left.saturating_sub(candidate.cost);
    }
}
