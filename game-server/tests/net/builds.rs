//! Recordings of earlier builds play with the clients of those builds, which servers keep.

use crate::peer::{TestServer, serve_with};
use game_server::net::guard::limits::Limits;
use game_server::net::http::builds::{FOLDER, keep};
use shared::recording::{Encoder, Header};
use sim::Sim;
use sim::scripted::setup;
use std::fs;

const OLD: &str = "driftbelt-sim-0.0.1-p1-r1";

/// A recording without ticks.
fn recording_of(build: &str) -> Vec<u8> {
    let mut encoder = Encoder::new(&Header::new(&setup(), build, "belt-1", 0));
    encoder.keyframe(&Sim::new(&setup()).unwrap().keyframe()).unwrap();
    encoder.take().unwrap()
}

/// A server beside whose recordings the client of an older build is kept.
async fn serve_old() -> TestServer {
    let server = serve_with(&["--no-tls"], Limits::default()).await;
    let home = server.directory.path();
    let kept = home.join(FOLDER).join(OLD);
    fs::create_dir_all(kept.join("assets")).unwrap();
    fs::write(kept.join("index.html"), "<head></head>old").unwrap();
    fs::write(kept.join("assets/core-1.wasm"), "old core").unwrap();
    for (name, build) in [("old", OLD), ("new", Sim::BUILD), ("lost", "driftbelt-sim-0.0.0")] {
        fs::write(home.join(name).with_extension("belt"), recording_of(build)).unwrap();
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_opens_with_the_client_of_its_build() {
    let server = serve_old().await;
    let old = format!("/builds/{OLD}");
    for (path, target) in [
        ("/replay/old.belt?t=9".into(), format!("..{old}/replay/old.belt?t=9")),
        (format!("{old}/replay/new.belt"), "../../../replay/new.belt".into()),
        (format!("{old}/recordings/old.belt"), "../../../recordings/old.belt".into()),
        (format!("{old}/api/recordings?x=1"), "../../../api/recordings?x=1".into()),
    ] {
        let answer = server.get(&path).await;
        assert_eq!((answer.status, answer.header("Location")), (307, target.as_str()), "{path}");
    }
    let page = server.get(&format!("{old}/replay/old.belt")).await;
    assert_eq!((page.status, page.text()), (200, "<head><base href=\"../\"></head>old".into()));
    assert_eq!(server.get(&format!("{old}/assets/core-1.wasm")).await.text(), "old core");
    for path in ["/builds/other/replay", "/builds/..%2f/replay", "/builds/..%5C/x"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    assert_eq!(server.get(&format!("{old}/assets/..%2f..%2f..%2fold.belt")).await.status, 404);
    // No client of its build is kept: the page of this build shows it, with a warning.
    assert_ne!(server.get("/replay/lost.belt").await.status, 307);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_is_kept_once_and_whole() {
    let home = tempfile::tempdir().unwrap();
    let kept = home.path().join(FOLDER).join(Sim::BUILD);
    // What a crash has left.
    fs::create_dir_all(home.path().join(FOLDER).join(format!("{}.partial/x", Sim::BUILD))).unwrap();
    keep(home.path(), Sim::BUILD).unwrap();
    if !kept.is_dir() {
        // Without a client in the binary there is none to keep.
        return;
    }
    fs::write(kept.join("index.html"), "first").unwrap();
    keep(home.path(), Sim::BUILD).unwrap();
    assert_eq!(fs::read_to_string(kept.join("index.html")).unwrap(), "first");
    assert_eq!(fs::read_dir(home.path().join(FOLDER)).unwrap().count(), 1);
}
