//! Impacts of the own ship that the prediction has already shown, so that the server's event is not shown again.

use shared::id::Tick;
use std::collections::VecDeque;

/// An impact that the server has not reported within this many ticks did not happen.
const MEMORY_TICKS: u32 = 4;
/// Impacts remembered at most.
const MEMORY_LIMIT: usize = 32;

/// Ticks of predicted impacts that the server has not reported yet, ascending.
#[derive(Clone, Debug, Default)]
pub struct PredictedImpacts(VecDeque<Tick>);

impl PredictedImpacts {
    /// Remembers an impact that the prediction has shown.
    pub fn push(&mut self, tick: Tick) {
        if self.0.len() >= MEMORY_LIMIT {
            self.0.pop_front();
        }
        self.0.push_back(tick);
    }

    /// Takes the prediction of an impact that the server reports in its snapshot of `tick`. Returns whether there was one.
    pub fn take(&mut self, tick: Tick) -> bool {
        self.0.retain(|predicted| tick.since(*predicted) <= MEMORY_TICKS);
        self.0.pop_front_if(|predicted| *predicted <= tick.plus(1)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_stands_for_one_report() {
        let mut impacts = PredictedImpacts::default();
        for tick in [10, 11, 30] {
            impacts.push(Tick(tick));
        }
        assert!(impacts.take(Tick(10)));
        assert!(impacts.take(Tick(12)));
        assert!(!impacts.take(Tick(13)), "30 is still to come");
        assert!(!impacts.take(Tick(40)), "30 did not happen");
    }
}
