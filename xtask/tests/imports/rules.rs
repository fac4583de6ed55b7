//! The import table for Rust, as data, and the check of one file against it.

use crate::paths::{Mention, mentions};
use crate::{Breach, Source};

/// Something that a folder never names.
#[derive(Clone, Copy, Debug)]
pub enum Ban {
    /// A path and everything below it: `std::time`.
    Path(&'static str),
    /// A crate, however it is reached: `tokio`.
    Crate(&'static str),
    /// An identifier at any place of a path: `HashMap`.
    Name(&'static str),
}

/// What a part of the tree never names, and where that is allowed nevertheless.
pub struct Rule {
    /// Why, in the words a reader gets to see.
    pub reason: &'static str,
    /// Modules from the root of the repository: `a/src/net` is `a/src/net.rs` and all of `a/src/net/`.
    pub modules: &'static [&'static str],
    /// Modules that are exempt.
    pub except: &'static [&'static str],
    /// What must not be named.
    pub never: &'static [Ban],
}

use Ban::{Crate, Name, Path};

/// The table.
pub const RULES: &[Rule] = &[
    Rule {
        reason: "shared and sim are pure: no clock, no IO, no thread, no environment",
        modules: &["shared/src", "shared/sim/src"],
        except: &[],
        never: &[
            Path("std::time"),
            Path("std::fs"),
            Path("std::net"),
            Path("std::thread"),
            Path("std::env"),
            Path("std::process"),
            Crate("tokio"),
        ],
    },
    Rule {
        reason: "shared and sim iterate in a fixed order: take a BTreeMap or a sorted Vec",
        modules: &["shared/src", "shared/sim/src"],
        except: &[],
        never: &[Name("HashMap"), Name("HashSet")],
    },
    Rule {
        reason: "shared knows no ECS",
        modules: &["shared/src"],
        except: &[],
        never: &[Crate("bevy_ecs")],
    },
    Rule {
        reason: "the byte format is known in shared/src/codec.rs only",
        modules: &["shared", "game-server", "client-web/core"],
        except: &["shared/src/codec"],
        never: &[Crate("bincode")],
    },
    Rule {
        reason: "sim knows no bytes, and its only randomness is the seeded generator in the world",
        modules: &["shared/sim/src"],
        except: &[],
        never: &[Path("shared::codec"), Path("rand::rng"), Path("rand::random")],
    },
    Rule {
        reason: "sessions and replication know no socket, no clock, no file, no simulation",
        modules: &["game-server/src/sessions", "game-server/src/replication"],
        except: &[],
        never: &[Crate("tokio"), Path("std::time"), Path("std::fs"), Crate("sim")],
    },
    Rule {
        reason: "net knows no entity",
        modules: &["game-server/src/net"],
        except: &[],
        never: &[Crate("sim"), Path("crate::replication")],
    },
    Rule {
        reason: "a room is told which tick it is: no socket, no clock, no file",
        modules: &["game-server/src/room", "game-server/src/rooms"],
        except: &[],
        never: &[Crate("tokio"), Path("std::time"), Path("std::fs")],
    },
    Rule {
        reason: "the client core is told the time and handed the bytes",
        modules: &["client-web/core/src"],
        except: &[],
        never: &[Path("std::time"), Path("std::fs"), Path("std::net"), Path("std::thread")],
    },
    Rule {
        reason: "only bindings.rs knows the browser",
        modules: &["client-web/core/src"],
        except: &["client-web/core/src/bindings"],
        never: &[
            Name("wasm_bindgen"),
            Name("serde_wasm_bindgen"),
            Crate("js_sys"),
            Crate("web_sys"),
            Crate("wasm_bindgen_futures"),
        ],
    },
    Rule {
        reason: "the client decides no outcome: it simulates replays only",
        modules: &["client-web/core/src"],
        except: &["client-web/core/src/replay", "client-web/core/src/bindings"],
        never: &[Crate("sim")],
    },
];

/// Every line of the file that breaks a rule.
pub fn check(source: &Source) -> Vec<Breach> {
    let is_test = source.file.ends_with("/tests.rs") || source.file.contains("/tests/");
    if is_test {
        return Vec::new();
    }
    let named = mentions(&source.file, &source.text);
    let mut breaches = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.governs(&source.file)) {
        for mention in named.iter().filter(|mention| rule.never.iter().any(|ban| ban.hits(mention))) {
            breaches.push(Breach {
                file: source.file.clone(),
                line: mention.line,
                message: format!("`{}` is named, but {}", mention.segments.join("::"), rule.reason),
            });
        }
    }
    breaches.sort();
    breaches
}

impl Rule {
    fn governs(&self, file: &str) -> bool {
        let is_in = |module: &&str| {
            file.strip_prefix(*module).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
        };
        self.modules.iter().any(&is_in) && !self.except.iter().any(is_in)
    }
}

impl Ban {
    fn hits(self, mention: &Mention) -> bool {
        let segments = &mention.segments;
        match self {
            Self::Name(name) => segments.iter().any(|segment| segment == name),
            // A lone word may be a variable; a crate is followed by `::` or stands in a `use`, glob or not.
            Self::Crate(name) => segments[0] == name && segments.len() > 1,
            Self::Path(path) => {
                let banned: Vec<&str> = path.split("::").collect();
                let is_glob_above = segments.last().is_some_and(|last| last == "*")
                    && segments.len() <= banned.len()
                    && segments.iter().zip(&banned).take(segments.len() - 1).all(|(a, b)| a == b);
                is_glob_above
                    || (segments.len() >= banned.len() && segments.iter().zip(&banned).all(|(a, b)| a == b))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ban, RULES, check};
    use crate::Source;

    fn lines_broken(file: &str, text: &str) -> Vec<usize> {
        let source = Source { file: file.to_owned(), text: text.to_owned() };
        check(&source).iter().map(|breach| breach.line).collect()
    }

    fn offending_path(ban: Ban) -> String {
        match ban {
            Ban::Path(path) => path.to_owned(),
            Ban::Crate(name) => format!("{name}::thing"),
            Ban::Name(name) => format!("somewhere::{name}"),
        }
    }

    #[test]
    fn every_ban_of_every_rule_can_fail() {
        for rule in RULES {
            for (module, ban) in
                rule.modules.iter().flat_map(|module| rule.never.iter().map(move |ban| (module, *ban)))
            {
                let path = offending_path(ban);
                let (parent, leaf) = path.rsplit_once("::").expect("offending paths have two segments");
                let texts = [
                    format!("//! x\nuse {path};"),
                    format!("//! x\nuse {parent}::{{thing as other,\n {leaf} as alias}};"),
                    format!("//! x\nfn f() {{ let y = {path}::new(); }}"),
                ];
                let file = format!("{module}/deep/file.rs");
                assert_eq!(lines_broken(&file, &texts[0]), [2], "{ban:?} in a use of {module}");
                assert!(lines_broken(&file, &texts[1]).contains(&3), "{ban:?} in a use tree of {module}");
                assert_eq!(lines_broken(&file, &texts[2]), [2], "{ban:?} in the code of {module}");
            }
        }
    }

    #[test]
    fn comments_strings_tests_and_exempt_files_are_free() {
        for rule in RULES {
            for ban in rule.never {
                let path = offending_path(*ban);
                let file = format!("{}/deep/file.rs", rule.modules[0]);
                let free = format!(
                    "//! {path}\n/* {path} */ const X: &str = \"{path}\";\n#[cfg(test)]\nmod t {{ use {path}; }}"
                );
                assert_eq!(lines_broken(&file, &free), [0; 0], "{ban:?} where it says nothing");
                let used = format!("use {path};");
                for exempt in rule.except {
                    assert_eq!(lines_broken(&format!("{exempt}.rs"), &used), [0; 0], "{ban:?} in {exempt}");
                }
                assert_eq!(lines_broken("xtask/src/main.rs", &used), [0; 0], "{ban:?} outside the table");
            }
        }
    }

    #[test]
    fn detours_are_breaches_too() {
        assert_eq!(
            lines_broken("shared/src/a.rs", "use std::*;").len(),
            1,
            "a glob that holds what is banned"
        );
        assert_eq!(lines_broken("shared/src/a.rs", "use ::tokio::time::sleep;"), [1]);
        assert_eq!(lines_broken("game-server/src/net/http.rs", "use super::super::replication::Grid;"), [1]);
        assert_eq!(lines_broken("game-server/src/room.rs", "use std::time::Duration;"), [1]);
    }

    #[test]
    fn likenesses_are_no_breaches() {
        assert_eq!(lines_broken("game-server/src/sessions/mod.rs", "fn f(sim: u8) { g(sim) }"), [0; 0]);
        assert_eq!(lines_broken("game-server/src/network.rs", "use sim::Sim;"), [0; 0]);
        assert_eq!(lines_broken("shared/src/a.rs", "use std::fmt; use crate::time;"), [0; 0]);
    }
}
