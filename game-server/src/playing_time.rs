//! Ticks as playing time: `1:02:03`, or `2:03.4` where tenths count.

use shared::id::Tick;
use std::time::Duration;

/// Longest playing time that can be asked for: a year.
const PLAYING_TIME_LIMIT_SECONDS: f64 = 366.0 * 24.0 * 3600.0;

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

/// Reads a playing time: hours, minutes and seconds with colons between them, or seconds alone; seconds may have a fraction.
pub fn parse_playing_time(text: &str) -> Result<Duration, String> {
    let mut seconds = 0.0;
    let parts: Vec<&str> = text.trim().split(':').collect();
    let plain =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    for (index, part) in parts.iter().enumerate() {
        let value = part.parse::<f64>().ok().filter(|value| plain(part) && (index == 0 || *value < 60.0));
        let is_whole = index + 1 == parts.len() || !part.contains('.');
        let value = value.filter(|_| is_whole && parts.len() <= 3);
        seconds = seconds * 60.0
            + value.ok_or("must be a time of the recording such as 12:30, 1:02:03.5 or 75.5")?;
    }
    if seconds > PLAYING_TIME_LIMIT_SECONDS {
        return Err("must be less than a year".into());
    }
    Ok(Duration::from_secs_f64(seconds))
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

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, millis) in
            [("12:30", 750_000), ("1:02:03.5", 3_723_500), ("75.5", 75_500), ("0", 0), ("90:00", 5_400_000)]
        {
            assert_eq!(parse_playing_time(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", ":", "1:60", "1:2:3:4", "-5", "1.5:00", "1e9", "inf", "NaN", "12:3o", "99999999999"]
        {
            assert!(parse_playing_time(text).is_err(), "{text}");
        }
    }
}
