//! The numbers that TypeScript shares with the core, as TypeScript. The text travels in a custom section of the wasm file,
//! which the build takes out and writes to `client-web/src/wasm`: `schema.ts`, and one file per enum, because bundlers inline
//! constants of modules but not of objects. The types of the objects that cross the border are in `client_core.d.ts` beside
//! them: they derive `Tsify`.

// A section for the linker counts as unsafe.
#![allow(unsafe_code)]

use crate::layout::*;
use crate::replay::SIM_BUILD;
use const_format::concatcp;
use shared::PROTOCOL_VERSION;
use shared::batch::{BATCH_TYPE, CLOSE_BIT, CODE_BYTES, LENGTH_BYTES, POST_LIMIT_BYTES};
use shared::entity::{BOULDER, ShipFlags};
use shared::input::Buttons;
use shared::message::CloseCode;
use shared::spent::Spent;
use shared::text::{CHAT_LIMIT_CHARS, NAME_LIMIT_CHARS};
use std::convert::identity;

macro_rules! modules {
    ($($name:ident)*) => { concat!($("export * as ", stringify!($name), " from \"./", stringify!($name), ".ts\";\n",)*) };
}

macro_rules! constants {
    ($($name:ident)*) => { concatcp!($("export const ", stringify!($name), " = ", $name, ";\n",)*) };
}

/// A file with some constants or variants of a type; `number` is a const function to their number.
macro_rules! numbers {
    ($type:ident by $number:ident: $($name:ident)*) => {
        concatcp!(
            "// @filename: ", stringify!($type), ".ts\n",
            $("export const ", stringify!($name), " = ", $number($type::$name), ";\n",)*
        )
    };
}

const fn mask(buttons: Buttons) -> u16 {
    buttons.0
}

const fn code(close: CloseCode) -> u16 {
    close as u16
}

/// The interface of a struct of numbers, all of whose fields are named here.
macro_rules! interface {
    ($type:ident: $($field:ident)*) => {{
        const fn _is_complete($type { $($field: _),* }: $type) {}
        concat!("export interface ", stringify!($type), " {\n", $("  ", stringify!($field), ": number;\n",)* "}\n")
    }};
}

const FINAL: [CloseCode; 6] = CloseCode::FINAL;

const TEXT: &str = concatcp!(
    "// @filename: schema.ts\n",
    "//! Numbers of the core. Written by the build from client-web/core/src/schema.rs.\n\n",
    modules!(HeaderWord ItemWord EffectWord DrawKind Relation EffectKind ShipFlags Buttons CloseCode),
    constants!(PROTOCOL_VERSION NAME_LIMIT_CHARS CHAT_LIMIT_CHARS BOULDER),
    constants!(LENGTH_BYTES CODE_BYTES CLOSE_BIT POST_LIMIT_BYTES),
    constants!(HEADER_WORDS ITEM_WORDS EFFECT_WORDS NONE DRONE_FLAG HULL_BIT),
    concatcp!("export const SIM_BUILD = \"", SIM_BUILD, "\";\n"),
    concatcp!("export const BATCH_TYPE = \"", BATCH_TYPE, "\";\n"),
    interface!(Spent: appeared gone ids motion heading state events own),
    "/** After these, another attempt cannot help. */\n",
    concatcp!("export const FINAL_CLOSE_CODES: readonly number[] = [", code(FINAL[0]), ", ", code(FINAL[1])),
    concatcp!(", ", code(FINAL[2]), ", ", code(FINAL[3]), ", ", code(FINAL[4]), ", ", code(FINAL[5]), "];\n"),
    HeaderWord::TYPESCRIPT,
    ItemWord::TYPESCRIPT,
    EffectWord::TYPESCRIPT,
    DrawKind::TYPESCRIPT,
    Relation::TYPESCRIPT,
    EffectKind::TYPESCRIPT,
    numbers!(ShipFlags by identity: THRUST BOOST FIRING DOCKED PROTECTED AWAY HUNTER ABILITY),
    numbers!(Buttons by mask: THRUST BOOST FIRE BRAKE BUY_HULL BUY_ENGINE BUY_GUN BUY_HOLD ABILITY ALL),
    numbers!(CloseCode by code: Restarting VersionMismatch BadMessage ClientCouldNotRead Full Kicked TakenOver Left TooSlow
        Silence SeatGone Moved WrongPassword),
);

/// Public, or the compiler would drop it.
#[unsafe(link_section = "driftbelt.schema")]
pub static SECTION: [u8; TEXT.len()] = *TEXT.as_bytes().first_chunk().expect("as long as itself");
