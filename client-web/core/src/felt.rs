//! Impacts of the own ship that the prediction has shown, so that the server's word of them is no news.

use shared::id::Tick;
use std::collections::VecDeque;

/// A predicted impact slower than this is neither seen nor heard, as the server does not tell of it either.
pub const FELT_UNITS_PER_SECOND: f32 = 3.0;
/// An impact that the server has not told of by then did not happen, in ticks.
const MEMORY_TICKS: u32 = 4;
/// Impacts remembered at most.
const MEMORY_LIMIT: usize = 32;

/// Ticks of predicted impacts that the server has not told of yet, ascending.
#[derive(Clone, Debug, Default)]
pub struct Felt(VecDeque<Tick>);

impl Felt {
    /// The prediction showed an impact.
    pub fn shown(&mut self, tick: Tick) {
        if self.0.len() >= MEMORY_LIMIT {
            self.0.pop_front();
        }
        self.0.push_back(tick);
    }

    /// The server tells of an impact in its snapshot of `tick`. Returns whether that is news.
    pub fn is_news(&mut self, tick: Tick) -> bool {
        self.0.retain(|shown| tick.since(*shown) <= MEMORY_TICKS);
        self.0.pop_front_if(|shown| *shown <= tick.plus(1)).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_felt_is_told_once() {
        let mut felt = Felt::default();
        felt.shown(Tick(10));
        felt.shown(Tick(11));
        felt.shown(Tick(30));
        assert!(!felt.is_news(Tick(10)));
        assert!(!felt.is_news(Tick(12)));
        assert!(felt.is_news(Tick(13)), "30 has not come");
        assert!(felt.is_news(Tick(40)), "30 did not happen");
    }
}
