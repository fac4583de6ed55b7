//! Both real ends, the room and the browser's core, over a simulated link, in virtual time.

mod abilities;
mod bad_link;
mod chat;
mod cheats;
mod crowd;
mod evidence;
mod guest;
mod interest;
mod ledger;
mod networks;
mod overload;
mod pair;
mod rewind;
mod storm;
