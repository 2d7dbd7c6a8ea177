//! How often what happened.

use std::fmt;

macro_rules! happened {
    ($($name:ident => $text:literal,)*) => {
        /// What can happen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub(crate) enum Happened { $($name,)* }

        const TEXTS: &[&str] = &[$($text,)*];
        const ALL: &[Happened] = &[$(Happened::$name,)*];
    };
}

happened! {
    RequestDropped => "requests dropped",
    AnswerDropped => "answers dropped",
    WriteDoubled => "writes done twice",
    WriteDelayed => "writes that arrived late",
    LateInOtherSession => "of these in another session than theirs",
    TornWrite => "writes torn by a scan, then whole",
    HalfWrite => "writes torn and never completed",
    CheckPassed => "torn orders whose check was right by chance, kept from the PLC",
    TornRead => "reads torn by a scan",
    ScanBetween => "scans between write and read",
    Cut => "connections cut",
    Busy => "requests refused as busy",
    PlcRestart => "PLC restarts",
    HostRestart => "host restarts",
    PlcStall => "stalls of the PLC",
    HostStall => "stalls of the host",
    EncoderGlitch => "encoder counts that cannot be",
    HostLost => "hosts lost by the watchdog",
    EventOverflow => "event overflows",
    ScanOverflow => "scan overflows",
    OrderWrap => "order numbers wrapped",
    EventWrap => "event numbers wrapped",
    ScanWrap => "scan numbers wrapped",
    ItemWrap => "item numbers wrapped",
    HeartbeatWrap => "heartbeats wrapped",
    Session => "sessions live",
    Repeated => "records dropped because they came again",
    OrderGiven => "orders given",
    OrderTaken => "orders taken",
    OrderForgotten => "orders forgotten with their session",
    Fired => "diverters fired",
    Discharged => "ended discharged",
    Missed => "ended missed",
    Refused => "ended refused",
    Replaced => "ended replaced",
    Cancelled => "ended cancelled",
    NotAvailable => "ended because the chute was closed",
    ItemGone => "ended because the item was gone",
    EndedByRestart => "ended by a PLC restart",
    EndedInLaterSession => "ended in a later session",
    EventTaken => "events taken",
    ScanTaken => "scan records taken",
}

/// Counts of everything that can happen.
#[derive(Clone, Debug)]
pub(crate) struct Stats([u64; ALL.len()]);

impl Default for Stats {
    fn default() -> Self {
        Self([0; ALL.len()])
    }
}

impl Stats {
    pub(crate) fn count(&mut self, what: Happened) {
        self.count_many(what, 1);
    }

    pub(crate) fn count_many(&mut self, what: Happened, times: u64) {
        self.0[what as usize] += times;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }

    /// What never happened.
    pub(crate) fn never(&self) -> Vec<&'static str> {
        let expected = ALL.iter().filter(|what| **what != Happened::CheckPassed);
        expected.filter(|what| self.0[**what as usize] == 0).map(|what| TEXTS[*what as usize]).collect()
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (text, count) in TEXTS.iter().zip(self.0) {
            writeln!(f, "{count:>12}  {text}")?;
        }
        Ok(())
    }
}
