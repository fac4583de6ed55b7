//! The components of a recorded world at a tick, named as in a keyframe, and how one of them changed before it.

use serde::Serialize;
use shared::entity::EntityState;
use shared::id::Tick;
use shared::keyframe::Keyframe;
use shared::recording::Recording;
use sim::replay::{ReplayError, Resimulation};
use sim::{Component, Sim, Subject};

/// Ticks before the one shown that a history covers at most.
pub const HISTORY_LIMIT_TICKS: u32 = 600;

/// Everything in the world at a tick.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct InspectedWorld {
    /// The tick.
    pub tick: u32,
    /// The world as a whole, players, entities.
    pub subjects: Vec<InspectedSubject>,
}

/// Something that has components.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct InspectedSubject {
    /// Names it, such as `entity 7`.
    pub key: String,
    /// An entity's kind, a player's name.
    pub label: String,
    /// Its player or owner; 0 for nobody.
    pub player: u32,
}

/// The components of a subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct InspectedComponents {
    /// Empty if the subject is not there.
    pub components: Vec<InspectedComponent>,
}

/// A component and its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct InspectedComponent {
    /// The name.
    pub name: String,
    /// The value, in wire precision.
    pub value: String,
}

/// How a component changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ComponentHistory {
    /// The value at the first tick, and each after a change, the oldest first.
    pub changes: Vec<ComponentChange>,
}

/// A value and when it began.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ComponentChange {
    /// The tick.
    pub tick: u32,
    /// The value; empty while the subject is not there.
    pub value: String,
}

/// A second simulation, beside the one that is shown: a history is stepped through.
#[derive(Default)]
pub struct Inspector(Option<Resimulation>);

impl Inspector {
    /// Everything in the world.
    ///
    /// # Errors
    /// [`ReplayError`] if the recording is damaged there.
    pub fn world(&mut self, recording: &Recording, tick: Tick) -> Result<InspectedWorld, ReplayError> {
        let key = self.at(recording, tick)?.sim().keyframe();
        let world = InspectedSubject::new(Subject::World, String::new());
        let players = key.players.iter().map(|player| {
            let subject = InspectedSubject::new(Subject::Player(player.player), player.name.as_str().into());
            InspectedSubject { player: player.player.0, ..subject }
        });
        let entities = key.entities.iter().map(InspectedSubject::of_entity);
        let subjects = std::iter::once(world).chain(players).chain(entities).collect();
        Ok(InspectedWorld { tick: key.tick.0, subjects })
    }

    /// The components of a subject.
    ///
    /// # Errors
    /// As [`Inspector::world`].
    pub fn components(
        &mut self,
        recording: &Recording,
        tick: Tick,
        subject: Subject,
    ) -> Result<InspectedComponents, ReplayError> {
        let key = self.at(recording, tick)?.sim().keyframe();
        let components = Sim::components(&key, subject).into_iter();
        let inspected = |Component { name, value }| InspectedComponent { name: name.into(), value };
        Ok(InspectedComponents { components: components.map(inspected).collect() })
    }

    /// How a component changed in some ticks up to one.
    ///
    /// # Errors
    /// As [`Inspector::world`].
    pub fn history(
        &mut self,
        recording: &Recording,
        tick: Tick,
        ticks: u32,
        subject: Subject,
        component: &str,
    ) -> Result<ComponentHistory, ReplayError> {
        let ticks = ticks.min(HISTORY_LIMIT_TICKS);
        let simulation = self.at(recording, Tick(tick.0.saturating_sub(ticks)))?;
        let mut changes = Vec::<ComponentChange>::new();
        loop {
            let value = value_of(&simulation.sim().keyframe(), subject, component);
            if changes.last().is_none_or(|last| last.value != value) {
                changes.push(ComponentChange { tick: simulation.sim().tick().0, value });
            }
            if simulation.sim().tick() >= tick || !simulation.step() {
                return Ok(ComponentHistory { changes });
            }
        }
    }

    fn at(&mut self, recording: &Recording, tick: Tick) -> Result<&mut Resimulation, ReplayError> {
        // A recording that has grown since is opened again.
        let mut simulation = match self.0.take().filter(|known| tick <= known.last_tick()) {
            Some(known) => known,
            None => Resimulation::at(recording.clone(), tick)?,
        };
        simulation.seek(tick)?;
        Ok(self.0.insert(simulation))
    }
}

impl InspectedSubject {
    fn new(subject: Subject, label: String) -> InspectedSubject {
        InspectedSubject { key: subject.to_string(), label, player: 0 }
    }

    fn of_entity(entity: &EntityState) -> InspectedSubject {
        let subject = InspectedSubject::new(Subject::Entity(entity.id), format!("{:?}", entity.kind));
        InspectedSubject { player: entity.owner.0, ..subject }
    }
}

fn value_of(key: &Keyframe, subject: Subject, component: &str) -> String {
    let components = Sim::components(key, subject).into_iter();
    components.filter(|known| known.name == component).map(|known| known.value).next().unwrap_or_default()
}
