//! The ordinary client plays in a practice room.

#![allow(clippy::unwrap_used)]

use client_core::client::Client;
use client_core::notice::Notice;
use practice::{Practice, Texts, setup};
use shared::input::Buttons;
use std::fs;
use std::path::PathBuf;

/// Animation frames are this long, in milliseconds.
const FRAME_MS: f64 = 16.0;

/// A text of `assets/`.
fn asset(path: &str) -> String {
    let assets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets");
    fs::read_to_string(assets.join(path)).unwrap()
}

fn arenas() -> Vec<(String, String)> {
    let assets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/arenas");
    let files = fs::read_dir(assets).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|file| (file.file_stem().unwrap().to_str().unwrap().into(), fs::read_to_string(file).unwrap()))
        .collect()
}

fn open(mode: &str) -> Practice {
    let arenas = arenas();
    let texts =
        Texts { rules: &asset("rules.toml"), mode: &asset(&format!("modes/{mode}.toml")), arenas: &arenas };
    Practice::new(setup(texts, 7).unwrap()).unwrap()
}

/// A page: a client and its practice room.
struct Page {
    practice: Practice,
    client: Client,
    now_ms: f64,
    notices: Vec<Notice>,
}

impl Page {
    fn open(mode: &str) -> Page {
        let mut page = Page {
            practice: open(mode),
            client: Client::new("Mae", None),
            now_ms: 1000.0,
            notices: Vec::new(),
        };
        page.practice.connect();
        page.client.opened(page.now_ms);
        page
    }

    fn run(&mut self, seconds: f64, buttons: u16) {
        let end = self.now_ms + seconds * 1000.0;
        while self.now_ms < end {
            self.now_ms += FRAME_MS;
            self.client.set_input(buttons, 0.5);
            self.client.advance(self.now_ms);
            while let Some(message) = self.client.poll_transmit() {
                self.practice.received(&message).unwrap();
            }
            self.practice.advance(self.now_ms);
            while let Some(message) = self.practice.poll_transmit() {
                self.client.received(&message, self.now_ms).unwrap();
            }
            while let Some(notice) = self.client.poll_notice() {
                self.notices.push(notice);
            }
        }
    }
}

#[test]
fn the_client_joins_flies_and_meets_drones_in_every_mode_with_drones() {
    for mode in ["belt", "teams"] {
        let mut page = Page::open(mode);
        page.run(1.0, 0);
        let from = page.client.state(page.now_ms).own.expect("a ship");
        page.run(3.0, Buttons::THRUST.0);
        assert!(matches!(page.notices[0], Notice::Welcome { .. }), "{mode}: {:?}", page.notices.first());
        let rows = page.notices.iter().rev().find_map(|notice| match notice {
            Notice::Scoreboard { players, humans, .. } => Some((*players, *humans)),
            _ => None,
        });
        let (players, humans) = rows.expect("a scoreboard");
        assert!(players > 4 && humans == 1, "{mode}: {players} players, {humans} people");
        let to = page.client.state(page.now_ms).own.expect("a ship");
        assert!((to.x - from.x).hypot(to.y - from.y) > 4.0, "{mode}");
        assert_eq!(page.practice.poll_close(), None);
    }
}

#[test]
fn who_leaves_is_let_go_and_may_come_back() {
    let mut page = Page::open("belt");
    page.run(1.0, 0);
    page.client.leave();
    page.run(0.2, 0);
    assert!(page.practice.poll_close().is_some());
    page.client = Client::new("Mae", None);
    page.notices.clear();
    page.practice.connect();
    page.client.opened(page.now_ms);
    page.run(1.0, 0);
    assert!(matches!(page.notices[0], Notice::Welcome { .. }), "{:?}", page.notices.first());
}

#[test]
fn what_no_room_can_be_made_of_is_named() {
    let texts = |mode| Texts { rules: "", mode, arenas: &[] };
    assert!(setup(texts(""), 1).unwrap_err().to_string().starts_with("rules: "));
    let (rules, belt) = (asset("rules.toml"), asset("modes/belt.toml"));
    let error = setup(Texts { rules: &rules, mode: &belt, arenas: &[] }, 1).unwrap_err();
    assert!(error.to_string().starts_with("there is no arena"), "{error}");
}
