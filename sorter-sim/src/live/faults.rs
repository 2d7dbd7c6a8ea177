//! Faults that are announced before a run in real time, and when they come.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::str::FromStr;

use sorter_core::units::Micros;

use super::site::Site;
use crate::hub::Hub;

/// For so long after a fault orders may come late because of it: what was on the belt has left it by then.
const AFTERMATH: Micros = Micros::from_secs(60);

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LiveFaultKind {
    /// The PLC is switched off, and on again: it has forgotten its items.
    PlcRestart,
    /// The cable between host and PLC is pulled, and put back.
    LinkCut,
}

impl LiveFaultKind {
    /// The word for it in arguments and reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::PlcRestart => "plc_restart",
            Self::LinkCut => "link_cut",
        }
    }

    /// How long it lasts if nothing is said.
    const fn lasts(self) -> Micros {
        match self {
            Self::PlcRestart => Micros::from_secs(2),
            Self::LinkCut => Micros::from_secs(5),
        }
    }
}

/// One fault of one sorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveFault {
    /// What happens.
    pub kind: LiveFaultKind,
    /// When it begins.
    pub at: Micros,
    /// How long it lasts.
    pub lasts: Micros,
    /// The sorter, counted over all hubs.
    pub sorter: u16,
}

impl FromStr for LiveFault {
    type Err = String;

    /// `KIND@SECONDS`, with `:SORTER` and then `:LASTS` in seconds where these are not 0 and the default.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "\"{text}\" is not a fault (expected plc_restart@20 or link_cut@30:7:5 as kind@seconds:sorter:lasts)"
            )
        };
        let (kind, rest) = text.split_once('@').ok_or_else(expected)?;
        let kind = [LiveFaultKind::PlcRestart, LiveFaultKind::LinkCut]
            .into_iter()
            .find(|known| known.key() == kind)
            .ok_or_else(expected)?;
        let mut numbers = rest.split(':').map(str::parse::<u16>);
        let at = numbers.next().and_then(Result::ok).ok_or_else(expected)?;
        let sorter = numbers.next().transpose().map_err(|_| expected())?.unwrap_or(0);
        let lasts = numbers.next().transpose().map_err(|_| expected())?;
        if numbers.next().is_some() {
            return Err(expected());
        }
        if lasts == Some(0) {
            return Err(format!("fault \"{text}\" lasts 0 s (expected 1 s or more)"));
        }
        let lasts = lasts.map_or(kind.lasts(), |seconds| Micros::from_secs(seconds.into()));
        Ok(Self { kind, at: Micros::from_secs(at.into()), lasts, sorter })
    }
}

impl fmt::Display for LiveFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: Micros| time.get() / 1_000_000;
        write!(f, "{}@{}:{}:{}", self.kind.key(), seconds(self.at), self.sorter, seconds(self.lasts))
    }
}

/// Why these faults cannot be had in one run that feeds parcels for `duration`, as a sentence.
pub(crate) fn contradiction(faults: &[LiveFault], sorters: u64, duration: Micros) -> Option<String> {
    for (place, fault) in faults.iter().enumerate() {
        if u64::from(fault.sorter) >= sorters {
            return Some(format!("fault {fault} names a sorter of {sorters} (counted from 0)"));
        }
        if fault.at >= duration {
            return Some(format!("fault {fault} comes when no parcels come any more"));
        }
        let touches = |other: &&LiveFault| {
            let apart = other.at + other.lasts < fault.at || fault.at + fault.lasts < other.at;
            other.sorter == fault.sorter && !apart
        };
        if let Some(other) = faults[..place].iter().find(touches) {
            return Some(format!("faults {other} and {fault} of one sorter overlap"));
        }
    }
    None
}

/// The faults of a run, in the order of their times.
pub(super) struct Timeline {
    /// (when, begins, which), the next one last.
    turns: Vec<(Micros, bool, LiveFault)>,
    counts: BTreeMap<String, u64>,
}

impl Timeline {
    pub(super) fn new(faults: &[LiveFault]) -> Self {
        let both = |fault: &LiveFault| [(fault.at, true, *fault), (fault.at + fault.lasts, false, *fault)];
        let mut turns: Vec<_> = faults.iter().flat_map(both).collect();
        turns.sort_by_key(|(at, begins, _)| std::cmp::Reverse((*at, *begins)));
        let counts = faults.iter().map(|fault| (fault.kind.key().to_owned(), 0)).collect();
        Self { turns, counts }
    }

    /// Whether all have happened and passed.
    pub(super) fn is_over(&self) -> bool {
        self.turns.is_empty()
    }

    /// How often each kind happened.
    pub(super) fn counts(self) -> BTreeMap<String, u64> {
        self.counts
    }

    /// Has everything happen that is due.
    pub(super) async fn act(
        &mut self,
        now: Micros,
        hubs: &[RefCell<Hub<'_>>],
        sites: &mut [Site],
    ) -> io::Result<()> {
        while let Some((_, begins, fault)) = self.turns.pop_if(|(at, ..)| *at <= now) {
            let Some(site) = sites.get_mut(usize::from(fault.sorter)) else { continue };
            let Some((hub, place)) = seat(hubs, usize::from(fault.sorter)) else { continue };
            hub.borrow_mut().excuse(place, now + fault.lasts + AFTERMATH);
            match (fault.kind, begins) {
                (LiveFaultKind::LinkCut, true) => site.plug.pull(),
                (LiveFaultKind::LinkCut, false) => site.plug.put_back(),
                (LiveFaultKind::PlcRestart, true) => {
                    site.shut();
                    hub.borrow_mut().kill_plc(place);
                }
                (LiveFaultKind::PlcRestart, false) => {
                    hub.borrow_mut().start_plc(place);
                    site.reopen().await?;
                }
            }
            if !begins {
                *self.counts.entry(fault.kind.key().to_owned()).or_default() += 1;
            }
        }
        Ok(())
    }
}

/// The hub of a sorter, and its place there.
fn seat<'h, 'a>(hubs: &'h [RefCell<Hub<'a>>], sorter: usize) -> Option<(&'h RefCell<Hub<'a>>, usize)> {
    let mut rest = sorter;
    for hub in hubs {
        let sorters = hub.borrow().sorters();
        if rest < sorters {
            return Some((hub, rest));
        }
        rest -= sorters;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_with_what_it_leaves_out() {
        let fault: LiveFault = "plc_restart@20".parse().unwrap();
        assert_eq!((fault.at, fault.lasts, fault.sorter), (Micros::from_secs(20), Micros::from_secs(2), 0));
        let fault: LiveFault = "link_cut@30:7:9".parse().unwrap();
        assert_eq!(fault.to_string(), "link_cut@30:7:9");
        let refused = |faults: &[&str]| {
            let faults: Vec<LiveFault> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
            contradiction(&faults, 8, Micros::from_secs(60)).is_some()
        };
        assert!(!refused(&["link_cut@30:7:9", "plc_restart@40:7:2", "link_cut@30:6:9"]));
        assert!(refused(&["link_cut@30:7:9", "plc_restart@39:7:2"]));
        assert!(refused(&["link_cut@30:8"]) && refused(&["link_cut@60"]));
        for wrong in ["link_cut@1:0:0", "", "cut", "link_cut@", "link_cut@x", "link_cut@1:2:3:4", "power@3"] {
            assert!(wrong.parse::<LiveFault>().is_err(), "{wrong}");
        }
    }
}
