//! The administrator's API: authorization, effects on players, the journal and the log.

use crate::peer::{Answer, Peer, TestServer, hello, serve_with, upgrade_request};
use game_server::net::guard::limits::Limits;
use game_server::net::http::admin::login;
use game_server::serve::Server;
use shared::command::Admin;
use shared::id::{PlayerId, Tick};
use shared::input::{Controls, InputFrame};
use shared::message::{ClientMessage, CloseCode, Input, ServerMessage, Snapshot};
use shared::recording::Recording;
use std::time::SystemTime;
use tempfile::TempDir;
use tokio::net::TcpStream;

const TOKEN: &str = "correct horse battery staple";
const OPTIONS: [&str; 5] = ["--no-tls", "--admin-token", TOKEN, "--trusted-proxy", "127.0.0.1"];

async fn ask(server: &TestServer, method: &str, path: &str, token: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!("{method} /api/admin/{path} HTTP/1.1\r\nHost: localhost\r\n");
    let head = head + &format!("Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n");
    server.request(&(head + body)).await
}

async fn order(server: &TestServer, path: &str, body: &str) {
    let answer = ask(server, "POST", path, TOKEN, body).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
}

async fn join_from(server: &TestServer, address: &str) -> Peer<TcpStream> {
    let mut peer = server.connect().await;
    peer.write(upgrade_request(&[("X-Forwarded-For", address)]).as_bytes()).await;
    assert_eq!(peer.read_answer(true).await.status, 101);
    peer.say(&hello()).await;
    peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
    peer
}

/// Acknowledges a snapshot and steers.
async fn play(peer: &mut Peer<TcpStream>) {
    let bytes = peer.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
    let Ok(ServerMessage::Snapshot(Snapshot { tick: ack, .. })) = shared::codec::decode_server(&bytes) else {
        unreachable!()
    };
    let frame = InputFrame { tick: ack.next(), controls: Controls::default() };
    peer.say(&ClientMessage::Input(Input { ack, frames: [frame].into_iter().collect() })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_required_and_without_one_administration_is_off() {
    let off = serve_with(&["--no-tls", "--no-record"], Limits::default()).await;
    assert_eq!(ask(&off, "GET", "rooms", TOKEN, "").await.status, 404);
    let server = serve_with(&[&OPTIONS[..], &["--no-record"]].concat(), Limits::default()).await;
    for wrong in ["", "correct horse battery stapl", "correct horse battery staples"] {
        let answer = ask(&server, "GET", "rooms", wrong, "").await;
        assert_eq!((answer.status, answer.header("WWW-Authenticate")), (401, "Bearer"));
    }
    for path in ["rooms", "nothing", "bans"] {
        assert_eq!(server.get(&format!("/api/admin/{path}")).await.status, 401, "{path}");
    }
    for (method, path, status) in [
        ("GET", "rooms", 200),
        ("GET", "rooms/nowhere", 404),
        ("GET", "nothing", 404),
        ("POST", "rooms/belt-1/praise", 404),
        ("GET", "bans", 200),
        ("DELETE", "bans", 405),
        ("POST", "rooms", 400),
    ] {
        assert_eq!(ask(&server, method, path, TOKEN, "").await.status, status, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_may_come_from_any_editor_and_a_bad_one_is_named() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("token");
    let utf16: Vec<u8> = format!("\u{feff}{TOKEN}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let start = async |text: &[u8]| {
        std::fs::write(&file, text).unwrap();
        let path = home.path().to_str().unwrap();
        let options =
            ["--no-tls", "--no-record", "--recordings", path, "--admin-token-file", file.to_str().unwrap()];
        let arguments = ["game-server", "--port", "0"].iter().chain(&options).map(Into::into);
        Server::start(&game_server::config::read(arguments).unwrap().serve, Limits::default()).await
    };
    for text in [format!("{TOKEN}\r\n"), format!("\u{feff}{TOKEN}"), format!("\n {TOKEN}\n\n")] {
        assert!(start(text.as_bytes()).await.is_ok(), "{text:?}");
    }
    for (text, problem) in [
        (&b""[..], "there is no token"),
        (b"\r\n", "there is no token"),
        (b"short", "at least 16 characters"),
        ("eine sehr schöne Passphrase".as_bytes(), "one line of ASCII"),
        (b"two lines of text\nwith another one", "one line of ASCII"),
        (&utf16, "UTF-16: save it as UTF-8"),
        (&utf16[2..], "UTF-16: save it as UTF-8"),
    ] {
        let error = start(text).await.err().unwrap().to_string();
        assert!(error.contains(problem) && error.contains(file.to_str().unwrap()), "{error}");
    }
}

/// Whether an address gets a WebSocket.
async fn is_admitted(server: &TestServer, address: &str) -> bool {
    let mut peer = server.connect().await;
    peer.write(upgrade_request(&[("X-Forwarded-For", address)]).as_bytes()).await;
    let status = peer.read_answer(true).await.status;
    assert!([101, 403].contains(&status), "{status}");
    status == 101
}

#[tokio::test(flavor = "multi_thread")]
async fn bans_outlive_the_server_and_orders_are_logged() {
    let home = TempDir::new().unwrap();
    let options = [&OPTIONS[..], &["--recordings", home.path().to_str().unwrap()]].concat();
    let server = serve_with(&options, Limits::default()).await;
    order(&server, "bans", r#"{"address":"203.0.113.2","seconds":3600}"#).await;
    order(&server, "bans", r#"{"address":"203.0.113.3","seconds":3600}"#).await;
    let flood = r#"{"address":"198.51.100.0/24","seconds":3600,"reason":"flood","author":"Eve"}"#;
    order(&server, "bans", flood).await;
    order(&server, "pardons", r#"{"address":"203.0.113.3"}"#).await;
    assert_eq!(ask(&server, "POST", "pardons", TOKEN, r#"{"address":"203.0.113.9"}"#).await.status, 404);
    server.server.stop().await;

    let server = serve_with(&options, Limits::default()).await;
    assert!(!is_admitted(&server, "203.0.113.2").await);
    assert!(!is_admitted(&server, "198.51.100.77").await);
    assert!(is_admitted(&server, "203.0.113.3").await);
    let listed = ask(&server, "GET", "bans", TOKEN, "").await.text();
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let shown = |number: usize, key: &str| listed["bans"][number][key].clone();
    assert_eq!((shown(0, "address"), shown(0, "author")), ("198.51.100.0/24".into(), "Eve".into()));
    assert_eq!((shown(1, "address"), shown(1, "reason")), ("203.0.113.2".into(), serde_json::Value::Null));
    assert!(shown(0, "since").as_str() < shown(0, "until").as_str());
    let part = ask(&server, "POST", "pardons", TOKEN, r#"{"address":"198.51.100.77"}"#).await;
    assert!(part.status == 404 && part.text().contains("198.51.100.0/24"), "{}", part.text());
    // Addresses are private.
    for private in ["bans.toml", "admin.log"] {
        assert!(home.path().join(private).exists());
        assert_eq!(server.get(&format!("/recordings/{private}")).await.status, 404);
    }
    let log = std::fs::read_to_string(home.path().join("admin.log")).unwrap();
    let orders = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let orders: Vec<_> =
        orders.map(|line| (line["order"].clone(), line["body"]["address"].clone())).collect();
    let expected = [
        ("bans", "203.0.113.2"),
        ("bans", "203.0.113.3"),
        ("bans", "198.51.100.0/24"),
        ("pardons", "203.0.113.3"),
    ];
    assert_eq!(orders, expected.map(|(order, address)| (order.into(), address.into())));
    server.server.stop().await;

    std::fs::write(home.path().join("bans.toml"), "\"203.0.113.2\" = \"for ever\"\n").unwrap();
    let arguments = ["game-server", "--port", "0"].iter().chain(&options).map(Into::into);
    let cli = game_server::config::read(arguments).unwrap();
    let refused = Server::start(&cli.serve, Limits::default()).await.err().unwrap().to_string();
    assert!(refused.contains("bans.toml: `\"203.0.113.2\" = \"for ever\"` must be an address"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_ban_shuts_out_the_host() {
    let home = TempDir::new().unwrap();
    let options = [&OPTIONS[..], &["--recordings", home.path().to_str().unwrap()]].concat();
    let all = ["0.0.0.0/0", "127.0.0.1", "::1"].map(|all| format!("\"{all}\" = 2090-01-01T00:00:00Z\n"));
    std::fs::write(home.path().join("bans.toml"), all.concat()).unwrap();
    let server = serve_with(&options, Limits::default()).await;
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 200);
    let _host = join_from(&server, "127.0.0.1").await;
    let _player = join_from(&server, "203.0.113.1").await;
    for (body, status, reason) in [
        (r#"{"address":"127.0.0.9","seconds":60}"#, 409, "this machine"),
        (r#"{"address":"0.0.0.0/0","seconds":60}"#, 409, "this machine"),
        (r#"{"address":"203.0.0.0/8","seconds":60}"#, 400, "too large"),
        (r#"{"address":"203.0.113.9","seconds":0}"#, 400, "`seconds` must be"),
        (r#"{"address":"203.0.113.9/33","seconds":60}"#, 400, "network such as"),
    ] {
        let answer = ask(&server, "POST", "bans", TOKEN, body).await;
        assert!(answer.status == status && answer.text().contains(reason), "{body}: {answer:?}");
    }
    let ban = r#"{"player":1,"seconds":60}"#;
    let answer = ask(&server, "POST", "rooms/belt-1/ban", TOKEN, ban).await;
    assert!(answer.status == 409 && answer.text().contains("kick or mute"), "the host plays: {answer:?}");
    let from = |address: &str, body: &str| {
        let (length, head) = (body.len(), "POST /api/admin/bans HTTP/1.1\r\nHost: localhost\r\n");
        let head =
            head.to_owned() + &format!("X-Forwarded-For: {address}\r\nAuthorization: Bearer {TOKEN}\r\n");
        head + &format!("Content-Length: {length}\r\n\r\n{body}")
    };
    let own = r#"{"address":"203.0.113.0/24","seconds":60}"#;
    assert_eq!(server.request(&from("203.0.113.8", own)).await.status, 409, "from where the order comes");
    assert_eq!(server.request(&from("198.51.100.8", own)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_reach_the_players_and_the_journal() {
    let server = serve_with(&OPTIONS, Limits::default()).await;
    let mut kicked = join_from(&server, "203.0.113.1").await;
    let mut banned = join_from(&server, "203.0.113.2").await;
    let mut stays = join_from(&server, "203.0.113.3").await;
    let listed = ask(&server, "GET", "rooms/belt-1", TOKEN, "").await.text();
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["players"][1]["name"], "Ada 2", "names that look the same are told apart");
    assert_eq!(listed["players"][1]["address"], "203.0.113.2");

    order(&server, "rooms/belt-1/mute", r#"{"player":3,"muted":true}"#).await;
    stays.say(&ClientMessage::Chat { text: "unheard".into() }).await;
    // Answered at the same tick boundary, or a later one.
    stays.say(&ClientMessage::Ping { stamp: 1 }).await;
    stays.hear_until(|message| matches!(message, ServerMessage::Pong { stamp: 1, .. })).await;
    order(&server, "announce", r#"{"text":"maintenance at ten"}"#).await;
    let heard = kicked.hear_until(|message| matches!(message, ServerMessage::Chat { .. })).await;
    let Ok(ServerMessage::Chat { player, text, .. }) = shared::codec::decode_server(&heard) else {
        unreachable!()
    };
    assert_eq!((player, text.as_str()), (PlayerId::NOBODY, "maintenance at ten"));

    order(&server, "rooms/belt-1/kick", r#"{"player":1}"#).await;
    assert_eq!(kicked.closed().await.0, 4005);
    let mut early = server.connect().await;
    early.write(upgrade_request(&[("X-Forwarded-For", "203.0.113.1")]).as_bytes()).await;
    assert_eq!(early.read_answer(true).await.status, 101);
    early.say(&hello()).await;
    let (code, reason) = early.closed().await;
    assert!(code == 4005 && reason.contains("you may come back in"), "{reason}");
    order(&server, "rooms/belt-1/ban", r#"{"player":2,"seconds":3600}"#).await;
    assert_eq!(banned.closed().await.0, 4005);
    let mut again = server.connect().await;
    again.write(upgrade_request(&[("X-Forwarded-For", "203.0.113.2")]).as_bytes()).await;
    assert_eq!(again.read_answer(true).await.status, 403);
    order(&server, "pardons", r#"{"address":"203.0.113.2"}"#).await;
    drop(join_from(&server, "203.0.113.2").await);
    order(&server, "bans", r#"{"address":"203.0.113.77","seconds":60}"#).await;

    for (path, body, status) in [
        ("rooms/belt-1/kick", r#"{"player":77}"#, 404),
        ("rooms/nowhere/close", "", 404),
        ("rooms/belt-1/kick", "{}", 400),
        ("rooms/belt-1/kick", r#"{"player":3,"seconds":1}"#, 400),
        ("rooms/belt-1/kick", &"x".repeat(5000), 413),
        ("pardons", r#"{"address":"203.0.113.2"}"#, 404),
    ] {
        assert_eq!(ask(&server, "POST", path, TOKEN, body).await.status, status, "{path} {body:.40}");
    }
    order(&server, "rooms/belt-1/close", "").await;
    assert_eq!(stays.closed().await.0, 4005);

    let directory = server.directory;
    server.server.stop().await;
    let files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let file = files.into_iter().find(|path| path.extension().is_some_and(|it| it == "belt")).unwrap();
    let recording = Recording::open(std::fs::read(file).unwrap()).unwrap();
    let (_, mut cursor) = recording.seek(Tick(0)).unwrap();
    let mut acts = Vec::new();
    while let Some(tick) = recording.next_tick(&mut cursor).unwrap() {
        acts.extend(tick.inputs.admin);
    }
    let announced = Admin::Announce { text: "maintenance at ten".into() };
    let muted = Admin::Mute { player: PlayerId(3), muted: true };
    let removed = [Admin::Kick(PlayerId(1)), Admin::Ban(PlayerId(2))];
    let addresses = [Admin::PardonAddress, Admin::BanAddress { seconds: 60 }];
    let expected = [[muted, announced], removed, addresses].concat();
    assert_eq!(acts, [expected, vec![Admin::Close]].concat());
}

async fn json(server: &TestServer, path: &str, token: &str) -> serde_json::Value {
    let answer = ask(server, "GET", path, token, "").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    serde_json::from_str(&answer.text()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_one_session_which_ends_by_logging_out() {
    let server = serve_with(&OPTIONS, Limits::default()).await;
    let home = server.directory.path();
    let page = std::fs::read_to_string(home.join("admin.url")).unwrap();
    assert_eq!(page.trim(), server.server.local_url());
    let link = login::make_link(home, SystemTime::now()).unwrap();
    let body = format!(r#"{{"link":"{link}"}}"#);
    let opened = ask(&server, "POST", "login", "", &body).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    let opened: serde_json::Value = serde_json::from_str(&opened.text()).unwrap();
    let session = opened["token"].as_str().unwrap();
    assert_eq!(ask(&server, "POST", "login", "", &body).await.status, 401, "it opens once");
    assert_eq!(ask(&server, "GET", "rooms", &link, "").await.status, 401, "it is no token");
    json(&server, "rooms", session).await;
    assert_eq!(ask(&server, "POST", "logout", session, "").await.status, 200);
    assert_eq!(ask(&server, "GET", "rooms", session, "").await.status, 401);
    let log = std::fs::read_to_string(home.join("admin.log")).unwrap();
    assert!(log.contains("logout") && !log.contains(session) && !log.contains(&link), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn newcomers_read_the_message_of_the_day_and_stay_out_while_the_server_drains() {
    let home = TempDir::new().unwrap();
    let options = [&OPTIONS[..], &["--recordings", home.path().to_str().unwrap()]].concat();
    let server = serve_with(&options, Limits::default()).await;
    let mut early = join_from(&server, "192.0.2.1").await;
    order(&server, "message-of-the-day", r#"{"text":"  Races\non Friday "}"#).await;
    // Nobody has steered: the order begins the recording.
    order(&server, "rooms/belt-1/announce", r#"{"text":"Welcome"}"#).await;
    let state = loop {
        let state = json(&server, "server", TOKEN).await;
        if state["recordings"]["bytes"].as_u64().unwrap() > 0 {
            break state;
        }
    };
    assert_eq!(
        (&state["messageOfTheDay"], &state["recordings"]["files"]),
        (&"Races on Friday".into(), &1.into())
    );
    let players = json(&server, "rooms/belt-1", TOKEN).await;
    assert_eq!((&players["players"][0]["score"], &players["players"][0]["away"]), (&0.into(), &false.into()));

    order(&server, "drain", r#"{"draining":true}"#).await;
    assert_eq!(server.get("/readyz").await.status, 503);
    let mut refused = server.open().await;
    refused.say(&hello()).await;
    assert_eq!(refused.closed().await.0, CloseCode::Full as u16);
    order(&server, "drain", r#"{"draining":false}"#).await;
    assert_eq!(server.get("/readyz").await.status, 200);
    early.say(&ClientMessage::Leave).await;
    server.server.stop().await;

    let server = serve_with(&options, Limits::default()).await;
    let mut late = join_from(&server, "192.0.2.2").await;
    let heard = late.hear_until(|message| matches!(message, ServerMessage::Chat { .. })).await;
    let Ok(ServerMessage::Chat { player, text, .. }) = shared::codec::decode_server(&heard) else {
        unreachable!()
    };
    assert_eq!((player, text.as_str()), (PlayerId::NOBODY, "Races on Friday"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_room_is_read_forked_and_limited() {
    let server = serve_with(&OPTIONS, Limits::default()).await;
    let mut player = join_from(&server, "192.0.2.1").await;
    let file = loop {
        let rooms = json(&server, "rooms", TOKEN).await;
        let room = &rooms["rooms"][0];
        if room["recording"]["recording"] == true && room["tick"].as_u64() > Some(30) {
            break room["recording"]["file"].as_str().unwrap().to_owned();
        }
        play(&mut player).await;
    };
    assert_eq!(server.get(&format!("/recordings/{file}")).await.status, 404, "it is not public");
    let running = ask(&server, "GET", "rooms/belt-1/recording", TOKEN, "").await;
    let recording = Recording::open(running.body).unwrap();
    assert!(recording.last_tick() >= Tick(20));

    for (path, body, status) in [
        ("rooms/belt-1/fork", r#"{"tick":4000000000}"#, 400),
        ("rooms/nowhere/fork", r#"{"tick":1}"#, 404),
        ("rooms", r#"{"name":"Bad Name","mode":"belt"}"#, 409),
        ("rooms", r#"{"name":"belt-1","mode":"belt"}"#, 409),
        ("rooms", r#"{"name":"arena","mode":"chess"}"#, 400),
        ("rooms/nowhere/drones", r#"{"drones":1}"#, 404),
        ("rooms/nowhere/capacity", r#"{"capacity":1}"#, 404),
    ] {
        assert_eq!(ask(&server, "POST", path, TOKEN, body).await.status, status, "{path} {body}");
    }
    let forked = ask(&server, "POST", "rooms/belt-1/fork", TOKEN, r#"{"tick":10}"#).await;
    assert_eq!((forked.status, forked.text().as_str()), (200, r#"{"room":"sandbox-1"}"#));
    let seats = json(&server, "rooms/sandbox-1", TOKEN).await;
    assert_eq!((&seats["players"][0]["name"], &seats["players"][0]["away"]), (&"Ada".into(), &true.into()));

    order(&server, "rooms/belt-1/drones", r#"{"drones":3}"#).await;
    order(&server, "rooms/belt-1/capacity", r#"{"capacity":1}"#).await;
    order(&server, "rooms", r#"{"name":"friday","mode":"belt"}"#).await;
    loop {
        let rooms = json(&server, "rooms", TOKEN).await;
        let room = rooms["rooms"].as_array().unwrap().iter().find(|room| room["name"] == "belt-1").unwrap();
        if room["drones"] == 2 && room["capacity"] == 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut other = join_from(&server, "192.0.2.2").await;
    order(&server, "rooms/belt-2/close", "").await;
    assert_eq!(
        other.closed().await.0,
        4005,
        "the full room, the sandbox and the host's room are not for newcomers"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_reads_what_players_report_and_its_orders_with_their_reasons() {
    let server = serve_with(&OPTIONS, Limits::default()).await;
    let mut reporter = join_from(&server, "192.0.2.1").await;
    let mut other = join_from(&server, "192.0.2.2").await;
    assert_eq!(ask(&server, "GET", "reports", "", "").await.status, 401);
    let text = "/report 2 shoots through rocks".into();
    reporter.say(&ClientMessage::Chat { text }).await;
    let reports = loop {
        let reports = json(&server, "reports", TOKEN).await["reports"].clone();
        if reports[0].is_object() {
            break reports;
        }
        // Recorded from when somebody has steered.
        play(&mut other).await;
    };
    let report = &reports[0];
    assert_eq!((&report["room"], &report["reason"]), (&"belt-1".into(), &"shoots through rocks".into()));
    assert_eq!((&report["reporter"]["player"], &report["reported"]["player"]), (&1.into(), &2.into()));
    assert!(report["tick"].as_u64() > Some(0));
    let players = json(&server, "rooms/belt-1", TOKEN).await;
    let counts: Vec<_> = players["players"].as_array().unwrap().iter().map(|one| &one["reports"]).collect();
    assert_eq!(counts, [0, 1]);
    order(&server, "rooms/belt-1/kick", r#"{"player":2,"reason":"shoots through rocks"}"#).await;
    let path = server.directory.path().join("admin.log");
    let log = loop {
        let log = std::fs::read_to_string(&path).unwrap();
        if log.lines().count() == 2 {
            break log;
        }
        tokio::task::yield_now().await;
    };
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["body"]["reason"], "shoots through rocks");
        assert!(["report", "rooms/belt-1/kick"].contains(&line["order"].as_str().unwrap()), "{line}");
    }
}
