//! The layout of a frame, for both languages: a header, then items back to front, then effects, in 4-byte words. Counts,
//! ids and masks are unsigned integers; everything else is a 32-bit float.

/// Declares an enum with fixed numbers, and a TypeScript file with the same names and numbers.
macro_rules! numbered {
    (
        $(#[doc = $about:literal])*
        pub enum $name:ident: $number:ident { $($(#[doc = $doc:literal])* $variant:ident = $value:literal,)* }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr($number)]
        pub enum $name { $($(#[doc = $doc])* $variant = $value,)* }

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

/// Words of the header. Those without a name are zero.
pub const HEADER_WORDS: usize = 32;
/// Words of an item.
pub const ITEM_WORDS: usize = 16;
/// Words of an effect.
pub const EFFECT_WORDS: usize = 8;
/// "No such index."
pub const NONE: u32 = u32::MAX;

numbered! {
    /// Words of the header.
    pub enum HeaderWord: usize {
        /// Number of items.
        Items = 0,
        /// Number of effects.
        Effects = 1,
        /// The tick shown.
        Tick = 2,
        /// Index of the own ship among the items, or `NONE`; in a replay, of the ship followed.
        Own = 3,
        /// The middle of the picture, in units.
        CameraX = 4,
        /// As `CameraX`.
        CameraY = 5,
        /// Half the side of the world, in units.
        HalfSize = 6,
        /// Width of the area that the frame covers, in units.
        ViewWidth = 7,
        /// Height of the same.
        ViewHeight = 8,
        /// Points.
        Health = 9,
        /// Points.
        HealthMax = 10,
        /// Points.
        Energy = 11,
        /// Points.
        EnergyMax = 12,
        /// Loads of ore.
        Hold = 13,
        /// Loads of ore.
        HoldMax = 14,
        /// Banked score.
        Score = 15,
        /// Kills since the last death.
        Streak = 16,
        /// Levels of hull, engine, gun and hold, one byte each, from the lowest.
        Levels = 17,
        /// Index of the station in whose ring the ship is, or `NONE`.
        Docked = 18,
        /// Seconds until the respawn; 0 while alive.
        RespawnSeconds = 19,
        /// Score that the next hull level costs; 0 at the highest.
        CostHull = 20,
        /// As `CostHull`.
        CostEngine = 21,
        /// As `CostHull`.
        CostGun = 22,
        /// As `CostHull`.
        CostHold = 23,
        /// Time for animations, in seconds; wraps every hour.
        Seconds = 24,
        /// 1 while the player's ship lives.
        Alive = 25,
        /// Speed as a share of the top speed without boost.
        Speed = 26,
    }
}

numbered! {
    /// Words of an item.
    pub enum ItemWord: usize {
        /// The entity's id; a station's index.
        Id = 0,
        /// A `DrawKind`.
        Kind = 1,
        /// Position in units.
        X = 2,
        /// As `X`.
        Y = 3,
        /// Radians, y down.
        Heading = 4,
        /// Velocity in units per second.
        VelocityX = 5,
        /// As `VelocityX`.
        VelocityY = 6,
        /// Share of full health.
        Health = 7,
        /// Bits of `ShipFlags`.
        Flags = 8,
        /// Radius in units; a station's ring.
        Radius = 9,
        /// A `Relation`.
        Relation = 10,
        /// Asteroid: 0 small, 1 medium, 2 large. Station: its index. Ship: sum of its levels.
        Variant = 11,
        /// The player it belongs to; 0 for none.
        Player = 12,
        /// Share of the hold that is full.
        Hold = 13,
        /// The player's score.
        Score = 14,
        /// Share of full energy; own ship only.
        Energy = 15,
    }
}

numbered! {
    /// Words of an effect.
    pub enum EffectWord: usize {
        /// An `EffectKind`.
        Kind = 0,
        /// Position in units.
        X = 1,
        /// As `X`.
        Y = 2,
        /// The entity it happens to.
        Subject = 3,
        /// The entity that causes it; 0 for none.
        Other = 4,
        /// Damage, radius, score, speed or distance already flown, by kind.
        Value = 5,
        /// A direction in radians, where the kind has one.
        Heading = 6,
        /// 1 if it concerns the own ship.
        Own = 7,
    }
}

numbered! {
    /// What an item is drawn as.
    pub enum DrawKind: u32 {
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
    }
}

numbered! {
    /// What something is to the viewer.
    pub enum Relation: u32 {
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
    pub enum EffectKind: u32 {
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
    }
}
