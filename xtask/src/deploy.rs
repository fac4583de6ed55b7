//! The files of `deploy/`, tried with the programs that they are for, which Debian has.

use anyhow::bail;

use crate::debian;
use crate::process;
use crate::pypi;
use crate::workspace::{Profile, Workspace};

/// Each program, and Debian's package of it.
const PROGRAMS: [(&str, &str); 7] = [
    ("nginx", "nginx"),
    ("haproxy", "haproxy"),
    ("caddy", "caddy"),
    ("podman", "podman"),
    ("runc", "runc"),
    ("podman-compose", "podman-compose"),
    ("systemd-analyze", "systemd"),
];

/// Knows the schemas of Kubernetes; a package of PyPI.
const KUBERNETES_VALIDATE: (&str, &str) = ("kubernetes-validate", "1.37.0");

/// Plays through the proxies, runs the container alone and by compose, has systemd read the unit, and checks the manifest.
///
/// # Errors
/// What is missing to run them, or the tests that fail.
pub fn test(workspace: &Workspace) -> anyhow::Result<()> {
    let missing = || PROGRAMS.into_iter().filter(|(program, _)| process::find_program(program).is_none());
    let packages: Vec<_> = missing().map(|(_, package)| package).collect();
    if !packages.is_empty() {
        if !debian::may_install() {
            bail!("missing: {}; on Debian: apt-get install {0}", packages.join(" "));
        }
        debian::install(workspace, &packages)?;
    }
    let (package, version) = KUBERNETES_VALIDATE;
    let validator = pypi::install(workspace, package, version, package)?;
    let mut tests = workspace.cargo_test();
    tests.env("KUBERNETES_VALIDATE", validator);
    tests.env("DRIFTBELT_SERVER", workspace.program(Profile::Release, "game-server"));
    tests.args(["--test", "net", "deploy"]);
    process::run(tests.args(["--", "--ignored"]))
}
