//! The customs checker: nothing leaves that customs has not set free, at the commit or in the chute.
//!
//! It keeps the newest delivered status of each label by a rule of its own, which is naive on purpose: the
//! newest message time wins, and of two with the same time the stricter. The engine must have answered each
//! message as this rule does, and must say of every parcel that left too early that it is recalled.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use smallvec::SmallVec;
use sorter_core::clearance::Clearance;
use sorter_core::ids::{ItemId, SorterId};
use sorter_core::units::Micros;

use super::{Condition, Findings};

/// The item of a label on one pass over one belt.
type Pass = (SorterId, ItemId);

/// What is known about one label. 24 bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// The message time of the status, if it came with a message.
    sent: Micros,
    /// Whether it did; otherwise it is only announced, or nothing is known.
    has_message: bool,
    status: Clearance,
    /// The connection that it may leave with in transit.
    onward: Option<u16>,
    /// The pass in which it was committed to an outbound chute when that was legal.
    committed: Option<Pass>,
    /// In an outbound chute, with the connection of the container.
    left_with: Option<Option<u16>>,
}

impl Standing {
    /// Whether the parcel may leave in a container of this connection.
    fn is_free(&self, connection: Option<u16>) -> bool {
        match self.status {
            Clearance::Released | Clearance::NotSubject => true,
            Clearance::Transit => self.onward.is_some() && self.onward == connection,
            _ => false,
        }
    }
}

/// How much a status allows. What allows less is stricter.
fn strictness(status: Clearance) -> u8 {
    match status {
        Clearance::Released | Clearance::NotSubject => 0,
        Clearance::Transit => 1,
        _ => 2,
    }
}

/// What customs said about the labels of one hub, and what left without its leave.
#[derive(Clone, Debug, Default)]
pub struct CustomsChecker {
    standings: Vec<Standing>,
    /// Messages that the engine has not answered, with what it must answer: `None` where both are right.
    pending: BTreeMap<(u32, Micros), SmallVec<[Option<bool>; 4]>>,
    recalls_at_discharge: u64,
}

impl CustomsChecker {
    /// A checker for the labels 0 to `labels` - 1 of one hub, of which nothing is known.
    pub fn new(labels: usize) -> Self {
        Self { standings: vec![Standing::default(); labels], ..Self::default() }
    }

    /// A label was announced. Any message is newer than what it is announced with, even one that was
    /// delivered before.
    ///
    /// # Panics
    /// Like every method that takes a label, when the hub does not have the label.
    pub fn announced(&mut self, label: u32, status: Clearance, onward: Option<u16>) {
        let standing = &mut self.standings[label as usize];
        if !standing.has_message {
            standing.status = status;
        }
        standing.onward = standing.onward.or(onward);
    }

    /// A message was delivered to the engine, which answers it with [`CustomsChecker::outcome`]. `onward` is
    /// the onward connection from then on, or `None` when the message does not change it.
    pub fn delivered(&mut self, label: u32, status: Clearance, sent: Micros, onward: Option<u16>) {
        let standing = &mut self.standings[label as usize];
        let expected = match sent.cmp(&standing.sent) {
            _ if !standing.has_message => Some(true),
            Ordering::Greater => Some(true),
            Ordering::Less => Some(false),
            Ordering::Equal => {
                let (old, new) = (strictness(standing.status), strictness(status));
                // Between two that are equally strict nothing is lost with either.
                (old != new).then_some(new > old)
            }
        };
        if expected == Some(true) {
            (standing.sent, standing.has_message) = (sent, true);
            standing.status = status;
            standing.onward = onward.or(standing.onward);
        } else if expected.is_none() && status == Clearance::Transit && onward != standing.onward {
            // Two connections in one breath: nobody knows with which one it may leave.
            standing.onward = None;
        }
        self.pending.entry((label, sent)).or_default().push(expected);
    }

    /// What the engine did with a message: taken, or refused as older. Of several with the same label and
    /// message time, the first without an answer is meant.
    pub fn outcome(&mut self, findings: &mut Findings, at: Micros, label: u32, sent: Micros, taken: bool) {
        let answers = self.pending.get_mut(&(label, sent));
        let expected = answers.map(|answers| (answers.remove(0), answers.is_empty()));
        if let Some((_, true)) = expected {
            self.pending.remove(&(label, sent));
        }
        let right = expected.is_some_and(|(expected, _)| expected.is_none_or(|expected| expected == taken));
        if findings.check(Condition::Customs, right) {
            let standing = self.standings[label as usize];
            findings.tell_hub(Condition::Customs, at, || {
                let did = if taken { "taken" } else { "refused" };
                match expected {
                    None => format!("a message about label {label} sent at {sent} is {did} and never came"),
                    Some(_) => format!(
                        "the message about label {label} sent at {sent} is {did}, the newest is \"{}\"",
                        standing.status
                    ),
                }
            });
        }
    }

    /// An item with this label is committed: its order can no longer be taken back. `connection` is that of
    /// the container at the chute. Only a commit to an outbound chute can break anything.
    pub fn committed(
        &mut self,
        findings: &mut Findings,
        at: Micros,
        label: u32,
        pass: (SorterId, ItemId),
        to_outbound: bool,
        connection: Option<u16>,
    ) {
        let standing = &mut self.standings[label as usize];
        if !to_outbound {
            standing.committed = standing.committed.filter(|committed| *committed != pass);
            return;
        }
        let legal = standing.is_free(connection);
        standing.committed = legal.then_some(pass);
        if findings.check(Condition::Customs, legal) {
            let standing = *standing;
            findings.tell(Condition::Customs, at, pass.0, || {
                format!("{} is committed, {}", pass.1, told(label, &standing, connection))
            });
        }
    }

    /// An item with this label slid into the outbound chute that it was ordered to; `connection` is that of
    /// the container there. Gives whether it has to be recalled at once: it was free at its commit and is
    /// not any more.
    pub fn discharged_outbound(
        &mut self,
        findings: &mut Findings,
        at: Micros,
        label: u32,
        pass: (SorterId, ItemId),
        connection: Option<u16>,
    ) -> bool {
        let standing = &mut self.standings[label as usize];
        let legal = standing.committed.take() == Some(pass);
        standing.left_with = Some(connection);
        let recalled = legal && !standing.is_free(connection);
        self.recalls_at_discharge += u64::from(recalled);
        if findings.check(Condition::Customs, legal) {
            let standing = *standing;
            findings.tell(Condition::Customs, at, pass.0, || {
                format!("{} left without a legal commit, {}", pass.1, told(label, &standing, connection))
            });
        }
        recalled
    }

    /// The connection that a label is booked on by the newest message.
    pub fn onward(&self, label: u32) -> Option<u16> {
        self.standings.get(label as usize)?.onward
    }

    /// Parcels that were free at their commit and not any more when they slid into the chute.
    pub fn recalls_at_discharge(&self) -> u64 {
        self.recalls_at_discharge
    }

    /// Whether a label is in an outbound chute and may not be there by the newest status: the ledger must
    /// say that it is recalled, and of no other.
    pub fn must_be_recalled(&self, label: u32) -> bool {
        let standing = &self.standings[label as usize];
        standing.left_with.is_some_and(|connection| !standing.is_free(connection))
    }

    /// The labels for which [`CustomsChecker::must_be_recalled`] holds, in their order.
    pub fn expected_recalls(&self) -> impl Iterator<Item = u32> + '_ {
        (0..).take(self.standings.len()).filter(|label| self.must_be_recalled(*label))
    }

    /// The run is over: no message may be without an answer.
    pub fn finished(&mut self, findings: &mut Findings, at: Micros) {
        let unanswered = self.pending.len();
        if findings.check(Condition::Customs, unanswered == 0) {
            findings.tell_hub(Condition::Customs, at, || format!("{unanswered} messages got no answer"));
        }
    }
}

fn told(label: u32, standing: &Standing, connection: Option<u16>) -> String {
    let named = |connection: Option<u16>| connection.map_or("none".to_owned(), |number| number.to_string());
    let status = standing.status;
    match status {
        Clearance::Transit => format!(
            "label {label} is in transit with connection {} and the container is for connection {}",
            named(standing.onward),
            named(connection)
        ),
        _ => format!("label {label} is \"{status}\""),
    }
}

#[cfg(test)]
mod tests;
