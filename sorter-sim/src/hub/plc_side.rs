//! The plant and PLC of a station, owned by it or shared with a server.

use std::cell::{Ref, RefCell, RefMut};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use sorter_core::layout::Layout;

use crate::register_plc::{NetworkedLine, RegisterPlcConfig};
use crate::virtual_plc::LineSorter;

/// Where the line sorter of a station is.
pub(super) enum PlcSide {
    /// The station passes events and orders itself.
    Direct(Box<LineSorter>),
    /// Events and orders pass through registers, which a server reads and writes.
    Linked(Rc<RefCell<NetworkedLine>>),
}

impl PlcSide {
    /// A line whose PLC has just booted and waits for a session.
    pub(super) fn linked(line: LineSorter, layout: &Layout) -> Self {
        let config =
            RegisterPlcConfig { belt_capacity: layout.belt_capacity(), ..RegisterPlcConfig::default() };
        Self::Linked(Rc::new(RefCell::new(NetworkedLine::new(line, config))))
    }

    pub(super) fn line(&self) -> impl Deref<Target = LineSorter> + '_ {
        match self {
            Self::Direct(line) => LineRef::Own(line),
            Self::Linked(line) => LineRef::Shared(Ref::map(line.borrow(), NetworkedLine::line)),
        }
    }

    pub(super) fn line_mut(&mut self) -> impl DerefMut<Target = LineSorter> + '_ {
        match self {
            Self::Direct(line) => LineMut::Own(line),
            Self::Linked(line) => LineMut::Shared(RefMut::map(line.borrow_mut(), NetworkedLine::line_mut)),
        }
    }
}

enum LineRef<'a> {
    Own(&'a LineSorter),
    Shared(Ref<'a, LineSorter>),
}

impl Deref for LineRef<'_> {
    type Target = LineSorter;

    fn deref(&self) -> &LineSorter {
        match self {
            Self::Own(line) => line,
            Self::Shared(line) => line,
        }
    }
}

enum LineMut<'a> {
    Own(&'a mut LineSorter),
    Shared(RefMut<'a, LineSorter>),
}

impl Deref for LineMut<'_> {
    type Target = LineSorter;

    fn deref(&self) -> &LineSorter {
        match self {
            Self::Own(line) => line,
            Self::Shared(line) => line,
        }
    }
}

impl DerefMut for LineMut<'_> {
    fn deref_mut(&mut self) -> &mut LineSorter {
        match self {
            Self::Own(line) => line,
            Self::Shared(line) => line,
        }
    }
}
