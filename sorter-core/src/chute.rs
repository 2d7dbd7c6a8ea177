//! Live state and capacity of the chutes of one sorter.
//!
//! Room is reserved when an order is issued and released by every ending of that order. The counters have one
//! writer, the controller of their sorter, so they are exact without being shared.
//!
//! Beside its counters a chute has a [`Dock`]: what the rules of the hall say about the container that stands
//! there. It takes orders only while an open container stands there, the departure of that container is not
//! closed, and the chute is not changing its destination.

use crate::ids::{ChuteId, ConnectionId};
use crate::journal::Record;
use crate::layout::Layout;
use crate::plan::ChuteRole;
use crate::reason::Reason;
use crate::units::Micros;

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
    /// No open container in place.
    NoContainer,
    /// It is changing its destination.
    Changeover,
    /// The departure of its container is closed.
    DepartureClosed,
}

impl ChuteReport {
    /// The flags of a record of the journal.
    pub(crate) fn to_flags(self) -> u8 {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        flag(self.full, Record::FULL)
            | flag(self.half_full, Record::HALF_FULL)
            | flag(self.not_available, Record::NOT_AVAILABLE)
            | flag(self.container, Record::CONTAINER)
    }

    /// A report from the flags of a record.
    pub(crate) const fn from_flags(flags: u8) -> Self {
        Self {
            full: flags & Record::FULL != 0,
            half_full: flags & Record::HALF_FULL != 0,
            not_available: flags & Record::NOT_AVAILABLE != 0,
            container: flags & Record::CONTAINER != 0,
        }
    }
}

impl NoRoom {
    /// The reason of a decision that found the chute so.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Full => Reason::ChuteFull,
            Self::Disabled => Reason::ChuteDisabled,
            Self::NoContainer => Reason::NoContainer,
            Self::Changeover => Reason::Changeover,
            Self::DepartureClosed => Reason::DepartureClosed,
        }
    }
}

/// Whether the container at a chute takes orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// It is open.
    Open,
    /// It has no licence plate yet, or it was closed by hand.
    Shut,
    /// It is open, and the chute drains before it changes its destination: what was ordered before still comes.
    Draining,
}

/// What the rules of the hall say about a chute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dock {
    /// What the chute is for. During a changeover this is still what it was for before.
    pub role: ChuteRole,
    /// Whether goods in transit may be put there.
    pub bonded: bool,
    /// Whether its container takes orders.
    pub gate: Gate,
    /// The connection that its container leaves with.
    pub connection: Option<ConnectionId>,
    /// When the departure of its container closes; [`Dock::NEVER`] without one.
    pub cut_off: Micros,
}

impl Dock {
    /// A cut-off that never comes.
    pub const NEVER: Micros = Micros::new(u64::MAX);
}

/// The live state of one chute.
#[derive(Clone, Copy, Debug)]
pub struct ChuteState {
    dock: Dock,
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

    /// What the rules of the hall say.
    pub const fn dock(&self) -> &Dock {
        &self.dock
    }

    /// What the PLC last said.
    pub const fn report(&self) -> ChuteReport {
        self.report
    }

    /// Places that are neither filled nor reserved.
    pub const fn free(&self) -> u16 {
        self.capacity.saturating_sub(self.fill).saturating_sub(self.reserved)
    }

    /// Whether the chute may take one more order now, or why not.
    ///
    /// # Errors
    /// The first obstacle.
    pub const fn room(&self, at: Micros) -> Result<(), NoRoom> {
        match self.usable(at) {
            Ok(()) if self.free() == 0 => Err(NoRoom::Full),
            usable => usable,
        }
    }

    /// Whether the chute takes orders at all now, apart from counted room.
    ///
    /// # Errors
    /// The first obstacle.
    pub const fn usable(&self, at: Micros) -> Result<(), NoRoom> {
        match self.dock.gate {
            Gate::Draining => Err(NoRoom::Changeover),
            Gate::Open | Gate::Shut => self.takes_ordered(at),
        }
    }

    /// Whether what was ordered to the chute before may still be committed: as [`ChuteState::usable`], but a
    /// chute that drains takes it.
    ///
    /// # Errors
    /// The first obstacle.
    pub const fn takes_ordered(&self, at: Micros) -> Result<(), NoRoom> {
        if !self.report.container || matches!(self.dock.gate, Gate::Shut) {
            Err(NoRoom::NoContainer)
        } else if self.report.not_available {
            Err(NoRoom::Disabled)
        } else if at.get() >= self.dock.cut_off.get() {
            Err(NoRoom::DepartureClosed)
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
    /// The chutes of a layout, empty, with open containers in place that are bound to no departure.
    pub fn new(layout: &Layout) -> Self {
        let state = |chute: &crate::layout::Chute| ChuteState {
            dock: Dock {
                role: ChuteRole::Unused,
                bonded: false,
                gate: Gate::Open,
                connection: None,
                cut_off: Dock::NEVER,
            },
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

    /// Takes over what the rules of the hall say about a chute.
    pub(crate) fn dock(&mut self, chute: ChuteId, dock: Dock) {
        if let Some(state) = self.chutes.get_mut(chute.index()) {
            state.dock = dock;
        }
    }

    /// Takes over what another host knew of a chute. Without a report it keeps the one that it began with.
    pub(crate) fn restore(&mut self, chute: ChuteId, fill: u16, report: Option<ChuteReport>) {
        if let Some(state) = self.chutes.get_mut(chute.index()) {
            state.fill = fill;
            state.report = report.unwrap_or(state.report);
        }
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

    /// A person put an empty container to the chute, which the PLC cannot see.
    pub(crate) fn emptied(&mut self, chute: ChuteId) {
        if let Some(state) = self.chutes.get_mut(chute.index()) {
            state.fill = 0;
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
        let dock = Dock {
            role: ChuteRole::Outbound,
            bonded: false,
            gate: Gate::Open,
            connection: None,
            cut_off: Micros::from_secs(60),
        };
        let chute = ChuteState { dock, capacity: 3, half_full: 2, fill: 0, reserved: 0, report };
        ChuteBank { chutes: vec![chute; 2].into() }
    }

    const NOW: Micros = Micros::from_secs(1);
    const CHUTE: ChuteId = ChuteId::new(1);

    #[test]
    fn reservations_and_fill_share_the_capacity() {
        let mut bank = bank();
        bank.fill(CHUTE);
        bank.reserve(CHUTE);
        assert_eq!(bank.get(CHUTE).unwrap().room(NOW), Ok(()));
        bank.reserve(CHUTE);
        assert_eq!(bank.get(CHUTE).unwrap().room(NOW), Err(NoRoom::Full));
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
        assert_eq!(bank.get(CHUTE).unwrap().room(NOW), Err(NoRoom::NoContainer));
        bank.observe(CHUTE, ChuteReport { container: true, ..ChuteReport::default() });
        let state = bank.get(CHUTE).unwrap();
        assert_eq!((state.fill(), state.reserved(), state.room(NOW)), (0, 1, Ok(())));
    }

    #[test]
    fn a_chute_takes_orders_before_the_cut_off_of_its_container_only() {
        let bank = bank();
        let state = bank.get(CHUTE).unwrap();
        assert_eq!(state.room(Micros::new(59_999_999)), Ok(()));
        assert_eq!(state.room(Micros::from_secs(60)), Err(NoRoom::DepartureClosed));
    }

    #[test]
    fn a_draining_chute_takes_what_was_ordered_before_and_a_shut_one_nothing() {
        let mut bank = bank();
        let dock = *bank.get(CHUTE).unwrap().dock();
        bank.dock(CHUTE, Dock { gate: Gate::Draining, ..dock });
        let state = bank.get(CHUTE).unwrap();
        assert_eq!((state.usable(NOW), state.takes_ordered(NOW)), (Err(NoRoom::Changeover), Ok(())));
        bank.dock(CHUTE, Dock { gate: Gate::Shut, ..dock });
        let state = bank.get(CHUTE).unwrap();
        let shut = Err(NoRoom::NoContainer);
        assert_eq!((state.usable(NOW), state.takes_ordered(NOW)), (shut, shut));
    }

    #[test]
    fn the_full_bit_of_the_plc_outweighs_the_count() {
        let mut bank = bank();
        bank.observe(
            CHUTE,
            ChuteReport { full: true, half_full: true, container: true, not_available: false },
        );
        assert_eq!(bank.get(CHUTE).unwrap().room(NOW), Err(NoRoom::Full));
        bank.observe(
            CHUTE,
            ChuteReport { full: false, half_full: true, container: true, not_available: false },
        );
        assert_eq!(bank.get(CHUTE).unwrap().free(), 1);
    }
}
