//! What can go wrong between an exchange and its PLC.

use std::fmt;

use sorter_core::journal::Health;
use sorter_core::units::{Micros, Pulses};

use crate::codec::{CodecError, RecordError};
use crate::contract::Seq;
use crate::controller::{LaneStatus, ThrottleStep};
use crate::register_map::BlockId;

/// Why nothing is written to a PLC: it is not the one that the configuration describes.
///
/// The exchange looks at it again once a second and starts over when it reads right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupFault {
    /// A block is not what it should be.
    #[error(transparent)]
    Block(#[from] CodecError),
    /// The PLC has no such registers (exception 02), or not so many (03).
    #[error("{block} is not at its address or is too short: the plc rejects the request")]
    Rejected {
        /// The block.
        block: BlockId,
    },
}

/// A numbered stream of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Events.
    Events,
    /// Scan records.
    Scans,
    /// Acknowledgements of orders.
    Orders,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events => "events",
            Self::Scans => "scans",
            Self::Orders => "orders",
        })
    }
}

/// What was wrong with an answer, or what it told.
///
/// By the time that it is returned the exchange has done what there is to do; it is there to be counted and shown.
/// The connection is none the worse for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeFault {
    /// Words came that nobody had asked for. They were not used.
    #[error("an answer of {received} words belongs to no request")]
    Unasked {
        /// Words that came.
        received: usize,
    },
    /// The image cannot be used; it is read again in the next cycle.
    #[error("{0}")]
    Image(CodecError),
    /// The PLC is not the one that is configured; nothing is written to it.
    #[error("{0}")]
    Setup(SetupFault),
    /// The PLC has started anew and forgotten its items. A new session follows.
    #[error("plc restarted: boot is {boot}, was {before}, session echo is {echo}")]
    Restarted {
        /// The boot word now.
        boot: u16,
        /// The boot word before.
        before: u16,
        /// The session that it serves.
        echo: u16,
    },
    /// The PLC closed the session by itself. A new one follows.
    #[error("plc closed session {session}")]
    Closed {
        /// The session.
        session: u16,
    },
    /// The PLC serves a session of somebody else. A new one follows.
    #[error("plc serves session {echo}, expected {session}: another host writes to it")]
    ForeignSession {
        /// The session that it serves.
        echo: u16,
        /// The session of this host.
        session: u16,
    },
    /// A new session found no echo. The opening begins again.
    #[error("plc did not take session {session} within {waited}, session echo is {echo}")]
    NoEcho {
        /// The session.
        session: u16,
        /// The session that it serves instead.
        echo: u16,
        /// How long it was waited for.
        waited: Micros,
    },
    /// The PLC does not close its session. The exchange goes on writing session 0.
    #[error("plc still serves session {echo} after {waited} of session 0 and {scans} scans")]
    NotClosed {
        /// The session that it serves.
        echo: u16,
        /// PLC scans since.
        scans: u32,
        /// How long session 0 has been written.
        waited: Micros,
    },
    /// A number stands behind one that was seen before. A new session follows.
    #[error("{stream} went back from {from} to {to}")]
    NumberBack {
        /// Of which stream.
        stream: Stream,
        /// The last number.
        from: Seq,
        /// The number that came.
        to: Seq,
    },
    /// A number is further ahead than its window reaches. A new session follows.
    #[error("{stream} jumped from {from} to {to}, the window has {slots} slots")]
    NumberJump {
        /// Of which stream.
        stream: Stream,
        /// The last number.
        from: Seq,
        /// The number that came.
        to: Seq,
        /// Slots of its window.
        slots: usize,
    },
    /// More orders are acknowledged than were sent: another host writes orders. A new session follows.
    #[error("plc acknowledges order {ack}, the last one sent is {sent}: another host writes to it")]
    ForeignAck {
        /// The acknowledgement.
        ack: Seq,
        /// The last order sent.
        sent: Seq,
    },
    /// A published record is not in its window, and that did not change. A new session follows.
    #[error("{stream} have no {expected} in their window although {published} is published, for {waited}")]
    Missing {
        /// Of which stream.
        stream: Stream,
        /// The number that is next.
        expected: Seq,
        /// The highest number published.
        published: Seq,
        /// For how long.
        waited: Micros,
    },
    /// The BELT snapshot stands at an event that does not exist. A new session follows.
    #[error("belt snapshot stands at event {belt_at}, the plc has {events} events")]
    BeltAt {
        /// Where it stands.
        belt_at: Seq,
        /// Events in the window and behind it.
        events: u32,
    },
    /// BELT was not left alone long enough to be read. A new session follows.
    #[error("belt snapshot was not at rest for {waited}, its number is {snapshot}")]
    BeltRestless {
        /// The number that it had last; 0 is being written.
        snapshot: u16,
        /// How long it was tried.
        waited: Micros,
    },
    /// The scan counter went back. A new session follows.
    #[error("scan counter went back from {from} to {to}")]
    CounterBack {
        /// The last count.
        from: u16,
        /// The count that came.
        to: u16,
    },
    /// The encoder went back further than a belt rolls. A new session follows.
    #[error("encoder went back by {by}, allowed are {limit}")]
    EncoderBack {
        /// How far.
        by: Pulses,
        /// How far it may.
        limit: Pulses,
    },
    /// The encoder moved faster than the belt can. A new session follows.
    #[error("encoder moved by {by} in {elapsed}, the belt makes at most {limit}")]
    EncoderFast {
        /// How far.
        by: Pulses,
        /// Since the last image.
        elapsed: Micros,
        /// How far it can have moved.
        limit: Pulses,
    },
    /// The PLC lost events. The windows were drained, a new session follows.
    #[error("plc lost events: its store overflowed in session {session}")]
    Overflow {
        /// The session.
        session: u16,
    },
    /// The host gave an order that it had no right to give; this one and those behind it were not sent. A new
    /// session follows, so that both count alike again.
    #[error("host gave order {given}, expected {expected} with room for {room}")]
    HostOrder {
        /// The number that it has.
        given: Seq,
        /// The number that is next.
        expected: Seq,
        /// How many more orders could be given.
        room: usize,
    },
}

/// Something that a person should know, and that changes nothing in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// The PLC answers, but its program does not run: no orders are given and induction is not permitted.
    #[error("plc is stalled: its scan counter stands at {counter}")]
    Stalled {
        /// The count.
        counter: u16,
    },
    /// The program of the PLC runs again.
    #[error("plc runs again: its scan counter is {counter}")]
    Resumed {
        /// The count.
        counter: u16,
    },
    /// The encoder stands still although the belt is said to run.
    #[error("encoder stands still at {count} pulses while the belt is said to run")]
    EncoderFrozen {
        /// The count.
        count: u32,
    },
    /// The PLC lost scan records of some items.
    #[error("plc lost scan records: its store overflowed in session {session}")]
    ScanOverflow {
        /// The session.
        session: u16,
    },
    /// The PLC has seen a slot with the right number and a wrong check for 100 scans.
    #[error("plc reads the next order slot with a wrong check, order ack is {ack}")]
    BadSlot {
        /// The last order taken.
        ack: Seq,
    },
    /// A record is not of the contract. It was acknowledged and passed over.
    #[error("{0}")]
    Record(RecordError),
    /// The journal of the host is in another state.
    #[error("{0}")]
    Journal(JournalNotice),
    /// Another host went on faster than a listening exchange could read.
    #[error("{count} {stream} were missed while listening")]
    Missed {
        /// Of which stream.
        stream: Stream,
        /// How many.
        count: u32,
    },
}

/// What the journal of a host means for its sorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JournalNotice {
    /// It writes and keeps up.
    Well,
    /// It is behind, and induction is slowed down or closed.
    Behind {
        /// How far induction is throttled.
        step: ThrottleStep,
        /// Records that are not durable.
        backlog: u64,
        /// How long the oldest has waited.
        age: Micros,
    },
    /// It cannot write now: nothing is ordered and induction is closed until it can.
    Stalled,
    /// It will not write any more: nothing is ordered and induction is closed until this host is started again.
    Failed,
}

impl fmt::Display for JournalNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Well => f.write_str("journal writes and keeps up: induction is as configured"),
            Self::Behind { step, backlog, age } => {
                let left = match step {
                    ThrottleStep::Open => "open",
                    ThrottleStep::ThreeQuarters => "at three quarters",
                    ThrottleStep::Half => "at half",
                    ThrottleStep::Quarter => "at a quarter",
                    ThrottleStep::Closed => "closed",
                };
                write!(f, "journal is behind by {backlog} records, the oldest waits for {age}: induction is {left}")
            }
            Self::Stalled => f.write_str(
                "journal cannot write now and tries again: nothing is ordered and induction is closed until it can",
            ),
            Self::Failed => f.write_str(
                "journal has failed: nothing is ordered and induction is closed until this host is started again",
            ),
        }
    }
}

impl JournalNotice {
    fn of(status: &LaneStatus) -> Self {
        match (status.health, status.step) {
            (Health::Failed, _) => Self::Failed,
            (Health::Stalled, _) => Self::Stalled,
            (Health::Well, ThrottleStep::Open) => Self::Well,
            (Health::Well, step) => Self::Behind { step, backlog: status.load.backlog, age: status.load.age },
        }
    }
}

impl Notice {
    /// The notice that the journal of the host is in another state than before, if it is. A journal that was never heard
    /// of counts as one that keeps up.
    pub(super) fn of_journal(before: Option<&LaneStatus>, after: Option<&LaneStatus>) -> Option<Self> {
        let after = after?;
        let same = match before {
            Some(before) => before.health == after.health && before.step == after.step,
            None => JournalNotice::of(after) == JournalNotice::Well,
        };
        (!same).then(|| Self::Journal(JournalNotice::of(after)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::Load;

    fn status(health: Health, step: ThrottleStep) -> LaneStatus {
        let load = Load { backlog: 40, capacity: 16_384, age: Micros::from_millis(120) };
        LaneStatus { health, step, load, ..LaneStatus::default() }
    }

    fn text(before: Option<LaneStatus>, after: Option<LaneStatus>) -> Option<String> {
        Notice::of_journal(before.as_ref(), after.as_ref()).map(|notice| notice.to_string())
    }

    #[test]
    fn each_change_of_the_journal_is_told_once_and_in_words() {
        let well = status(Health::Well, ThrottleStep::Open);
        let slow = status(Health::Well, ThrottleStep::ThreeQuarters);
        assert_eq!(text(None, Some(well)), None);
        assert_eq!(text(None, None), None);
        let behind = text(Some(well), Some(slow));
        assert_eq!(
            behind.as_deref(),
            Some(
                "journal is behind by 40 records, the oldest waits for 120000 us: induction is at three quarters"
            )
        );
        assert_eq!(text(None, Some(slow)), behind);
        let later = LaneStatus { load: Load::default(), ..slow };
        assert_eq!(text(Some(slow), Some(later)), None, "only another step is news");
        assert!(text(Some(slow), Some(well)).unwrap().starts_with("journal writes and keeps up"));
        let stalled = status(Health::Stalled, ThrottleStep::Open);
        assert!(text(Some(well), Some(stalled)).unwrap().starts_with("journal cannot write now"));
        let failed = status(Health::Failed, ThrottleStep::Closed);
        assert!(text(Some(stalled), Some(failed)).unwrap().starts_with("journal has failed"));
    }
}
