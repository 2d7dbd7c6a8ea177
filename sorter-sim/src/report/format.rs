//! Numbers as people read them.

/// A digest as 16 hexadecimal digits.
///
/// ```
/// assert_eq!(sorter_sim::report::hex(0xBEEF), "000000000000beef");
/// ```
pub fn hex(digest: u64) -> String {
    format!("{digest:016x}")
}

/// A whole number with thousands separators.
pub(super) fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number that may be rounded to a whole one, with thousands separators; not a number as `-`.
pub(super) fn rounded(number: f64) -> String {
    // `as` saturates, so even an absurd rate prints.
    if number.is_finite() && number >= 0.0 { whole(number.round() as u64) } else { "-".to_owned() }
}

/// A part of a whole in per cent; a part of nothing as `-`.
pub(super) fn percent(part: u64, whole: u64, decimals: usize) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.decimals$} %", 100.0 * part as f64 / whole as f64) }
}

/// A part of a whole in parts per million; a part of nothing as `-`.
pub(super) fn ppm(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.2} ppm", 1e6 * part as f64 / whole as f64) }
}

/// A time in nanoseconds with the unit that suits it.
pub(super) fn nanoseconds(time: u64) -> String {
    if time < 10_000 {
        format!("{} ns", whole(time))
    } else if time < 10_000_000 {
        format!("{:.1} us", time as f64 / 1e3)
    } else {
        format!("{:.1} ms", time as f64 / 1e6)
    }
}

/// Seconds as hours and minutes.
pub(super) fn hours(seconds: f64) -> String {
    // `as` saturates, and a simulated day is far below 2^64 seconds.
    let minutes = (seconds.max(0.0) / 60.0).round() as u64;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

/// Seconds with the two units that suit them.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 59.95 {
        return format!("{:.1} s", seconds.max(0.0));
    }
    // `as` saturates, so even an absurd time prints.
    let whole_seconds = seconds.round() as u64;
    if whole_seconds < 3_600 {
        format!("{} min {:02} s", whole_seconds / 60, whole_seconds % 60)
    } else {
        hours(seconds)
    }
}

/// A text of at most `width` characters; a longer one is cut and ends in an ellipsis.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

/// A bar of at most `width` blocks for a part of the largest.
pub(super) fn bar(part: u64, largest: u64, width: u64) -> String {
    let blocks = (part * width + largest / 2).checked_div(largest).unwrap_or(0);
    "█".repeat(usize::try_from(blocks).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (5_000_000, "5,000,000")] {
            assert_eq!(whole(number), text);
        }
        assert_eq!(rounded(1_234.5), "1,235");
        assert_eq!(rounded(f64::NAN), "-");
    }

    #[test]
    fn shares_of_nothing_are_a_dash() {
        assert_eq!((percent(0, 0, 1).as_str(), ppm(1, 0).as_str()), ("-", "-"));
        assert_eq!((percent(1, 8, 1).as_str(), ppm(1, 400_000).as_str()), ("12.5 %", "2.50 ppm"));
    }

    #[test]
    fn times_have_the_unit_that_suits_them() {
        assert_eq!(nanoseconds(431), "431 ns");
        assert_eq!(nanoseconds(25_300), "25.3 us");
        assert_eq!(nanoseconds(25_300_000), "25.3 ms");
        assert_eq!(hours(86_400.0 + 119.0), "24 h 02 min");
        let told = [(0.0, "0.0 s"), (59.9, "59.9 s"), (59.96, "1 min 00 s"), (3_599.6, "1 h 00 min")];
        for (seconds, text) in told {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn long_names_are_cut_to_their_width() {
        assert_eq!(cut("FR:Île", 6), "FR:Île");
        assert_eq!(cut("FR:Île-de-France", 6), "FR:Îl…");
    }

    #[test]
    fn the_longest_bar_is_that_of_the_largest() {
        assert_eq!(bar(50, 100, 10), "█████");
        assert_eq!(bar(100, 100, 10).chars().count(), 10);
        assert_eq!(bar(5, 0, 10), "");
    }
}
