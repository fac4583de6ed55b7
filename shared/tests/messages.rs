//! Every message: its golden bytes, its round trip, and what damaged bytes do (an error, never a panic).

use shared::PROTOCOL_VERSION;
use shared::angle::Angle;
use shared::aspect::Aspect;
use shared::codec::{DecodeError, decode_client, decode_server, encode_client, encode_server};
use shared::event::{Event, Happening};
use shared::evidence::{DeathEvidence, HitEvidence};
use shared::id::{NetId, PlayerId, Tick};
use shared::input::{Buttons, Controls, InputFrame, ViewLag};
use shared::levels::{HullKind, Levels, Upgrade};
use shared::message::*;
use shared::round::{Award, AwardKind, Round, RoundPhase};
use shared::rules::{Arena, Mode, Region, Rules, Station, Wall};
use shared::text::Name;
use std::borrow::Cow;

fn name(text: &str) -> Name {
    Name::from_input(text)
}

fn client_messages() -> Vec<ClientMessage> {
    let buttons = Buttons::THRUST.with(Buttons::FIRE);
    let controls = Controls { buttons, aim: Angle::from_step(300), lag: ViewLag(58) };
    let hello = Hello {
        version: 1,
        name: name("Ada"),
        resume: Some(ResumeToken([7; 16])),
        last_tick: Some(Tick(70_000)),
        backlog_ack: 5,
        attempt: 2,
        hull: HullKind::Scout,
        aspect: Aspect(46),
        password: Some(Box::new(Password("sésame".into()))),
    };
    vec![
        ClientMessage::Hello(hello),
        ClientMessage::Input(Input {
            ack: Tick(1000),
            frames: [InputFrame { tick: Tick(1001), controls }].into_iter().collect(),
        }),
        ClientMessage::Chat { text: "hélo".into() },
        ClientMessage::Ping { stamp: 0x1234_5678 },
        ClientMessage::Leave,
        ClientMessage::Signal(Signal::Ore),
        ClientMessage::View(Aspect(216)),
    ]
}

fn happenings() -> Vec<Happening> {
    let ship = NetId(9);
    vec![
        Happening::Hit {
            target: ship,
            by: PlayerId(2),
            damage: 88,
            course: Angle::from_step(512),
            seen: (-700, 12),
        },
        Happening::Death { ship, victim: PlayerId(1), killer: PlayerId(2), bounty: 25 },
        Happening::Broken { asteroid: NetId(4), size: 2 },
        Happening::Loaded { ship },
        Happening::Banked { ship, player: PlayerId(1), gained: 12 },
        Happening::Spawned { ship },
        Happening::Upgraded { ship, upgrade: Upgrade::Gun },
        Happening::Bounced { ship, speed: 21 },
        Happening::Assisted { ship, player: PlayerId(1), gained: 10 },
        Happening::Used { ship, hull: HullKind::Raider },
    ]
}

fn server_messages() -> Vec<ServerMessage<'static>> {
    let rules: Rules = toml::from_str(include_str!("golden/rules.toml")).expect("frozen rules");
    let mode: Mode = toml::from_str(include_str!("golden/mode.toml")).expect("a frozen mode");
    let station = Station { name: "Aster".into(), x: 0.0, y: -0.5, radius: 8.0 };
    let welcome = Welcome {
        room: "belt-1".into(),
        player: PlayerId(3),
        token: ResumeToken([9; 16]),
        tick: Tick(300),
        tick_rate_hz: 30,
        rules,
        mode,
        arenas: vec![Arena {
            title: "Ring".into(),
            size: 1.0,
            rocks: 1.0,
            drift: 0.5,
            stations: vec![station],
            fields: vec![Region { x: 0.5, y: 0.0, radius: 0.25 }],
            spawns: Vec::new(),
            walls: vec![Wall { from: [-1.0, 0.0], to: [0.5, 0.0] }],
        }],
        round: Round { number: 1, phase: RoundPhase::Running, ends: Some(Tick(14_400)), arena: 0 },
    };
    let own = Own {
        ship: Some(NetId(9)),
        energy: 6400,
        cooldown: 3,
        ability: 90,
        respawn_ticks: 0,
        docked: Some(1),
        score: 1234,
        purse: 234,
        streak: 2,
        levels: Levels(0x0102),
    };
    let events = happenings().into_iter().map(|what| Event { at: (-256, 512), what }).collect();
    let snapshot = Snapshot {
        tick: Tick(301),
        fresh: true,
        input_ack: Tick(300),
        input_lead: -2,
        own,
        events,
        delta: Cow::Borrowed(&[0, 9, 1, 2, 3]),
    };
    let row = ScoreRow {
        rank: 1,
        player: PlayerId(3),
        name: name("Ada"),
        team: 0,
        drone: false,
        score: 1234,
        kills: 5,
        deaths: 1,
    };
    vec![
        ServerMessage::Welcome(Box::new(welcome)),
        ServerMessage::Snapshot(snapshot),
        ServerMessage::Chat { player: PlayerId(3), name: name("Ada"), text: "hi".into(), to_team: true },
        ServerMessage::Notice(Notice::Joined { name: name("Ada") }),
        ServerMessage::Notice(Notice::Left { name: name("Ada") }),
        ServerMessage::Notice(Notice::Killed {
            killer: PlayerId(2),
            killer_name: name("Bee"),
            victim: PlayerId(3),
            victim_name: name("Ada"),
            bounty: 25,
            teams: (1, 2),
        }),
        ServerMessage::Notice(Notice::ShuttingDown),
        ServerMessage::Notice(Notice::Muted { muted: true }),
        ServerMessage::Scoreboard(Scoreboard {
            players: 20,
            humans: 4,
            own_rank: 1,
            rows: vec![row],
            teams: vec![900, 1200],
        }),
        ServerMessage::Quotes { prices: vec![1000, 900] },
        ServerMessage::Pong { stamp: 7, tick_micros: 1500, load: LoadLevel::HalfSnapshots },
        ServerMessage::Goodbye { code: 4003, reason: "full".into() },
        ServerMessage::Resumed { token: ResumeToken([9; 16]), tick: Tick(300) },
        ServerMessage::Queued { position: 12, waiting: 300 },
        ServerMessage::Round {
            round: Round { number: 2, phase: RoundPhase::Podium, ends: Some(Tick(15_000)), arena: 3 },
            awards: vec![Award { kind: AwardKind::Hunter, player: PlayerId(3), name: name("Ada"), value: 7 }],
            votes: [2, 0, 1],
        },
        ServerMessage::Evidence(Box::new(DeathEvidence {
            tick: Tick(300),
            hit: HitEvidence {
                shooter: PlayerId(2),
                victim: PlayerId(3),
                ship: NetId(9),
                bolt: None,
                damage: 88,
                view_age: ViewLag(58),
                rewound: ViewLag(41),
                flown_ticks: 3,
                muzzle: (-2560, 256),
                met: (-256, 500),
                seen: (-300, 512),
                stood: (400, 500),
            },
            shooter_round_trip_ms: Some(120),
            victim_round_trip_ms: None,
        })),
        ServerMessage::Signal {
            player: PlayerId(3),
            name: name("Ada"),
            signal: Signal::Danger,
            at: (-256, 512),
        },
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn golden_bytes() {
    let mut lines = String::new();
    for message in client_messages() {
        let mut bytes = Vec::new();
        encode_client(&message, &mut bytes);
        assert_eq!(decode_client(&bytes).as_ref(), Ok(&message));
        lines += &format!("client {}\n", hex(&bytes));
    }
    for message in server_messages() {
        let mut bytes = Vec::new();
        encode_server(&message, &mut bytes);
        assert_eq!(decode_server(&bytes).as_ref(), Ok(&message));
        lines += &format!("server {}\n", hex(&bytes));
    }
    assert_eq!(PROTOCOL_VERSION, 5, "new bytes, new version: write both down together");
    assert_eq!(lines, include_str!("golden/messages.txt"), "the bytes on the wire have changed:\n{lines}");
}

fn every_message() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for message in client_messages() {
        let mut bytes = Vec::new();
        encode_client(&message, &mut bytes);
        all.push(bytes);
    }
    for message in server_messages() {
        let mut bytes = Vec::new();
        encode_server(&message, &mut bytes);
        all.push(bytes);
    }
    all
}

#[test]
fn truncated_messages_are_errors() {
    for message in client_messages() {
        let mut bytes = Vec::new();
        encode_client(&message, &mut bytes);
        for length in 0..bytes.len() {
            assert!(decode_client(&bytes[..length]).is_err(), "{message:?} cut to {length}");
        }
    }
    for message in server_messages() {
        let mut bytes = Vec::new();
        encode_server(&message, &mut bytes);
        for length in 0..bytes.len() {
            assert!(decode_server(&bytes[..length]).is_err(), "{message:?} cut to {length}");
        }
    }
}

#[test]
fn flipped_bits_never_panic_and_what_is_read_can_be_written_again() {
    for bytes in every_message() {
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Ok(message) = decode_client(&damaged) {
                let mut again = Vec::new();
                encode_client(&message, &mut again);
                assert_eq!(decode_client(&again).as_ref(), Ok(&message));
            }
            if let Ok(message) = decode_server(&damaged) {
                encode_server(&message, &mut Vec::new());
            }
        }
    }
}

#[test]
fn limits_and_trailing_bytes_are_named() {
    let long = vec![0; CLIENT_MESSAGE_LIMIT_BYTES + 1];
    assert!(matches!(decode_client(&long), Err(DecodeError::TooLong { .. })));
    assert!(matches!(
        decode_server(&vec![0; SERVER_MESSAGE_LIMIT_BYTES + 1]),
        Err(DecodeError::TooLong { .. })
    ));
    assert_eq!(decode_client(&[4, 0]), Err(DecodeError::Trailing(1)));
    let with_frames = |count| {
        let frames = [InputFrame::default()].into_iter().cycle().take(count).collect();
        let message = ClientMessage::Input(Input { ack: Tick(0), frames });
        let mut bytes = Vec::new();
        encode_client(&message, &mut bytes);
        (decode_client(&bytes), message)
    };
    let (decoded, message) = with_frames(INPUT_FRAMES_LIMIT);
    assert_eq!(decoded, Ok(message));
    let too_many = Err(DecodeError::Malformed("65 input frames, at most 64".into()));
    assert_eq!(with_frames(INPUT_FRAMES_LIMIT + 1).0, too_many);
    // A length that promises far more than there is must not be believed.
    assert!(decode_client(&[2, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).is_err());
}

#[test]
fn secrets_stay_out_of_logs() {
    let hello = client_messages().remove(0);
    let logged = format!("{hello:?}");
    assert!(!logged.contains("7, 7") && !logged.contains("sésame"), "{logged}");
}
