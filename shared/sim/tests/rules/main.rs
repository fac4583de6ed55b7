//! The rules of the game, one by one, against the shipped assets.

mod abilities;
mod arenas;
mod drones;
mod fights;
mod flight;
mod game;
mod keyframes;
mod mining;
mod modes;
mod rewind;
mod rounds;
mod seats;
mod stations;
