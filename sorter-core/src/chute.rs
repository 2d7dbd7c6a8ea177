//! Live state and capacity of the chutes of one sorter.
//!
//! Room is reserved when an order is issued and released by every ending of that order. The counters have one
//! writer, the controller of their sorter, so they are exact without being shared.

use crate::ids::ChuteId;
use crate::layout::Layout;
use crate::reason::Reason;

/// What the PLC last said about a chute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChuteReport {
    /// Full.
    pub full: bool,
    /// Half full.
    pub half_full: bool,
    /// Blocked, disabled or without container.
    pub not_available: bool,
    /// A container is in place.
    pub container: bool,
}

/// Why a chute takes no parcel now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoRoom {
    /// Full, or its last place is reserved.
    Full,
    /// Not available.
    Disabled,
    /// No container in place.
    NoContainer,
}

impl NoRoom {
    /// The reason of a decision that found the chute so.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Full => Reason::ChuteFull,
            Self::Disabled => Reason::ChuteDisabled,
            Self::NoContainer => Reason::NoContainer,
        }
    }
}

/// The live state of one chute.
#[derive(Clone, Copy, Debug)]
pub struct ChuteState {
    capacity: u16,
    half_full: u16,
    fill: u16,
    reserved: u16,
    report: ChuteReport,
}

impl ChuteState {
    /// Parcels that it takes.
    pub const fn capacity(&self) -> u16 {
        self.capacity
    }

    /// Parcels known to be in it.
    pub const fn fill(&self) -> u16 {
        self.fill
    }

    /// Orders on their way to it.
    pub const fn reserved(&self) -> u16 {
        self.reserved
    }

    /// What the PLC last said.
    pub const fn report(&self) -> ChuteReport {
        self.report
    }

    /// Places that are neither filled nor reserved.
    pub const fn free(&self) -> u16 {
        self.capacity.saturating_sub(self.fill).saturating_sub(self.reserved)
    }

    /// Whether the chute may take one more order, or why not.
    ///
    /// # Errors
    /// The first obstacle.
    pub const fn room(&self) -> Result<(), NoRoom> {
        match self.usable() {
            Ok(()) if self.free() == 0 => Err(NoRoom::Full),
            usable => usable,
        }
    }

    /// Whether the chute takes parcels at all, apart from counted room.
    ///
    /// # Errors
    /// The first obstacle.
    pub const fn usable(&self) -> Result<(), NoRoom> {
        if !self.report.container {
            Err(NoRoom::NoContainer)
        } else if self.report.not_available {
            Err(NoRoom::Disabled)
        } else if self.report.full {
            Err(NoRoom::Full)
        } else {
            Ok(())
        }
    }
}

/// The chutes of one sorter.
#[derive(Clone, Debug)]
pub struct ChuteBank {
    chutes: Box<[ChuteState]>,
}

impl ChuteBank {
    /// The chutes of a layout, empty, with containers in place.
    pub fn new(layout: &Layout) -> Self {
        let state = |chute: &crate::layout::Chute| ChuteState {
            capacity: chute.capacity,
            half_full: chute.half_full,
            fill: 0,
            reserved: 0,
            report: ChuteReport { container: true, ..ChuteReport::default() },
        };
        Self { chutes: layout.chutes().iter().map(state).collect() }
    }

    /// The state of a chute, or `None` when the sorter has no such chute.
    pub fn get(&self, chute: ChuteId) -> Option<&ChuteState> {
        self.chutes.get(chute.index())
    }

    /// The chutes in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &ChuteState> {
        self.chutes.iter()
    }

    /// Reservations over all chutes: the orders on their way.
    pub fn reserved(&self) -> u32 {
        self.chutes.iter().map(|chute| u32::from(chute.reserved)).sum()
    }

    /// Reserves a place for an order.
    pub(crate) fn reserve(&mut self, chute: ChuteId) {
        if let Some(state) = self.chutes.get_mut(chute.index()) {
            state.reserved += 1;
        }
    }

    /// Gives back the place of an order that ended. Gives `false` when nothing was reserved, which the
    /// caller counts: it would mean that an order ended twice.
    pub(crate) fn release(&mut self, chute: ChuteId) -> bool {
        match self.chutes.get_mut(chute.index()) {
            Some(state) if state.reserved > 0 => {
                state.reserved -= 1;
                true
            }
            _ => false,
        }
    }

    /// One parcel more is in the chute.
    pub(crate) fn fill(&mut self, chute: ChuteId) {
        if let Some(state) = self.chutes.get_mut(chute.index()) {
            state.fill = state.fill.saturating_add(1);
        }
    }

    /// Takes over what the PLC says about a chute.
    ///
    /// A container that comes back empties the chute; a full bit that goes away without that lowers the
    /// counted fill to what the half-full bit still shows.
    pub(crate) fn observe(&mut self, chute: ChuteId, report: ChuteReport) {
        let Some(state) = self.chutes.get_mut(chute.index()) else { return };
        let swapped = report.container && !state.report.container;
        let relieved = state.report.full && !report.full;
        if swapped {
            state.fill = 0;
        } else if relieved {
            state.fill = if report.half_full { state.fill.min(state.capacity - 1) } else { 0 };
        } else if report.full {
            state.fill = state.fill.max(state.capacity);
        } else if report.half_full && !state.report.half_full {
            state.fill = state.fill.max(state.half_full);
        }
        state.report = report;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank() -> ChuteBank {
        let report = ChuteReport { container: true, ..ChuteReport::default() };
        let chute = ChuteState { capacity: 3, half_full: 2, fill: 0, reserved: 0, report };
        ChuteBank { chutes: vec![chute; 2].into() }
    }

    const CHUTE: ChuteId = ChuteId::new(1);

    #[test]
    fn reservations_and_fill_share_the_capacity() {
        let mut bank = bank();
        bank.fill(CHUTE);
        bank.reserve(CHUTE);
        assert_eq!(bank.get(CHUTE).unwrap().room(), Ok(()));
        bank.reserve(CHUTE);
        assert_eq!(bank.get(CHUTE).unwrap().room(), Err(NoRoom::Full));
        assert!(bank.release(CHUTE));
        assert_eq!(bank.get(CHUTE).unwrap().free(), 1);
    }

    #[test]
    fn a_second_release_is_not_swallowed() {
        let mut bank = bank();
        bank.reserve(CHUTE);
        assert!(bank.release(CHUTE));
        assert!(!bank.release(CHUTE));
    }

    #[test]
    fn a_swapped_container_empties_the_chute_and_keeps_reservations() {
        let mut bank = bank();
        bank.fill(CHUTE);
        bank.reserve(CHUTE);
        bank.observe(CHUTE, ChuteReport { container: false, not_available: true, ..ChuteReport::default() });
        assert_eq!(bank.get(CHUTE).unwrap().room(), Err(NoRoom::NoContainer));
        bank.observe(CHUTE, ChuteReport { container: true, ..ChuteReport::default() });
        let state = bank.get(CHUTE).unwrap();
        assert_eq!((state.fill(), state.reserved(), state.room()), (0, 1, Ok(())));
    }

    #[test]
    fn the_full_bit_of_the_plc_outweighs_the_count() {
        let mut bank = bank();
        bank.observe(
            CHUTE,
            ChuteReport { full: true, half_full: true, container: true, not_available: false },
        );
        assert_eq!(bank.get(CHUTE).unwrap().room(), Err(NoRoom::Full));
        bank.observe(
            CHUTE,
            ChuteReport { full: false, half_full: true, container: true, not_available: false },
        );
        assert_eq!(bank.get(CHUTE).unwrap().free(), 1);
    }
}
