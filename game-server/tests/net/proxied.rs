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
