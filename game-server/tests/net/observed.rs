//! What a host sees of a server: metrics with help, the dashboard and the alert rules that use them, probes, few files.

use crate::peer::{TestServer, hello, serve_with};
use game_server::net::guard::limits::Limits;
use shared::message::{ClientMessage, ServerMessage};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tokio::time::{Duration, Instant, sleep};

/// Longest wait for metrics that are made once a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// The names that begin like metrics of the server or the process.
fn metric_names(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let names = words.filter(|word| word.starts_with("driftbelt_") || word.starts_with("process_"));
    let ends = ["_bucket", "_sum", "_count"];
    names.map(|name| ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned()).collect()
}

async fn metrics(server: &TestServer) -> String {
    server.get("/metrics").await.text()
}

async fn metrics_with(server: &TestServer, wanted: &str) -> String {
    let start = Instant::now();
    loop {
        let text = metrics(server).await;
        if text.contains(wanted) || start.elapsed() > PATIENCE {
            return text;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_and_the_rules_name_metrics_that_exist_and_every_metric_has_help() {
    // The only one with a certificate.
    let _tls = serve_with(&["--no-record"], Limits::default()).await;
    let server = serve_with(&["--no-tls"], Limits::default()).await;
    let mut peer = server.join().await;
    peer.say(&ClientMessage::Ping { stamp: 1 }).await;
    peer.hear_until(|message| matches!(message, ServerMessage::Pong { .. })).await;
    let text = metrics_with(&server, "driftbelt_journal_sync_seconds").await;
    let helped: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    let typed: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert_eq!(helped, typed, "every metric has its help");
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    for file in ["grafana/driftbelt.json", "prometheus/alerts.yml"] {
        let used = metric_names(&std::fs::read_to_string(deploy.join(file)).unwrap());
        assert!(used.len() > 9, "{file}: {used:?}");
        // A histogram without a value is not shown.
        let missing: Vec<_> = used
            .iter()
            .filter(|name| !typed.contains(name.as_str()) && *name != "driftbelt_round_trip_seconds")
            .collect();
        assert!(missing.is_empty(), "{file} names {missing:?}");
    }
    for line in [
        "driftbelt_build_info{",
        "driftbelt_refusals_total{reason=\"ban\"} ",
        "driftbelt_leaves_total{reason=\"kicked\"} ",
    ] {
        assert!(text.contains(line), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_add_up_instead_of_overwriting_each_other() {
    let server = serve_with(&["--no-tls", "--no-record"], Limits::default()).await;
    let players = |text: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix("driftbelt_players "));
        line.unwrap().parse().unwrap()
    };
    let mut peers = Vec::new();
    for room in ["a", "b", "b"] {
        let mut peer = server.connect().await;
        let request = crate::peer::upgrade_request(&[]).replace("/ws", &format!("/ws?room={room}"));
        peer.write(request.as_bytes()).await;
        assert_eq!(peer.read_answer(false).await.status, 101);
        peer.say(&hello()).await;
        peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
        peers.push(peer);
    }
    let start = Instant::now();
    // Other tests of this process have players of their own.
    while players(&metrics(&server).await) < 3.0 {
        assert!(start.elapsed() < PATIENCE, "{}", metrics(&server).await);
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool: `cargo xtask test` installs it"]
async fn promtool_accepts_the_metrics_the_rules_and_the_configuration() {
    let tool = std::env::var_os("PROMTOOL").expect("PROMTOOL names the program");
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus");
    let check = |what: &[&str], file: &str| {
        let checked = Command::new(&tool).arg("check").args(what).arg(deploy.join(file)).output().unwrap();
        assert!(checked.status.success(), "{file}: {checked:?}");
    };
    check(&["rules"], "alerts.yml");
    check(&["config", "--syntax-only"], "prometheus.yml");
    let _tls = serve_with(&["--no-record"], Limits::default()).await;
    let server = serve_with(&["--no-tls"], Limits::default()).await;
    let _peer = server.join().await;
    let text = metrics_with(&server, "driftbelt_journal_sync_seconds").await;
    let mut checking = Command::new(&tool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    checking.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let checked = checking.wait_with_output().unwrap();
    assert!(checked.status.success(), "{}\n{text}", String::from_utf8_lossy(&checked.stdout));
}

#[cfg(target_os = "linux")]
mod process {
    use super::*;
    use crate::peer::{Peer, upgrade_request};
    use crate::tls::trusting;
    use crate::well::{Well, over_tls};
    use rustls::pki_types::ServerName;
    use std::io::{BufRead, BufReader};
    use std::process::Child;
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    use tokio::net::{TcpSocket, TcpStream};

    const FILES: usize = 128;

    struct Server {
        child: Child,
        address: String,
        log: Arc<Mutex<Vec<String>>>,
        directory: tempfile::TempDir,
        tls: bool,
    }

    impl Drop for Server {
        fn drop(&mut self) {
            // It may have ended.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    fn start(options: &[&str]) -> Server {
        start_over("http", &[&["--no-tls"], options].concat())
    }

    fn start_over(scheme: &str, options: &[&str]) -> Server {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().to_str().unwrap();
        let mut child = Command::new("sh")
            .args([
                "-c",
                &format!("ulimit -n {FILES}; exec \"$0\" \"$@\""),
                env!("CARGO_BIN_EXE_game-server"),
            ])
            .args(["--port", "0", "--data", path, "--recordings", path, "--drones", "0"])
            .args(options)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let prefix = format!("Driftbelt is open: {scheme}://localhost:");
        let open = lines.find_map(|line| line.unwrap().strip_prefix(&prefix).map(str::to_owned));
        let port = open.unwrap().trim_end_matches('/').to_owned();
        let log = Arc::new(Mutex::new(Vec::new()));
        std::thread::spawn({
            let log = log.clone();
            move || lines.map_while(Result::ok).for_each(|line| log.lock().unwrap().push(line))
        });
        Server { child, address: format!("127.0.0.1:{port}"), log, directory, tls: scheme == "https" }
    }

    /// The status and the whole response; 0 if the connection was closed without one.
    async fn get(server: &Server, path: &str) -> (u16, String) {
        let socket = TcpStream::connect(&server.address).await.unwrap();
        let text = if server.tls {
            let connector = trusting(&server.directory.path().join("cert.pem"));
            match connector.connect(ServerName::try_from("localhost").unwrap(), socket).await {
                Ok(stream) => ask(stream, path).await,
                Err(_) => String::new(),
            }
        } else {
            ask(socket, path).await
        };
        (text.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default(), text)
    }

    async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let (mut text, sent) = (Vec::new(), stream.write_all(request.as_bytes()).await);
        let _ = (sent, stream.read_to_end(&mut text).await);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Asks until the server answers with this status.
    async fn answers(server: &Server, path: &str, wanted: u16) -> String {
        let start = Instant::now();
        loop {
            let (status, text) = get(server, path).await;
            if status == wanted {
                return text;
            }
            assert!(start.elapsed() < PATIENCE, "{path}: {status} instead of {wanted}: {text}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_flood_of_sockets_and_downloads_takes_nothing_from_the_game_and_the_probes() {
        let server = start(&[]);
        let recording = server.directory.path().join("old.belt");
        std::fs::write(&recording, vec![0; 16 * 1024 * 1024]).unwrap();
        let mut downloads = Vec::new();
        let statuses = async |downloads: &mut Vec<TcpStream>| {
            let mut socket = TcpStream::connect(&server.address).await.unwrap();
            socket.write_all(b"GET /recordings/old.belt HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
            let mut start = [0; 12];
            socket.read_exact(&mut start).await.unwrap();
            downloads.push(socket);
            String::from_utf8_lossy(&start[9..]).into_owned()
        };
        for _ in 0..8 {
            assert_eq!(statuses(&mut downloads).await, "200");
        }
        assert_eq!(statuses(&mut downloads).await, "429", "one address has a share");
        let mut held = Vec::new();
        // They say nothing, and come from many networks.
        for number in 0..2 * FILES {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(format!("127.0.0.{}:0", 2 + number % 30).parse().unwrap()).unwrap();
            held.push(socket.connect(server.address.parse().unwrap()).await.unwrap());
        }
        // Each closes its connection a moment before its place is free.
        answers(&server, "/healthz", 200).await;
        answers(&server, "/readyz", 200).await;
        assert!(answers(&server, "/recordings/old.belt", 503).await.contains("retry-after: 5"));
        drop((held, downloads));
        answers(&server, "/recordings/old.belt", 200).await;
    }

    /// Leaves the server no file until it closes one.
    fn exhaust(server: &Server) {
        let open = std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap();
        let open: BTreeSet<usize> =
            open.map(|entry| entry.unwrap().file_name().into_string().unwrap().parse().unwrap()).collect();
        // The limit is one of numbers: the lowest that is free is the next one.
        limit_to(server, (0..).find(|number| !open.contains(number)).unwrap());
    }

    fn limit_to(server: &Server, files: usize) {
        let limit = format!("--nofile={files}:{FILES}");
        let status = Command::new("prlimit").args(["--pid", &server.child.id().to_string(), &limit]).status();
        assert!(status.unwrap().success());
    }

    /// Open files of the server that are the port's: the port and its reserve.
    fn files_of_port(server: &Server) -> usize {
        let port = server.address.rsplit_once(':').unwrap().1.parse::<u16>().unwrap();
        // proc(5), "/proc/net/tcp": the local address is the second field, the state the fourth, the inode the tenth.
        let sockets =
            ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
        let sockets = sockets.concat();
        let listening = sockets.lines().find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let is_it = fields[1].ends_with(&format!(":{port:04X}")) && fields[3] == "0A";
            is_it.then(|| format!("socket:[{}]", fields[9]))
        });
        let wanted = Path::new(listening.as_deref().unwrap());
        let open = std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap();
        open.filter(|entry| {
            std::fs::read_link(entry.as_ref().unwrap().path()).is_ok_and(|target| target == wanted)
        })
        .count()
    }

    /// Without files, probes are answered and the game goes on, other clients are refused, and served later.
    async fn assert_survives_without_files<S>(server: Server, player: Peer<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut player = Well::play_on(player);
        answers(&server, "/nothing", 404).await;
        let full = files_of_port(&server);
        // The connection before is still being closed for a moment: its file may serve the next one.
        for (path, wanted) in [("/nothing", 503), ("/healthz", 200), ("/readyz", 200), ("/nothing", 503)] {
            let begun = Instant::now();
            loop {
                while files_of_port(&server) < full {
                    assert!(begun.elapsed() < PATIENCE, "the reserve does not come back");
                    sleep(Duration::from_millis(5)).await;
                }
                exhaust(&server);
                let (status, text) = get(&server, path).await;
                if status == wanted {
                    assert!(status == 200 || text.contains("retry-after"), "{text}");
                    break;
                }
                assert!(begun.elapsed() < PATIENCE, "{path}: {status} {text}");
            }
        }
        player.play(5).await;
        limit_to(&server, FILES);
        assert!(answers(&server, "/metrics", 200).await.contains("driftbelt_accept_failures_total "));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_plain_port_survives_without_files() {
        let server = start(&[]);
        let mut peer = Peer::new(TcpStream::connect(&server.address).await.unwrap());
        peer.upgrade().await;
        peer.say(&hello()).await;
        peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
        assert_survives_without_files(server, peer).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_tls_port_survives_without_files() {
        let server = start_over("https", &[]);
        let socket = TcpStream::connect(&server.address).await.unwrap();
        let peer = over_tls(socket, &server.directory.path().join("cert.pem")).await;
        assert_survives_without_files(server, peer).await;
    }

    async fn open(server: &Server, path: &str, origin: &str) -> (u16, Peer<TcpStream>) {
        let mut peer = Peer::new(TcpStream::connect(&server.address).await.unwrap());
        let request = upgrade_request(&[("Origin", origin)]).replace("/ws", path);
        peer.write(request.as_bytes()).await;
        (peer.read_answer(true).await.status, peer)
    }

    /// Waits until a line of the log has all these words.
    async fn logged(server: &Server, words: &[&str]) -> String {
        let start = Instant::now();
        loop {
            let log = server.log.lock().unwrap().clone();
            if let Some(line) = log.iter().find(|line| words.iter().all(|word| line.contains(word))) {
                return line.clone();
            }
            assert!(start.elapsed() < PATIENCE, "{words:?} not in {log:#?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_log_tells_who_comes_goes_and_is_refused_once_per_episode() {
        for shows_addresses in [false, true] {
            let options = ["--log-addresses"];
            let server = start(&options[..usize::from(shows_addresses)]);
            let (status, mut peer) = open(&server, "/ws?room=a", "").await;
            assert_eq!(status, 101);
            peer.say(&hello()).await;
            peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
            let joined = logged(&server, &["joined", "room=\"a\"", "name=\"Ada\""]).await;
            assert_eq!(joined.contains("127.0.0.1"), shows_addresses, "{joined}");
            peer.say(&ClientMessage::Leave).await;
            logged(&server, &["left", "name=\"Ada\"", "reason=\"asked\""]).await;
            for _ in 0..50 {
                assert_eq!(open(&server, "/ws", "https://evil.test").await.0, 403);
            }
            let (_, mut misnamed) = open(&server, "/ws?room=%0A2026%20INFO%20fake", "").await;
            misnamed.say(&hello()).await;
            misnamed.closed().await;
            let refused = logged(&server, &["refused", "reason=\"name\""]).await;
            assert!(refused.contains("\\n2026 INFO fake"), "quoted: {refused}");
            let of_origin = |line: &&String| line.contains("reason=\"origin\"");
            let lines = server.log.lock().unwrap().iter().filter(of_origin).count();
            assert!((1..=20).contains(&lines), "{lines} lines");
            let of_players =
                |line: &&String| [" joined ", " left ", " refused "].iter().any(|what| line.contains(what));
            let log = server.log.lock().unwrap().clone();
            assert_eq!(log.iter().filter(of_players).any(|line| line.contains("127.0.0.1")), shows_addresses);
        }
    }
}
