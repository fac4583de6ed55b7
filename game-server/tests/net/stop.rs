//! A server that stops.

use crate::peer::serve;
use game_server::net::guard::limits::Limits;
use shared::message::ServerMessage;
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_closed_and_no_new_one_is_accepted() {
    let server = serve(Limits::default()).await;
    let mut player = server.join().await;
    let mut silent = server.open().await;
    let mut idle = server.connect().await;
    let address = server.address();
    let stopping = tokio::spawn(server.server.stop());
    player.hear_until(|message| matches!(message, ServerMessage::Goodbye { code: 1001, .. })).await;
    assert_eq!(player.closed().await.0, 1001);
    assert_eq!(silent.closed().await.0, 1001);
    idle.gone().await;
    stopping.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_hangs_does_not_delay_the_stop() {
    let server = serve(Limits::default()).await;
    let player = server.join().await;
    let silent = server.open().await;
    server.server.stop().await;
    drop((player, silent));
}
