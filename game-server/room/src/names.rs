//! Names in use in a room: no two look alike, and a name that is taken gets a number at the same cost whether one player or
//! thousands have it.

use crate::speech::look;
use shared::text::{NAME_LIMIT_CHARS, Name};
use std::collections::{BTreeMap, BTreeSet};

/// Names that are equal up to here share a counter: a number of five digits and its space fit behind.
const STEM_CHARS: usize = NAME_LIMIT_CHARS - 6;
/// The first name of a look has no number.
const FIRST_NUMBER: u32 = 2;
/// Numbers that are tried at growing distances before every number is tried.
const LEAPS: u32 = 16;

/// The names in use.
#[derive(Default)]
pub struct Names {
    looks: BTreeSet<String>,
    /// By the look of the name as it was asked for, cut to [`STEM_CHARS`].
    stems: BTreeMap<String, Stem>,
    #[cfg(test)]
    probes: usize,
}

/// What names with the same beginning share.
struct Stem {
    holders: usize,
    next_number: u32,
}

/// A name in use, until [released](Names::release).
pub struct HeldName {
    /// As others see it.
    pub name: Name,
    look: String,
    stem: String,
}

impl Names {
    /// Takes the name, with a number behind it if its look is in use.
    pub fn take(&mut self, name: Name) -> HeldName {
        let stem_look = look(&cut(&name, STEM_CHARS));
        let next = self.stems.get(&stem_look).map_or(FIRST_NUMBER, |stem| stem.next_number);
        let mut free = (name.clone(), look(name.as_str()), next);
        if !self.is_free(&free.1) {
            // Players may have chosen the next numbers as names: growing steps pass them in a few probes.
            let leaps = (0..LEAPS).map(|leap| next.saturating_add((1 << leap) - 1));
            for number in leaps.chain(FIRST_NUMBER..) {
                let name = numbered(&name, number);
                free = (name.clone(), look(name.as_str()), number.saturating_add(1));
                if self.is_free(&free.1) {
                    break;
                }
            }
        }
        let (name, look, next_number) = free;
        self.hold(HeldName { name, look, stem: stem_look }, next_number)
    }

    /// Takes the name of a seat in a recording as it is.
    pub fn restore(&mut self, name: Name) -> HeldName {
        let stem = look(&cut(&name, STEM_CHARS));
        self.hold(HeldName { look: look(name.as_str()), name, stem }, FIRST_NUMBER)
    }

    fn hold(&mut self, held: HeldName, next_number: u32) -> HeldName {
        self.looks.insert(held.look.clone());
        let stem = self.stems.entry(held.stem.clone()).or_insert(Stem { holders: 0, next_number });
        stem.holders += 1;
        stem.next_number = next_number;
        held
    }

    /// The name is in use no longer.
    pub fn release(&mut self, held: &HeldName) {
        self.looks.remove(&held.look);
        let Some(stem) = self.stems.get_mut(&held.stem) else { return };
        stem.holders -= 1;
        if stem.holders == 0 {
            self.stems.remove(&held.stem);
        }
    }

    fn is_free(&mut self, look: &str) -> bool {
        #[cfg(test)]
        (self.probes += 1);
        !self.looks.contains(look)
    }
}

fn numbered(name: &Name, number: u32) -> Name {
    let number = format!(" {number}");
    Name::from_input(&(cut(name, NAME_LIMIT_CHARS - number.len()) + &number))
}

fn cut(name: &Name, chars: usize) -> String {
    name.as_str().chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(names: &mut Names, text: &str) -> HeldName {
        names.take(Name::from_input(text))
    }

    #[test]
    fn names_that_look_the_same_get_numbers() {
        let mut names = Names::default();
        let mut enter = |text: &str| take(&mut names, text).name.as_str().to_owned();
        assert_eq!(enter("Ada"), "Ada");
        assert_eq!(enter("ada"), "ada 2");
        assert_eq!(enter("Аdа"), "Аdа 3", "Cyrillic А and а");
        assert_eq!(enter("Adam"), "Adam");
        assert_eq!(enter("Bartholomew Jojo"), "Bartholomew Jojo");
        assert_eq!(enter("Bartholomew Jojo"), "Bartholomew Jo 2");
        assert_eq!(enter("Bartholomew Jova"), "Bartholomew Jova");
        assert_eq!(enter("Bartholomew Jova"), "Bartholomew Jo 3");
    }

    #[test]
    fn a_name_that_was_released_is_free_again() {
        let mut names = Names::default();
        let held = [take(&mut names, "Ada"), take(&mut names, "Ada")];
        held.iter().for_each(|held| names.release(held));
        assert!(names.looks.is_empty() && names.stems.is_empty());
        assert_eq!(take(&mut names, "ada").name.as_str(), "ada");
    }

    #[test]
    fn a_taken_name_costs_the_same_for_one_player_and_for_thousands() {
        let mut names = Names::default();
        let mut probes = |text: &str| {
            names.probes = 0;
            take(&mut names, text);
            names.probes
        };
        probes("Pilot");
        assert!((0..5000).all(|_| probes("Pilot") == 2), "the name and the next number");
        assert!((0..5000).all(|number| probes(&format!("Miner {number}")) == 1));
        probes("Miner");
        assert!((0..100).all(|_| probes("Miner") <= 2 + LEAPS as usize), "numbers that were chosen as names");
    }
}
