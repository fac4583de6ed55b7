//! How the hits of a session were judged: for the net graph.

use glam::{IVec2, Vec2};
use serde::Serialize;
use shared::input::ViewLag;
use shared::quantize::position_from;

/// Upper bounds of the ages of the own view by which hits are counted, in milliseconds; the last is open.
pub const VIEW_AGE_BOUNDS_MS: [f32; 4] = [50.0, 100.0, 150.0, 200.0];

/// Hits on ships, dealt or taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct HitCount {
    /// All of them.
    pub hits: u32,
    /// Those for which the ship was taken back to where its shooter saw it.
    pub rewound: u32,
    /// From where a ship was to where its shooter saw it: the mean of the latter, in units.
    pub moved: f32,
}

/// The hits of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HitCounts {
    /// By the viewer.
    pub dealt: HitCount,
    /// On the viewer's ship.
    pub taken: HitCount,
    /// The hits dealt by how old the others were on the screen.
    pub by_view_age: [u32; VIEW_AGE_BOUNDS_MS.len() + 1],
}

impl HitCount {
    /// Counts a hit on a ship that its shooter saw this far away from where it was, in position quanta.
    pub fn add(&mut self, seen: (i16, i16)) {
        self.hits = self.hits.saturating_add(1);
        if seen == (0, 0) {
            return;
        }
        self.rewound = self.rewound.saturating_add(1);
        let moved: Vec2 = position_from(IVec2::new(seen.0.into(), seen.1.into()));
        self.moved += (moved.length() - self.moved) / self.rewound as f32;
    }
}

impl HitCounts {
    /// Counts a hit by the viewer.
    pub fn add_dealt(&mut self, seen: (i16, i16), view_age: ViewLag, tick_seconds: f32) {
        self.dealt.add(seen);
        let age_ms = view_age.ticks() * tick_seconds * 1000.0;
        let index = VIEW_AGE_BOUNDS_MS.iter().take_while(|bound| age_ms >= **bound).count();
        self.by_view_age[index] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_counted_by_age_and_distance() {
        let mut counts = HitCounts::default();
        for (seen, lag) in [((0, 0), 0), ((256, 0), 12), ((0, -768), 60)] {
            counts.add_dealt(seen, ViewLag(lag), 1.0 / 30.0);
        }
        assert_eq!(counts.dealt, HitCount { hits: 3, rewound: 2, moved: 2.0 });
        assert_eq!(counts.by_view_age, [1, 1, 0, 0, 1], "at 0, 50 and 250 ms");
    }
}
