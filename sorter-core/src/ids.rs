//! Names of things as types: hubs, sorters, chutes, items, parcels, destinations, plans.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($int:ty), $word:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name($int);

        impl $name {
            /// Wraps a bare number.
            pub const fn new(value: $int) -> Self {
                Self(value)
            }

            /// The bare number.
            pub const fn get(self) -> $int {
                self.0
            }

            /// The number as an index into an array that is laid out by this id.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($word, " {}"), self.0)
            }
        }
    };
}

id!(
    /// One building with its own engine. Hubs share nothing.
    HubId(u8), "hub"
);
id!(
    /// One sorter of a hub: one belt, one PLC, one link. At most [`SorterId::LIMIT`] in a hub.
    SorterId(u8), "sorter"
);
id!(
    /// One chute of one sorter, numbered from 0. At most [`ChuteId::LIMIT`] on a sorter.
    ChuteId(u16), "chute"
);
id!(
    /// What a belt tracks: the number that the PLC gives to a thing when it enters.
    ///
    /// 1 to 65535, then 1 again; 0 means no item. It is unique among the items on one belt, and it is
    /// independent of any barcode.
    ItemId(u16), "item"
);
id!(
    /// The place of a parcel in the ledger of its hub, counted from 0 in the order of announcement.
    ParcelId(u32), "parcel"
);
id!(
    /// A dense number for one (country, postcode). At most [`DestinationId::LIMIT`].
    DestinationId(u32), "destination"
);
id!(
    /// An outlet of a sort plan: a destination class with the chutes that serve it.
    OutletId(u16), "outlet"
);
id!(
    /// The version of a sort plan, rising with each publication. 0 is no plan.
    PlanVersion(u32), "plan"
);
id!(
    /// A tracking photo-eye. 0 is the eye at the induction.
    EyeId(u8), "photo-eye"
);
id!(
    /// A diverter of a sorter.
    DiverterId(u8), "diverter"
);
id!(
    /// An induction of a sorter.
    InductionId(u8), "induction"
);
id!(
    /// A lane of a hall: where a departure goes, such as "DE:Cologne". Numbered by the timetable.
    LaneId(u16), "lane"
);
id!(
    /// A connection: a departure that repeats every week, such as truck T07. Numbered by the timetable.
    ConnectionId(u16), "connection"
);
id!(
    /// One departure of one connection in one week. Numbered by the timetable.
    DepartureId(u32), "departure"
);
id!(
    /// One container that stands or stood at a chute of a hub, numbered in the order of their arrival.
    ContainerId(u32), "container"
);

impl SorterId {
    /// Sorters in one hub: five bits of the state word.
    pub const LIMIT: usize = 32;
}

impl ChuteId {
    /// Chutes on one sorter: nine bits of the state word. One PLC link carries 256 of them.
    pub const LIMIT: usize = 512;
}

impl DestinationId {
    /// Destinations in one directory: nineteen bits of the state word.
    pub const LIMIT: usize = 1 << 19;
}

impl ItemId {
    /// No item.
    pub const NONE: Self = Self(0);

    /// The number that the PLC gives after this one: 1 follows 65535.
    pub const fn next(self) -> Self {
        Self(if self.0 == u16::MAX { 1 } else { self.0 + 1 })
    }

    /// Whether this names no item.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}
