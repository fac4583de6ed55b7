//! The core as JavaScript sees it.

// The glue that the macros make is unsafe inside.
#![allow(unsafe_code)]

use crate::notice::Notice;
use crate::replay::{ComponentHistory, InspectedComponents, InspectedWorld, ReplayInfo, ReplayState};
use crate::seat::SeatClaim;
use crate::state::{ClientState, NetGraph};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
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
fn object<T: Tsify + Serialize>(value: &T) -> Ts<T> {
    Ts::new_unchecked(value.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED))
}

fn error(reason: impl ToString) -> JsError {
    JsError::new(&reason.to_string())
}

fn pointer(words: &[u32]) -> u32 {
    words.as_ptr() as usize as u32
}

/// A player's client. Times are milliseconds of `performance.now()`.
#[wasm_bindgen]
pub struct Client(crate::client::Client);

#[wasm_bindgen]
impl Client {
    /// A client for a player; `room` is the one that an invite link names.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str, room: Option<String>) -> Client {
        Client(crate::client::Client::new(name, room.as_deref()))
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

/// A recording that plays in this tab.
#[wasm_bindgen]
pub struct Replay(crate::replay::Replay);

#[wasm_bindgen]
impl Replay {
    /// Opens a recording. Throws, with a reason for the user, if it cannot be played.
    #[wasm_bindgen(constructor)]
    pub fn new(file: Vec<u8>) -> Result<Replay, JsError> {
        crate::replay::Replay::open(file).map(Replay).map_err(error)
    }

    /// The recording's header, players and marks.
    pub fn info(&self) -> Ts<ReplayInfo> {
        object(&self.0.info())
    }

    /// Appends whole chunks to a recording that goes on.
    pub fn append(&mut self, piece: &[u8]) {
        self.0.append(piece);
    }

    /// Cuts a clip: the file of the ticks behind `from` up to `to`. Throws, with a reason for the user, if it cannot be cut.
    pub fn cut(&self, from: u32, to: u32) -> Result<Vec<u8>, JsError> {
        self.0.cut(from, to).map_err(error)
    }

    /// Shows a tick.
    pub fn seek(&mut self, tick: u32) {
        self.0.seek(tick);
    }

    /// Plays or pauses.
    #[wasm_bindgen(js_name = setPlaying)]
    pub fn set_playing(&mut self, playing: bool) {
        self.0.set_playing(playing);
    }

    /// Sets the speed, in seconds of the match per second, from 0.25 to 16.
    #[wasm_bindgen(js_name = setSpeed)]
    pub fn set_speed(&mut self, speed: f64) {
        self.0.set_speed(speed);
    }

    /// Shows how a player's ship was destroyed at a tick: the seconds before it, slow at the end, with the evidence. `calm` shows
    /// the end as a still picture.
    #[wasm_bindgen(js_name = showDeath)]
    pub fn show_death(&mut self, tick: u32, victim: u32, calm: bool) {
        self.0.show_death(tick, victim, calm);
    }

    /// Follows a player's ship; 0 is nobody.
    pub fn follow(&mut self, player: u32) {
        self.0.follow(player);
    }

    /// Looks at a place, in units, with a view of this width, until a player is followed again.
    #[wasm_bindgen(js_name = setCamera)]
    pub fn set_camera(&mut self, x: f32, y: f32, view_width: f32) {
        self.0.set_camera(x, y, view_width);
    }

    /// Advances to a time if the recording plays.
    pub fn advance(&mut self, now_ms: f64) {
        self.0.advance(now_ms);
    }

    /// Draws a frame and returns where it is in wasm memory, in bytes.
    pub fn frame(&mut self, now_ms: f64) -> u32 {
        pointer(self.0.frame(now_ms))
    }

    /// The next notice.
    #[wasm_bindgen(js_name = pollNotice)]
    pub fn poll_notice(&mut self) -> Option<Ts<Notice>> {
        self.0.poll_notice().as_ref().map(object)
    }

    /// Everything in the world at the tick shown. Throws if the recording is damaged there, as the next two do.
    pub fn inspect(&mut self) -> Result<Ts<InspectedWorld>, JsError> {
        self.0.inspect().map(|world| object(&world)).map_err(error)
    }

    /// The components of a subject at the tick shown.
    #[wasm_bindgen(js_name = componentsOf)]
    pub fn components_of(&mut self, subject: &str) -> Result<Ts<InspectedComponents>, JsError> {
        self.0.components_of(subject).map(|components| object(&components)).map_err(error)
    }

    /// How a component changed in this many ticks before the one shown.
    #[wasm_bindgen(js_name = historyOf)]
    pub fn history_of(
        &mut self,
        subject: &str,
        component: &str,
        ticks: u32,
    ) -> Result<Ts<ComponentHistory>, JsError> {
        self.0.history_of(subject, component, ticks).map(|history| object(&history)).map_err(error)
    }

    /// Cuts the repro of the tick shown: from the keyframe before it to the end. Throws, with a reason for the user, if it cannot
    /// be cut.
    pub fn repro(&self) -> Result<Vec<u8>, JsError> {
        self.0.repro().map_err(error)
    }

    /// The state of the player.
    pub fn state(&self) -> Ts<ReplayState> {
        object(&self.0.state())
    }
}

/// The hash of the scripted match, as 16 hex digits: the same number on every machine.
#[wasm_bindgen(js_name = determinismHash)]
pub fn determinism_hash() -> String {
    format!("{:016x}", sim::scripted::scripted_match())
}
