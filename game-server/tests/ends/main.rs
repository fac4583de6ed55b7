//! Both real ends, the room and the browser's core, over a link of the test's making, in virtual time.

mod bad_link;
mod chat;
mod cheats;
mod crowd;
mod interest;
mod ledger;
mod pair;
mod rewind;
