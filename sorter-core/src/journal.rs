//! The journal: what must survive a crash, as numbered records.
//!
//! Workers push records of what they did onto rings, customs and the people of the hall post theirs under locks that
//! they hold anyway, and one writer brings them into one order and makes them durable together. An order reaches the
//! PLC, and an event is acknowledged, only when the record behind it is durable.
//!
//! | part | what it is |
//! | --- | --- |
//! | [`Record`] | what happened to an item, a parcel or a chute, in eight words |
//! | [`Note`] | what is rare and long: announcements, plans, containers |
//! | [`Book`], [`Lane`] | where records are put: a lane for each worker, the hub's own for everybody else |
//! | [`Drain`], [`Sequencer`] | the other end: all lanes in one order, in which each parcel's records follow each other |
//! | [`Scribe`] | group commit: collects, writes through a [`Journal`], publishes what is durable |
//! | [`SimulatedJournal`] | a journal on a made-up disk: late, full, failing, and cut off by a crash |
//! | [`Image`] | the state that the records tell; a snapshot is an image, and so is what recovery gives |
//!
//! # Order
//! Each record about a parcel carries the state word before and after its step. Steps are compare-and-swaps, so these
//! words tell in which order two threads changed a parcel. The sequencer takes a record only when its word before is
//! the last known word of the parcel; until then the lane waits. Each record gets a number, and the number of the
//! record before it about the same parcel.

mod book;
mod entry;
mod image;
mod note;
mod progress;
mod record;
mod scribe;
mod sequencer;
mod simulated;
mod snapshot;
mod store;

pub use book::{Book, BookConfig, Drain, Health, Lane, Mark};
pub use entry::{Body, Entry, RecordSeq, note_checksum, record_checksum};
pub use image::{
    ChuteImage, Image, ItemImage, ParcelImage, Recovered, RulingImage, SealedImage, ServingImage, SorterImage,
};
pub use note::{KeptNote, LateNote, Note, NoteError, PlanNote, ScannedNote};
pub use progress::{AheadError, Follower, Progress};
pub use record::{Cause, Record, RecordKind};
pub use scribe::{Scribe, ScribeConfig, ScribeState, Turn};
pub use sequencer::Sequencer;
pub use simulated::{AfterCrash, DiskCounts, Keep, LateSyncs, SimulatedDisk, SimulatedJournal};
pub use snapshot::{SnapshotError, SnapshotHead};
pub use store::{CommitError, CommitErrorKind, Journal};
