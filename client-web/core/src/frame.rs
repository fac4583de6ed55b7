//! The frame buffer: one flat block of 4-byte words that holds everything the view draws. Counts, ids and masks are
//! unsigned integers, all else is 32-bit floats.

use glam::Vec2;
use shared::entity::{Levels, Upgrade};
use shared::rules::Rules;

/// Words before the first entity.
pub const HEADER_WORDS: usize = 32;
/// Words of an entity.
pub const ENTITY_WORDS: usize = 16;
/// Words of an effect.
pub const EFFECT_WORDS: usize = 8;
/// "No such index."
pub const NONE: u32 = u32::MAX;

/// What is drawn. The numbers are those of the frame buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Drawn {
    /// A ship.
    Ship = 0,
    /// A rock.
    Asteroid = 1,
    /// A load of ore.
    Ore = 2,
    /// A bolt.
    Bolt = 3,
    /// A station.
    Station = 4,
}

impl Drawn {
    /// Back to front.
    fn layer(self) -> u8 {
        match self {
            Drawn::Station => 0,
            Drawn::Ore => 1,
            Drawn::Asteroid => 2,
            Drawn::Bolt => 3,
            Drawn::Ship => 4,
        }
    }
}

/// What something is to the player who watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Relation {
    /// The own ship and what comes from it.
    Own = 0,
    /// Of the own team.
    Mate = 1,
    /// An enemy.
    Foe = 2,
    /// Neither.
    Neutral = 3,
}

/// One thing in the picture. Units: world units, seconds, radians; shares from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Its name on the wire; a station's index.
    pub id: u32,
    /// What it is.
    pub kind: Drawn,
    /// Where it is.
    pub position: Vec2,
    /// Where it points.
    pub heading: f32,
    /// How it moves.
    pub velocity: Vec2,
    /// Share of full health.
    pub health: f32,
    /// Bits of [`shared::entity::ShipFlags`].
    pub flags: u32,
    /// Radius; a station's ring.
    pub radius: f32,
    /// What it is to the player who watches.
    pub relation: Relation,
    /// Asteroid: 0 small, 1 medium, 2 large. Station: its index. Ship: levels bought in all.
    pub variant: u32,
    /// Its player, 0 for none.
    pub player: u32,
    /// Share of the hold that is full.
    pub hold: f32,
    /// The player's score.
    pub score: u32,
    /// Share of energy; own ship only.
    pub energy: f32,
}

impl Default for Shown {
    fn default() -> Shown {
        Shown {
            id: 0,
            kind: Drawn::Asteroid,
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
}

/// What kind of moment an effect marks. The numbers are those of the frame buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum EffectKind {
    /// A bolt hit something.
    Hit = 1,
    /// A ship was destroyed.
    Death = 2,
    /// An asteroid broke.
    Broken = 3,
    /// Ore was loaded.
    Loaded = 4,
    /// Ore was banked.
    Banked = 5,
    /// A gun fired.
    Shot = 6,
    /// A ship appeared.
    Spawned = 7,
    /// An upgrade was bought.
    Upgraded = 8,
    /// A ship bounced off something.
    Bounced = 9,
    /// The place where who hit the own ship saw it.
    Seen = 10,
}

/// A moment to be seen and heard, in exactly one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// What kind of moment.
    pub kind: EffectKind,
    /// Where, in units.
    pub position: Vec2,
    /// The entity it happens to.
    pub subject: u32,
    /// The entity that does it, 0 for none.
    pub other: u32,
    /// Damage, radius, score, speed or way already flown, by kind.
    pub value: f32,
    /// A direction in radians, where the kind has one.
    pub angle: f32,
    /// It concerns the own ship.
    pub own: bool,
}

/// The state of the player who watches, and of the picture as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Header {
    /// The tick shown.
    pub tick: u32,
    /// The middle of the picture, in units.
    pub camera: Vec2,
    /// Half the side of the world, in units.
    pub half_size: f32,
    /// Size of the area that the frame covers, in units.
    pub view: Vec2,
    /// Points.
    pub health: f32,
    /// Points.
    pub health_max: f32,
    /// Points.
    pub energy: f32,
    /// Points.
    pub energy_max: f32,
    /// Loads of ore.
    pub hold: f32,
    /// Loads of ore.
    pub hold_max: f32,
    /// Banked score.
    pub score: u32,
    /// Kills since the last death.
    pub streak: u32,
    /// Upgrades bought.
    pub levels: Levels,
    /// The station whose ring the ship is in.
    pub docked: Option<u32>,
    /// Seconds until the respawn; 0 while alive.
    pub respawn_seconds: f32,
    /// Score that the next level of each upgrade costs; 0 at the highest.
    pub costs: [u32; 4],
    /// Time for animations, in seconds.
    pub seconds: f32,
    /// The player's ship lives.
    pub alive: bool,
    /// Speed as a share of the top speed without boost.
    pub speed: f32,
}

impl Header {
    /// Fills in what follows from the upgrades: maxima and costs.
    pub fn with_levels(mut self, rules: &Rules, levels: Levels) -> Header {
        self.levels = levels;
        self.health_max = rules.ship_health(levels);
        self.energy_max = rules.ship.energy;
        self.hold_max = f32::from(rules.hold_capacity(levels));
        self.costs = Upgrade::ALL.map(|upgrade| rules.upgrade_cost(levels, upgrade).unwrap_or(0));
        self
    }
}

/// Writes frames, one into the place of the one before.
#[derive(Clone, Debug, Default)]
pub struct FrameBuffer {
    words: Vec<u32>,
}

impl FrameBuffer {
    /// The newest frame.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Writes a frame. `shown` is sorted back to front and by id, so that the drawing order is stable; `followed` names
    /// the ship that the header is about.
    pub fn write(&mut self, header: &Header, followed: Option<u32>, shown: &mut [Shown], effects: &[Effect]) {
        shown.sort_unstable_by_key(|entity| (entity.kind.layer(), entity.id));
        let own = shown.iter().position(|entity| entity.kind == Drawn::Ship && Some(entity.id) == followed);
        self.words.clear();
        self.words.extend([shown.len() as u32, effects.len() as u32, header.tick]);
        self.words.push(own.map_or(NONE, |index| index as u32));
        self.header(header);
        for entity in shown.iter() {
            self.entity(entity);
        }
        for effect in effects {
            self.effect(effect);
        }
    }

    fn header(&mut self, header: &Header) {
        self.vector(header.camera);
        self.float(header.half_size);
        self.vector(header.view);
        for value in
            [header.health, header.health_max, header.energy, header.energy_max, header.hold, header.hold_max]
        {
            self.float(value);
        }
        let levels = Upgrade::ALL.map(|upgrade| header.levels.of(upgrade));
        self.words.extend([header.score, header.streak, u32::from_le_bytes(levels)]);
        self.words.push(header.docked.unwrap_or(NONE));
        self.float(header.respawn_seconds);
        self.words.extend(header.costs);
        self.float(header.seconds);
        self.words.push(u32::from(header.alive));
        self.float(header.speed);
        self.words.resize(HEADER_WORDS, 0);
    }

    fn entity(&mut self, entity: &Shown) {
        self.words.extend([entity.id, entity.kind as u32]);
        self.vector(entity.position);
        self.float(entity.heading);
        self.vector(entity.velocity);
        self.float(entity.health);
        self.words.push(entity.flags);
        self.float(entity.radius);
        self.words.extend([entity.relation as u32, entity.variant, entity.player]);
        self.float(entity.hold);
        self.words.push(entity.score);
        self.float(entity.energy);
    }

    fn effect(&mut self, effect: &Effect) {
        self.words.push(effect.kind as u32);
        self.vector(effect.position);
        self.words.extend([effect.subject, effect.other]);
        self.float(effect.value);
        self.float(effect.angle);
        self.words.push(u32::from(effect.own));
    }

    fn vector(&mut self, vector: Vec2) {
        self.float(vector.x);
        self.float(vector.y);
    }

    fn float(&mut self, value: f32) {
        self.words.push(value.to_bits());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_header_entities_effects_in_whole_strides() {
        let mut buffer = FrameBuffer::default();
        let ship = Shown { id: 7, kind: Drawn::Ship, player: 3, ..Shown::default() };
        let rock = Shown { id: 9, position: Vec2::new(2.5, -1.0), variant: 2, ..Shown::default() };
        let effect = Effect {
            kind: EffectKind::Broken,
            position: Vec2::ONE,
            subject: 9,
            other: 7,
            value: 4.0,
            angle: 0.5,
            own: true,
        };
        let header = Header { tick: 77, speed: 0.5, docked: Some(2), ..Header::default() };
        for _ in 0..2 {
            buffer.write(&header, Some(7), &mut [ship, rock], &[effect]);
        }
        let words = buffer.words();
        assert_eq!(words.len(), HEADER_WORDS + 2 * ENTITY_WORDS + EFFECT_WORDS);
        assert_eq!(words[..4], [2, 1, 77, 1], "the rock is drawn behind the ship");
        assert_eq!((words[18], words[26]), (2, 0.5f32.to_bits()));
        assert_eq!(words[HEADER_WORDS], 9);
        assert_eq!(words[HEADER_WORDS + 2], 2.5f32.to_bits());
        assert_eq!(words[HEADER_WORDS + ENTITY_WORDS + 12], 3);
        let tail = &words[HEADER_WORDS + 2 * ENTITY_WORDS..];
        assert_eq!((tail[0], tail[3], tail[4], tail[7]), (3, 9, 7, 1));
    }
}
