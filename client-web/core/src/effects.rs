//! Effects that wait for their frame: each is handed out once, when its tick is shown.

use crate::layout::Effect;
use glam::Vec2;

/// Effects that wait at most; beyond it, the oldest are dropped.
const WAITING_LIMIT: usize = 512;
/// An effect that waited longer than this is dropped, in milliseconds: a hidden tab does not replay what it missed.
const STALE_MS: f64 = 1500.0;

/// When an effect is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Due {
    /// In the next frame. The effect keeps its distance to the subject's item, because predicted items are drawn elsewhere
    /// than on the server.
    Now {
        /// Where the server had the subject when it happened, in units; `None` leaves the effect where it is.
        subject_at: Option<Vec2>,
    },
    /// When the interpolation clock reaches this tick.
    AtTick(u32),
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    due: Due,
    since_ms: f64,
    effect: Effect,
}

/// Effects that wait for their frame, oldest first.
#[derive(Clone, Debug, Default)]
pub struct EffectQueue {
    waiting: Vec<Waiting>,
}

impl EffectQueue {
    pub fn push(&mut self, effect: Effect, due: Due, now_ms: f64) {
        if self.waiting.len() >= WAITING_LIMIT {
            self.waiting.remove(0);
        }
        self.waiting.push(Waiting { due, since_ms: now_ms, effect });
    }

    /// Moves everything that is due into `out`. `shown` is the interpolated tick; `place_of` finds an entity's item.
    pub fn take(
        &mut self,
        shown: f64,
        now_ms: f64,
        place_of: &dyn Fn(u32) -> Option<Vec2>,
        out: &mut Vec<Effect>,
    ) {
        self.waiting.retain(|waiting| {
            if now_ms - waiting.since_ms > STALE_MS {
                return false;
            }
            let mut effect = waiting.effect;
            match waiting.due {
                Due::AtTick(tick) if f64::from(tick) > shown => return true,
                Due::Now { subject_at: Some(was) } => {
                    effect.position += place_of(effect.subject).map_or(Vec2::ZERO, |is| is - was);
                }
                Due::AtTick(_) | Due::Now { subject_at: None } => {}
            }
            out.push(effect);
            false
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::EffectKind;

    fn effect(subject: u32) -> Effect {
        let (position, kind) = (Vec2::new(10.0, 0.0), EffectKind::Hit);
        Effect { kind, position, subject, other: 0, player: 0, value: 1.0, heading: 0.0, own: false }
    }

    fn taken(effects: &mut EffectQueue, shown: f64, now_ms: f64) -> Vec<(u32, f32)> {
        let mut out = Vec::new();
        let place_of = |id: u32| (id == 1).then_some(Vec2::new(3.0, 0.0));
        effects.take(shown, now_ms, &place_of, &mut out);
        out.iter().map(|effect| (effect.subject, effect.position.x)).collect()
    }

    #[test]
    fn each_effect_comes_once_at_its_tick() {
        let mut effects = EffectQueue::default();
        effects.push(effect(7), Due::AtTick(20), 0.0);
        effects.push(effect(8), Due::AtTick(21), 0.0);
        effects.push(effect(1), Due::Now { subject_at: Some(Vec2::new(2.0, 0.0)) }, 0.0);
        assert_eq!(taken(&mut effects, 19.9, 10.0), [(1, 11.0)]);
        assert_eq!(taken(&mut effects, 20.0, 20.0), [(7, 10.0)]);
        assert_eq!(taken(&mut effects, 40.0, 30.0), [(8, 10.0)]);
        assert_eq!(taken(&mut effects, 60.0, 40.0), []);
    }

    #[test]
    fn a_hidden_tab_drops_stale_effects() {
        let mut effects = EffectQueue::default();
        for index in 0..2000 {
            effects.push(effect(index), Due::AtTick(index), f64::from(index) * 33.0);
        }
        assert!(effects.waiting.len() <= WAITING_LIMIT);
        assert!(taken(&mut effects, 2000.0, 2000.0 * 33.0).len() <= 46);
    }
}
