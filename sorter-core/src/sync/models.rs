//! Models of the lock-free protocols, run by loom through every order of their steps.
//!
//! Each model has negative controls: copies of the protocol with one weakness, which loom has to find. A
//! model whose control passes proves nothing.

mod late_data;
mod one_parcel;
mod records;
mod rests;

use super::atomic::{AtomicU64, Ordering};
use super::day_table::{DayTable, Slot};
use crate::clearance::Clearance;
use crate::ids::{ChuteId, DestinationId, ParcelId, PlanVersion, SorterId};
use crate::manifest::Service;
use crate::reason::Reason;
use crate::state_word::{Owner, StateWord, Step, WeightClass};

const PARCEL: ParcelId = ParcelId::new(0);
const DESTINATION: DestinationId = DestinationId::new(1);

/// A parcel that is free to leave.
fn announced() -> StateWord {
    StateWord::announced(DESTINATION, Clearance::Released, Service::Standard, WeightClass::Light)
}

/// The parcel after it was claimed for an item of this sorter and decided for an outbound chute.
fn claimed(word: StateWord, sorter: u8) -> Option<StateWord> {
    let owner = Owner { sorter: SorterId::new(sorter), pass: word.pass().next() };
    let chute = Some(ChuteId::new(3));
    let next = word.after(Step::Claim)?.with_owner(owner);
    Some(next.with_decision(chute, Reason::Planned, PlanVersion::new(1)))
}

/// One parcel, as the real array keeps it or as a weak copy does.
trait Cell: Send + Sync + 'static {
    fn load(&self) -> StateWord;
    fn replace(&self, current: StateWord, new: StateWord) -> Result<(), StateWord>;
}

/// The protocol itself.
struct Real {
    table: DayTable,
    slot: Slot,
}

impl Real {
    fn new(word: StateWord) -> Self {
        let table = DayTable::new(1);
        let slot = table.claim(1, PARCEL.get()).expect("the table is empty");
        table.publish(slot, word);
        Self { table, slot }
    }
}

impl Cell for Real {
    fn load(&self) -> StateWord {
        self.table.load(self.slot).expect("the parcel is announced")
    }

    fn replace(&self, current: StateWord, new: StateWord) -> Result<(), StateWord> {
        self.table.replace(self.slot, current, new)
    }
}

/// The weakness: it looks whether the word is still the same and then stores, instead of doing both at once.
struct CheckThenStore(AtomicU64);

impl CheckThenStore {
    fn new(word: StateWord) -> Self {
        Self(AtomicU64::new(word.to_bits()))
    }
}

impl Cell for CheckThenStore {
    fn load(&self) -> StateWord {
        // ORDERING: Acquire. Pairs with the Release in `replace`; the weakness is not in the ordering.
        StateWord::from_bits(self.0.load(Ordering::Acquire)).expect("only state words are stored")
    }

    fn replace(&self, current: StateWord, new: StateWord) -> Result<(), StateWord> {
        let now = self.load();
        if now != current {
            return Err(now);
        }
        // ORDERING: Release. Pairs with the Acquire in `load`, and still loses what came since the look.
        self.0.store(new.to_bits(), Ordering::Release);
        Ok(())
    }
}
