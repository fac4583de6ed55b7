//! Ticks as playing time: `1:02:03`, or `2:03.4` where tenths count.

use shared::id::Tick;

/// A number of ticks as minutes and seconds, with hours where there are any.
pub fn playing_time(ticks: u32, tick_rate_hz: u16) -> String {
    let seconds = ticks / u32::from(tick_rate_hz.max(1));
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A tick and when it was, to the tenth of a second: `tick 1234 (0:41.1)`.
pub fn moment(tick: Tick, tick_rate_hz: u16) -> String {
    let rate = u32::from(tick_rate_hz.max(1));
    let tenths = tick.0 % rate * 10 / rate;
    format!("tick {} ({}.{tenths})", tick.0, playing_time(tick.0, tick_rate_hz))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_like_a_clock() {
        assert_eq!(playing_time(0, 30), "0:00");
        assert_eq!(playing_time(30 * 62, 30), "1:02");
        assert_eq!(playing_time(20 * 3723, 20), "1:02:03");
        assert_eq!(moment(Tick(1234), 30), "tick 1234 (0:41.1)");
    }
}
