//! A record for each network, of which idle ones are forgotten.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Records by network. Whenever their number has doubled, from a floor on, those that are idle are forgotten, so that the
/// cost per record stays the same however many networks come.
#[derive(Clone, Debug)]
pub struct ByNetwork<T> {
    records: BTreeMap<IpAddr, T>,
    sweep_floor: usize,
    sweep_at: usize,
}

impl<T> ByNetwork<T> {
    /// No record yet; with more than `sweep_floor`, idle ones are forgotten.
    pub fn new(sweep_floor: usize) -> ByNetwork<T> {
        ByNetwork { records: BTreeMap::new(), sweep_floor, sweep_at: sweep_floor }
    }

    /// The record of a network, if there is one.
    pub fn get(&self, network: IpAddr) -> Option<&T> {
        self.records.get(&network)
    }

    /// As [`get`](ByNetwork::get).
    pub fn get_mut(&mut self, network: IpAddr) -> Option<&mut T> {
        self.records.get_mut(&network)
    }

    /// The record of a network, which is made if there is none.
    pub fn get_or_insert_with(
        &mut self,
        network: IpAddr,
        is_idle: impl Fn(&T) -> bool,
        record: impl FnOnce() -> T,
    ) -> &mut T {
        if self.records.len() >= self.sweep_at {
            self.records.retain(|_, record| !is_idle(record));
            self.sweep_at = (2 * self.records.len()).max(self.sweep_floor);
        }
        self.records.entry(network).or_insert_with(record)
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}
