//! What `deploy/` holds, with the real programs: proxies, systemd and a container. `cargo xtask test` installs them from Debian.

use crate::command::start;
use crate::peer::{Peer, encoded, hello, serve_with, upgrade_request};
use crate::tls::trusting;
use game_server::config::unknown_variables;
use game_server::net::edge::tls::CertificateFiles;
use game_server::net::guard::limits::Limits;
use shared::message::ServerMessage;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::client::TlsStream;

/// The players' machine, as the proxy sees it.
const PLAYER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 7);
const TOKEN: &str = "a token of at least sixteen letters";
const READY_LIMIT: Duration = Duration::from_secs(20);
const MEMORY_LIMIT_KIB: u64 = 64 * 1024;

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file)
}

/// A file of `deploy/`, each of these parts of it replaced.
fn changed(file: &str, changes: &[(&str, String)]) -> String {
    let text = fs::read_to_string(deploy(file)).unwrap();
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{file} has no {from}");
        text.replace(from, to)
    })
}

/// The release binary, which has the assets inside.
fn binary() -> PathBuf {
    std::env::var_os("DRIFTBELT_SERVER").expect("DRIFTBELT_SERVER names the release binary").into()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:#?}");
    output
}

/// A server for a proxy that players find at this port.
struct Proxied {
    directory: TempDir,
    _server: Running,
    address: SocketAddr,
    public_port: u16,
}

impl Proxied {
    fn start() -> Proxied {
        let directory = TempDir::new().unwrap();
        CertificateFiles::self_signed(directory.path(), &[]).unwrap();
        let public_port = free_port();
        let mut command = Command::new(binary());
        command.current_dir(directory.path()).stdin(Stdio::null()).stderr(Stdio::piped());
        command.args(["serve", "--no-tls", "--no-record", "--port", "0", "--trusted-proxy", "127.0.0.1"]);
        command
            .arg("--public-url")
            .arg(format!("https://localhost:{public_port}"))
            .env("DRIFTBELT_ADMIN_TOKEN", TOKEN);
        let (server, url, log) = start(&mut command);
        // Read on, so that the log never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut { log }, &mut std::io::sink()));
        let port = url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
        let address = (Ipv4Addr::LOCALHOST, port).into();
        Proxied { directory, _server: Running(server), address, public_port }
    }

    fn path(&self, file: &str) -> String {
        self.directory.path().join(file).to_str().unwrap().to_owned()
    }

    /// Runs a proxy and plays through it.
    async fn check(&self, proxy: &mut Command) {
        let log = fs::File::create(self.path("proxy.log")).unwrap();
        proxy
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let mut proxy = Running(proxy.spawn().unwrap_or_else(|error| panic!("{proxy:?}: {error}")));
        let started = Instant::now();
        loop {
            // A proxy may answer before it has checked its server.
            if let Some(mut peer) = self.connect().await {
                peer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
                if peer.read_answer(true).await.status == 200 {
                    break;
                }
            }
            let log = || fs::read_to_string(self.path("proxy.log")).unwrap();
            assert!(proxy.0.try_wait().unwrap().is_none() && started.elapsed() < READY_LIMIT, "{}", log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let origin = format!("https://localhost:{}", self.public_port);
        let forged =
            [("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9"), ("Origin", &origin)];
        let mut player = self.connect().await.unwrap();
        player.write(upgrade_request(&forged).as_bytes()).await;
        let answer = player.read_answer(true).await;
        assert_eq!(answer.status, 101, "{answer:?}");
        player.say(&hello()).await;
        player.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
        assert!(
            self.admin("rooms/belt-1").await.contains(&format!("\"address\":\"{PLAYER}\"")),
            "by WebSocket"
        );

        let mut poller = self.connect().await.unwrap();
        let message = encoded(&hello());
        let head = format!(
            "POST /poll?version=5&room=polled HTTP/1.1\r\nHost: localhost:{}\r\nOrigin: {origin}\r\n\
             X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\nContent-Length: {}\r\n\r\n",
            self.public_port,
            message.len()
        );
        poller.write(&[head.as_bytes(), &message].concat()).await;
        let opened = poller.read_answer(true).await;
        assert_eq!(opened.status, 201, "{opened:?}");
        poller.write(format!("GET /poll/{}/0 HTTP/1.1\r\nHost: x\r\n\r\n", opened.text()).as_bytes()).await;
        assert_eq!(poller.read_answer(false).await.status, 200);

        let mut page = self.connect().await.unwrap();
        page.write(format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.public_port).as_bytes())
            .await;
        let page = page.read_answer(true).await;
        assert!(page.text().contains(&format!("content=\"{origin}/\"")), "{}", page.text());
    }

    /// A connection of the player's machine to the proxy; `None` if it does not listen yet.
    async fn connect(&self) -> Option<Peer<TlsStream<TcpStream>>> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((PLAYER, 0).into()).unwrap();
        let socket = socket.connect((Ipv4Addr::LOCALHOST, self.public_port).into()).await.ok()?;
        let connector = trusting(Path::new(&self.path("cert.pem")));
        Some(Peer::new(connector.connect("localhost".try_into().unwrap(), socket).await.ok()?))
    }

    async fn admin(&self, path: &str) -> String {
        let mut peer = Peer::new(TcpStream::connect(self.address).await.unwrap());
        let head =
            format!("GET /api/admin/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
        peer.write(head.as_bytes()).await;
        peer.read_answer(true).await.text()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx"]
async fn nginx_passes_sockets_polls_and_addresses() {
    let proxied = Proxied::start();
    let site = changed(
        "nginx.conf",
        &[
            ("127.0.0.1:8080", proxied.address.to_string()),
            ("    listen [::]:80;\n", String::new()),
            ("    listen [::]:443 ssl;\n", String::new()),
            ("listen 80;", format!("listen 127.0.0.1:{};", free_port())),
            ("listen 443 ", format!("listen 127.0.0.1:{} ", proxied.public_port)),
            ("/etc/letsencrypt/live/play.example.org/fullchain.pem", proxied.path("cert.pem")),
            ("/etc/letsencrypt/live/play.example.org/privkey.pem", proxied.path("key.pem")),
            ("server_name play.example.org", "server_name localhost".into()),
        ],
    );
    fs::write(proxied.path("site.conf"), site).unwrap();
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path tmp;"));
    let main = format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nevents {{}}\n\
         http {{ access_log off; {} include site.conf; }}\n",
        temporary.concat()
    );
    fs::write(proxied.path("nginx.conf"), main).unwrap();
    let mut nginx = Command::new("nginx");
    proxied.check(nginx.args(["-e", "stderr", "-c", "nginx.conf", "-p"]).arg(proxied.directory.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs haproxy"]
async fn haproxy_passes_sockets_polls_and_addresses() {
    let proxied = Proxied::start();
    let both = ["cert.pem", "key.pem"].map(|file| fs::read_to_string(proxied.path(file)).unwrap());
    fs::write(proxied.path("both.pem"), both.concat()).unwrap();
    let config = changed(
        "haproxy.cfg",
        &[
            ("127.0.0.1:8080", proxied.address.to_string()),
            ("bind :80\n", format!("bind 127.0.0.1:{}\n", free_port())),
            ("bind :443 ", format!("bind 127.0.0.1:{} ", proxied.public_port)),
            ("/etc/haproxy/certs/play.example.org.pem", proxied.path("both.pem")),
        ],
    );
    fs::write(proxied.path("haproxy.cfg"), config).unwrap();
    proxied.check(Command::new("haproxy").args(["-db", "-f", "haproxy.cfg"])).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs caddy"]
async fn caddy_passes_sockets_polls_and_addresses() {
    let proxied = Proxied::start();
    let site = changed(
        "Caddyfile",
        &[
            ("127.0.0.1:8080", proxied.address.to_string()),
            ("play.example.org {", format!("localhost:{} {{\n\ttls cert.pem key.pem", proxied.public_port)),
        ],
    );
    let global = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n";
    fs::write(proxied.path("Caddyfile"), format!("{global}{site}")).unwrap();
    let mut caddy = Command::new("caddy");
    caddy.args(["run", "--config", "Caddyfile"]).env("HOME", proxied.directory.path());
    proxied.check(caddy.env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME")).await;
}

#[test]
#[ignore = "needs systemd"]
fn systemd_understands_the_unit() {
    let directory = TempDir::new().unwrap();
    let server = binary();
    let unit =
        changed("driftbelt.service", &[("/usr/local/bin/game-server", server.to_str().unwrap().into())]);
    let file = directory.path().join("driftbelt.service");
    fs::write(&file, unit).unwrap();
    let verified = succeed(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file));
    let words = String::from_utf8(verified.stderr).unwrap();
    let faults: Vec<_> = words.lines().filter(|line| line.contains("driftbelt.service")).collect();
    // What systemd before 253 does not know, it ignores.
    let is_expected = |line: &&str| line.contains("notify-reload") || line.contains("ReloadSignal");
    assert!(faults.iter().all(is_expected), "{faults:#?}");
}

/// Podman with storage of its own, in a plain virtual machine too, and a folder to build images from.
struct Podman {
    directory: TempDir,
}

/// Arguments of `podman build`: nothing is pulled.
const BUILD: [&str; 5] = ["build", "--format", "docker", "--layers=false", "--pull=never"];
const CONTAINER_LIMITS: [&str; 4] = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];

impl Podman {
    /// With all that the image of the server is built from, its base included.
    fn with_base_image() -> Podman {
        let podman = Podman { directory: TempDir::new().unwrap() };
        let context = podman.context();
        fs::create_dir_all(context.join("deploy/data")).unwrap();
        fs::create_dir_all(context.join("target/release")).unwrap();
        fs::copy(deploy("Containerfile"), context.join("deploy/Containerfile")).unwrap();
        fs::copy(deploy("data/.gitkeep"), context.join("deploy/data/.gitkeep")).unwrap();
        fs::copy(binary(), context.join("target/release/game-server")).unwrap();
        podman.build_image("gcr.io/distroless/cc-debian12:nonroot", &[&binary()], "");
        podman
    }

    fn context(&self) -> PathBuf {
        self.directory.path().join("context")
    }

    /// Stands in for an image that cannot be pulled here: the programs' libraries, and what else a Containerfile says.
    fn build_image(&self, name: &str, programs: &[&Path], more: &str) {
        let root = self.context().join("root");
        programs.iter().for_each(|program| copy_libraries(program, &root));
        fs::write(self.context().join("Image"), format!("FROM scratch\nCOPY root /\n{more}")).unwrap();
        self.run(&[&BUILD[..], &["-f", "context/Image", "-t", name, "context"]].concat());
    }

    /// The program and its arguments, for a shell.
    fn command_line(&self) -> String {
        let home = self.directory.path().display();
        let runtime = "--runtime runc --storage-driver=vfs --cgroup-manager=cgroupfs";
        format!("podman --root {home}/s --runroot {home}/r {runtime}")
    }

    fn command(&self) -> Command {
        let line = self.command_line();
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap());
        command.args(words).current_dir(self.directory.path());
        command
    }

    fn log(&self, container: &str) -> String {
        let output = self.command().args(["logs", container]).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    fn run(&self, arguments: &[&str]) -> String {
        String::from_utf8(succeed(self.command().args(arguments)).stdout).unwrap()
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = self.command().args(["rm", "--all", "--force", "--time", "0"]).output();
    }
}

/// Puts what the base image is needed for, the libraries of the binary, into a folder.
fn copy_libraries(binary: &Path, folder: &Path) {
    let listed = String::from_utf8(succeed(Command::new("ldd").arg(binary)).stdout).unwrap();
    for library in listed.split_whitespace().filter(|word| word.starts_with('/')) {
        let place = folder.join(library.trim_start_matches('/'));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(library, place).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs podman and runc"]
async fn the_container_runs_read_only_without_rights_and_tells_its_health() {
    let podman = Podman::with_base_image();
    podman.run(&[&BUILD[..], &["-f", "context/deploy/Containerfile", "-t", "driftbelt", "context"]].concat());
    let port = free_port().to_string();
    let port_variable = format!("DRIFTBELT_PORT={port}");
    let restricted = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--network=host"];
    let what =
        ["--env", "DRIFTBELT_HOST=127.0.0.1", "--env", &port_variable, "-v", "belt:/data", "driftbelt"];
    podman.run(&[&["run", "--detach", "--name", "belt"], &restricted[..], &CONTAINER_LIMITS, &what].concat());
    let started = Instant::now();
    while !podman.command().args(["healthcheck", "run", "belt"]).output().unwrap().status.success() {
        assert!(started.elapsed() < READY_LIMIT, "{:#?}", podman.command().args(["logs", "belt"]).output());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(podman.run(&["inspect", "belt", "--format", "{{.Config.User}}"]).trim(), "65532:65532");
    podman.run(&["stop", "--time", "10", "belt"]);
    assert_eq!(podman.run(&["inspect", "belt", "--format", "{{.State.ExitCode}}"]).trim(), "0");
    assert!(!podman.command().args(["healthcheck", "run", "belt"]).output().unwrap().status.success());
}

/// What `podman-compose` takes for podman: `podman` with the host's network in place of the file's networks and ports.
const PODMAN_WITHOUT_NETWORKS: &str = r#"#!/bin/sh
[ "$1" != network ] || exit 0
set -- "$@" --
while [ "$1" != -- ]; do
    case $1 in
        --net | --network-alias | -p) shift 2; continue ;;
        --name=*) set -- "$@" --network=host ;;
    esac
    set -- "$@" "$1"
    shift
done
shift
exec "#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs podman-compose and caddy"]
async fn compose_brings_up_the_server_behind_its_proxy() {
    let podman = Podman::with_base_image();
    let (context, home) = (podman.context(), podman.directory.path());
    let caddy = String::from_utf8(succeed(Command::new("which").arg("caddy")).stdout).unwrap();
    let caddy = Path::new(caddy.trim());
    fs::create_dir_all(context.join("root/usr/bin")).unwrap();
    fs::copy(caddy, context.join("root/usr/bin/caddy")).unwrap();
    podman.build_image(
        "docker.io/library/caddy:2",
        &[caddy],
        "ENV PATH=/usr/bin XDG_DATA_HOME=/data XDG_CONFIG_HOME=/data\n",
    );
    let (port, public_port) = (free_port(), free_port());
    let file = changed(
        "compose.yaml",
        &[
            ("DRIFTBELT_PORT: \"8080\"", format!("DRIFTBELT_PORT: \"{port}\"")),
            ("driftbelt:8080", format!("127.0.0.1:{port}")),
            ("DRIFTBELT_TRUSTED_PROXY: 172.30.0.0/24", "DRIFTBELT_TRUSTED_PROXY: 127.0.0.1".into()),
        ],
    );
    fs::write(context.join("deploy/compose.yaml"), file).unwrap();
    let podman_path = home.join("podman");
    fs::write(&podman_path, format!("{PODMAN_WITHOUT_NETWORKS}{} \"$@\"\n", podman.command_line())).unwrap();
    succeed(Command::new("chmod").arg("+x").arg(&podman_path));
    let compose = |arguments: &[&str]| {
        let mut compose = Command::new("podman-compose");
        compose.arg("--podman-path").arg(&podman_path).current_dir(&context);
        compose.arg(format!("--podman-build-args={}", BUILD[1..].join(" ")));
        compose.arg(format!("--podman-run-args={}", CONTAINER_LIMITS.join(" ")));
        compose.env("DOMAIN", format!("localhost:{public_port}")).env("DRIFTBELT_ADMIN_TOKEN", TOKEN);
        succeed(compose.args(["-f", "deploy/compose.yaml"]).args(arguments))
    };
    let brought_up = compose(&["up", "--detach"]);
    let root = home.join("s/volumes/deploy_certificates/_data/caddy/pki/authorities/local/root.crt");
    let connect = async || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((PLAYER, 0).into()).unwrap();
        let socket = socket.connect((Ipv4Addr::LOCALHOST, public_port).into()).await.ok()?;
        let connector = root.is_file().then(|| trusting(&root))?;
        Some(Peer::new(connector.connect("localhost".try_into().unwrap(), socket).await.ok()?))
    };
    let ask = async |path: &str| {
        let mut peer = connect().await?;
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
        peer.write(head.as_bytes()).await;
        Some(peer.read_answer(true).await)
    };
    let started = Instant::now();
    while ask("/readyz").await.is_none_or(|answer| answer.status != 200) {
        let logs = || ["driftbelt", "caddy"].map(|name| podman.log(&format!("deploy_{name}_1")));
        assert!(started.elapsed() < READY_LIMIT, "{brought_up:#?} {:#?}", logs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let origin = format!("https://localhost:{public_port}");
    let mut player = connect().await.unwrap();
    player.write(upgrade_request(&[("Origin", &origin)]).as_bytes()).await;
    assert_eq!(player.read_answer(true).await.status, 101);
    player.say(&hello()).await;
    player.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
    let room = ask("/api/admin/rooms/belt-1").await.unwrap().text();
    assert!(room.contains(&format!("\"address\":\"{PLAYER}\"")), "{room}");
    compose(&["stop"]);
    let exit = podman.run(&["inspect", "deploy_driftbelt_1", "--format", "{{.State.ExitCode}}"]);
    assert_eq!(exit.trim(), "0", "{}", podman.log("deploy_driftbelt_1"));
}

#[test]
#[ignore = "needs kubernetes-validate"]
fn kubernetes_understands_the_manifest() {
    let validator = std::env::var_os("KUBERNETES_VALIDATE").expect("KUBERNETES_VALIDATE names the program");
    succeed(Command::new(validator).args(["--strict", "-k", "1.30"]).arg(deploy("kubernetes.yaml")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_probes_of_the_manifest_are_answered_on_its_port() {
    let manifest = fs::read_to_string(deploy("kubernetes.yaml")).unwrap();
    let server = serve_with(&["--no-tls", "--no-record"], Limits::default()).await;
    let paths = manifest.split("httpGet: {path: ").skip(1).map(|rest| rest.split(',').next().unwrap());
    let paths: Vec<_> = paths.collect();
    assert_eq!(paths.len(), 3);
    for path in paths {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    let port = manifest.split("DRIFTBELT_PORT, value: \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(manifest.contains(&format!("containerPort: {port}}}")), "{port}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the release binary"]
async fn a_small_machine_is_enough() {
    let directory = TempDir::new().unwrap();
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(binary()).args(["serve", "--no-tls", "--port", "0", "--drones", "20"]);
    command.current_dir(directory.path()).env("TMPDIR", "/proc").env("RES_OPTIONS", "attempts:0");
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    let (server, url, log) = start(&mut command);
    std::thread::spawn(move || std::io::copy(&mut { log }, &mut std::io::sink()));
    let server = Running(server);
    let address = url.trim_start_matches("http://").trim_end_matches('/').replace("localhost", "127.0.0.1");
    let mut player = Peer::new(TcpStream::connect(&address).await.unwrap());
    player.upgrade().await;
    player.say(&hello()).await;
    for _ in 0..60 {
        player.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
    }
    let status = fs::read_to_string(format!("/proc/{}/status", server.0.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < MEMORY_LIMIT_KIB, "{peak} KiB");
}

#[test]
fn every_variable_that_hosts_copy_is_an_option() {
    for file in ["driftbelt.service", "Containerfile", "compose.yaml", "kubernetes.yaml"] {
        let text = fs::read_to_string(deploy(file)).unwrap();
        let settings = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let words = settings
            .flat_map(|line| line.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_'));
        let names = words.filter(|word| word.starts_with("DRIFTBELT_"));
        let variables: Vec<_> = names.map(|name| (name.into(), "".into())).collect();
        assert!(!variables.is_empty(), "{file}");
        assert_eq!(unknown_variables(variables), [], "{file}");
    }
}

#[test]
fn what_kubernetes_sets_for_services_is_no_mistake() {
    let unknown = |name: &str, value: &str| !unknown_variables([(name.into(), value.into())]).is_empty();
    for name in [
        "DRIFTBELT_SERVICE_HOST",
        "DRIFTBELT_SERVICE_PORT",
        "DRIFTBELT_SERVICE_PORT_HTTPS",
        "DRIFTBELT_PORT_8443_TCP",
        "DRIFTBELT_PORT_8443_TCP_PROTO",
        "DRIFTBELT_PORT_8443_TCP_ADDR",
        "DRIFTBELT_PORT_53_UDP_PORT",
        "DRIFTBELT_WEB_SERVICE_HOST",
        "DRIFTBELT_WEB_PORT_80_TCP",
    ] {
        assert!(!unknown(name, "10.43.0.12"), "{name}");
    }
    assert!(!unknown("DRIFTBELT_WEB_PORT", "tcp://10.43.0.12:80"));
    for name in ["DRIFTBELT_WEB_PORT", "DRIFTBELT_PROT", "DRIFTBELT_PORT_X", "DRIFTBELT_RECORDING_LIMIT"] {
        assert!(unknown(name, "80"), "{name}");
    }
}
