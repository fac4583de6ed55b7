//! Chat: its limits, and muting.

use crate::crowd::Crowd;
use crate::pair::setup;
use room::session::{CHAT_BURST_LINES, CHAT_INTERVAL_SECONDS, CHAT_REPEAT_SECONDS, SIGNALS_BURST};
use room::{MUTED_REMINDER_SECONDS, SessionEvent};
use shared::codec::decode_server;
use shared::command::Admin;
use shared::message::{ClientMessage, Notice, ServerMessage, Signal};
use shared::rules::ModeKind;

const SPEAKER: u8 = 0;
const LISTENER: u8 = 1;

/// What both players receive: the speaker's notices of being muted, and the listener's lines.
#[derive(Debug, Default, PartialEq)]
struct Received {
    notices: Vec<bool>,
    lines: Vec<String>,
}

fn receive(crowd: &mut Crowd, ticks: u32) -> Received {
    let mut received = Received::default();
    for _ in 0..ticks {
        crowd.tick(|player, bytes, _| match decode_server(bytes).expect("our own server's message") {
            ServerMessage::Notice(Notice::Muted { muted }) => {
                assert_eq!(player, SPEAKER, "nobody else needs to know");
                received.notices.push(muted);
            }
            ServerMessage::Chat { text, .. } if player == LISTENER => received.lines.push(text),
            _ => {}
        });
    }
    received
}

fn say(crowd: &mut Crowd, text: &str) {
    crowd.say(SPEAKER, ClientMessage::Chat { text: text.into() });
}

fn mute(crowd: &mut Crowd, muted: bool) {
    crowd.room.handle(SessionEvent::Admin(Admin::Mute { player: Crowd::player(SPEAKER), muted }));
}

#[test]
fn a_repeated_line_is_dropped_until_its_interval_is_over() {
    let setup = setup(0);
    let repeat_ticks = setup.ticks(CHAT_REPEAT_SECONDS);
    let mut crowd = Crowd::new(setup, 2);
    receive(&mut crowd, 1);
    say(&mut crowd, "buy ore");
    assert_eq!(receive(&mut crowd, repeat_ticks - 1).lines, ["buy ore"]);
    say(&mut crowd, " buy  ore");
    assert!(receive(&mut crowd, 1).lines.is_empty(), "a tick too early, and spelt a little differently");
    say(&mut crowd, "buy ore");
    assert_eq!(receive(&mut crowd, 1).lines, ["buy ore"]);
}

#[test]
fn a_burst_of_lines_passes_and_then_one_per_interval() {
    let setup = setup(0);
    let interval_ticks = setup.ticks(CHAT_INTERVAL_SECONDS);
    let mut crowd = Crowd::new(setup, 2);
    receive(&mut crowd, 1);
    for line in 0..2 * CHAT_BURST_LINES {
        say(&mut crowd, &format!("line {line}"));
    }
    assert_eq!(receive(&mut crowd, interval_ticks).lines.len(), CHAT_BURST_LINES as usize);
    say(&mut crowd, "one");
    say(&mut crowd, "two");
    assert_eq!(receive(&mut crowd, 1).lines, ["one"]);
}

#[test]
fn a_muted_player_is_notified_and_reminded_after_an_interval() {
    let setup = setup(0);
    let reminder_ticks = setup.ticks(MUTED_REMINDER_SECONDS);
    let mut crowd = Crowd::new(setup, 2);
    receive(&mut crowd, 1);
    mute(&mut crowd, true);
    say(&mut crowd, "just now");
    assert_eq!(receive(&mut crowd, reminder_ticks - 1), Received { notices: vec![true], lines: vec![] });
    say(&mut crowd, "a tick too early");
    assert_eq!(receive(&mut crowd, 1), Received::default());
    say(&mut crowd, "can nobody hear me?");
    say(&mut crowd, "hello?");
    assert_eq!(receive(&mut crowd, reminder_ticks), Received { notices: vec![true], lines: vec![] });
    mute(&mut crowd, false);
    say(&mut crowd, "thanks");
    assert_eq!(receive(&mut crowd, 1), Received { notices: vec![false], lines: vec!["thanks".into()] });
}

#[test]
fn a_line_for_the_team_reaches_mates_only() {
    let mut setup = setup(0);
    (setup.mode.kind, setup.mode.teams) = (ModeKind::Teams, 2);
    let mut crowd = Crowd::new(setup, 4);
    receive(&mut crowd, 1);
    let team = |crowd: &Crowd, player: u8| {
        let pilot = crowd.room.world().pilot(Crowd::player(player)).map(|pilot| pilot.team);
        pilot.expect("a seated player")
    };
    say(&mut crowd, "/t on me");
    say(&mut crowd, "hello all");
    let mut heard = Vec::new();
    crowd.tick(|player, bytes, _| {
        if let Ok(ServerMessage::Chat { text, to_team, .. }) = decode_server(bytes) {
            heard.push((player, text, to_team));
        }
    });
    for listener in 0..4 {
        let mate = team(&crowd, listener) == team(&crowd, SPEAKER);
        assert_eq!(heard.contains(&(listener, "on me".into(), true)), mate, "{listener}: {heard:?}");
        assert!(heard.contains(&(listener, "hello all".into(), false)), "{listener}: {heard:?}");
    }
}

#[test]
fn a_word_of_the_quick_chat_is_limited_and_reaches_who_sees_the_sender() {
    let setup = setup(0);
    let mut crowd = Crowd::new(setup, 2);
    receive(&mut crowd, 10);
    for _ in 0..2 * SIGNALS_BURST {
        crowd.say(SPEAKER, ClientMessage::Signal(Signal::Danger));
    }
    let mut heard = 0;
    crowd.tick(|player, bytes, _| {
        if let Ok(ServerMessage::Signal { signal, .. }) = decode_server(bytes) {
            assert_eq!(signal, Signal::Danger);
            heard += u32::from(player == SPEAKER);
        }
    });
    assert_eq!(heard, SIGNALS_BURST);
    mute(&mut crowd, true);
    receive(&mut crowd, 300);
    crowd.say(SPEAKER, ClientMessage::Signal(Signal::Help));
    crowd.tick(|_, bytes, _| assert!(!matches!(decode_server(bytes), Ok(ServerMessage::Signal { .. }))));
}
