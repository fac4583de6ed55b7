//! Access to matches and recordings: a setting of the host, by the kind of room.

use crate::host::lobby::is_public;
use clap::ValueEnum;

/// Which matches may be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Watch {
    /// None
    Nobody,
    /// Those of rooms that the server opens for everybody; rooms of invite links are closed
    Public,
    /// All
    Everybody,
}

impl Watch {
    pub fn opens(self, room: &str) -> bool {
        match self {
            Watch::Nobody => false,
            Watch::Public => is_public(room),
            Watch::Everybody => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_of_invite_links_are_closed_unless_the_host_opens_them() {
        for (room, public) in
            [("belt-1", true), ("belt-41", true), ("belt-", false), ("belt-x", false), ("ours", false)]
        {
            let opens = [Watch::Nobody, Watch::Public, Watch::Everybody].map(|watch| watch.opens(room));
            assert_eq!(opens, [false, public, true], "{room}");
        }
    }
}
