//! Parcels that customs wants back after they were sorted.

use serde::{Deserialize, Serialize};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::Clearance;
use crate::ids::{ContainerId, DepartureId, ParcelId};
use crate::units::Micros;

/// A parcel that was sorted and may not leave any more, or should not have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    /// The parcel.
    pub parcel: ParcelId,
    /// The container it is in, as far as one is known.
    pub container: Option<ContainerId>,
    /// The departure of that container, as far as one is bound.
    pub departure: Option<DepartureId>,
    /// What customs said.
    pub status: Clearance,
    /// As of when customs said so.
    pub at: Micros,
    /// As of when customs took it back, if it did.
    pub withdrawn: Option<Micros>,
}

/// How many recalls there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecallCounts {
    /// Recalls that were raised, those that are not listed included.
    pub raised: u64,
    /// Recalls that were withdrawn because the parcel was released after all.
    pub withdrawn: u64,
    /// Recalls that are not listed because the list was full.
    pub not_listed: u64,
}

/// The recalls of a hub in the order in which they were raised.
///
/// Its stored form is the list alone. What comes back from that has no limit, and counts what is listed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<Recall>", into = "Vec<Recall>")]
pub struct Recalls {
    list: Vec<Recall>,
    /// Where the open recall of a parcel stands in the list.
    open: HashMap<ParcelId, usize, FixedState>,
    limit: usize,
    counts: RecallCounts,
}

impl Default for Recalls {
    /// A list without a limit.
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

impl PartialEq for Recalls {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Eq for Recalls {}

impl From<Recalls> for Vec<Recall> {
    fn from(recalls: Recalls) -> Self {
        recalls.list
    }
}

impl From<Vec<Recall>> for Recalls {
    fn from(list: Vec<Recall>) -> Self {
        let mut recalls = Self::default();
        let open = list.iter().enumerate().filter(|(_, recall)| recall.withdrawn.is_none());
        recalls.open.extend(open.map(|(place, recall)| (recall.parcel, place)));
        let withdrawn = (list.len() - list.iter().filter(|recall| recall.withdrawn.is_none()).count()) as u64;
        recalls.counts = RecallCounts { raised: list.len() as u64, withdrawn, not_listed: 0 };
        recalls.list = list;
        recalls
    }
}

impl Recalls {
    /// A list of at most `limit` recalls. What comes after them is counted only.
    pub fn new(limit: usize) -> Self {
        let open = HashMap::with_hasher(FixedState::with_seed(0));
        Self { list: Vec::new(), open, limit, counts: RecallCounts::default() }
    }

    /// Raises a recall, and tells whether it is a new one.
    ///
    /// A parcel has one open recall: another one about it takes its place, as customs may change the cause, or
    /// people the container. A parcel that is not listed for want of room is new each time.
    pub fn raise(&mut self, recall: Recall) -> bool {
        let recall = Recall { withdrawn: None, ..recall };
        if let Some(place) = self.open.get(&recall.parcel) {
            self.list[*place] = recall;
            return false;
        }
        self.counts.raised += 1;
        if self.list.len() == self.limit {
            self.counts.not_listed += 1;
            return true;
        }
        self.open.insert(recall.parcel, self.list.len());
        self.list.push(recall);
        true
    }

    /// Withdraws the open recall of a parcel that may leave after all, and gives it back.
    pub fn withdraw(&mut self, parcel: ParcelId, at: Micros) -> Option<Recall> {
        let place = self.open.remove(&parcel)?;
        let recall = &mut self.list[place];
        recall.withdrawn = Some(at);
        self.counts.withdrawn += 1;
        Some(*recall)
    }

    /// Every listed recall, withdrawn ones included, in the order in which they were raised.
    pub fn iter(&self) -> impl Iterator<Item = &Recall> {
        self.list.iter()
    }

    /// The open recall of a parcel.
    pub fn of(&self, parcel: ParcelId) -> Option<&Recall> {
        self.open.get(&parcel).map(|place| &self.list[*place])
    }

    /// How many there were.
    pub const fn counts(&self) -> RecallCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recall(parcel: u32, status: Clearance) -> Recall {
        Recall {
            parcel: ParcelId::new(parcel),
            container: Some(ContainerId::new(4)),
            departure: None,
            status,
            at: Micros::new(10),
            withdrawn: None,
        }
    }

    #[test]
    fn a_parcel_has_one_open_recall() {
        let mut recalls = Recalls::new(10);
        assert!(recalls.raise(recall(1, Clearance::HoldInspect)));
        assert!(!recalls.raise(recall(1, Clearance::Seized)));
        assert_eq!(recalls.of(ParcelId::new(1)), Some(&recall(1, Clearance::Seized)));
        let withdrawn = recalls.withdraw(ParcelId::new(1), Micros::new(11)).unwrap();
        assert_eq!(withdrawn.withdrawn, Some(Micros::new(11)));
        assert_eq!(recalls.of(ParcelId::new(1)), None);
        assert_eq!(recalls.withdraw(ParcelId::new(1), Micros::new(12)), None);
        assert!(recalls.raise(recall(1, Clearance::Seized)), "a recall after a withdrawal is another one");
        assert_eq!(recalls.counts(), RecallCounts { raised: 2, withdrawn: 1, not_listed: 0 });
        assert_eq!(recalls.iter().count(), 2);
    }

    #[test]
    fn a_full_list_counts_on() {
        let mut recalls = Recalls::new(1);
        recalls.raise(recall(1, Clearance::Seized));
        recalls.raise(recall(2, Clearance::Seized));
        assert_eq!(recalls.counts(), RecallCounts { raised: 2, withdrawn: 0, not_listed: 1 });
        assert_eq!(recalls.iter().count(), 1);
    }
}
