//! The engine in memory: one room's log with a leader that can be away, and nothing else of NATS but its answers.

use fleet::Sequence;
use fleet::engine::{Answer, Request, Stored};
use fleet::record::{decode, message_id};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Log {
    records: Vec<Stored>,
    by_id: BTreeMap<String, Sequence>,
    purged_before: Sequence,
    pub has_leader: bool,
}

impl Log {
    pub fn new() -> Log {
        Log { has_leader: true, ..Log::default() }
    }

    /// Every record that was ever appended.
    pub fn records(&self) -> &[Stored] {
        &self.records
    }

    /// What comes of a request that arrives now; `None` if nothing does.
    pub fn answer(&mut self, request: &Request) -> Option<Answer> {
        if !self.has_leader && !matches!(request, Request::Read { .. }) {
            return None;
        }
        let newest = self.records.len() as Sequence;
        Some(match request {
            Request::Append { after, record } => {
                let id = message_id("room", *after);
                // NATS looks at the id first, and acknowledges a repetition whoever sent it.
                if id.as_ref().is_some_and(|id| self.by_id.contains_key(id)) || *after != newest {
                    return Some(Answer::Unsure);
                }
                let (head, bytes) = decode(record).expect("our own record");
                let sequence = newest + 1;
                self.records.push(Stored { sequence, head, bytes: bytes.into() });
                self.by_id.extend(id.map(|id| (id, sequence)));
                Answer::Appended(sequence)
            }
            Request::Last => Answer::Last(self.records.last().cloned()),
            Request::Read { from, to } => {
                assert!(*from >= self.purged_before, "what a room is restored from is kept");
                Answer::Records(self.records[*from as usize - 1..*to as usize].to_vec())
            }
            Request::Purge { before } => {
                self.purged_before = self.purged_before.max(*before);
                Answer::Purged
            }
        })
    }
}
