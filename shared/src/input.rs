//! What a player does in one tick.

use crate::angle::Angle;
use crate::id::Tick;
use serde::{Deserialize, Serialize};

/// The buttons held, as a bit mask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Buttons(pub u16);

impl Buttons {
    /// Accelerate toward the aim.
    pub const THRUST: Buttons = Buttons(1);
    /// Accelerate harder at the cost of energy; means thrust too.
    pub const BOOST: Buttons = Buttons(2);
    /// Fire pulse bolts toward the aim.
    pub const FIRE: Buttons = Buttons(4);
    /// Slow down.
    pub const BRAKE: Buttons = Buttons(8);
    /// Buy a hull level at a station. Acts when it goes down, as all `BUY_…` do. Without a ship, the first three choose the hull of
    /// the next one; while the podium is shown, they vote.
    pub const BUY_HULL: Buttons = Buttons(16);
    /// Buy an engine level at a station.
    pub const BUY_ENGINE: Buttons = Buttons(32);
    /// Buy a gun level at a station.
    pub const BUY_GUN: Buttons = Buttons(64);
    /// Buy a hold level at a station.
    pub const BUY_HOLD: Buttons = Buttons(128);
    /// Use the hull's ability, as soon as it is ready.
    pub const ABILITY: Buttons = Buttons(256);
    /// All defined bits.
    pub const ALL: Buttons = Buttons(511);

    /// Whether any of the given buttons is held.
    pub fn any(self, of: Buttons) -> bool {
        self.0 & of.0 != 0
    }

    /// Both masks together.
    pub fn with(self, more: Buttons) -> Buttons {
        Buttons(self.0 | more.0)
    }

    /// Only the defined bits.
    pub fn known(self) -> Buttons {
        Buttons(self.0 & Self::ALL.0)
    }

    /// The buttons held now that were not held before.
    pub fn pressed_since(self, before: Buttons) -> Buttons {
        Buttons(self.0 & !before.0)
    }
}

/// How far behind the player's own tick the screen shows others, in parts of a tick: the player aims at where they were
/// this long ago.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ViewLag(pub u16);

impl ViewLag {
    /// Parts of a tick: at top speed one of them is a tenth of a ship's radius.
    pub const PARTS_PER_TICK: u16 = 8;

    /// The nearest lag to a number of ticks; negative values and NaN give no lag.
    pub fn of_ticks(ticks: f64) -> ViewLag {
        // A float cast saturates, and turns NaN into 0.
        ViewLag((ticks * f64::from(Self::PARTS_PER_TICK) + 0.5) as u16)
    }

    /// In ticks.
    pub fn ticks(self) -> f32 {
        f32::from(self.0) / f32::from(Self::PARTS_PER_TICK)
    }

    /// In whole ticks, rounded up.
    pub fn whole_ticks(self) -> u16 {
        self.0.div_ceil(Self::PARTS_PER_TICK)
    }
}

/// Buttons, aim and view: what a player does and sees, without the tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controls {
    /// The buttons held.
    pub buttons: Buttons,
    /// Where the ship points and fires.
    pub aim: Angle,
    /// How old the others were on the screen that was aimed by.
    pub lag: ViewLag,
}

/// What a player did in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFrame {
    /// The tick that the controls are meant for.
    pub tick: Tick,
    /// The controls held in it.
    pub controls: Controls,
}
