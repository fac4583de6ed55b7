//! Behind a trusted proxy, limits are those of each client's address.

use crate::peer::{Answer, Peer, TestServer, serve_with, upgrade_request};
use game_server::net::guard::limits::Limits;
use tokio::net::TcpStream;

async fn open_as(server: &TestServer, address: &str) -> (Answer, Peer<TcpStream>) {
    let mut peer = server.connect().await;
    peer.write(upgrade_request(&[("X-Forwarded-For", address)]).as_bytes()).await;
    (peer.read_answer(true).await, peer)
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_those_of_the_address_that_a_trusted_proxy_names() {
    let options = ["--no-tls", "--no-record", "--trusted-proxy", "127.0.0.0/8"];
    let limit = ["--connections-per-address-limit", "2"];
    let limits =
        Limits { handshakes_per_second_and_address: 0, handshakes_burst_per_address: 4, ..Limits::default() };
    let server = serve_with(&[&options[..], &limit[..]].concat(), limits).await;
    let (first, mut kept) = open_as(&server, "203.0.113.9, 192.0.2.1").await;
    let (second, _kept) = open_as(&server, "192.0.2.1").await;
    assert_eq!((first.status, second.status), (101, 101));
    let (third, _) = open_as(&server, "192.0.2.1").await;
    assert_eq!(third.status, 429);
    assert!(third.text().contains("too many connections"), "{}", third.text());
    assert_eq!(open_as(&server, "192.0.2.2").await.0.status, 101, "somebody else");
    kept.send(crate::peer::CLOSE, &[]).await;
    kept.gone().await;
    let (fourth, _) = open_as(&server, "192.0.2.1").await;
    let (fifth, _) = open_as(&server, "192.0.2.1").await;
    assert!(matches!(fourth.status, 101 | 429), "the place is free as soon as the server closes the socket");
    assert!(fifth.text().contains("new connections"), "the fifth: {}", fifth.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_proxies_are_not_believed() {
    let limits = Limits { connections_per_address: 1, ..Limits::default() };
    let options = ["--no-tls", "--no-record", "--connections-per-address-limit", "1"];
    let server = serve_with(&options, limits).await;
    let (_, _kept) = open_as(&server, "192.0.2.1").await;
    assert_eq!(open_as(&server, "192.0.2.1").await.0.status, 101, "the header is no proxy's");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_is_the_one_that_a_trusted_proxy_was_asked_for() {
    let headers = [("Origin", "https://play.test"), ("X-Forwarded-Host", "play.test:443")];
    for (proxies, status) in [(&["--trusted-proxy", "127.0.0.0/8"][..], 101), (&[], 403)] {
        let server = serve_with(&[&["--no-tls", "--no-record"], proxies].concat(), Limits::default()).await;
        let mut peer = server.connect().await;
        peer.write(upgrade_request(&headers).as_bytes()).await;
        assert_eq!(peer.read_answer(true).await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_take_another_address_by_what_its_proxy_passes_on() {
    let options = ["--no-tls", "--no-record", "--trusted-proxy", "127.0.0.0/8"];
    let limit = ["--connections-per-address-limit", "1"];
    let server = serve_with(&[&options[..], &limit[..]].concat(), Limits::default()).await;
    let (first, _kept) = open_as(&server, "192.0.2.1").await;
    assert_eq!(first.status, 101);
    // Each is the same client; what stands before its address is its own invention.
    for forged in [&b"\xff"[..], b"127.0.0.1", b"\"", b"10.0.0.1, unknown", b",,,"] {
        let mut peer = server.connect().await;
        let request = upgrade_request(&[("X-Forwarded-For", "FORGED, 192.0.2.1")]);
        let at = request.find("FORGED").unwrap();
        let (start, rest) = (&request[..at], &request[at + "FORGED".len()..]);
        peer.write(&[start.as_bytes(), forged, rest.as_bytes()].concat()).await;
        assert_eq!(peer.read_answer(true).await.status, 429, "{forged:?}");
    }
    for (headers, status) in [
        (&[("Forwarded", "for=192.0.2.1")][..], 429),
        (&[("Forwarded", "for=203.0.113.7, for=\"192.0.2.1:99\";proto=https")], 429),
        (&[("Forwarded", "for=203.0.113.7"), ("X-Forwarded-For", "192.0.2.1")], 400),
        (&[("Forwarded", "for=\"203.0.113.7, for=192.0.2.1")], 400),
        (&[("Forwarded", "for=\"[2001:db8::9]\"")], 101),
    ] {
        let answer = server.request(&upgrade_request(headers)).await;
        assert_eq!(answer.status, status, "{headers:?}: {}", String::from_utf8_lossy(&answer.body));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_socket_is_refused_is_told_why() {
    let options = ["--no-tls", "--no-record", "--trusted-proxy", "127.0.0.0/8"];
    let server = serve_with(&options, Limits::default()).await;
    let ask = async |headers: &str| {
        server
            .request(&format!("POST /ws HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: 0\r\n\r\n"))
            .await
    };
    assert_eq!(ask("Origin: http://localhost\r\n").await.status, 405, "nothing is wrong with it");
    let refused =
        ask("Origin: https://x.test\r\nX-Forwarded-Host: y.test\r\nX-Forwarded-Proto: https\r\n").await;
    let words = refused.text();
    assert!(
        words.starts_with("this server expects https://y.test, and this page is of https://x.test"),
        "{words}"
    );
    assert_eq!((refused.status, refused.header("Content-Type")), (403, "text/plain; charset=utf-8"));
    let poll = "POST /poll?version=5 HTTP/1.1\r\nHost: localhost\r\nOrigin: https://x.test\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(server.request(poll).await.status, 403);
    let by_http = ask("Origin: http://y.test\r\nForwarded: for=192.0.2.9;host=y.test;proto=https\r\n").await;
    assert_eq!(by_http.status, 403, "a page that was not loaded securely");
}
