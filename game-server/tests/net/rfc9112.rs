//! HTTP/1.1 on the wire (RFC 9112): pipelining, `Expect`, the forms of a target, `Host`.

use crate::peer::{encoded, hello, serve, serve_with, upgrade_request};
use game_server::net::guard::limits::Limits;

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_order() {
    let server = serve(Limits::default()).await;
    let mut peer = server.connect().await;
    let message = encoded(&hello());
    let open =
        format!("POST /poll?version=5 HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", message.len());
    let upgrade = upgrade_request(&[]);
    let requests = [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nHEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n",
        open.as_bytes(),
        &message,
        b"\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
        upgrade.as_bytes(),
    ];
    peer.write(&requests.concat()).await;
    assert_eq!(peer.read_answer(true).await.text(), "alive\n");
    let head = peer.read_answer(false).await;
    assert_eq!((head.status, head.header("Content-Length")), (200, "6"));
    assert_eq!(peer.read_answer(true).await.status, 201);
    assert_eq!(peer.read_answer(true).await.status, 404);
    assert_eq!(peer.read_answer(false).await.status, 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_waits_for_it_is_asked_for_and_a_refused_one_is_not() {
    let server = serve(Limits::default()).await;
    let message = encoded(&hello());
    let head = |length: usize, more: &str| {
        let post = "POST /poll?version=5 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue";
        format!("{post}\r\nContent-Length: {length}\r\n{more}\r\n")
    };
    let mut peer = server.connect().await;
    peer.write(head(message.len(), "").as_bytes()).await;
    assert_eq!(peer.read_answer(false).await.status, 100);
    peer.write(&message).await;
    assert_eq!(peer.read_answer(true).await.status, 201);
    let refused = server.request(&head(message.len(), "Origin: https://evil.test\r\n")).await;
    assert_eq!(refused.status, 403);
    let options = ["--no-tls", "--no-record", "--admin-token", "correct horse battery staple"];
    let server = serve_with(&options, Limits::default()).await;
    for path in ["/poll?version=4", "/api/clips", "/api/admin/login", "/api/admin/rooms/x/kick"] {
        let length = 64 * 1024 * 1024;
        let head = head(length, "Content-Type: application/json\r\n").replace("/poll?version=4", path);
        assert_eq!(server.request(&head).await.status, 413, "{path}: no byte of the body is asked for");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_target_is_understood() {
    let server = serve(Limits::default()).await;
    for (target, status) in [
        ("GET /healthz", 200),
        ("GET http://localhost/healthz", 200),
        ("GET HTTPS://other.test:99/healthz?x", 200),
        ("HEAD http://localhost/healthz", 200),
        ("OPTIONS *", 204),
        ("OPTIONS /healthz", 405),
        ("CONNECT localhost:443", 405),
        ("TRACE /healthz", 405),
        ("GET *", 404),
        ("GET http://localhost", 200),
    ] {
        let answer = server.request(&format!("{target} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        // The page may not be built in.
        assert!(
            answer.status == status || target.ends_with("localhost") && answer.status == 503,
            "{target}: {answer:?}"
        );
        if target.starts_with("OPTIONS") {
            assert!(answer.header("Allow").contains("GET"), "{target}: {answer:?}");
        }
    }
    // The target's host wins over the header.
    let upgrade =
        upgrade_request(&[("Origin", "http://play.test")]).replace("GET /ws", "GET http://play.test/ws");
    assert_eq!(server.request(&upgrade).await.status, 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_named_once_and_well() {
    let server = serve(Limits::default()).await;
    for (head, status) in [
        ("1.1\r\nHost: x", 200),
        ("1.1\r\nHost:", 200),
        ("1.1\r\nHost: [::1]:8443", 200),
        ("1.0", 200),
        ("1.1", 400),
        ("1.1\r\nHost: x\r\nHost: x", 400),
        ("1.1\r\nHost: a@x", 400),
        ("1.1\r\nHost: x/y", 400),
        ("1.1\r\nHost: a b", 400),
        ("9.9\r\nHost: x", 400),
    ] {
        assert_eq!(
            server.request(&format!("GET /healthz HTTP/{head}\r\n\r\n")).await.status,
            status,
            "{head}"
        );
    }
    assert_eq!(server.request("nonsense\r\n\r\n").await.status, 400);
}
