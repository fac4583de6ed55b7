//! Rooms behind a password. The seal in a room's name says which password opens it, so a room that is restored is as closed as it
//! was, and nothing is stored but one key for all rooms.

use crate::files::write_secret;
use ring::hmac;
use room::by_network::ByNetwork;
use shared::message::Password;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Before the code of a room behind a password.
const PREFIX: &str = "locked-";
/// The file of the key in the directory for data.
const KEY_FILE: &str = "rooms.key";
const KEY_BYTES: usize = 32;
/// Characters of a seal: 50 bits. It can only be guessed online.
const SEAL_CHARS: usize = 10;
/// The letters of seals: none looks like another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Longest password, in bytes.
pub const PASSWORD_LIMIT_BYTES: usize = 64;
/// Wrong passwords that a network may try within [`WRONG_PASSWORDS_WINDOW`].
pub const WRONG_PASSWORDS_LIMIT: u32 = 10;
pub const WRONG_PASSWORDS_WINDOW: Duration = Duration::from_secs(60);
/// With records of more networks, those out of their window are forgotten.
const SWEEP_FLOOR_NETWORKS: usize = 1024;

/// Why a password does not open a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    Wrong,
    TooManyWrong,
    /// What follows the prefix is no code.
    BadCode,
}

/// What turns passwords into seals, and the wrong ones of late.
#[derive(Clone, Debug)]
pub struct Locks {
    key: hmac::Key,
    wrong: Arc<Mutex<ByNetwork<WrongPasswords>>>,
}

#[derive(Clone, Copy, Debug)]
struct WrongPasswords {
    since: Instant,
    count: u32,
}

impl Locks {
    /// Locks with the key of this directory, which is made if there is none.
    ///
    /// # Errors
    /// If the key can be neither read nor written.
    pub fn open(directory: &Path) -> io::Result<Locks> {
        let file = directory.join(KEY_FILE);
        match std::fs::read(&file) {
            Ok(key) if key.len() == KEY_BYTES => Ok(Locks::with_key(&key)),
            Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it is damaged: remove it")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = random_key()?;
                std::fs::create_dir_all(directory)?;
                write_secret(&file, &key)?;
                Ok(Locks::with_key(&key))
            }
            Err(error) => Err(error),
        }
    }

    /// Locks whose key ends with the process.
    pub fn for_now() -> io::Result<Locks> {
        random_key().map(|key| Locks::with_key(&key))
    }

    fn with_key(key: &[u8]) -> Locks {
        let wrong = Arc::new(Mutex::new(ByNetwork::new(SWEEP_FLOOR_NETWORKS)));
        Locks { key: hmac::Key::new(hmac::HMAC_SHA256, key), wrong }
    }

    /// The whole name of the room that was asked for: with its seal, if it is behind a password. `running` are the names of the
    /// rooms that run: a code has one password at a time.
    pub fn unlock<'a>(
        &self,
        asked: &str,
        password: Option<&Password>,
        network: IpAddr,
        mut running: impl Iterator<Item = &'a str>,
        now: Instant,
    ) -> Result<String, Locked> {
        let Some(locked) = asked.strip_prefix(PREFIX) else { return Ok(asked.into()) };
        let code = locked.split('-').next().filter(|code| !code.is_empty()).ok_or(Locked::BadCode)?;
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let is_idle = |wrong: &WrongPasswords| now.duration_since(wrong.since) >= WRONG_PASSWORDS_WINDOW;
        let wrong = wrong.get_or_insert_with(network, is_idle, || WrongPasswords { since: now, count: 0 });
        if is_idle(wrong) {
            *wrong = WrongPasswords { since: now, count: 0 };
        }
        if wrong.count >= WRONG_PASSWORDS_LIMIT {
            return Err(Locked::TooManyWrong);
        }
        let start = format!("{PREFIX}{code}-");
        let fits = |password: &&Password| (1..=PASSWORD_LIMIT_BYTES).contains(&password.0.len());
        let name = password.filter(fits).map(|password| start.clone() + &self.seal(code, password));
        let is_right = |name: &String| match locked.len() == code.len() {
            true => running.find(|other| other.starts_with(&start)).is_none_or(|other| other == name),
            false => asked == name,
        };
        let right = name.filter(is_right);
        wrong.count += u32::from(right.is_none());
        right.ok_or(Locked::Wrong)
    }

    fn seal(&self, code: &str, password: &Password) -> String {
        let tag = hmac::sign(&self.key, format!("{code}\n{}", password.0).as_bytes());
        let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
        tag.as_ref().iter().take(SEAL_CHARS).map(letter).collect()
    }
}

fn random_key() -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    Ok(key)
}

/// Whether a room of this name is behind a password.
pub fn is_locked(name: &str) -> bool {
    name.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const NETWORK: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn password(text: &str) -> Password {
        Password(text.into())
    }

    #[test]
    fn a_name_keeps_its_password_over_restarts_and_only_the_right_one_opens_it() {
        let home = tempfile::tempdir().unwrap();
        let now = Instant::now();
        let unlock = |name: &str, given: Option<&str>, running: &[&str]| {
            let locks = Locks::open(home.path()).expect("a key");
            let given = given.map(password);
            locks.unlock(name, given.as_ref(), NETWORK, running.iter().copied(), now)
        };
        let name = unlock("locked-ours", Some("sésame"), &[]).expect("a new room");
        assert!(
            name.starts_with("locked-ours-") && name.len() == "locked-ours-".len() + SEAL_CHARS,
            "{name}"
        );
        assert_eq!(unlock(&name, Some("sésame"), &[]), Ok(name.clone()));
        assert_eq!(unlock("locked-ours", Some("sésame"), &[&name]), Ok(name.clone()));
        for given in [None, Some(""), Some("sesame")] {
            assert_eq!(unlock(&name, given, &[&name]), Err(Locked::Wrong), "{given:?}");
            assert_eq!(unlock("locked-ours", given, &[&name]), Err(Locked::Wrong), "{given:?}");
        }
        let long = "x".repeat(PASSWORD_LIMIT_BYTES + 1);
        assert_eq!(unlock("locked-ours", Some(&long), &[]), Err(Locked::Wrong));
        assert!(unlock("locked-ours", Some(&long[1..]), &[]).is_ok());
        assert_eq!(unlock("locked-", Some("sésame"), &[]), Err(Locked::BadCode));
        assert_eq!(unlock("belt-1", None, &[]), Ok("belt-1".into()));
    }

    #[test]
    fn a_network_that_guesses_has_to_wait() {
        let locks = Locks::for_now().expect("randomness");
        let now = Instant::now();
        let right = password("right");
        let name =
            locks.unlock("locked-ours", Some(&right), NETWORK, [].into_iter(), now).expect("a new room");
        let guess = |given: &str, network, now| {
            locks.unlock(&name, Some(&password(given)), network, [].into_iter(), now).map(drop)
        };
        for number in 0..WRONG_PASSWORDS_LIMIT {
            assert_eq!(guess(&number.to_string(), NETWORK, now), Err(Locked::Wrong));
        }
        assert_eq!(guess("right", NETWORK, now), Err(Locked::TooManyWrong));
        assert_eq!(guess("right", Ipv4Addr::new(192, 0, 2, 2).into(), now), Ok(()));
        assert_eq!(guess("right", NETWORK, now + WRONG_PASSWORDS_WINDOW), Ok(()));
    }
}
