//! `--public-url`: the sub-path, link previews and the origin; `--frame-ancestors`.

use crate::command::{command, failure};
use crate::peer::{TestServer, hello, serve_with, upgrade_request};
use game_server::net::guard::limits::Limits;
use shared::codec::encode_client;
use tempfile::TempDir;

const URL: &str = "https://Example.org:443/game";

async fn serve_below_path() -> TestServer {
    serve_with(&["--no-tls", "--no-record", "--public-url", URL], Limits::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_found_below_the_path_whether_the_proxy_strips_it_or_not() {
    let server = serve_below_path().await;
    let page = server.get("/").await;
    if page.status == 200 {
        assert!(page.text().contains("<head><base href=\"/game/\">"), "{}", page.text());
        let room = server.get("/game/play/belt-1").await;
        assert!(room.text().contains("content=\"https://example.org/game/play/belt-1\""), "{}", room.text());
        let known =
            format!("GET /game/ HTTP/1.1\r\nHost: x\r\nIf-None-Match: {}\r\n\r\n", page.header("ETag"));
        assert_eq!(server.request(&known).await.status, 304);
        assert_eq!(server.get("/game/nothing").await.status, 404);
    }
    for path in ["/healthz", "/api/status", "/api/recordings", "/metrics"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
        assert_eq!(server.get(&format!("/game{path}?x=1")).await.status, 200, "{path}");
        assert_eq!(server.get(&format!("/games{path}")).await.status, 404, "{path}");
    }
    let redirect = server.get("/game?x=1").await;
    assert_eq!((redirect.status, redirect.header("Location")), (308, "/game/?x=1"));
    let mut message = Vec::new();
    encode_client(&hello(), &mut message);
    for path in ["", "/game"] {
        let upgrade = upgrade_request(&[("Origin", "https://example.org")]);
        let upgrade = upgrade.replace("GET /ws", &format!("GET {path}/ws?room=a"));
        assert_eq!(server.request(&upgrade).await.status, 101, "{path}");
        let mut peer = server.connect().await;
        let length = message.len();
        let poll = format!(
            "POST {path}/poll?version=5&room=a HTTP/1.1\r\nHost: x\r\nOrigin: https://example.org\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        peer.write(&[poll.as_bytes(), &message].concat()).await;
        let opened = peer.read_answer(true).await;
        assert_eq!(opened.status, 201, "{path}");
        let poll = format!("GET {path}/poll/{}/0 HTTP/1.1\r\nHost: x\r\n\r\n", opened.text());
        assert_eq!(server.request(&poll).await.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_url_is_the_origin_whatever_the_host_is() {
    let server = serve_below_path().await;
    for (origin, status) in [
        ("https://example.org", 101),
        ("https://EXAMPLE.org:443", 101),
        ("http://example.org", 403),
        ("http://localhost", 403),
    ] {
        let answer = server.request(&upgrade_request(&[("Origin", origin)])).await;
        assert_eq!(answer.status, status, "{origin}");
        let words = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(status == 101 || words.starts_with("this server expects https://example.org, "), "{words}");
    }
    let options = ["--no-tls", "--no-record", "--public-url", URL, "--origin", "http://localhost"];
    let with_another = serve_with(&options, Limits::default()).await;
    for origin in ["https://example.org", "http://localhost"] {
        let answer = with_another.request(&upgrade_request(&[("Origin", origin)])).await;
        assert_eq!(answer.status, 101, "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_for_the_pages_that_the_host_names() {
    for (options, ancestors) in [
        (&[][..], "'none'"),
        (&["--frame-ancestors", "self, https://Portal.example:443/"], "'self' https://portal.example"),
    ] {
        let server = serve_with(&[&["--no-tls", "--no-record"], options].concat(), Limits::default()).await;
        let policy = server.get("/").await.header("Content-Security-Policy").to_owned();
        assert!(policy.ends_with(&format!("frame-ancestors {ancestors}")), "{policy}");
    }
}

#[test]
fn addresses_that_cannot_be_meant_are_refused_at_the_start() {
    let directory = TempDir::new().unwrap();
    for (option, value) in [
        ("--public-url", "play.example.org"),
        ("--public-url", "https://example.org/?x"),
        ("--public-url", "https://example.org/play"),
        ("--origin", "example.org"),
        ("--origin", "https://example.org/game"),
        ("--frame-ancestors", "portal.example"),
    ] {
        let output = command(&directory).args([option, value]).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && words.contains(value) && words.contains(option), "{words}");
    }
    let words = failure(command(&directory).env("DRIFTBELT_PUBLIC_URL", "ftp://example.org"));
    assert!(words.contains("DRIFTBELT_PUBLIC_URL") && words.contains("https://"), "{words}");
}
