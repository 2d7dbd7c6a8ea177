//! Which parcels are taken out for a check: those that were named, and a random share of the others.

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use twox_hash::XxHash3_64;

use crate::barcode::CodeKey;
use crate::units::Share;

/// Why a parcel was selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Selection {
    /// Somebody named its code.
    Targeted,
    /// It is one of the random share.
    Random,
}

/// An inspection list: codes that were named, and a random share of all others.
///
/// The random part depends on nothing but the seed and the code: xxh3 with 64 bits, keyed by the seed, over the
/// 16 little-endian bytes of the [`CodeKey`], is below the share times 2^64. So a list can be drawn again
/// by anybody who has the seed, on any machine, for any part of the parcels and in any order.
///
/// ```
/// use sorter_core::barcode::CodeKey;
/// use sorter_core::clearance::{InspectionList, Selection};
/// use sorter_core::units::Share;
///
/// let named = CodeKey::pack(b"LP263072004SG").unwrap();
/// let other = CodeKey::pack(b"RB123456785GB").unwrap();
/// let mut list = InspectionList::new(7, Share::ZERO);
/// list.target(named);
/// assert_eq!(list.selects(named), Some(Selection::Targeted));
/// assert_eq!(list.selects(other), None);
/// assert_eq!(InspectionList::new(7, Share::ONE).selects(other), Some(Selection::Random));
/// ```
#[derive(Clone, Debug)]
pub struct InspectionList {
    targeted: HashSet<CodeKey, FixedState>,
    share: Share,
    seed: u64,
}

impl InspectionList {
    /// A list that selects a random share, and no code by name yet.
    pub fn new(seed: u64, share: Share) -> Self {
        Self { targeted: HashSet::with_hasher(FixedState::with_seed(seed)), share, seed }
    }

    /// Names a code, and tells whether it is new on the list.
    pub fn target(&mut self, code: CodeKey) -> bool {
        self.targeted.insert(code)
    }

    /// Takes a named code off the list, and tells whether it was there. The random share may still select it.
    pub fn untarget(&mut self, code: CodeKey) -> bool {
        self.targeted.remove(&code)
    }

    /// How many codes are named.
    pub fn targeted(&self) -> usize {
        self.targeted.len()
    }

    /// Whether a code is selected, and why.
    pub fn selects(&self, code: CodeKey) -> Option<Selection> {
        if self.targeted.contains(&code) {
            Some(Selection::Targeted)
        } else if self.drawn(code) {
            Some(Selection::Random)
        } else {
            None
        }
    }

    /// Whether a parcel with these codes is selected, and why: by name when any of its codes is named, at
    /// random by its least code alone. So a parcel with many codes is drawn no more often than others, and the
    /// order of its codes does not matter.
    pub fn selects_parcel(&self, codes: &[CodeKey]) -> Option<Selection> {
        if codes.iter().any(|code| self.targeted.contains(code)) {
            return Some(Selection::Targeted);
        }
        let least = codes.iter().min()?;
        self.drawn(*least).then_some(Selection::Random)
    }

    fn drawn(&self, code: CodeKey) -> bool {
        let word = XxHash3_64::oneshot_with_seed(self.seed, &code.get().to_le_bytes());
        // The word as a fraction of 2^64, in whole parts per million, rounded down.
        let ppm = (u128::from(word) * u128::from(Share::ONE.ppm())) >> 64;
        ppm < u128::from(self.share.ppm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: u32 = 1_000_000;

    fn key(number: u32) -> CodeKey {
        CodeKey::pack(format!("LP{number:014}").as_bytes()).unwrap()
    }

    #[test]
    fn the_share_is_met_for_every_seed_and_the_draws_are_independent() {
        let share = Share::from_ppm(20_000).unwrap();
        let lists = [0, 1, 2, 20_260_101, u64::MAX].map(|seed| InspectionList::new(seed, share));
        let mut drawn = [0_u32; 5];
        let mut common = 0_u32;
        for number in 0..KEYS {
            let key = key(number);
            let selected = lists.each_ref().map(|list| list.selects(key) == Some(Selection::Random));
            drawn.iter_mut().zip(selected).for_each(|(count, selected)| *count += u32::from(selected));
            common += u32::from(selected[1] && selected[2]);
        }
        // Four sigma of a binomial of 1 M draws: 4 * sqrt(1e6 * 0.02 * 0.98) = 560.
        for count in drawn {
            assert!(count.abs_diff(20_000) <= 560, "{drawn:?}");
        }
        // Two independent lists have 0.04 % in common: 400 with a sigma of 20.
        assert!(common.abs_diff(400) <= 80, "{common}");
    }

    #[test]
    fn a_list_never_changes_for_its_seed() {
        let list = InspectionList::new(42, Share::from_ppm(100_000).unwrap());
        let selected: Vec<u32> = (0..60).filter(|number| list.selects(key(*number)).is_some()).collect();
        assert_eq!(selected, [17, 25, 31]);
    }

    #[test]
    fn what_is_named_is_always_selected() {
        let mut list = InspectionList::new(3, Share::from_ppm(500_000).unwrap());
        (0..1_000).for_each(|number| assert!(list.target(key(number))));
        assert!(!list.target(key(0)));
        assert!((0..1_000).all(|number| list.selects(key(number)) == Some(Selection::Targeted)));
        assert_eq!(list.targeted(), 1_000);
        assert!(list.untarget(key(0)) && !list.untarget(key(0)));
        assert_ne!(list.selects(key(0)), Some(Selection::Targeted));
    }

    #[test]
    fn a_parcel_is_drawn_once_however_many_codes_it_has() {
        let mut list = InspectionList::new(3, Share::from_ppm(500_000).unwrap());
        for number in 0..1_000 {
            let (one, other) = (key(number), key(number + 1_000));
            let alone = list.selects(one);
            assert_eq!(list.selects_parcel(&[one, other]), alone);
            assert_eq!(list.selects_parcel(&[other, one]), alone);
        }
        list.target(key(1_000));
        assert_eq!(list.selects_parcel(&[key(0), key(1_000)]), Some(Selection::Targeted));
        assert_eq!(list.selects_parcel(&[]), None);
    }
}
