//! Practice as JavaScript sees it.

// The glue that the macros make is unsafe inside.
#![allow(unsafe_code)]

use crate::Texts;
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

fn error(reason: impl ToString) -> JsError {
    JsError::new(&reason.to_string())
}

/// A room with one player. Times are milliseconds of `performance.now()`.
#[wasm_bindgen]
pub struct Practice(crate::Practice);

#[wasm_bindgen]
impl Practice {
    /// Opens a room from the texts of `assets/`. Throws if they describe none.
    #[wasm_bindgen(constructor)]
    pub fn new(
        rules: &str,
        mode: &str,
        arena_names: Vec<String>,
        arenas: Vec<String>,
        seed: u32,
    ) -> Result<Practice, JsError> {
        let arenas: Vec<(String, String)> = arena_names.into_iter().zip(arenas).collect();
        let setup = crate::setup(Texts { rules, mode, arenas: &arenas }, seed.into()).map_err(error)?;
        crate::Practice::new(setup).map(Practice).map_err(error)
    }

    /// The client connects.
    pub fn connect(&mut self) {
        self.0.connect();
    }

    /// Takes one message of the client. Throws if it cannot be read.
    pub fn received(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        self.0.received(bytes).map_err(error)
    }

    /// Steps the world by the ticks that are due.
    pub fn advance(&mut self, now_ms: f64) {
        self.0.advance(now_ms);
    }

    /// When the next tick is due.
    #[wasm_bindgen(js_name = nextMs)]
    pub fn next_ms(&self) -> f64 {
        self.0.next_ms()
    }

    /// The next message for the client.
    #[wasm_bindgen(js_name = pollTransmit)]
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.0.poll_transmit()
    }

    /// The close code of a connection that the room has closed, once.
    #[wasm_bindgen(js_name = pollClose)]
    pub fn poll_close(&mut self) -> Option<u16> {
        self.0.poll_close().map(|(code, _)| code as u16)
    }
}
