//! What players have reported about each other: the newest, for administrators.

use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Reports that are kept; beyond it, the oldest are dropped.
pub const REPORTS_LIMIT: usize = 500;

/// A report of one player by another one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub at: String,
    pub room: String,
    /// The recording in which it happened.
    pub file: Option<String>,
    pub tick: u32,
    pub reporter: Party,
    pub reported: Party,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Party {
    pub player: u32,
    pub name: String,
}

/// The reports of all rooms.
#[derive(Debug, Default)]
pub struct Reports {
    kept: Mutex<Kept>,
    /// A report has come in.
    came: Notify,
}

#[derive(Debug, Default)]
struct Kept {
    reports: VecDeque<Report>,
    /// How many of the newest [`Reports::unlogged`] has not returned.
    unlogged: usize,
}

impl Reports {
    pub fn add(&self, report: Report) {
        let mut kept = self.kept();
        if kept.reports.len() == REPORTS_LIMIT {
            kept.reports.pop_front();
        }
        kept.reports.push_back(report);
        kept.unlogged = (kept.unlogged + 1).min(REPORTS_LIMIT);
        self.came.notify_one();
    }

    /// All that are kept, the newest first.
    pub fn all(&self) -> Vec<Report> {
        self.kept().reports.iter().rev().cloned().collect()
    }

    /// How many are kept about a player of a room.
    pub fn count(&self, room: &str, player: u32) -> usize {
        let is_about = |report: &&Report| report.room == room && report.reported.player == player;
        self.kept().reports.iter().filter(is_about).count()
    }

    /// Waits for reports that it has not returned before.
    pub async fn unlogged(&self) -> Vec<Report> {
        loop {
            {
                let mut kept = self.kept();
                let count = std::mem::take(&mut kept.unlogged);
                if count > 0 {
                    let known = kept.reports.len() - count;
                    return kept.reports.iter().skip(known).cloned().collect();
                }
            }
            self.came.notified().await;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(tick: u32) -> Report {
        let party = |player| Party { player, name: format!("P{player}") };
        Report {
            at: "2026-11-21T07:00:00Z".into(),
            room: "belt-1".into(),
            file: None,
            tick,
            reporter: party(1),
            reported: party(2),
            reason: String::new(),
        }
    }

    #[tokio::test]
    async fn the_newest_are_kept_and_each_is_logged_once() {
        let reports = Reports::default();
        (0..10).for_each(|tick| reports.add(report(tick)));
        assert_eq!(reports.unlogged().await, (0..10).map(report).collect::<Vec<_>>());
        (10..10 + REPORTS_LIMIT as u32).for_each(|tick| reports.add(report(tick)));
        assert_eq!(reports.unlogged().await.len(), REPORTS_LIMIT);
        let ticks: Vec<_> = reports.all().iter().map(|report| report.tick).collect();
        assert!(ticks.iter().copied().eq((10..10 + REPORTS_LIMIT as u32).rev()), "the newest first");
        assert_eq!((reports.count("belt-1", 2), reports.count("belt-1", 1)), (REPORTS_LIMIT, 0));
        assert_eq!(reports.count("belt-2", 2), 0);
    }
}
