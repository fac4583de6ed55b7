//! The shape of a player's picture, and what of the world is sent for it.

use crate::rules::Mode;
use glam::{Vec2, Vec2Swizzles};
use serde::{Deserialize, Serialize};

/// The width of a picture, in hundredths of its height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aspect(pub u16);

impl Default for Aspect {
    /// Wider than every mode's view.
    fn default() -> Aspect {
        Aspect(u16::MAX)
    }
}

impl Aspect {
    /// The aspect of a picture of this size, in any unit; the default if there is no picture.
    pub fn of(width: f32, height: f32) -> Aspect {
        let hundredths = (100.0 * width / height).round();
        if hundredths.is_finite() { Aspect(hundredths as u16) } else { Aspect::default() }
    }
}

impl Mode {
    /// Width and height, in units, of what a player with such a picture is told about. The area is always that of the mode's
    /// view, and no side is longer than its longer one: an upright picture gets the mode's view on its side.
    pub fn view(&self, aspect: Aspect) -> Vec2 {
        let view = Vec2::new(self.view_width, self.view_height);
        let wide = if view.x >= view.y { view } else { view.yx() };
        let (widest, asked) = (wide.x / wide.y, f32::from(aspect.0) / 100.0);
        if asked >= widest {
            wide
        } else if asked * widest <= 1.0 {
            wide.yx()
        } else {
            let area = view.x * view.y;
            Vec2::new((area * asked).sqrt(), (area / asked).sqrt())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_gets_the_same_area() {
        let mode: Mode = toml::from_str(include_str!("../tests/golden/mode.toml")).expect("a frozen mode");
        for (width, height, view) in [
            (1920.0, 1080.0, Vec2::new(100.0, 60.0)),
            (390.0, 844.0, Vec2::new(60.0, 100.0)),
            (844.0, 390.0, Vec2::new(100.0, 60.0)),
            (0.0, 0.0, Vec2::new(100.0, 60.0)),
            (500.0, 500.0, Vec2::splat(6000f32.sqrt())),
        ] {
            assert_eq!(mode.view(Aspect::of(width, height)), view, "{width}×{height}");
        }
        for hundredths in 0..=u16::MAX {
            let view = mode.view(Aspect(hundredths));
            assert!(
                (view.x * view.y - 6000.0).abs() < 0.1 && view.max_element() <= 100.0,
                "{hundredths}: {view}"
            );
        }
    }
}
