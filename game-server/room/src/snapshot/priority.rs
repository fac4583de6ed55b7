//! Which records go first when a viewer's budget does not allow all of them: the own ship always, then what is near, what
//! flies, and what has waited longest. Whatever is left out, the viewer moves by the motion rule.

use super::interest::Interest;
use shared::entity::{EntityState, Kind};
use shared::id::{PlayerId, Tick};

/// Assumed length of a delta to an older baseline before it is encoded, in bytes.
pub const OLDER_DELTA_BYTES: usize = 10;
/// Assumed length of a full record, in bytes.
pub const FULL_RECORD_BYTES: usize = 28;
/// A new entity is as urgent as if it had waited this many ticks.
const NEW_WAITED_TICKS: u32 = 8;

/// An entity in sight that may be written.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Into the world's entities.
    pub index: usize,
    pub is_held: bool,
    /// `None` if the viewer does not hold the entity for certain.
    pub baseline: Option<Tick>,
    pub length_bytes: usize,
    pub is_chosen: bool,
    urgency: u32,
}

impl Candidate {
    /// An entity in the view of a player.
    pub fn new(
        index: usize,
        entity: &EntityState,
        (is_held, baseline): (bool, Option<Tick>),
        length_bytes: usize,
        now: Tick,
        (player, interest): (PlayerId, &Interest),
    ) -> Candidate {
        let waited_ticks = baseline.map_or(NEW_WAITED_TICKS, |tick| now.since(tick));
        let is_own = entity.kind == Kind::Ship && entity.owner == player;
        let urgency = if is_own { u32::MAX } else { waited_ticks.saturating_mul(weight(entity, interest)) };
        Candidate { index, is_held, baseline, length_bytes, is_chosen: length_bytes == 0, urgency }
    }
}

/// How much it matters that the viewer's state of an entity is exact.
fn weight(entity: &EntityState, interest: &Interest) -> u32 {
    let offset = (entity.motion.position_q - interest.centre).abs();
    let near = match () {
        () if offset.x <= interest.enter.x / 4 && offset.y <= interest.enter.y / 4 => 4,
        () if offset.x <= interest.enter.x / 2 && offset.y <= interest.enter.y / 2 => 2,
        () => 1,
    };
    let is_steered = matches!(entity.kind, Kind::Ship | Kind::Bolt);
    near * if is_steered { 3 } else { 1 }
}

/// Chooses the most urgent candidates that fit into a budget. An empty record and the own ship are always chosen.
pub fn choose(candidates: &mut [Candidate], order: &mut Vec<usize>, budget_bytes: usize) {
    order.clear();
    order.extend((0..candidates.len()).filter(|place| !candidates[*place].is_chosen));
    order.sort_unstable_by_key(|place| (std::cmp::Reverse(candidates[*place].urgency), *place));
    let mut left = budget_bytes;
    for place in order {
        let candidate = &mut candidates[*place];
        if candidate.length_bytes > left && candidate.urgency < u32::MAX {
            return;
        }
        candidate.is_chosen = true;
        left = left.saturating_sub(candidate.length_bytes);
    }
}
