//! Input → ack: how much the server adds between a player's input and the snapshot that contains it.
//!
//! A client sends the input for tick T before T is due, on purpose. So the latency is the time from sending the frame of
//! tick T to the first snapshot whose `input_ack` has reached T, less one tick for every tick from the first snapshot by
//! which the server had the frame (its `tick + input_lead` has reached T) to T itself. A frame that comes late is charged
//! in full. An ideal server, asked at random moments, adds half a tick.

use shared::codec::{decode_client, decode_server};
use shared::id::Tick;
use shared::message::{ClientMessage, ServerMessage};

/// Between two measurements of one player, in microseconds.
const INTERVAL_MICROS: u64 = 250_000;

/// An input in flight.
#[derive(Clone, Copy, Debug)]
struct Sent {
    tick: Tick,
    at_micros: u64,
    /// The first snapshot whose ack covers the frame.
    had_at: Option<Tick>,
}

/// Measures one input at a time, to keep the cost low.
#[derive(Clone, Copy, Debug, Default)]
pub struct Probe {
    sent: Option<Sent>,
    next_micros: u64,
}

/// An input that has come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acked {
    /// From sending to the snapshot with the ack, in microseconds.
    pub whole_micros: u64,
    /// The same without the ticks by which the frame was early.
    pub added_micros: u64,
}

impl Probe {
    /// A message has been sent.
    pub fn sent(&mut self, message: &[u8], now_micros: u64) {
        if self.sent.is_some() || now_micros < self.next_micros {
            return;
        }
        if let Ok(ClientMessage::Input(input)) = decode_client(message)
            && let Some(newest) = input.frames.last()
        {
            self.sent = Some(Sent { tick: newest.tick, at_micros: now_micros, had_at: None });
            self.next_micros = now_micros + INTERVAL_MICROS;
        }
    }

    /// A message has come; `tick_micros` is the length of a tick.
    pub fn received(&mut self, message: &[u8], tick_micros: u64, now_micros: u64) -> Option<Acked> {
        let sent = self.sent.as_mut()?;
        let Ok(ServerMessage::Snapshot(snapshot)) = decode_server(message) else { return None };
        let newest = i64::from(snapshot.tick.0) + i64::from(snapshot.input_lead);
        if sent.had_at.is_none() && newest >= i64::from(sent.tick.0) {
            sent.had_at = Some(snapshot.tick);
        }
        if snapshot.input_ack < sent.tick {
            return None;
        }
        let early_ticks = sent.had_at.map_or(0, |had| u64::from(sent.tick.since(had)));
        let whole_micros = now_micros.saturating_sub(sent.at_micros);
        let added_micros = whole_micros.saturating_sub(early_ticks * tick_micros);
        self.sent = None;
        Some(Acked { whole_micros, added_micros })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::codec::{encode_client, encode_server};
    use shared::input::{Controls, InputFrame};
    use shared::message::{Input, Own, Snapshot};
    use std::borrow::Cow;

    const TICK_MICROS: u64 = 33_333;

    fn input(tick: u32) -> Vec<u8> {
        let frames = [InputFrame { tick: Tick(tick), controls: Controls::default() }].into_iter().collect();
        let mut bytes = Vec::new();
        encode_client(&ClientMessage::Input(Input { ack: Tick(1), frames }), &mut bytes);
        bytes
    }

    fn snapshot(tick: u32, input_ack: u32, input_lead: i8) -> Vec<u8> {
        let mut bytes = Vec::new();
        let snapshot = Snapshot {
            tick: Tick(tick),
            fresh: false,
            input_ack: Tick(input_ack),
            input_lead,
            own: Own::default(),
            events: Vec::new(),
            delta: Cow::Borrowed(&[0]),
        };
        encode_server(&ServerMessage::Snapshot(snapshot), &mut bytes);
        bytes
    }

    #[test]
    fn the_lead_of_an_early_frame_is_not_the_servers_doing() {
        let mut probe = Probe::default();
        probe.sent(&input(102), 1_000_000);
        assert_eq!(
            probe.received(&snapshot(99, 99, 2), TICK_MICROS, 1_005_000),
            None,
            "sent before it arrived"
        );
        assert_eq!(
            probe.received(&snapshot(100, 100, 2), TICK_MICROS, 1_020_000),
            None,
            "it is there, two early"
        );
        assert_eq!(probe.received(&snapshot(101, 101, 2), TICK_MICROS, 1_053_333), None);
        let acked = probe.received(&snapshot(102, 102, 2), TICK_MICROS, 1_086_666);
        assert_eq!(acked, Some(Acked { whole_micros: 86_666, added_micros: 20_000 }));
    }

    #[test]
    fn a_late_frame_is_charged_in_full() {
        let mut probe = Probe::default();
        probe.sent(&input(102), 0);
        let acked = probe.received(&snapshot(105, 102, -3), TICK_MICROS, 40_000);
        assert_eq!(acked, Some(Acked { whole_micros: 40_000, added_micros: 40_000 }));
    }

    #[test]
    fn one_input_at_a_time_and_not_too_often() {
        let mut probe = Probe::default();
        probe.sent(&input(10), 0);
        probe.sent(&input(11), 1_000);
        assert!(probe.received(&snapshot(10, 10, 0), TICK_MICROS, 5_000).is_some(), "the first one");
        probe.sent(&input(12), 6_000);
        assert!(probe.received(&snapshot(12, 12, 0), TICK_MICROS, 7_000).is_none(), "too soon");
        probe.sent(&input(30), INTERVAL_MICROS);
        assert!(probe.received(&snapshot(30, 30, 0), TICK_MICROS, INTERVAL_MICROS + 1).is_some());
    }
}
