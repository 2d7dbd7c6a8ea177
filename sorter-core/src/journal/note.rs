//! What is rare and long: told in words, where a [`super::Record`] has none.
//!
//! Notes about announcements, plans and departures are done again at recovery, in their order. Containers are told as
//! they are after a change.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::barcode::CodeKey;
use crate::clearance::{Clearance, Ruling};
use crate::container::ContainerRecord;
use crate::ids::{ConnectionId, DepartureId, ItemId, ParcelId, PlanVersion, SorterId};
use crate::units::{EncoderCount, Grams, Micros};

/// A plan that came into force, with its texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanNote {
    /// Its version.
    pub version: PlanVersion,
    /// The name of the TOML text, under which problems are reported.
    pub toml_name: String,
    /// The outlets.
    pub toml: String,
    /// The name of the CSV text.
    pub csv_name: String,
    /// The rules.
    pub csv: String,
}

/// A parcel that was announced while the engine ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateNote {
    /// Its number.
    pub parcel: ParcelId,
    /// Its codes in their canonical spelling.
    pub codes: Vec<String>,
    /// The country, as its two letters.
    pub country: String,
    /// The postcode in its canonical spelling.
    pub postcode: String,
    /// Its weight.
    pub weight: Grams,
    /// The number of its service.
    pub service: u8,
    /// The number of its customs status: that of the ruling that was kept for it, or of its announcement.
    pub clearance: u8,
    /// The number of the connection that it is booked on, as a kept ruling or its announcement says.
    pub onward: Option<u16>,
    /// When customs wrote the ruling that was kept for its codes. Those that were kept are kept no longer, and this
    /// one is the newest about the parcel, with the status above.
    pub ruled: Option<Micros>,
    /// The number of the connection that this ruling names.
    pub ruled_onward: Option<u16>,
}

/// A ruling of customs for a code that nobody has announced yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptNote {
    /// The code.
    pub code: String,
    /// When customs wrote it.
    pub at: Micros,
    /// The number of the status.
    pub status: u8,
    /// The number of the connection.
    pub onward: Option<u16>,
}

impl KeptNote {
    /// The note of a ruling that is kept for a code.
    pub(crate) fn new(code: CodeKey, ruling: Ruling) -> Self {
        let onward = ruling.onward.map(ConnectionId::get);
        Self { code: code.to_text(), at: ruling.at, status: ruling.status as u8, onward }
    }

    /// The ruling and its code; `None` when no version wrote this.
    pub(crate) fn ruling(&self) -> Option<(CodeKey, Ruling)> {
        let (status, onward) = (Clearance::from_code(self.status)?, self.onward.map(ConnectionId::new));
        Some((CodeKey::pack(self.code.as_bytes())?, Ruling { at: self.at, status, onward }))
    }
}

/// What the tunnel has told so far about an item that is not decided by it yet.
///
/// Scan records wait in the PLC until their item is decided; where its window has no room for so many, these are
/// acknowledged before. The item with this number is the one that came at the same encoder count since the same boot of
/// its PLC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedNote {
    /// The sorter.
    pub sorter: SorterId,
    /// The item.
    pub item: ItemId,
    /// Boot number of the PLC.
    pub boot: u16,
    /// The encoder count at its induction; `None` when that was not heard of yet.
    pub inducted_at: Option<EncoderCount>,
    /// The encoder count at which its first record was taken.
    pub since: EncoderCount,
    /// The index of its next record: those before it are told here.
    pub next: u8,
    /// How many records are still to come.
    pub missing: u8,
    /// Its codes so far as [`ScannedNote::text_of`] spells them; the last one may go on in the next record.
    pub codes: Vec<String>,
    /// What the scale said, or zero.
    pub weight: Grams,
}

impl ScannedNote {
    /// A code as it was read, as a text: each byte is the character with its number.
    ///
    /// ```
    /// use sorter_core::journal::ScannedNote;
    ///
    /// assert_eq!(ScannedNote::text_of(b"LP1\xff"), "LP1\u{ff}");
    /// assert_eq!(ScannedNote::bytes_of("LP1\u{ff}"), b"LP1\xff");
    /// ```
    pub fn text_of(code: &[u8]) -> String {
        code.iter().copied().map(char::from).collect()
    }

    /// The code that a text spells. A character that is no byte, which no version writes, is a question mark.
    pub fn bytes_of(text: &str) -> Vec<u8> {
        text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect()
    }
}

/// A note of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// A host began to write: for the first time, or after a restart.
    Boot {
        /// How many hosts wrote before it.
        epoch: u32,
        /// Wall clock of the host in milliseconds since 1970, or 0 where there is none. A label, never compared.
        unix_ms: u64,
        /// The version of the program.
        program: String,
    },
    /// A plan came into force.
    Plan(PlanNote),
    /// A plan will come into force at a time, unless another comes before.
    PlanAhead {
        /// When.
        at: Micros,
        /// The plan; its version is 0.
        plan: PlanNote,
    },
    /// The plan that was to come into force first was taken off the list.
    PlanTaken,
    /// A departure was moved.
    DepartureChanged {
        /// Which.
        departure: DepartureId,
        /// Its cut-off.
        cut_off: Micros,
        /// When it leaves.
        departs: Micros,
        /// When it was moved.
        at: Micros,
    },
    /// A destination came into the directory while the engine ran.
    Destination {
        /// The country, as its two letters.
        country: String,
        /// The postcode in its canonical spelling.
        postcode: String,
    },
    /// A parcel was announced.
    Announced(LateNote),
    /// A ruling is kept for a code.
    Kept(KeptNote),
    /// Kept rulings of a message time before this were forgotten.
    KeptForgotten {
        /// The message time.
        before: Micros,
    },
    /// A container as it is after a change. One that was just put to a chute where nothing stood, as far as its
    /// worker told, stands there for the worker too.
    Container(Box<ContainerRecord>),
    /// A departure left.
    Departed {
        /// Which.
        departure: DepartureId,
        /// When.
        at: Micros,
    },
    /// Scan records of an item are acknowledged that it is not decided by: all that is known from them, in the place of
    /// what an earlier note about it says.
    Scanned(ScannedNote),
}

impl Note {
    /// The name in the journal's tables.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Boot { .. } => "boot",
            Self::Plan(_) => "plan",
            Self::PlanAhead { .. } => "plan_ahead",
            Self::PlanTaken => "plan_taken",
            Self::DepartureChanged { .. } => "departure_changed",
            Self::Destination { .. } => "destination",
            Self::Announced(_) => "announced",
            Self::Kept(_) => "kept",
            Self::KeptForgotten { .. } => "kept_forgotten",
            Self::Container(_) => "container",
            Self::Departed { .. } => "departed",
            Self::Scanned(_) => "scanned",
        }
    }
}

/// A text that is no note.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("note cannot be read: {text}")]
pub struct NoteError {
    /// What is wrong with it, and where.
    pub text: String,
}

impl Note {
    /// The note as one line of JSON, under which journals keep it. Equal notes have equal texts.
    ///
    /// ```
    /// use sorter_core::ids::DepartureId;
    /// use sorter_core::journal::Note;
    /// use sorter_core::units::Micros;
    ///
    /// let note = Note::Departed { departure: DepartureId::new(3), at: Micros::from_secs(9) };
    /// let json = note.to_json();
    /// assert_eq!(json, r#"{"note":"departed","departure":3,"at":9000000}"#);
    /// assert_eq!(Note::from_json(&json), Ok(note));
    /// ```
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a note has no maps and no part that could refuse")
    }

    /// The note of a text that [`Note::to_json`] gave.
    ///
    /// # Errors
    /// [`NoteError`] for any other text.
    pub fn from_json(json: &str) -> Result<Self, NoteError> {
        serde_json::from_str(json).map_err(|error| NoteError { text: error.to_string() })
    }
}

/// Notes as their texts, for formats that cannot tell which kind of note comes next.
pub(super) mod as_json {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Note;

    pub(in crate::journal) fn serialize<S: Serializer>(notes: &[Note], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(notes.iter().map(Note::to_json))
    }

    pub(in crate::journal) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Note>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| Note::from_json(text).map_err(D::Error::custom)).collect()
    }
}
