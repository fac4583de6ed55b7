//! The own ship's ability is predicted as the server computes it.

use crate::pair::{CLEAN, Pair, setup};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use shared::input::Buttons;
use shared::levels::HullKind;

#[test]
fn the_ability_of_every_hull_is_predicted_to_the_tick() {
    for hull in HullKind::ALL {
        let mut setup = setup(0);
        setup.mode.asteroids_per_player = 0.0;
        let mut pair = Pair::new(setup, CLEAN, 5);
        pair.client.choose_hull(hull);
        pair.connect();
        pair.run(2.0, |_, _| {});
        let mut random = Pcg32::seed_from_u64(11);
        let mut used = 0;
        let before = pair.client.net_graph().corrections;
        for _ in 0..120 {
            let pressed = random.random_range(0..4) == 0;
            let buttons = if pressed { Buttons::ABILITY.with(Buttons::THRUST) } else { Buttons::THRUST };
            let aim = random.random_range(0.0..6.0);
            pair.run(0.25, |client, _| client.set_input(buttons.0, aim));
            let world = pair.room.world();
            let pilot = world.pilots.iter().find(|pilot| !pilot.drone).expect("the player");
            assert_eq!(pilot.levels.hull(), hull);
            used += u32::from(pilot.ability > 0);
        }
        assert!(used > 20, "{hull:?}: {used}");
        assert_eq!(pair.client.net_graph().corrections, before, "{hull:?}");
    }
}
