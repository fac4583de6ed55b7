//! The replay player as JavaScript sees it: a module beside that of client-core, so that the game page loads no simulation.

// The glue that the macros make is unsafe inside.
#![allow(unsafe_code)]
#![cfg(target_arch = "wasm32")]

use client_core::bindings::{error, object, pointer};
use client_core::notice::Notice;
use client_core::replay::{ComponentHistory, InspectedComponents, InspectedWorld, ReplayInfo, ReplayState};
use tsify::Ts;
use wasm_bindgen::prelude::*;

/// A recording that plays in this tab.
#[wasm_bindgen]
pub struct Replay(client_core::replay::Replay);

#[wasm_bindgen]
impl Replay {
    /// Opens a recording. Throws, with a reason for the user, if it cannot be played.
    #[wasm_bindgen(constructor)]
    pub fn new(file: Vec<u8>) -> Result<Replay, JsError> {
        client_core::replay::Replay::open(file).map(Replay).map_err(error)
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
