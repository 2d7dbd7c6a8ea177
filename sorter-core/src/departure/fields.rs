//! Single fields of a schedule.

use super::{DAYS, Mode};
use crate::units::{Grams, Micros};

/// What is wrong with a field: the code and the message.
pub(super) type Refusal = (&'static str, String);

/// The longest lead of a cut-off and of a closing, in minutes: 24 h.
pub(super) const LONGEST_LEAD_MIN: i64 = 24 * 60;

/// The longest id, in bytes.
const LONGEST_ID: usize = 16;

/// The longest origin or destination, in bytes.
const LONGEST_PLACE: usize = 64;

/// The heaviest load of one departure that is believed, in tonnes. The largest freighter carries 250 t.
const HEAVIEST_T: u32 = 1_000;

/// How much of a refused field a message shows, in characters.
const SHOWN: usize = 40;

/// A field as messages show it: short, and without control characters.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(SHOWN).flat_map(char::escape_debug).collect()
}

pub(super) fn mode(text: &str) -> Result<Mode, Refusal> {
    Mode::from_key(text)
        .ok_or_else(|| ("DS0005", format!("kind `{}` is neither truck nor flight", shown(text))))
}

pub(super) fn id(text: &str) -> Result<String, Refusal> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.is_empty() || text.len() > LONGEST_ID || !text.bytes().all(allowed) {
        let message =
            format!("id `{}` is not 1 to {LONGEST_ID} letters, digits, hyphens or underscores", shown(text));
        return Err(("DS0006", message));
    }
    Ok(text.to_owned())
}

/// A day as seconds since Monday 00:00.
pub(super) fn day(text: &str) -> Result<u64, Refusal> {
    (0..)
        .zip(DAYS)
        .find(|(_, name)| *name == text)
        .map(|(number, _): (u64, _)| number * 86_400)
        .ok_or_else(|| ("DS0008", format!("day `{}` is not {}", shown(text), DAYS.join(", "))))
}

/// A time of the day as seconds since 00:00.
pub(super) fn time(text: &str) -> Result<u64, Refusal> {
    two_digits(text)
        .map(|(hour, minute)| hour * 3_600 + minute * 60)
        .ok_or_else(|| ("DS0009", format!("time `{}` is not 00:00 to 23:59", shown(text))))
}

fn two_digits(text: &str) -> Option<(u64, u64)> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str, limit: u64| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|value| digits && *value < limit)
    };
    Some((number(hour, 24)?, number(minute, 60)?))
}

/// An origin or a destination.
pub(super) fn place(column: &str, text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Err(("DS0011", format!("the {column} is empty")));
    }
    if text.len() > LONGEST_PLACE || text.chars().any(char::is_control) {
        let message = format!(
            "{column} `{}` is longer than {LONGEST_PLACE} bytes or has control characters",
            shown(text)
        );
        return Err(("DS0011", message));
    }
    Ok(())
}

/// The lead of a cut-off before its departure; `name` says which departure, such as `truck T07`.
pub(super) fn cut_off_lead(text: &str, default: u64, name: &str) -> Result<Micros, Refusal> {
    match lead(text, default) {
        Some(minutes) if minutes < 0 => {
            Err(("DS0012", format!("{name} has its cut-off {} min after it departs", minutes.unsigned_abs())))
        }
        Some(minutes) if minutes <= LONGEST_LEAD_MIN => Ok(minutes_of(minutes)),
        Some(minutes) => Err((
            "DS0013",
            format!("{name} has its cut-off {minutes} min before it departs, at most {LONGEST_LEAD_MIN} min"),
        )),
        None => Err(("DS0013", format!("cutoff_min `{}` is not a number of minutes", shown(text)))),
    }
}

/// The lead of a closing before its cut-off.
pub(super) fn closing_lead(text: &str, default: u64) -> Result<Micros, Refusal> {
    lead(text, default).filter(|minutes| (0..=LONGEST_LEAD_MIN).contains(minutes)).map(minutes_of).ok_or_else(
        || {
            let message =
                format!("closing_min `{}` is not a number from 0 to {LONGEST_LEAD_MIN} minutes", shown(text));
            ("DS0014", message)
        },
    )
}

/// Minutes of either sign; an empty field is the default. A number that 64 bits do not hold is cut to them.
fn lead(text: &str, default: u64) -> Option<i64> {
    if text.is_empty() {
        return i64::try_from(default).ok();
    }
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let minutes = digits.parse().unwrap_or(i64::MAX);
    Some(if negative { -minutes } else { minutes })
}

fn minutes_of(minutes: i64) -> Micros {
    Micros::from_secs(minutes.unsigned_abs() * 60)
}

/// A number of parcels; an empty field is no limit.
pub(super) fn pieces(column: &str, text: &str) -> Result<Option<u32>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .ok()
        .filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
        .map(Some)
        .ok_or_else(|| ("DS0015", format!("{column} `{}` is not a number of parcels", shown(text))))
}

/// A mass in tonnes with up to six decimals, exact to the gram; an empty field is no limit.
pub(super) fn tonnes(text: &str) -> Result<Option<Grams>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    grams(text).map(|grams| Some(Grams::new(grams))).ok_or_else(|| {
        let message = format!(
            "tonnes `{}` is not a number from 0 to {HEAVIEST_T} with at most 6 decimals",
            shown(text)
        );
        ("DS0015", message)
    })
}

fn grams(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 6 {
        return None;
    }
    let tonnes = whole.parse::<u32>().ok().filter(|tonnes| *tonnes <= HEAVIEST_T)?;
    let parts: u32 = format!("{decimals:0<6}").parse().ok()?;
    Some(tonnes * 1_000_000 + parts)
}
