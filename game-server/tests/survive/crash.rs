//! A room that is dropped between two ticks is restored from its file: same world, same seats, one recording.

use crate::process::recordings;
use client_core::client::Client;
use client_core::state::ClientPhase;
use game_server::assets::{Assets, Choice};
use game_server::commands::verify::verify;
use game_server::host::commit_gate::CommitGate;
use game_server::host::journal::{Journal, JournalOptions, unfinished};
use game_server::host::room_loop::publish;
use room::outbox::{Drained, OutboxReader, outbox};
use room::{Connected, ConnectionId, Room, RoomOptions, SessionEvent};
use shared::codec::decode_client;
use shared::command::Admin;
use shared::id::PlayerId;
use shared::message::{ClientMessage, CloseCode, ResumeToken};
use shared::recording::{Ending, Recording};
use shared::setup::Setup;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tempfile::TempDir;

const TICK_MS: f64 = 1000.0 / 30.0;

fn setup() -> Setup {
    let choice = Choice { mode: "belt".into(), drones: Some(6), seed: 3, tick_rate_hz: 30 };
    Assets::Embedded.setup(&choice).expect("the assets of the repository are sound")
}

/// A player on a link without delay.
struct Seated {
    client: Client,
    connection: ConnectionId,
    token: ResumeToken,
    outbox: Option<OutboxReader>,
    closed: Option<CloseCode>,
}

impl Seated {
    fn new(number: u64) -> Seated {
        let client = Client::new(&format!("Pilot {number}"), None);
        let token = ResumeToken([number as u8; 16]);
        Seated { client, connection: ConnectionId(number), token, outbox: None, closed: None }
    }

    /// A new connection, for which the server would give out this token.
    fn open(&mut self, number: u64, now_ms: f64) {
        self.client.closed();
        self.client.opened(now_ms);
        self.connection = ConnectionId(number);
        self.token = ResumeToken([number as u8; 16]);
    }

    fn speak(&mut self, room: &mut Room) {
        let connection = self.connection;
        while let Some(bytes) = self.client.poll_transmit() {
            match decode_client(&bytes).unwrap() {
                ClientMessage::Hello(hello) => {
                    let (outbox, reader) = outbox();
                    self.outbox = Some(reader);
                    let connected = Connected {
                        connection,
                        network: Ipv4Addr::LOCALHOST.into(),
                        hello,
                        token: self.token,
                        outbox,
                    };
                    room.handle(SessionEvent::Connected(connected));
                }
                message => room.handle(SessionEvent::Message { connection, message }),
            }
        }
    }

    fn receive(&mut self, commits: &CommitGate, now_ms: f64) {
        let mut drained = Drained::default();
        let is_durable = |tick| commits.is_durable(tick);
        while self.outbox.as_ref().is_some_and(|outbox| outbox.drain_into(&mut drained, is_durable)) {
            for bytes in drained.messages.iter() {
                self.client.received(bytes, now_ms).unwrap();
            }
            if let Some((code, _)) = drained.close {
                self.closed = Some(code);
                self.outbox = None;
            }
        }
    }

    fn player(&self) -> Option<PlayerId> {
        self.client.world().map(|world| world.player)
    }
}

/// A room with its journal, as its loop has them.
struct Hosted {
    room: Room,
    journal: Journal,
    commits: Arc<CommitGate>,
}

impl Hosted {
    fn new(journal: Journal, room: impl FnOnce(RoomOptions) -> Room) -> Hosted {
        let unrecorded = || Arc::new(CommitGate::unrecorded(Arc::new(|| {})));
        let is_recorded = journal.gate().is_some();
        let commits = journal.gate().cloned().unwrap_or_else(unrecorded);
        let options = RoomOptions { is_recorded, keep_rooms_seconds: 60, ..RoomOptions::default() };
        Hosted { room: room(options), journal, commits }
    }

    fn open(journal: Journal) -> Hosted {
        Hosted::new(journal, |options| Room::new("belt-1".into(), setup(), options).unwrap())
    }

    fn tick(&mut self) {
        self.room.tick(&mut ());
        publish(&mut self.room, &mut self.journal, &self.commits);
    }
}

fn play(hosted: &mut Hosted, players: &mut [Seated], ticks: u32, now_ms: &mut f64) {
    for _ in 0..ticks {
        *now_ms += TICK_MS;
        for (number, player) in players.iter_mut().enumerate() {
            let turn = (*now_ms / 700.0 + number as f64).sin();
            player.client.set_input([1, 5][number % 2], turn as f32 * 3.0);
            player.client.advance(*now_ms);
            player.speak(&mut hosted.room);
        }
        hosted.tick();
        players.iter_mut().for_each(|player| player.receive(&hosted.commits, *now_ms));
    }
}

/// Plays until the players have received what the journal has written.
fn play_until(
    hosted: &mut Hosted,
    players: &mut [Seated],
    now_ms: &mut f64,
    done: impl Fn(&[Seated]) -> bool,
) {
    for _ in 0..100_000 {
        if done(players) {
            return;
        }
        play(hosted, players, 1, now_ms);
        std::thread::yield_now();
    }
    panic!("it did not happen");
}

/// The room of the only unfinished recording, once its writer has closed it.
fn restore(options: &JournalOptions) -> Hosted {
    let found = loop {
        if let Some(found) = unfinished(&options.directory).unwrap().next() {
            break found;
        }
        std::thread::yield_now();
    };
    let (restored, held) = found.restore().unwrap();
    let journal = Journal::resume(options, held, &restored, Arc::new(|| {}));
    Hosted::new(journal, |options| Room::restore("belt-1".into(), restored, options))
}

fn mute(hosted: &mut Hosted, player: u32, muted: bool) {
    hosted.room.handle(SessionEvent::Admin(Admin::Mute { player: PlayerId(player), muted }));
}

/// The muted players.
fn muted(room: &Room) -> Vec<u32> {
    room.roster().iter().filter(|seat| seat.muted).map(|seat| seat.player).collect()
}

#[test]
fn a_crashed_room_continues_in_the_same_recording_with_the_same_seats() {
    let home = TempDir::new().unwrap();
    let options = JournalOptions { wait_limit_ms: 600_000, ..JournalOptions::new(home.path().into()) };
    let journal = Journal::create(&options, "belt-1", &setup(), Arc::new(|| {}));
    let mut hosted = Hosted::open(journal);
    let mut now_ms = 0.0;
    let mut players = [Seated::new(1), Seated::new(2), Seated::new(3)];
    for (number, player) in players.iter_mut().enumerate() {
        player.open(number as u64 + 1, now_ms);
    }
    play_until(&mut hosted, &mut players, &mut now_ms, |players| {
        players.iter().all(|one| one.player().is_some())
    });
    // One is muted before the last keyframe, one behind it.
    mute(&mut hosted, 2, true);
    mute(&mut hosted, 1, true);
    play(&mut hosted, &mut players, 700, &mut now_ms);
    mute(&mut hosted, 3, true);
    mute(&mut hosted, 1, false);
    play(&mut hosted, &mut players, 5, &mut now_ms);
    let before: Vec<_> = players.iter().map(Seated::player).collect();
    let (tick, hash) = (hosted.room.world().tick, hosted.room.state_hash());
    drop(hosted);

    let mut hosted = restore(&options);
    assert_eq!((hosted.room.world().tick, hosted.room.state_hash()), (tick, hash));
    assert_eq!(hosted.room.seats(), 3);
    assert_eq!(muted(&hosted.room), [2, 3]);
    // Two resume, one stays away; a stranger without a seat gets a new one.
    players[0].open(11, now_ms);
    players[1].open(12, now_ms);
    play_until(&mut hosted, &mut players[..2], &mut now_ms, |players| {
        players
            .iter()
            .all(|one| matches!(one.client.state(0.0).phase, ClientPhase::Playing | ClientPhase::Dead))
    });
    assert_eq!(players[..2].iter().map(Seated::player).collect::<Vec<_>>(), before[..2]);
    let mut stranger = [Seated::new(4)];
    stranger[0].open(14, now_ms);
    play_until(&mut hosted, &mut stranger, &mut now_ms, |players| players[0].player().is_some());
    assert_eq!(stranger[0].player(), Some(PlayerId(4)));
    let world = hosted.room.world();
    let away: Vec<_> =
        world.pilots.iter().filter(|pilot| pilot.away).map(|pilot| Some(pilot.player)).collect();
    assert_eq!(away, before[2..]);
    play(&mut hosted, &mut players[..2], 40, &mut now_ms);

    // The third stays away for good, and the second crash is like the first for the others.
    drop(hosted);
    let mut hosted = restore(&options);
    players[0].open(21, now_ms);
    play_until(&mut hosted, &mut players[..1], &mut now_ms, |players| players[0].player().is_some());
    assert_eq!(players[0].player(), before[0]);
    assert_eq!(muted(&hosted.room), [2, 3]);
    play(&mut hosted, &mut players[..1], 30 * 62, &mut now_ms);
    assert_eq!(hosted.room.seats(), 1, "the grace time of the others is over");
    hosted.journal.finish(hosted.room.keyframe());

    let [file] = &recordings(&home)[..] else { panic!("one recording") };
    let recording = Recording::open(std::fs::read(file).unwrap()).unwrap();
    assert_eq!(recording.ending(), &Ending::Complete);
    let verdict = verify(recording, |_| {}).unwrap();
    assert!(verdict.divergence.is_none(), "{:?}", verdict.divergence);
    assert!(unfinished(&options.directory).unwrap().next().is_none(), "what is closed stays closed");
}

#[test]
fn a_replaced_token_opens_nothing_once_the_new_one_has_arrived() {
    let mut hosted = Hosted::open(Journal::off());
    let mut now_ms = 0.0;
    let mut owner = [Seated::new(1)];
    owner[0].open(1, now_ms);
    play(&mut hosted, &mut owner, 10, &mut now_ms);
    let mut thief = [Seated::new(9)];
    thief[0].client = owner[0].client.clone();

    // The answer to a resume is lost: the old token is all that the client has.
    owner[0].open(2, now_ms);
    owner[0].speak(&mut hosted.room);
    hosted.tick();
    owner[0].outbox = None;
    owner[0].open(3, now_ms);
    play(&mut hosted, &mut owner, 10, &mut now_ms);
    assert_eq!((owner[0].player(), hosted.room.seats()), (Some(PlayerId(1)), 1));

    thief[0].open(4, now_ms);
    play(&mut hosted, &mut thief, 2, &mut now_ms);
    assert_eq!(thief[0].closed, Some(CloseCode::SeatGone));
    play(&mut hosted, &mut owner, 2, &mut now_ms);
    assert_eq!((owner[0].closed, hosted.room.seats()), (None, 1));

    // A second tab with the newest token takes over.
    let mut tab = [Seated::new(5)];
    tab[0].client = owner[0].client.clone();
    tab[0].open(5, now_ms);
    play(&mut hosted, &mut tab, 3, &mut now_ms);
    owner[0].receive(&hosted.commits, now_ms);
    assert_eq!((tab[0].player(), owner[0].closed), (Some(PlayerId(1)), Some(CloseCode::TakenOver)));
}
