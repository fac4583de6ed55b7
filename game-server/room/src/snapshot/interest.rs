//! What a viewer sees.

use glam::{IVec2, Vec2};
use shared::aspect::Aspect;
use shared::quantize::POSITION_SCALE;
use shared::setup::Setup;

/// An entity leaves the view this many units later than it enters it, so that one at the edge does not flicker.
pub const VIEW_MARGIN_UNITS: f32 = 4.0;

/// The area that a viewer sees: half extents in position quanta around a centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// The middle of the view.
    pub centre: IVec2,
    /// Entities enter the view inside of these half extents.
    pub enter: IVec2,
    /// Entities leave the view outside of these half extents.
    pub leave: IVec2,
}

impl Interest {
    /// The interest of a viewer at `centre`, by the mode's usual view.
    pub fn around(centre: IVec2, setup: &Setup) -> Interest {
        Interest::of_view(centre, setup.mode.view(Aspect::default()))
    }

    /// The interest of a viewer at `centre` who sees this width and height, in units.
    pub fn of_view(centre: IVec2, view: Vec2) -> Interest {
        let enter = (view / 2.0 * POSITION_SCALE).as_ivec2();
        let margin = (VIEW_MARGIN_UNITS * POSITION_SCALE) as i32;
        Interest { centre, enter, leave: enter + IVec2::splat(margin) }
    }

    /// Whether an entity at this place enters the view.
    pub fn enters(&self, at: IVec2) -> bool {
        within(at - self.centre, self.enter)
    }

    /// Whether an entity at this place stays in view.
    pub fn keeps(&self, at: IVec2) -> bool {
        within(at - self.centre, self.leave)
    }

    /// Whether a place is in the middle of the view, [`near`](Self::near) its centre.
    pub fn is_near(&self, at: IVec2) -> bool {
        within(at - self.centre, self.near())
    }

    /// The half extents of the middle of the view: half of those in which entities enter it.
    pub fn near(&self) -> IVec2 {
        self.enter / 2
    }
}

fn within(offset: IVec2, half: IVec2) -> bool {
    offset.x.abs() <= half.x && offset.y.abs() <= half.y
}
