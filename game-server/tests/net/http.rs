//! HTTP without WebSockets: page, API, probes, files and their headers.

use crate::peer::{Answer, Peer, TestServer, serve, serve_with};
use game_server::net::guard::limits::Limits;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use tokio::net::TcpSocket;

#[tokio::test(flavor = "multi_thread")]
async fn every_response_has_the_security_headers() {
    let server = serve(Limits::default()).await;
    for path in ["/", "/healthz", "/nothing", "/ws", "/api/status", "/recordings/x.belt"] {
        let answer = server.get(path).await;
        let policy = answer.header("Content-Security-Policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"),
            "{path}: {policy}"
        );
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff", "{path}");
        assert_eq!(answer.header("Referrer-Policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("Cross-Origin-Opener-Policy"), "same-origin", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_and_metrics_answer() {
    let server = serve(Limits::default()).await;
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 200);
    let _player = server.join().await;
    let metrics = server.get("/metrics").await;
    assert!(metrics.header("Content-Type").starts_with("text/plain; version=0.0.4"));
    assert!(
        metrics.text().lines().any(|line| line.starts_with("driftbelt_connections ")),
        "{}",
        metrics.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_names_versions_and_rooms() {
    let server = serve(Limits::default()).await;
    let _player = server.join().await;
    let status = loop {
        let answer = server.get("/api/status").await;
        assert_eq!(answer.header("Content-Type"), "application/json");
        let status: Value = serde_json::from_slice(&answer.body).unwrap();
        // Rooms publish their state once a second.
        if status["players"] == 1 {
            break status;
        }
    };
    assert_eq!(status["protocol"], shared::PROTOCOL_VERSION);
    assert_eq!(status["connections"], 1);
    assert_eq!(status["rooms"].as_array().unwrap().len(), 1);
    assert_eq!(status["rooms"][0]["tickRateHz"], 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_recordings_of_the_directory_are_served() {
    let server = serve(Limits::default()).await;
    let empty = server.get("/api/recordings").await;
    assert_eq!(
        serde_json::from_slice::<Value>(&empty.body).unwrap(),
        serde_json::json!({ "recordings": [] })
    );
    let bytes: Vec<u8> = (0..200_000_u32).map(|number| number as u8).collect();
    std::fs::write(server.directory.path().join("belt-1.belt"), &bytes).unwrap();
    std::fs::write(server.directory.path().join("secret.toml"), "x").unwrap();
    let file = server.get("/recordings/belt-1.belt").await;
    assert_eq!((file.status, file.body == bytes), (200, true));
    for path in
        ["/recordings/secret.toml", "/recordings/..%2fsecret.belt", "/recordings/none.belt", "/recordings/"]
    {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}

/// A server with one recording.
async fn serve_recording(bytes: &[u8]) -> (TestServer, PathBuf) {
    let server = serve(Limits::default()).await;
    let file = server.directory.path().join("belt-1.belt");
    std::fs::write(&file, bytes).unwrap();
    (server, file)
}

async fn get_recording(server: &TestServer, method: &str, headers: &str) -> Answer {
    let path = "/recordings/belt-1.belt";
    server.request(&format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_served_in_ranges() {
    let bytes: Vec<u8> = (0..200_000_u32).map(|number| number as u8).collect();
    let (server, _) = serve_recording(&bytes).await;
    for (range, part, content_range) in [
        ("0-0", 0..1, "bytes 0-0/200000"),
        ("100-199", 100..200, "bytes 100-199/200000"),
        ("199990-", 199_990..200_000, "bytes 199990-199999/200000"),
        ("199990-300000", 199_990..200_000, "bytes 199990-199999/200000"),
        ("-70000", 130_000..200_000, "bytes 130000-199999/200000"),
    ] {
        let headers = format!("Range: bytes={range}\r\n");
        let answer = get_recording(&server, "GET", &headers).await;
        assert_eq!((answer.status, answer.header("Content-Range")), (206, content_range), "{range}");
        assert_eq!(answer.body, bytes[part.clone()], "{range}");
        let head = get_recording(&server, "HEAD", &headers).await;
        assert_eq!((head.status, head.header("Content-Range")), (206, content_range), "{range}");
        assert_eq!(head.header("Content-Length"), part.len().to_string(), "{range}");
    }
    for range in ["200000-", "-0", "5-4", "0-0,5-9", "one"] {
        let answer = get_recording(&server, "GET", &format!("Range: bytes={range}\r\n")).await;
        assert_eq!((answer.status, answer.header("Content-Range")), (416, "bytes */200000"), "{range}");
    }
    let head = get_recording(&server, "HEAD", "").await;
    assert_eq!((head.status, head.header("Accept-Ranges")), (200, "bytes"));
    assert_eq!(head.header("Content-Length"), "200000");
    assert_eq!(head.header("Content-Type"), "application/octet-stream");
    assert_eq!(head.header("Content-Disposition"), "attachment; filename*=UTF-8''belt-1.belt");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_different_versions_of_a_recording_do_not_mix() {
    let (server, file) = serve_recording(b"0123456789").await;
    let tag = get_recording(&server, "HEAD", "").await.header("ETag").to_owned();
    let unchanged = format!("If-None-Match: {tag}\r\n");
    assert_eq!(get_recording(&server, "GET", &unchanged).await.status, 304);
    let rest = format!("Range: bytes=4-\r\nIf-Range: {tag}\r\n");
    let answer = get_recording(&server, "GET", &rest).await;
    assert_eq!((answer.status, answer.text().as_str()), (206, "456789"));
    std::fs::write(file, b"0123456789 and more").unwrap();
    let answer = get_recording(&server, "GET", &rest).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "0123456789 and more"));
    assert_eq!(get_recording(&server, "GET", &unchanged).await.status, 200);
    assert_eq!(get_recording(&server, "GET", &format!("If-Range: {tag}\r\n")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_grows_is_served_up_to_its_length_at_the_request() {
    let length = 8 * 1024 * 1024;
    let (server, file) = serve_recording(&vec![1; length]).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut peer = Peer::new(socket.connect(server.address()).await.unwrap());
    peer.write(b"GET /recordings/belt-1.belt HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let head = peer.read_answer(false).await;
    assert_eq!(head.header("Content-Length"), length.to_string());
    // The server has not read the end of the file: the buffers of both sockets are smaller.
    OpenOptions::new().append(true).open(file).unwrap().write_all(&[2; 100_000]).unwrap();
    assert_eq!(peer.read_body(length).await, vec![1; length]);
    peer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(peer.read_answer(true).await.text(), "alive\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_are_checked() {
    let server = serve(Limits::default()).await;
    let head = server.request("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!((head.status, head.header("Content-Length")), (200, "6"));
    for path in ["/", "/healthz", "/api/status", "/recordings/x.belt", "/nothing"] {
        let post =
            server.request(&format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")).await;
        assert_eq!((post.status, post.header("Allow")), (405, "GET,HEAD"), "{path}");
        assert_ne!(post.header("Content-Security-Policy"), "", "{path}");
    }
    assert_eq!(server.get("/nothing/here").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_over_the_limit_is_refused() {
    let server = serve(Limits::default()).await;
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(20_000));
    assert_eq!(server.request(&long).await.status, 431);
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: x\r\n".repeat(70));
    assert_eq!(server.request(&many).await.status, 431);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_recording_is_shown_to_nobody() {
    let server = serve_with(&["--no-tls"], Limits::default()).await;
    let mut player = server.join().await;
    let name = loop {
        player.steer().await;
        let entries = std::fs::read_dir(server.directory.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        if let Some(name) = names.into_iter().find(|name| name.ends_with(".belt")) {
            break name;
        }
    };
    let listed: Value = serde_json::from_slice(&server.get("/api/recordings").await.body).unwrap();
    assert_eq!(listed["recordings"], Value::Array(Vec::new()));
    assert_eq!(server.get(&format!("/recordings/{name}")).await.status, 404);
    drop(player);
}
