//! What happened on the links, kept and told.

use std::net::SocketAddr;

use sorter_plc::cycle::{CycleReport, IncidentKind};

use super::report::Happened;

/// Incidents that are kept of one link; those after it are counted.
const MOST: usize = 200;

/// What happened on each link.
#[derive(Debug)]
pub(super) struct Logs {
    addresses: Vec<String>,
    pub(super) links: Vec<LinkLog>,
}

/// What happened on one link.
#[derive(Clone, Debug, Default)]
pub(super) struct LinkLog {
    pub(super) kept: Vec<Happened>,
    pub(super) dropped: u64,
    /// The last fault.
    pub(super) fault: Option<String>,
    /// What was told last, which is not told again and again while it goes on.
    told: Option<String>,
}

impl Logs {
    pub(super) fn new(addresses: &[SocketAddr]) -> Self {
        Self {
            addresses: addresses.iter().map(SocketAddr::to_string).collect(),
            links: vec![LinkLog::default(); addresses.len()],
        }
    }

    /// Takes over the incidents of a report.
    pub(super) fn take(&mut self, report: &CycleReport, tell: &mut dyn FnMut(&str)) {
        for ((log, link), address) in self.links.iter_mut().zip(&report.links).zip(&self.addresses) {
            for incident in &link.incidents {
                let what = incident.to_string();
                let is_fault = matches!(incident.what, IncidentKind::Link(_) | IncidentKind::Exchange(_));
                if is_fault {
                    log.fault = Some(what.clone());
                }
                let is_news = is_fault || matches!(incident.what, IncidentKind::Notice(_));
                if is_news && log.told.as_ref() != Some(&what) {
                    tell(&format!("{address}: {what}"));
                    log.told = Some(what.clone());
                }
                log.keep(incident.at.get() as f64 / 1e6, what);
            }
            log.dropped = log.dropped.max(link.dropped_incidents);
        }
    }
}

impl LinkLog {
    /// What comes again at once is counted where it stands.
    fn keep(&mut self, at_s: f64, what: String) {
        let recent = self.kept.len().saturating_sub(3);
        if let Some(same) = self.kept[recent..].iter_mut().find(|known| known.what == what) {
            same.times += 1;
        } else if self.kept.len() < MOST {
            self.kept.push(Happened { at_s, what, times: 1 });
        } else {
            self.dropped += 1;
        }
    }
}
