//! Many who say nothing, and one who plays.

use crate::peer::serve;
use game_server::net::limits::Limits;
use shared::message::ServerMessage;
use std::time::Duration;

const CROWD: usize = 1000;
/// Snapshots that the player must get while the crowd is there.
const SNAPSHOTS: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_silent_connections_do_not_touch_the_player() {
    let server = serve(Limits { hello_timeout: Duration::from_secs(30), ..Limits::default() }).await;
    let mut player = server.join().await;
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        crowd.push(server.open().await);
    }
    for _ in 0..SNAPSHOTS {
        player.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
    }
    let (address, directory) = (server.address(), server.directory);
    server.server.stop().await;
    for mut silent in crowd {
        assert_eq!(silent.closed().await.0, 1001);
    }
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    drop(directory);
}
