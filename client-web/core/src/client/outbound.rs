//! From the player's devices to messages for the server.

use super::{Client, InputState};
use crate::world::World;
use shared::codec::encode_client;
use shared::input::{Buttons, Controls};
use shared::message::{ClientMessage, Signal};

/// Messages that wait to be sent at most; beyond it, the oldest are dropped.
const OUTBOX_LIMIT: usize = 256;
/// Time between two messages about the shape of the picture while it changes, as while a window is dragged.
const ASPECT_INTERVAL_MS: f64 = 250.0;

impl InputState {
    /// The controls of a tick.
    fn sample(&mut self) -> Controls {
        let buttons = self.held.with(std::mem::take(&mut self.pressed));
        Controls { buttons, ..self.controls() }
    }
}

impl Client {
    /// What the player holds, as a mask of [`Buttons`], and the aim in radians.
    pub fn set_input(&mut self, buttons: u16, aim: f32) {
        let input = &mut self.input;
        let held = Buttons(buttons).known();
        input.pressed = input.pressed.with(held.pressed_since(input.held));
        input.held = held;
        input.aim = if aim.is_finite() { aim } else { 0.0 };
    }

    /// Runs the tick clock: queues inputs and pings. After a long gap, as of a hidden tab, ticks are skipped.
    pub fn advance(&mut self, now_ms: f64) {
        let Some(connection) = &mut self.connection else { return };
        let Some(world) = &mut connection.world else { return };
        let input = world.advance(now_ms, || self.input.sample());
        let ping = connection.traffic.ping_due(now_ms);
        let aspect = self.frame_builder.aspect;
        let is_turned = aspect != connection.aspect && now_ms - connection.aspect_ms >= ASPECT_INTERVAL_MS;
        if is_turned {
            (connection.aspect, connection.aspect_ms) = (aspect, now_ms);
        }
        if let Some(input) = input {
            self.send(&ClientMessage::Input(input));
        }
        if let Some(stamp) = ping {
            self.send(&ClientMessage::Ping { stamp });
        }
        if is_turned {
            self.send(&ClientMessage::View(aspect));
        }
    }

    /// The time before which [`Self::advance`] need not be called unless a message arrives: infinite before the welcome.
    pub fn due_ms(&self) -> f64 {
        self.world().map_or(f64::INFINITY, World::due_ms)
    }

    /// Sends a line to the room's chat.
    pub fn chat(&mut self, text: &str) {
        if let Some(text) = shared::text::chat_line(text)
            && self.world().is_some()
        {
            self.send(&ClientMessage::Chat { text });
        }
    }

    /// Sends a word of the quick chat, by its place in [`Signal::ALL`].
    pub fn signal(&mut self, place: u8) {
        if let Some(signal) = Signal::ALL.get(usize::from(place))
            && self.world().is_some()
        {
            self.send(&ClientMessage::Signal(*signal));
        }
    }

    pub(super) fn send(&mut self, message: &ClientMessage) {
        if self.outbox.len() >= OUTBOX_LIMIT {
            self.outbox.pop_front();
        }
        let mut bytes = Vec::new();
        encode_client(message, &mut bytes);
        self.outbox.push_back(bytes);
    }

    /// The next message to send, as one binary frame.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }
}
