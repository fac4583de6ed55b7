//! The layout of a frame, for both languages: a header, then items back to front, then effects, in 4-byte words. Counts,
//! ids and masks are unsigned integers; everything else is a 32-bit float.

use glam::Vec2;
use shared::levels::{Levels, Upgrade};

/// Of a ship's flags in a frame: it is flown by the server.
pub const DRONE_FLAG: u32 = 256;
/// Of a ship's variant: where the number of its hull begins.
pub const HULL_BIT: u32 = 8;
/// "No such index."
pub const NONE: u32 = u32::MAX;

/// A value that takes one or more words of a frame.
trait Words {
    fn write(self, words: &mut Vec<u32>);
}

/// Declares an enum with fixed numbers, and a TypeScript file with the same names and numbers.
macro_rules! numbered {
    (
        $(#[doc = $about:literal])*
        pub enum $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $value:literal,)* }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum $name { $($(#[doc = $doc])* $variant = $value,)* }

        impl Words for $name {
            fn write(self, words: &mut Vec<u32>) {
                words.push(self as u32);
            }
        }

        #[cfg(target_arch = "wasm32")]
        impl $name {
            pub(crate) const TYPESCRIPT: &str = concat!(
                "// @filename: ", stringify!($name), ".ts\n",
                $("//!", $about, "\n",)*
                $($("/**", $doc, " */\n",)* "export const ", stringify!($variant), " = ", $value, ";\n",)*
            );
        }
    };
}

/// Declares a part of a frame: a struct, the words that each of its fields takes, and a TypeScript file with the same.
macro_rules! part {
    (
        $(#[doc = $about:literal])*
        $(#[derive($derived:ident)])?
        pub struct $name:ident, $count:ident = $words:literal $word:ident {
            $($(#[doc = $doc:literal])* pub $field:ident: $type:ty => $($key:ident)*,)*
        }
    ) => {
        $(#[doc = $about])*
        $(#[derive($derived)])?
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name { $($(#[doc = $doc])* pub $field: $type,)* }

        #[doc = concat!("Words of [`", stringify!($name), "`]. Those after its fields are zero.")]
        pub const $count: usize = $words;

        #[doc = concat!("The words of [`", stringify!($name), "`].")]
        #[expect(missing_docs, reason = "the struct documents its fields")]
        #[derive(Clone, Copy)]
        pub enum $word { $($($key,)*)* }

        impl $name {
            /// Appends the words.
            pub(crate) fn write(&self, words: &mut Vec<u32>) {
                let end = words.len() + $count;
                $(self.$field.write(words);)*
                words.resize(end, 0);
            }
        }

        #[cfg(target_arch = "wasm32")]
        impl $word {
            pub(crate) const TYPESCRIPT: &str = const_format::concatcp!(
                "// @filename: ", stringify!($word), ".ts\n",
                $($("/**", $doc, " */\n",)*
                $("export const ", stringify!($key), " = ", $word::$key as usize, ";\n",)*)*
            );
        }
    };
}

numbered! {
    /// What an item is drawn as.
    pub enum DrawKind {
        /// A ship.
        Ship = 0,
        /// An asteroid.
        Asteroid = 1,
        /// A load of ore.
        Ore = 2,
        /// A bolt.
        Bolt = 3,
        /// A station.
        Station = 4,
        /// The path of a bolt that destroyed a ship: from the gun along its heading, as long as its radius.
        LineOfFire = 5,
        /// Where a shooter saw the ship that the bolt destroyed.
        Ghost = 6,
        /// Where the bolt met it.
        HitPoint = 7,
        /// A mine.
        Mine = 8,
    }
}

numbered! {
    /// What something is to the viewer.
    pub enum Relation {
        /// The own ship or its bolt.
        Own = 0,
        /// Of the own team.
        Mate = 1,
        /// An enemy.
        Foe = 2,
        /// None of these.
        Neutral = 3,
    }
}

numbered! {
    /// The kind of an effect.
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
        /// Where the shooter saw the own ship when its bolt hit.
        Seen = 10,
        /// A part in the end of a ship was rewarded.
        Assisted = 11,
        /// A ship used its ability: its value is the number of the hull.
        Used = 12,
    }
}

part! {
    /// The viewer's own values and those of the whole picture.
    #[derive(Default)]
    pub struct FrameHeader, HEADER_WORDS = 36 HeaderWord {
        /// Number of items.
        pub items: u32 => Items,
        /// Number of effects.
        pub effects: u32 => Effects,
        /// The tick shown.
        pub tick: u32 => Tick,
        /// Index of the own ship among the items; in a replay, of the ship followed.
        pub own: Option<u32> => Own,
        /// The middle of the picture, in units.
        pub camera: Vec2 => CameraX CameraY,
        /// Half the side of the world, in units.
        pub half_size: f32 => HalfSize,
        /// Size of the area that the frame covers, in units.
        pub view: Vec2 => ViewWidth ViewHeight,
        /// Points.
        pub health: f32 => Health,
        /// Points.
        pub health_max: f32 => HealthMax,
        /// Points.
        pub energy: f32 => Energy,
        /// Points.
        pub energy_max: f32 => EnergyMax,
        /// Loads of ore.
        pub hold: f32 => Hold,
        /// Loads of ore.
        pub hold_max: f32 => HoldMax,
        /// What was earned; it ranks.
        pub score: u32 => Score,
        /// Kills since the last death.
        pub streak: u32 => Streak,
        /// Levels of hull, engine, gun and hold, one byte each, from the lowest.
        pub levels: Levels => Levels,
        /// Index of the station in whose ring the ship is.
        pub docked: Option<u32> => Docked,
        /// Seconds until the respawn; 0 while alive.
        pub respawn_seconds: f32 => RespawnSeconds,
        /// What the next level of each upgrade costs; 0 at the highest.
        pub costs: [u32; 4] => CostHull CostEngine CostGun CostHold,
        /// Time for animations, in seconds; wraps every hour.
        pub seconds: f32 => Seconds,
        /// Whether the own ship lives.
        pub alive: bool => Alive,
        /// Speed as a share of the top speed without boost.
        pub speed: f32 => Speed,
        /// What is left of the score to spend.
        pub purse: u32 => Purse,
        /// Seconds until the round or its podium ends; below 0 without rounds.
        pub round_seconds: f32 => RoundSeconds,
        /// Whether the last seconds of the own ship are shown again.
        pub replaying: bool => Replaying,
        /// The number of the hull; of the next ship's while there is none.
        pub hull: u32 => Hull,
        /// Seconds until the ability is ready.
        pub ability_seconds: f32 => AbilitySeconds,
        /// Seconds from one use of it to the next.
        pub ability_cooldown: f32 => AbilityCooldown,
        /// How far from a ship's edge its tractor reaches, in units.
        pub tractor_range: f32 => TractorRange,
    }
}

part! {
    /// One item of the picture.
    pub struct DrawItem, ITEM_WORDS = 16 ItemWord {
        /// The entity's id; a station's index.
        pub id: u32 => Id,
        /// What it is drawn as.
        pub kind: DrawKind => Kind,
        /// Position in units.
        pub position: Vec2 => X Y,
        /// Radians, y down.
        pub heading: f32 => Heading,
        /// Velocity in units per second.
        pub velocity: Vec2 => VelocityX VelocityY,
        /// Share of full health.
        pub health: f32 => Health,
        /// Bits of `ShipFlags`.
        pub flags: u32 => Flags,
        /// Radius in units; a station's ring; the length of a line.
        pub radius: f32 => Radius,
        /// What it is to the viewer.
        pub relation: Relation => Relation,
        /// Asteroid: 0 small, 1 medium, 2 large. Station: its index. Ship: sum of its levels, and its hull from [`HULL_BIT`] on.
        pub variant: u32 => Variant,
        /// The player it belongs to; 0 for none.
        pub player: u32 => Player,
        /// Share of the hold that is full.
        pub hold: f32 => Hold,
        /// The player's score.
        pub score: u32 => Score,
        /// Share of full energy; own ship only.
        pub energy: f32 => Energy,
    }
}

part! {
    /// Something to see and hear in exactly one frame.
    pub struct Effect, EFFECT_WORDS = 9 EffectWord {
        /// The kind.
        pub kind: EffectKind => Kind,
        /// Position in units.
        pub position: Vec2 => X Y,
        /// The entity it happens to.
        pub subject: u32 => Subject,
        /// The entity that causes it; 0 for none.
        pub other: u32 => Other,
        /// The player who causes it, in view or not; 0 for none.
        pub player: u32 => Player,
        /// Damage, radius, score, speed or distance already flown, by kind.
        pub value: f32 => Value,
        /// A direction in radians, where the kind has one.
        pub heading: f32 => Heading,
        /// Whether it concerns the own ship.
        pub own: bool => Own,
    }
}

impl Words for u32 {
    fn write(self, words: &mut Vec<u32>) {
        words.push(self);
    }
}

impl Words for f32 {
    fn write(self, words: &mut Vec<u32>) {
        words.push(self.to_bits());
    }
}

impl Words for bool {
    fn write(self, words: &mut Vec<u32>) {
        words.push(self.into());
    }
}

impl Words for Option<u32> {
    fn write(self, words: &mut Vec<u32>) {
        words.push(self.unwrap_or(NONE));
    }
}

impl Words for Vec2 {
    fn write(self, words: &mut Vec<u32>) {
        words.extend([self.x.to_bits(), self.y.to_bits()]);
    }
}

impl Words for Levels {
    fn write(self, words: &mut Vec<u32>) {
        words.push(u32::from_le_bytes(Upgrade::ALL.map(|upgrade| self.of(upgrade))));
    }
}

impl Words for [u32; 4] {
    fn write(self, words: &mut Vec<u32>) {
        words.extend(self);
    }
}
