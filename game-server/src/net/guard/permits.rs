//! Limits of the number of connections, and the permits that count against them until dropped.

use metrics::{Gauge, gauge};
use std::sync::Arc;
use tokio::sync::watch;

/// Counts connections up to a limit.
pub struct ConnectionLimit {
    count: watch::Sender<usize>,
    limit: usize,
    gauge: Gauge,
}

/// Counts as one connection until dropped.
pub struct Permit(Arc<ConnectionLimit>);

impl ConnectionLimit {
    /// The gauge of this name shows the count.
    pub fn new(gauge: &'static str, limit: usize) -> Arc<ConnectionLimit> {
        Arc::new(ConnectionLimit { count: watch::Sender::new(0), limit, gauge: gauge!(gauge) })
    }

    /// `None` if the limit is reached.
    pub fn acquire(self: &Arc<ConnectionLimit>) -> Option<Permit> {
        let is_acquired = self.count.send_if_modified(|count| {
            let is_free = *count < self.limit;
            *count += usize::from(is_free);
            is_free
        });
        is_acquired.then(|| {
            self.gauge.increment(1);
            Permit(self.clone())
        })
    }

    pub fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until every permit is dropped.
    pub async fn emptied(&self) {
        // Fails only if the sender is dropped, which `self` holds.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.count.send_modify(|count| *count -= 1);
        self.0.gauge.decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_permit_can_be_acquired_again() {
        let limit = ConnectionLimit::new("test_connections", 2);
        let first = limit.acquire().unwrap();
        let _second = limit.acquire().unwrap();
        assert!(limit.acquire().is_none());
        drop(first);
        assert_eq!(limit.count(), 1);
        assert!(limit.acquire().is_some());
    }
}
