//! What a module never names, where clippy cannot tell one module of a crate from another. What a whole crate never
//! names stands in `clippy.toml` and in `manifests.rs`.

use crate::paths::mentions;
use crate::source::{Breach, Source, assert_none, root, rust_sources};

/// What a part of the tree never names.
struct Wall {
    /// Shown to who breaks the rule.
    reason: &'static str,
    /// Modules from the root of the repository: `a/src/net` is `a/src/net.rs` and all of `a/src/net/`.
    modules: &'static [&'static str],
    /// Modules that are exempt.
    except: &'static [&'static str],
    /// Paths and everything below them.
    never: &'static [&'static str],
}

const WALLS: &[Wall] = &[
    Wall {
        reason: "the byte format is known in shared/src/codec.rs only",
        modules: &["shared/src"],
        except: &["shared/src/codec"],
        never: &["bincode"],
    },
    Wall {
        reason: "sim knows no bytes",
        modules: &["shared/sim/src"],
        except: &[],
        never: &["shared::codec", "shared::message", "shared::delta"],
    },
    Wall {
        reason: "sessions and snapshots know no simulation",
        modules: &["game-server/room/src/session", "game-server/room/src/snapshot"],
        except: &[],
        never: &["sim"],
    },
    Wall {
        reason: "net knows no entity",
        modules: &["game-server/src/net"],
        except: &[],
        never: &["sim", "room::snapshot"],
    },
    Wall {
        reason: "only bindings.rs knows the browser",
        modules: &["client-web/core/src"],
        except: &["client-web/core/src/bindings"],
        never: &["wasm_bindgen", "serde_wasm_bindgen"],
    },
    Wall {
        reason: "only bindings.rs knows the browser",
        modules: &["client-web/practice/src"],
        except: &["client-web/practice/src/bindings"],
        never: &["wasm_bindgen"],
    },
    Wall {
        reason: "the client decides no outcome: it simulates replays only",
        modules: &["client-web/core/src"],
        except: &["client-web/core/src/replay"],
        never: &["sim"],
    },
];

#[test]
fn modules_keep_to_their_walls() {
    let gone = WALLS.iter().flat_map(|wall| wall.modules.iter().chain(wall.except)).filter(|module| {
        !root().join(module).is_dir() && !root().join(module).with_extension("rs").is_file()
    });
    assert_eq!(gone.collect::<Vec<_>>(), [&""; 0], "modules of the table that are not there");
    assert_none(&rust_sources().iter().flat_map(check).collect::<Vec<_>>());
}

/// Every line of the file that breaks a rule.
fn check(source: &Source) -> Vec<Breach> {
    let walls: Vec<&Wall> = WALLS.iter().filter(|wall| wall.surrounds(&source.file)).collect();
    if walls.is_empty() || source.file.contains("/tests") {
        return Vec::new();
    }
    let breaches = mentions(source).into_iter().filter_map(|mention| {
        let wall = walls.iter().find(|wall| wall.never.iter().any(|path| leads_to(&mention.path, path)))?;
        let message = format!("`{}` is named, but {}", mention.path.join("::"), wall.reason);
        Some(Breach { file: source.file.clone(), line: mention.line, message })
    });
    breaches.collect()
}

impl Wall {
    fn surrounds(&self, file: &str) -> bool {
        let is_in = |module: &&str| {
            file.strip_prefix(*module).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
        };
        self.modules.iter().any(&is_in) && !self.except.iter().any(is_in)
    }
}

/// Whether a path leads to a banned one, or is a glob that brings it in. A lone word may be a variable; a crate is followed
/// by `::`.
fn leads_to(path: &[String], banned: &str) -> bool {
    let banned: Vec<&str> = banned.split("::").collect();
    let (path, is_glob) = match path {
        [above @ .., glob] if glob == "*" => (above, true),
        path => (path, false),
    };
    let is_deep_enough = is_glob || path.len() > 1 && path.len() >= banned.len();
    is_deep_enough && path.iter().zip(&banned).all(|(a, b)| a == b)
}

#[test]
fn every_ban_of_every_wall_can_fail() {
    let lines = |file: &str, text: &str| {
        let source = Source { file: file.to_owned(), text: text.to_owned() };
        check(&source).iter().map(|breach| breach.line).collect::<Vec<_>>()
    };
    for wall in WALLS {
        for path in wall.never {
            let text = format!("//! {path}::x\nuse {path}::{{a, b}};\nfn f() {{ {path}::new() }}");
            for module in wall.modules {
                assert_eq!(lines(&format!("{module}/deep/file.rs"), &text), [2, 2, 3], "{path} in {module}");
            }
            for exempt in wall.except {
                assert_eq!(lines(&format!("{exempt}.rs"), &text), [0; 0], "{path} in {exempt}");
            }
            assert_eq!(lines("xtask/src/main.rs", &text), [0; 0], "{path} outside the table");
        }
    }
    assert_eq!(lines("game-server/src/net/http.rs", "use room::snapshot::Grid;"), [1]);
    assert_eq!(lines("shared/sim/src/a.rs", "use shared::*;"), [1], "a glob that holds what is banned");
    assert_eq!(lines("shared/sim/src/a.rs", "use shared::id::*;"), [0; 0], "a glob beside it");
    assert_eq!(lines("game-server/src/network.rs", "use sim::Sim;"), [0; 0]);
    assert_eq!(lines("game-server/src/net/http.rs", "fn f(sim: u8) { g(sim) }"), [0; 0]);
}
