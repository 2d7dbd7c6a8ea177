//! What is in a container: the growing list at the chute, and the final manifest.

use std::hash::Hasher;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use thiserror::Error;
use twox_hash::XxHash3_64;

use super::{ContainerKind, LicencePlate};
use crate::ids::{ChuteId, ContainerId, DepartureId, ItemId, LaneId, ParcelId, SorterId};
use crate::units::{Grams, Micros};

/// One thing in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestEntry {
    /// The parcel, where it is known.
    pub parcel: Option<ParcelId>,
    /// The item as which the belt brought it.
    pub item: ItemId,
    /// Its weight.
    pub weight: Grams,
}

impl ManifestEntry {
    /// Bytes of the hashed form.
    pub const SIZE: usize = 10;

    /// The hashed form, little-endian: 4 bytes of the parcel (all ones for none), 2 of the item, 4 of the grams.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..4].copy_from_slice(&self.parcel.map_or(u32::MAX, ParcelId::get).to_le_bytes());
        bytes[4..6].copy_from_slice(&self.item.get().to_le_bytes());
        bytes[6..].copy_from_slice(&self.weight.get().to_le_bytes());
        bytes
    }
}

/// What a manifest says besides its list. [`super::ContainerRecord::head`] gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestHead {
    /// The container.
    pub container: ContainerId,
    /// Its plate; `None` when it was taken away before anybody scanned one.
    pub plate: Option<LicencePlate>,
    /// What it is.
    pub kind: ContainerKind,
    /// The sorter at which it stood.
    pub sorter: SorterId,
    /// The chute at which it stood.
    pub chute: ChuteId,
    /// Where it goes.
    pub lane: Option<LaneId>,
    /// What it was to leave with when it was sealed. It may leave later.
    pub departure: Option<DepartureId>,
    /// When its plate was scanned.
    pub opened: Option<Micros>,
}

/// What is in a container that still stands at its chute.
///
/// It is made once for a chute and used for one container after the other. The sum of the weights stops at the
/// largest [`Grams`]; 4,000 parcels of 30 kg are far below.
///
/// ```
/// use sorter_core::container::{Binding, ContainerKind, Content, ManifestEntry, Yard};
/// use sorter_core::ids::{ChuteId, ItemId, ParcelId, SorterId};
/// use sorter_core::units::{Grams, Micros};
///
/// let (sorter, chute) = (SorterId::new(0), ChuteId::new(7));
/// let mut yard = Yard::new();
/// yard.arrive(sorter, chute, ContainerKind::RollCage, Micros::ZERO).unwrap();
/// let plate = "354123455501152989".parse().unwrap();
/// let id = yard.open(sorter, chute, plate, Binding::default(), Micros::from_secs(20)).unwrap();
///
/// let mut content = Content::with_capacity(400);
/// let (parcel, item) = (Some(ParcelId::new(81)), ItemId::new(5));
/// content.push(ManifestEntry { parcel, item, weight: Grams::new(420) });
///
/// let manifest = content.seal(yard.get(id).unwrap().head(), Micros::from_secs(900));
/// assert_eq!(manifest.count, 1);
/// assert_eq!(manifest.weight_total, Grams::new(420));
/// manifest.verify().unwrap();
/// assert!(content.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Content {
    entries: Vec<ManifestEntry>,
    weight: Grams,
}

impl Content {
    /// An empty list with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), weight: Grams::ZERO }
    }

    /// Adds what fell into the container. Allocates nothing up to the capacity.
    pub fn push(&mut self, entry: ManifestEntry) {
        self.weight = sum(self.weight, entry.weight);
        self.entries.push(entry);
    }

    /// What is in it, in the order in which it fell in.
    pub fn entries(&self) -> &[ManifestEntry] {
        &self.entries
    }

    /// How many things are in it.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is in it.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The weight of what is in it.
    pub const fn weight(&self) -> Grams {
        self.weight
    }

    /// Makes the list final and starts an empty one for the next container, with the same capacity.
    pub fn seal(&mut self, head: ManifestHead, at: Micros) -> Manifest {
        let entries = self.entries.clone();
        self.entries.clear();
        Manifest {
            container: head.container,
            plate: head.plate,
            kind: head.kind,
            sorter: head.sorter,
            chute: head.chute,
            lane: head.lane,
            departure: head.departure,
            opened: head.opened,
            sealed: at,
            count: count(&entries),
            weight_total: std::mem::take(&mut self.weight),
            hash: hash(&entries),
            entries,
        }
    }
}

/// What people call the things that a manifest has numbers for.
pub trait ManifestNames {
    /// A code of a parcel.
    fn code(&self, _parcel: ParcelId) -> Option<String> {
        None
    }

    /// The name of a lane.
    fn lane(&self, _lane: LaneId) -> Option<String> {
        None
    }

    /// The name of a departure.
    fn departure(&self, _departure: DepartureId) -> Option<String> {
        None
    }
}

/// Knows no names.
impl ManifestNames for () {}

/// The final list of what is in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The container.
    pub container: ContainerId,
    /// Its plate; `None` when it was taken away before anybody scanned one.
    pub plate: Option<LicencePlate>,
    /// What it is.
    pub kind: ContainerKind,
    /// The sorter at which it stood.
    pub sorter: SorterId,
    /// The chute at which it stood.
    pub chute: ChuteId,
    /// Where it goes.
    pub lane: Option<LaneId>,
    /// What it was to leave with when it was sealed. It may leave later.
    pub departure: Option<DepartureId>,
    /// When its plate was scanned.
    pub opened: Option<Micros>,
    /// When it was taken from its chute.
    pub sealed: Micros,
    /// What is in it, in the order in which it fell in.
    pub entries: Vec<ManifestEntry>,
    /// How many entries there are.
    pub count: u32,
    /// The sum of their weights, at most the largest [`Grams`].
    pub weight_total: Grams,
    /// XXH3 (64 bits, seed 0) of the entries in their order, each as [`ManifestEntry::to_bytes`].
    pub hash: u64,
}

/// How a manifest differs from its own list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// Another number of entries.
    #[error("manifest of {container} states {stated} entries (its list has {listed})")]
    Count {
        /// The container.
        container: ContainerId,
        /// What the manifest states.
        stated: u32,
        /// What its list has.
        listed: u32,
    },
    /// Another weight.
    #[error("manifest of {container} states {stated} (the entries of its list weigh {listed})")]
    Weight {
        /// The container.
        container: ContainerId,
        /// What the manifest states.
        stated: Grams,
        /// The sum over its list.
        listed: Grams,
    },
    /// Another hash: an entry was changed, or the order.
    #[error("manifest of {container} states hash {stated:016x} (its list has {listed:016x})")]
    Hash {
        /// The container.
        container: ContainerId,
        /// What the manifest states.
        stated: u64,
        /// The hash of its list.
        listed: u64,
    },
}

impl Manifest {
    /// Compares count, weight and hash with the list.
    ///
    /// # Errors
    /// The first of them, in this order, that differs.
    pub fn verify(&self) -> Result<(), ManifestError> {
        let container = self.container;
        let (stated, listed) = (self.count, count(&self.entries));
        if stated != listed {
            return Err(ManifestError::Count { container, stated, listed });
        }
        let listed = self.entries.iter().fold(Grams::ZERO, |total, entry| sum(total, entry.weight));
        if self.weight_total != listed {
            return Err(ManifestError::Weight { container, stated: self.weight_total, listed });
        }
        let (stated, listed) = (self.hash, hash(&self.entries));
        if stated != listed {
            return Err(ManifestError::Hash { container, stated, listed });
        }
        Ok(())
    }

    /// Writes the manifest as CSV: `#` lines with what it says of the container, a header, a row for each entry.
    /// `names` tells what people call parcels, lanes and departures; `&()` knows none, and numbers stand alone.
    ///
    /// Times are in microseconds of the run, an unknown value is empty.
    ///
    /// # Errors
    /// What the writer gives.
    pub fn write_csv(&self, mut to: impl Write, names: &impl ManifestNames) -> io::Result<()> {
        let text = |value: Option<String>| value.unwrap_or_default();
        let lane = self.lane.map(|lane| names.lane(lane).unwrap_or_else(|| lane.get().to_string()));
        let departure = self.departure;
        let departure = departure.map(|id| names.departure(id).unwrap_or_else(|| id.get().to_string()));
        writeln!(to, "# container: {}", self.container.get())?;
        writeln!(to, "# plate: {}", text(self.plate.map(|plate| plate.to_string())))?;
        writeln!(to, "# kind: {}", self.kind.key())?;
        writeln!(to, "# sorter: {}", self.sorter.get())?;
        writeln!(to, "# chute: {}", self.chute.get())?;
        writeln!(to, "# lane: {}", text(lane))?;
        writeln!(to, "# departure: {}", text(departure))?;
        writeln!(to, "# opened_us: {}", text(self.opened.map(|opened| opened.get().to_string())))?;
        writeln!(to, "# sealed_us: {}", self.sealed.get())?;
        writeln!(to, "# count: {}", self.count)?;
        writeln!(to, "# weight_g: {}", self.weight_total.get())?;
        writeln!(to, "# hash: {:016x}", self.hash)?;
        writeln!(to, "number,code,parcel,item,weight_g")?;
        for (number, entry) in (1..).zip(&self.entries) {
            let code = text(entry.parcel.and_then(|parcel| names.code(parcel)));
            let parcel = text(entry.parcel.map(|parcel| parcel.get().to_string()));
            writeln!(to, "{number},{code},{parcel},{},{}", entry.item.get(), entry.weight.get())?;
        }
        Ok(())
    }
}

/// A sum that stops at the largest weight: a wrong scale must not stop the sorter.
fn sum(one: Grams, other: Grams) -> Grams {
    Grams::new(one.get().saturating_add(other.get()))
}

fn count(entries: &[ManifestEntry]) -> u32 {
    u32::try_from(entries.len()).unwrap_or(u32::MAX)
}

fn hash(entries: &[ManifestEntry]) -> u64 {
    let mut hasher = XxHash3_64::with_seed(0);
    entries.iter().for_each(|entry| hasher.write(&entry.to_bytes()));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(parcel: Option<u32>, item: u16, weight: u32) -> ManifestEntry {
        ManifestEntry {
            parcel: parcel.map(ParcelId::new),
            item: ItemId::new(item),
            weight: Grams::new(weight),
        }
    }

    fn head() -> ManifestHead {
        ManifestHead {
            container: ContainerId::new(4),
            plate: "354123455501152989".parse().ok(),
            kind: ContainerKind::Uld,
            sorter: SorterId::new(1),
            chute: ChuteId::new(12),
            lane: Some(LaneId::new(3)),
            departure: None,
            opened: Some(Micros::new(5)),
        }
    }

    fn sealed(entries: &[ManifestEntry]) -> Manifest {
        let mut content = Content::with_capacity(entries.len());
        entries.iter().for_each(|entry| content.push(*entry));
        content.seal(head(), Micros::new(9))
    }

    #[test]
    fn finds_a_manifest_that_is_one_short() {
        let mut manifest = sealed(&[entry(Some(1), 2, 300), entry(None, 3, 0)]);
        manifest.verify().unwrap();
        manifest.entries.pop();
        let error = manifest.verify().unwrap_err().to_string();
        assert_eq!(error, "manifest of container 4 states 2 entries (its list has 1)");
    }

    #[test]
    fn finds_another_weight_and_another_order() {
        let whole = sealed(&[entry(Some(1), 2, 300), entry(Some(2), 3, 50)]);
        let mut heavier = whole.clone();
        heavier.entries[1].weight = Grams::new(51);
        let error = heavier.verify().unwrap_err().to_string();
        assert_eq!(error, "manifest of container 4 states 350 g (the entries of its list weigh 351 g)");
        let mut swapped = whole;
        swapped.entries.swap(0, 1);
        assert!(matches!(swapped.verify(), Err(ManifestError::Hash { .. })));
    }

    #[test]
    fn the_weight_stops_at_its_largest() {
        let manifest = sealed(&[entry(None, 1, u32::MAX), entry(None, 2, 1)]);
        assert_eq!(manifest.weight_total, Grams::new(u32::MAX));
        manifest.verify().unwrap();
    }

    #[test]
    fn push_allocates_nothing_up_to_the_capacity_in_every_container() {
        let mut content = Content::with_capacity(400);
        for _ in 0..3 {
            let counted = allocation_counter::measure(|| {
                (1..=400).for_each(|item| content.push(entry(Some(7), item, 100)));
            });
            assert_eq!(counted.count_total, 0);
            assert_eq!(content.seal(head(), Micros::ZERO).weight_total, Grams::new(40_000));
        }
    }

    #[test]
    fn the_file_has_what_the_manifest_has() {
        let manifest = sealed(&[entry(Some(81), 2, 300), entry(None, 3, 50)]);
        let mut file = Vec::new();
        manifest.write_csv(&mut file, &()).unwrap();
        let expected = format!(
            "# container: 4\n# plate: 354123455501152989\n# kind: uld\n# sorter: 1\n# chute: 12\n# lane: 3\n\
             # departure: \n# opened_us: 5\n# sealed_us: 9\n# count: 2\n# weight_g: 350\n# hash: {:016x}\n\
             number,code,parcel,item,weight_g\n1,,81,2,300\n2,,,3,50\n",
            manifest.hash
        );
        assert_eq!(String::from_utf8(file).unwrap(), expected);
    }

    #[test]
    fn people_read_codes_and_names() {
        struct Names;
        impl ManifestNames for Names {
            fn code(&self, parcel: ParcelId) -> Option<String> {
                (parcel.get() == 81).then(|| "LP263072004SG".to_owned())
            }
            fn lane(&self, _lane: LaneId) -> Option<String> {
                Some("DE:Cologne".to_owned())
            }
        }
        let mut file = Vec::new();
        sealed(&[entry(Some(81), 2, 300)]).write_csv(&mut file, &Names).unwrap();
        let text = String::from_utf8(file).unwrap();
        assert!(
            text.contains("\n# lane: DE:Cologne\n") && text.ends_with("\n1,LP263072004SG,81,2,300\n"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn the_hash_is_that_of_the_joined_entries(
            rows in proptest::collection::vec((proptest::option::of(any::<u32>()), any::<u16>(), any::<u32>()), 0..200),
        ) {
            let entries: Vec<_> = rows.iter().map(|(parcel, item, weight)| entry(*parcel, *item, *weight)).collect();
            let joined: Vec<u8> = entries.iter().flat_map(ManifestEntry::to_bytes).collect();
            let manifest = sealed(&entries);
            prop_assert_eq!(manifest.hash, XxHash3_64::oneshot(&joined));
            prop_assert_eq!(manifest.verify(), Ok(()));
            prop_assert_eq!(manifest.entries, entries);
        }
    }
}
