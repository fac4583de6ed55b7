//! The command: options from three sources, one-line errors, signals.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
#[cfg(unix)]
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use tempfile::TempDir;

pub fn command(directory: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_game-server"));
    command.current_dir(directory.path()).env("XDG_DATA_HOME", directory.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command that must fail, and returns the last line of its log.
pub fn failure(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    assert!(!status.success());
    String::from_utf8(stderr).unwrap().lines().last().unwrap_or_default().to_owned()
}

fn with_file(directory: &TempDir, text: &str) -> Command {
    std::fs::write(directory.path().join("belt.toml"), text).unwrap();
    let mut command = command(directory);
    command.args(["--config", "belt.toml"]);
    command
}

/// Starts the server and waits for its URL; returns also the rest of its log.
pub fn start(command: &mut Command) -> (Child, String, BufReader<ChildStderr>) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("Driftbelt is open: ") {
        line.clear();
        lines.read_line(&mut line).unwrap();
        assert_ne!(line, "", "the server ended before it was open: {:?}", child.wait());
    }
    let url = line.trim_start_matches("Driftbelt is open: ").trim().to_owned();
    (child, url, lines)
}

#[test]
fn an_unknown_key_names_file_and_nearest() {
    let directory = TempDir::new().unwrap();
    let words = failure(&mut with_file(&directory, "prot = 1\n"));
    assert_eq!(words, "error: belt.toml: there is no option `prot`; did you mean `port`?");
}

#[test]
fn a_bad_value_names_file_and_key() {
    let directory = TempDir::new().unwrap();
    for (text, part) in [
        ("tick-rate = 4", "tick-rate: invalid value '4'"),
        ("port = true", "port: must not be a boolean"),
        ("no_record = 3", "no_record: must be true or false"),
        ("log = \"loud\"", "log: invalid value 'loud'"),
        ("config = \"x\"", "there is no option `config`"),
        ("acme-domain = '192.0.2.1'", "'192.0.2.1' for '--acme-domain <NAME>': must be a DNS name"),
        ("acme-domain = ['a.test', 'a.test:443']", "acme-domain: invalid value 'a.test:443'"),
        ("acme-domain = 'https://a.test'", "acme-domain: invalid value 'https://a.test'"),
        ("acme-contact = 'mailto:a@b.test'", "must be an address for mail"),
        ("acme-directory = 'http://a.test'", "must be a URL that begins with https://"),
    ] {
        let words = failure(&mut with_file(&directory, text));
        assert!(words.starts_with("error: belt.toml: ") && words.contains(part), "{text}: {words}");
    }
    let output = with_file(&directory, "port =").output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("line 1"));
}

#[test]
fn a_flag_wins_over_the_environment_and_the_environment_over_the_file() {
    let directory = TempDir::new().unwrap();
    let with_file = || with_file(&directory, "mode = 'of-the-file'\nno-tls = true\n");
    assert!(failure(&mut with_file()).contains("`of-the-file`"));
    assert!(
        failure(with_file().env("DRIFTBELT_MODE", "of-the-environment")).contains("`of-the-environment`")
    );
    let words =
        failure(with_file().env("DRIFTBELT_MODE", "of-the-environment").args(["--mode", "of-the-flag"]));
    assert!(words.contains("`of-the-flag`"), "{words}");
    let mut serve = command(&directory);
    serve.args(["serve", "--config", "belt.toml"]);
    assert!(failure(&mut serve).contains("`of-the-file`"));
}

#[test]
fn the_environment_of_an_orchestrator_does_no_harm() {
    let directory = TempDir::new().unwrap();
    let with_mode = || with_file(&directory, "\u{feff}mode = 'of-the-file'\r\nno-tls = true\r\n");
    let as_without = |name, value: &str| {
        assert!(failure(with_mode().env(name, value)).contains("`of-the-file`"), "{name}")
    };
    as_without("DRIFTBELT_PORT", "tcp://10.43.0.12:8443");
    as_without("DRIFTBELT_PORT", "udp://10.43.0.12:8443");
    as_without("DRIFTBELT_PORT", " 0\r");
    for name in ["DRIFTBELT_MODE", "DRIFTBELT_PORT", "DRIFTBELT_NO_TLS", "DRIFTBELT_SEED", "DRIFTBELT_CERT"] {
        as_without(name, "");
        as_without(name, " ");
    }
    as_without("DRIFTBELT_TRUSTED_PROXY", " 10.0.0.0/8, ,::ffff:192.0.2.9/120 ,");
    let words = failure(with_mode().env("DRIFTBELT_TRUSTED_PROXY", "10.0.0.0/8, nonsense"));
    assert!(words.contains("DRIFTBELT_TRUSTED_PROXY") && words.contains("nonsense"), "{words}");
    for (name, value, reason) in [
        ("DRIFTBELT_PORT", "http://10.43.0.12:8443", "http://"),
        ("DRIFTBELT_ADMIN_TOKEN", "${TOKEN_OF_THE_HOST:-}", "placeholder"),
        ("DRIFTBELT_RECORDINGS", "/data/$(POD_NAME)", "placeholder"),
        ("DRIFTBELT_PUBLIC_URL", "https://{{ .Values.host }}", "placeholder"),
        ("DRIFTBELT_DATA", "'/data'", "quotes"),
        ("DRIFTBELT_ADMIN_TOKEN", "\"a token of at least sixteen letters\"", "quotes"),
        ("DRIFTBELT_NO_TLS", "maybe", "maybe"),
        ("DRIFTBELT_LOG", "loud", "possible values: human, json"),
        ("DRIFTBELT_LOG_LEVEL", "loud", "must be error, warn"),
        ("DRIFTBELT_LOG_LEVEL", "info,game_server", "must be error, warn"),
    ] {
        let words = failure(with_mode().env(name, value));
        assert!(words.contains(&format!("variable {name}: ")) && words.contains(reason), "{value}: {words}");
        assert!(!name.contains("TOKEN") || !words.contains(value), "{words}");
    }
    #[cfg(unix)]
    {
        let words = failure(with_mode().env("DRIFTBELT_DATA", std::ffi::OsStr::from_bytes(b"/data/\xff")));
        assert!(words.contains("variable DRIFTBELT_DATA: must be UTF-8"), "{words}");
    }
    as_without("DRIFTBELT_LOG", "JSON");
    as_without("DRIFTBELT_LOG_LEVEL", "warn,game_server::net=debug");
}

#[test]
fn a_token_file_that_no_host_meant_is_refused() {
    let directory = TempDir::new().unwrap();
    let long = "a".repeat(2000);
    for (text, reason) in [
        ("${TOKEN_OF_THE_HOST:-}", "placeholder"),
        ("'a token of at least sixteen letters'\n", "quotes"),
        (&long, "at most 1024 characters"),
        ("short", "at least 16"),
    ] {
        std::fs::write(directory.path().join("token"), text).unwrap();
        let words =
            failure(command(&directory).args(["--no-tls", "--port", "0", "--admin-token-file", "token"]));
        assert!(words.starts_with("error: --admin-token-file token: ") && words.contains(reason), "{words}");
        assert!(!words.contains(text.trim()), "{words}");
    }
}

#[test]
fn the_environment_of_a_server_is_not_that_of_a_replay() {
    let directory = TempDir::new().unwrap();
    let help = command(&directory).env("DRIFTBELT_PORT", "9000").args(["replay", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("[default: 0]") && !help.contains("9000"), "{help}");
}

#[test]
fn an_unknown_mode_names_those_that_exist() {
    let directory = TempDir::new().unwrap();
    let words = failure(command(&directory).args(["--no-tls", "--port", "0", "--mode", "team"]));
    assert_eq!(words, "error: there is no mode `team`, only arena, belt, duel, teams; did you mean `teams`?");
}

#[test]
fn assets_out_of_range_name_file_key_and_range() {
    let directory = TempDir::new().unwrap();
    let (from, to) = (concat!(env!("CARGO_MANIFEST_DIR"), "/../assets"), directory.path());
    for folder in ["modes", "arenas"] {
        std::fs::create_dir(to.join(folder)).unwrap();
        for file in std::fs::read_dir(format!("{from}/{folder}")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(folder).join(file.file_name())).unwrap();
        }
    }
    let rules = std::fs::read_to_string(format!("{from}/rules.toml")).unwrap();
    let run = |rules: String| {
        std::fs::write(to.join("rules.toml"), rules).unwrap();
        let output = command(&directory).args(["--no-tls", "--port", "0", "--assets", "."]).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let words = run(rules.replace("drag = 1.1", "drag = 11.0"));
    assert!(words.contains("rules.toml: ship.drag is 11, but must lie between 0 and 5"), "{words}");
    let words = run(rules.replace("drag = 1.1", "drug = 1.1"));
    assert!(words.contains("rules.toml: ") && words.contains("drug") && words.contains("line "), "{words}");
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let directory = TempDir::new().unwrap();
    let words = failure(command(&directory).args(["--no-tls", "--port", "0", "--host", "0.0.0.0"]));
    assert!(words.starts_with("error: --no-tls works on a loopback address only"), "{words}");
}

#[test]
fn a_certificate_has_one_source() {
    let directory = TempDir::new().unwrap();
    for (others, named) in [
        (&["--no-tls"][..], "--no-tls"),
        (&["--cert", "c.pem", "--key", "k.pem"], "--cert"),
        (&["--key", "k.pem"], "--key"),
    ] {
        let words = failure(with_file(&directory, "acme-domain = ['a.test', 'b.test']").args(others));
        let start =
            format!("error: --acme-domain obtains the certificate and cannot be combined with {named}:");
        assert!(words.starts_with(&start), "{words}");
    }
}

#[test]
fn a_directory_for_data_that_cannot_be_written_names_the_remedy() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("file"), "").unwrap();
    let words = failure(command(&directory).args(["--port", "0", "--no-record", "--data", "file/data"]));
    assert!(words.starts_with("error: file/data: ") && words.contains("--data"), "{words}");
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let directory = TempDir::new().unwrap();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let words = failure(command(&directory).args(["--no-tls", "--port", &port.to_string()]));
    assert!(words.starts_with(&format!("error: port {port} is taken")), "{words}");
}

#[test]
fn a_file_that_is_no_recording_is_one_clear_line() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("song.belt"), "la la la").unwrap();
    for task in ["replay", "info"] {
        let words = failure(command(&directory).args([task, "song.belt"]));
        assert!(words.starts_with("error: song.belt: "), "{task}: {words}");
        let words = failure(command(&directory).args([task, "gone.belt"]));
        assert!(words.starts_with("error: gone.belt"), "{task}: {words}");
    }
}

#[test]
fn health_asks_the_server_of_the_same_options() {
    let directory = TempDir::new().unwrap();
    for tls in [true, false] {
        let mut serve = command(&directory);
        serve.args(["--port", "0", "--no-record"]).env("DRIFTBELT_NO_TLS", (!tls).to_string());
        let (mut server, url, _log) = start(&mut serve);
        let port = url.trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
        let health = |directory: &TempDir| {
            let mut health = command(directory);
            health.arg("health").env("DRIFTBELT_NO_TLS", (!tls).to_string()).env("DRIFTBELT_PORT", &port);
            health
        };
        let output = health(&directory).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && words.contains("healthy: http"), "{words}");
        assert!(health(&directory).args(["--url", &url]).status().unwrap().success(), "{url}");
        std::fs::write(directory.path().join("belt.toml"), format!("port = {port}\nmode = 'belt'")).unwrap();
        let mut by_file = health(&directory);
        by_file.env_remove("DRIFTBELT_PORT").env("DRIFTBELT_CONFIG", "belt.toml");
        assert!(by_file.status().unwrap().success());
        let words = failure(health(&directory).args(["--url", &format!("{url}nothing")]));
        assert!(words.contains("unhealthy: ") && words.contains("404"), "{words}");
        server.kill().unwrap();
        server.wait().unwrap();
        let words = failure(&mut health(&directory));
        assert!(words.contains(&port) && words.contains("nobody listens there"), "{words}");
    }
    let words = failure(command(&directory).args(["health", "--port", "0"]));
    assert!(words.contains("--url"), "{words}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_in_order() {
    let directory = TempDir::new().unwrap();
    let (mut child, url, mut rest) = start(command(&directory).args(["--port", "0"]));
    assert!(url.starts_with("https://localhost:"), "{url}");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut words = String::new();
    rest.read_to_string(&mut words).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{words}");
    assert!(directory.path().join("driftbelt/cert.pem").exists());
}
