//! The administrator's API: authorization, effects on players, the journal and the log.

use crate::peer::{Answer, Peer, TestServer, hello, serve_with, upgrade_request};
use game_server::net::guard::limits::Limits;
use game_server::net::http::admin::login;
use game_server::serve::Server;
use shared::command::Admin;
use shared::id::{PlayerId, Tick};
use shared::message::{ClientMessage, CloseCode, ServerMessage};
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
        ("GET", "bans", 405),
        ("POST", "rooms", 405),
    ] {
        assert_eq!(ask(&server, method, path, TOKEN, "").await.status, status, "{method} {path}");
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
    order(&server, "bans", r#"{"address":"192.0.2.2","seconds":3600}"#).await;
    order(&server, "bans", r#"{"address":"192.0.2.3","seconds":3600}"#).await;
    order(&server, "pardons", r#"{"address":"192.0.2.3"}"#).await;
    assert_eq!(ask(&server, "POST", "pardons", TOKEN, r#"{"address":"192.0.2.9"}"#).await.status, 404);
    server.server.stop().await;

    let server = serve_with(&options, Limits::default()).await;
    assert!(!is_admitted(&server, "192.0.2.2").await);
    assert!(is_admitted(&server, "192.0.2.3").await);
    // Addresses are private.
    for private in ["bans.toml", "admin.log"] {
        assert!(home.path().join(private).exists());
        assert_eq!(server.get(&format!("/recordings/{private}")).await.status, 404);
    }
    let log = std::fs::read_to_string(home.path().join("admin.log")).unwrap();
    let orders = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let orders: Vec<_> =
        orders.map(|line| (line["order"].clone(), line["body"]["address"].clone())).collect();
    let expected = [("bans", "192.0.2.2"), ("bans", "192.0.2.3"), ("pardons", "192.0.2.3")];
    assert_eq!(orders, expected.map(|(order, address)| (order.into(), address.into())));
    server.server.stop().await;

    std::fs::write(home.path().join("bans.toml"), "\"192.0.2.2\" = \"for ever\"\n").unwrap();
    let arguments = ["game-server", "--port", "0"].iter().chain(&options).map(Into::into);
    let cli = game_server::config::read(arguments).unwrap();
    let refused = Server::start(&cli.serve, Limits::default()).await.err().unwrap().to_string();
    assert!(refused.contains("bans.toml: `\"192.0.2.2\" = \"for ever\"` must be an address"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_reach_the_players_and_the_journal() {
    let server = serve_with(&OPTIONS, Limits::default()).await;
    let mut kicked = join_from(&server, "192.0.2.1").await;
    let mut banned = join_from(&server, "192.0.2.2").await;
    let mut stays = join_from(&server, "192.0.2.3").await;
    let listed = ask(&server, "GET", "rooms/belt-1", TOKEN, "").await.text();
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["players"][1]["name"], "Ada 2", "names that look the same are told apart");
    assert_eq!(listed["players"][1]["address"], "192.0.2.2");

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
    order(&server, "rooms/belt-1/ban", r#"{"player":2,"seconds":3600}"#).await;
    assert_eq!(banned.closed().await.0, 4005);
    let mut again = server.connect().await;
    again.write(upgrade_request(&[("X-Forwarded-For", "192.0.2.2")]).as_bytes()).await;
    assert_eq!(again.read_answer(true).await.status, 403);
    order(&server, "pardons", r#"{"address":"192.0.2.2"}"#).await;
    drop(join_from(&server, "192.0.2.2").await);
    order(&server, "bans", r#"{"address":"192.0.2.77","seconds":60}"#).await;

    for (path, body, status) in [
        ("rooms/belt-1/kick", r#"{"player":77}"#, 404),
        ("rooms/nowhere/close", "", 404),
        ("rooms/belt-1/kick", "{}", 400),
        ("rooms/belt-1/kick", r#"{"player":3,"reason":"x"}"#, 400),
        ("rooms/belt-1/kick", &"x".repeat(5000), 413),
        ("pardons", r#"{"address":"192.0.2.2"}"#, 404),
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
    let state = json(&server, "server", TOKEN).await;
    assert_eq!(state["messageOfTheDay"], "Races on Friday");
    assert_eq!(state["recordings"]["files"], 1);
    assert!(state["recordings"]["bytes"].as_u64().unwrap() > 0);
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
