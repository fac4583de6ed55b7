//! Frames: what the view draws, as values and as words in the [`layout`](crate::layout).

use crate::layout::{
    DrawKind, EFFECT_WORDS, EffectKind, EffectWord, HEADER_WORDS, HeaderWord, ITEM_WORDS, ItemWord, NONE,
    Relation,
};
use glam::Vec2;
use shared::entity::{Levels, Upgrade};
use shared::rules::Rules;

/// One item of the picture; the units are those of [`ItemWord`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the layout documents the fields")]
pub struct DrawItem {
    pub id: u32,
    pub kind: DrawKind,
    pub position: Vec2,
    pub heading: f32,
    pub velocity: Vec2,
    pub health: f32,
    pub flags: u32,
    pub radius: f32,
    pub relation: Relation,
    pub variant: u32,
    pub player: u32,
    pub hold: f32,
    pub score: u32,
    pub energy: f32,
}

impl DrawItem {
    /// An intact item of a kind, at rest in the middle of the world.
    #[must_use]
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
            DrawKind::Bolt => 3,
            DrawKind::Ship => 4,
        }
    }

    fn words(&self) -> [u32; ITEM_WORDS] {
        let mut words = [0; ITEM_WORDS];
        let mut put = |word: ItemWord, value: u32| words[word as usize] = value;
        put(ItemWord::Id, self.id);
        put(ItemWord::Kind, self.kind as u32);
        put(ItemWord::X, self.position.x.to_bits());
        put(ItemWord::Y, self.position.y.to_bits());
        put(ItemWord::Heading, self.heading.to_bits());
        put(ItemWord::VelocityX, self.velocity.x.to_bits());
        put(ItemWord::VelocityY, self.velocity.y.to_bits());
        put(ItemWord::Health, self.health.to_bits());
        put(ItemWord::Flags, self.flags);
        put(ItemWord::Radius, self.radius.to_bits());
        put(ItemWord::Relation, self.relation as u32);
        put(ItemWord::Variant, self.variant);
        put(ItemWord::Player, self.player);
        put(ItemWord::Hold, self.hold.to_bits());
        put(ItemWord::Score, self.score);
        put(ItemWord::Energy, self.energy.to_bits());
        words
    }
}

/// Something to see and hear in exactly one frame; the units are those of [`EffectWord`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the layout documents the fields")]
pub struct Effect {
    pub kind: EffectKind,
    pub position: Vec2,
    pub subject: u32,
    pub other: u32,
    pub value: f32,
    pub heading: f32,
    pub own: bool,
}

impl Effect {
    fn words(&self) -> [u32; EFFECT_WORDS] {
        let mut words = [0; EFFECT_WORDS];
        let mut put = |word: EffectWord, value: u32| words[word as usize] = value;
        put(EffectWord::Kind, self.kind as u32);
        put(EffectWord::X, self.position.x.to_bits());
        put(EffectWord::Y, self.position.y.to_bits());
        put(EffectWord::Subject, self.subject);
        put(EffectWord::Other, self.other);
        put(EffectWord::Value, self.value.to_bits());
        put(EffectWord::Heading, self.heading.to_bits());
        put(EffectWord::Own, self.own.into());
        words
    }
}

/// The viewer's own values and those of the whole picture; the units are those of [`HeaderWord`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the layout documents the fields")]
pub struct Header {
    pub tick: u32,
    pub camera: Vec2,
    pub half_size: f32,
    pub view: Vec2,
    pub health: f32,
    pub health_max: f32,
    pub energy: f32,
    pub energy_max: f32,
    pub hold: f32,
    pub hold_max: f32,
    pub score: u32,
    pub streak: u32,
    pub levels: Levels,
    pub docked: Option<u32>,
    pub respawn_seconds: f32,
    pub costs: [u32; 4],
    pub seconds: f32,
    pub alive: bool,
    pub speed: f32,
}

impl Header {
    /// Fills in what follows from the upgrades: maxima and costs.
    #[must_use]
    pub fn with_levels(mut self, rules: &Rules, levels: Levels) -> Header {
        self.levels = levels;
        self.health_max = rules.ship_health(levels);
        self.energy_max = rules.ship.energy;
        self.hold_max = f32::from(rules.hold_capacity(levels));
        self.costs = Upgrade::ALL.map(|upgrade| rules.upgrade_cost(levels, upgrade).unwrap_or(0));
        self
    }

    fn words(&self) -> [u32; HEADER_WORDS] {
        let mut words = [0; HEADER_WORDS];
        let mut put = |word: HeaderWord, value: u32| words[word as usize] = value;
        put(HeaderWord::Tick, self.tick);
        put(HeaderWord::CameraX, self.camera.x.to_bits());
        put(HeaderWord::CameraY, self.camera.y.to_bits());
        put(HeaderWord::HalfSize, self.half_size.to_bits());
        put(HeaderWord::ViewWidth, self.view.x.to_bits());
        put(HeaderWord::ViewHeight, self.view.y.to_bits());
        put(HeaderWord::Health, self.health.to_bits());
        put(HeaderWord::HealthMax, self.health_max.to_bits());
        put(HeaderWord::Energy, self.energy.to_bits());
        put(HeaderWord::EnergyMax, self.energy_max.to_bits());
        put(HeaderWord::Hold, self.hold.to_bits());
        put(HeaderWord::HoldMax, self.hold_max.to_bits());
        put(HeaderWord::Score, self.score);
        put(HeaderWord::Streak, self.streak);
        put(HeaderWord::Levels, u32::from_le_bytes(Upgrade::ALL.map(|upgrade| self.levels.of(upgrade))));
        put(HeaderWord::Docked, self.docked.unwrap_or(NONE));
        put(HeaderWord::RespawnSeconds, self.respawn_seconds.to_bits());
        put(HeaderWord::CostHull, self.costs[0]);
        put(HeaderWord::CostEngine, self.costs[1]);
        put(HeaderWord::CostGun, self.costs[2]);
        put(HeaderWord::CostHold, self.costs[3]);
        put(HeaderWord::Seconds, self.seconds.to_bits());
        put(HeaderWord::Alive, self.alive.into());
        put(HeaderWord::Speed, self.speed.to_bits());
        words
    }
}

/// The words of the newest frame.
#[derive(Clone, Debug, Default)]
pub struct FrameBuffer {
    words: Vec<u32>,
}

impl FrameBuffer {
    /// The newest frame.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Replaces the frame. Sorts `items` back to front and by id, so that the drawing order is stable; `own` is the id of
    /// the ship that the header describes.
    pub fn write(&mut self, header: &Header, own: Option<u32>, items: &mut [DrawItem], effects: &[Effect]) {
        items.sort_unstable_by_key(|item| (item.layer(), item.id));
        let own = items.iter().position(|item| item.kind == DrawKind::Ship && Some(item.id) == own);
        let mut head = header.words();
        head[HeaderWord::Items as usize] = items.len() as u32;
        head[HeaderWord::Effects as usize] = effects.len() as u32;
        head[HeaderWord::Own as usize] = own.map_or(NONE, |index| index as u32);
        self.words.clear();
        self.words.extend_from_slice(&head);
        for item in items.iter() {
            self.words.extend_from_slice(&item.words());
        }
        for effect in effects {
            self.words.extend_from_slice(&effect.words());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            value: 4.0,
            heading: -0.5,
            own: true,
        };
        let levels = Upgrade::ALL.iter().zip(1..).fold(Levels::default(), |levels, (upgrade, count)| {
            (0..count).fold(levels, |levels, _| levels.raised(*upgrade))
        });
        let header = Header {
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
        };
        let mut buffer = FrameBuffer::default();
        for _ in 0..2 {
            buffer.write(&header, Some(7), &mut [ship, rock], &[effect]);
        }
        let golden = include_str!("../tests/golden/frame.json");
        assert_eq!(format!("{:?}", buffer.words()), golden.trim());
    }
}
