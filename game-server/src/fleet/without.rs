//! In the place of the engine, in a binary that was built without it.

use crate::host::fleet::FleetOrder;
use fleet::directory::Beat;
use fleet::engine::{Answer, Request};

#[derive(Debug, thiserror::Error)]
#[error("this binary was built without fleets: build it with the cargo feature `fleet`")]
pub struct ConnectError;

pub enum Engine {}

impl Engine {
    pub async fn connect(_: &[String], _: &str) -> Result<Engine, ConnectError> {
        Err(ConnectError)
    }

    pub async fn ask(&self, _: &str, _: Request) -> Answer {
        match *self {}
    }

    pub async fn beat(&self, _: &Beat) {
        match *self {}
    }

    pub async fn ask_beats(&self) {
        match *self {}
    }

    pub async fn tell(&self, _: u64, _: FleetOrder) {
        match *self {}
    }

    pub async fn ask_standing(&self) -> Option<Vec<FleetOrder>> {
        match *self {}
    }

    pub async fn answer_standing(&self, _: Asker, _: &[FleetOrder]) {
        match *self {}
    }

    pub async fn beats(&self) -> Result<Beats, ConnectError> {
        match *self {}
    }
}

pub enum Beats {}

impl Beats {
    pub async fn next(&mut self) -> Option<Heard> {
        match *self {}
    }
}

pub enum Heard {
    Beat(Beat),
    Asked,
    Order { process: u64, order: FleetOrder },
    StandingAsked(Asker),
}

pub enum Asker {}
