//! Frames: everything that the view draws, as words in the [`layout`](crate::layout).

use crate::layout::{DrawItem, DrawKind, Effect, FrameHeader, Relation};
use glam::Vec2;
use shared::levels::{Levels, Upgrade};
use shared::rules::Rules;

impl DrawItem {
    /// An intact item of a kind, at rest in the middle of the world.
    pub fn new(kind: DrawKind) -> DrawItem {
        DrawItem {
            id: 0,
            kind,
            position: Vec2::ZERO,
            heading: 0.0,
            velocity: Vec2::ZERO,
            health: 1.0,
            flags: 0,
            radius: 0.0,
            relation: Relation::Neutral,
            variant: 0,
            player: 0,
            hold: 0.0,
            score: 0,
            energy: 0.0,
        }
    }

    /// Back to front.
    fn layer(&self) -> u8 {
        match self.kind {
            DrawKind::Station => 0,
            DrawKind::Ore => 1,
            DrawKind::Asteroid => 2,
            DrawKind::Bolt | DrawKind::Mine => 3,
            DrawKind::Ship => 4,
            DrawKind::LineOfFire | DrawKind::Ghost | DrawKind::HitPoint => 5,
        }
    }
}

impl FrameHeader {
    /// Fills in what follows from the upgrades: maxima and costs.
    pub fn with_levels(mut self, rules: &Rules, levels: Levels) -> FrameHeader {
        self.levels = levels;
        self.hull = levels.hull() as u32;
        self.tractor_range = rules.ability.tractor_range;
        self.ability_cooldown = rules.hull(levels.hull()).ability_cooldown_seconds;
        self.health_max = rules.ship_health(levels);
        self.energy_max = rules.ship.energy;
        self.hold_max = f32::from(rules.hold_capacity(levels));
        self.costs = Upgrade::ALL.map(|upgrade| rules.upgrade_cost(levels, upgrade).unwrap_or(0));
        self
    }
}

/// The words of the newest frame.
#[derive(Clone, Debug, Default)]
pub struct FrameBuffer {
    words: Vec<u32>,
}

impl FrameBuffer {
    /// The newest frame.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Replaces the frame. Sorts `items` back to front and by id, so that the drawing order is stable; `own` is the id of
    /// the ship that the header describes.
    pub fn write(
        &mut self,
        header: FrameHeader,
        own: Option<u32>,
        items: &mut [DrawItem],
        effects: &[Effect],
    ) {
        items.sort_unstable_by_key(|item| (item.layer(), item.id));
        let is_own = |item: &DrawItem| item.kind == DrawKind::Ship && Some(item.id) == own;
        let own = items.iter().position(is_own).map(|index| index as u32);
        let header = FrameHeader { items: items.len() as u32, effects: effects.len() as u32, own, ..header };
        self.words.clear();
        header.write(&mut self.words);
        items.iter().for_each(|item| item.write(&mut self.words));
        effects.iter().for_each(|effect| effect.write(&mut self.words));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::EffectKind;

    /// `test/frame.test.ts` reads the same file.
    #[test]
    fn the_golden_frame() {
        let ship = DrawItem {
            id: 7,
            position: Vec2::new(2.5, -1.0),
            heading: 0.75,
            velocity: Vec2::new(-3.0, 4.0),
            health: 0.5,
            flags: 33,
            radius: 1.25,
            relation: Relation::Own,
            variant: 6,
            player: 3,
            hold: 0.25,
            score: 900,
            energy: 0.875,
            ..DrawItem::new(DrawKind::Ship)
        };
        let rock = DrawItem { id: 9, variant: 2, ..DrawItem::new(DrawKind::Asteroid) };
        let effect = Effect {
            kind: EffectKind::Broken,
            position: Vec2::new(-8.5, 16.0),
            subject: 9,
            other: 7,
            player: 5,
            value: 4.0,
            heading: -0.5,
            own: true,
        };
        let levels = Upgrade::ALL.iter().zip(1..).fold(Levels::default(), |levels, (upgrade, count)| {
            (0..count).fold(levels, |levels, _| levels.raised(*upgrade))
        });
        let header = FrameHeader {
            tick: 77,
            camera: Vec2::new(2.5, -1.0),
            half_size: 110.0,
            view: Vec2::new(100.0, 60.0),
            health: 72.0,
            health_max: 100.0,
            energy: 43.5,
            energy_max: 50.0,
            hold: 5.0,
            hold_max: 20.0,
            score: 900,
            streak: 2,
            levels,
            docked: Some(1),
            respawn_seconds: 1.5,
            costs: [400, 900, 300, 0],
            seconds: 12.25,
            alive: true,
            speed: 0.625,
            purse: 640,
            round_seconds: 90.5,
            hull: 2,
            ability_seconds: 3.5,
            ability_cooldown: 10.0,
            tractor_range: 12.0,
            ..FrameHeader::default()
        };
        let mut buffer = FrameBuffer::default();
        for _ in 0..2 {
            buffer.write(header, Some(7), &mut [ship, rock], &[effect]);
        }
        let golden = include_str!("../tests/golden/frame.json");
        assert_eq!(format!("{:?}", buffer.words()), golden.trim());
    }
}
