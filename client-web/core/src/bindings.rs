//! The core as JavaScript sees it.

// The glue that the macros make is unsafe inside.
#![allow(unsafe_code)]

use crate::notice::Notice;
use crate::seat::SeatClaim;
use crate::state::{ClientState, NetGraph};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use shared::levels::HullKind;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(text: &str);
}

/// Runs when the module is loaded: prints where a panic, which is a defect, happened.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| console_error(&panic.to_string())));
}

/// A plain JavaScript object; `undefined` if the value cannot become one, which ours all can.
pub fn object<T: Tsify + Serialize>(value: &T) -> Ts<T> {
    Ts::new_unchecked(value.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED))
}

/// What JavaScript catches.
pub fn error(reason: impl ToString) -> JsError {
    JsError::new(&reason.to_string())
}

/// Where words are in wasm memory, in bytes.
pub fn pointer(words: &[u32]) -> u32 {
    words.as_ptr() as usize as u32
}

/// A player's client. Times are milliseconds of `performance.now()`.
#[wasm_bindgen]
pub struct Client(crate::client::Client);

#[wasm_bindgen]
impl Client {
    /// A client for a player; `room` is the one that an invite link names, `hull` the number of the first ship's hull.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str, room: Option<String>, hull: u16) -> Client {
        let mut client = crate::client::Client::new(name, room.as_deref());
        client.choose_hull(HullKind::of_number(hull));
        Client(client)
    }

    /// The socket is open: queues the Hello.
    pub fn opened(&mut self, now_ms: f64) {
        self.0.opened(now_ms);
    }

    /// What takes the seat back after a reload of the page: a secret line of text.
    pub fn seat(&self) -> Option<String> {
        self.0.seat().map(|seat| seat.to_text())
    }

    /// The next connection asks for the seat of such a line; without one, or with a malformed line, for a new seat.
    pub fn claim(&mut self, seat: Option<String>) {
        self.0.claim(seat.as_deref().and_then(SeatClaim::from_text));
    }

    /// What opens the room, if a password does.
    #[wasm_bindgen(js_name = setPassword)]
    pub fn set_password(&mut self, password: Option<String>) {
        self.0.set_password(password.as_deref());
    }

    /// The player's picture has this size, in any unit: the server sends what it shows.
    #[wasm_bindgen(js_name = setPicture)]
    pub fn set_picture(&mut self, width: f32, height: f32) {
        self.0.set_picture(width, height);
    }

    /// Takes one binary message. Throws if it cannot be read: close the socket with `CloseCode.ClientCouldNotRead`.
    pub fn received(&mut self, bytes: &[u8], now_ms: f64) -> Result<(), JsError> {
        self.0.received(bytes, now_ms).map_err(error)
    }

    /// The socket is closed.
    pub fn closed(&mut self) {
        self.0.closed();
    }

    /// Sends a word of the quick chat, by its place in the list.
    pub fn signal(&mut self, place: u8) {
        self.0.signal(place);
    }

    /// Sends a line to the room's chat.
    pub fn chat(&mut self, text: &str) {
        self.0.chat(text);
    }

    /// Gives the seat up for good.
    pub fn leave(&mut self) {
        self.0.leave();
    }

    /// Runs the tick clock with what the player holds: a mask of `Buttons`, and the aim in radians (y down). Queues
    /// messages.
    pub fn advance(&mut self, now_ms: f64, buttons: u16, aim: f32) {
        self.0.set_input(buttons, aim);
        self.0.advance(now_ms);
    }

    /// The next message to send, as one binary frame.
    #[wasm_bindgen(js_name = pollTransmit)]
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.0.poll_transmit()
    }

    /// The next notice.
    #[wasm_bindgen(js_name = pollNotice)]
    pub fn poll_notice(&mut self) -> Option<Ts<Notice>> {
        self.0.poll_notice().as_ref().map(object)
    }

    /// Draws a frame and returns where it is in wasm memory, in bytes.
    pub fn frame(&mut self, now_ms: f64) -> u32 {
        pointer(self.0.frame(now_ms))
    }

    /// Whether the own ship's last seconds are shown as still pictures.
    #[wasm_bindgen(js_name = setCalm)]
    pub fn set_calm(&mut self, calm: bool) {
        self.0.set_calm(calm);
    }

    /// The player has seen enough of the own ship's last seconds.
    #[wasm_bindgen(js_name = skipReplay)]
    pub fn skip_replay(&mut self) {
        self.0.skip_replay();
    }

    /// The state of the client.
    pub fn state(&self, now_ms: f64) -> Ts<ClientState> {
        object(&self.0.state(now_ms))
    }

    /// The newest values of the net graph.
    #[wasm_bindgen(js_name = netGraph)]
    pub fn net_graph(&self) -> Ts<NetGraph> {
        object(&self.0.net_graph())
    }
}
