//! Where each body ended, for whoever compares it with the books of a host.

use std::io::{self, Write};

use sorter_core::barcode::CodeBook;
use sorter_core::ids::{ChuteId, SorterId};

use super::fates::{Fates, Place};
use super::load::MockLoad;
use crate::check::Reading;

/// Where a body is at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyEnd {
    /// The sorter that had it.
    pub sorter: SorterId,
    /// The first code of its label, in its canonical spelling.
    pub code: String,
    /// What the scanner made of it on the pass that brought it into its chute: the first code of a label, nothing, or
    /// the codes of two labels.
    pub read_as: String,
    /// `chute`, `belt` or `back`: off the belt, on its way back to the induction.
    pub place: &'static str,
    /// Its chute.
    pub chute: Option<ChuteId>,
}

impl BodyEnd {
    /// The bodies of one sorter, by number.
    pub(super) fn all(sorter: SorterId, fates: &Fates, load: &MockLoad) -> Vec<Self> {
        let reads = load.reads();
        let book = CodeBook::standard();
        let code = |label: u32| {
            let codes = reads.codes(label);
            let parsed = codes.first().and_then(|code| book.parse(code.as_slice()).ok());
            parsed.map(|parsed| parsed.key.to_text()).unwrap_or_default()
        };
        let end = |(parcel, place): (&u32, &Place)| {
            let slid = fates.discharges.iter().rev().find(|(body, _)| body.parcel == *parcel);
            let slid = slid.filter(|_| *place == Place::Chute);
            let read_as = match slid.map(|(body, _)| reads.reading(body.parcel, body.pass)) {
                Some(Reading::Label(label)) => code(label),
                Some(Reading::Conflict) => "conflict".to_owned(),
                Some(Reading::NoRead) | None => String::new(),
            };
            let place = match place {
                Place::Belt => "belt",
                Place::Chute => "chute",
                Place::Back => "back",
            };
            let label = reads.parcels()[*parcel as usize].label;
            Self { sorter, code: code(label), read_as, place, chute: slid.map(|(_, chute)| *chute) }
        };
        fates.places.iter().map(end).collect()
    }

    /// Writes them as CSV.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_csv<'e>(ends: impl IntoIterator<Item = &'e Self>, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "sorter,code,read_as,place,chute")?;
        for end in ends {
            let chute = end.chute.map(|chute| chute.get().to_string()).unwrap_or_default();
            writeln!(out, "{},{},{},{},{chute}", end.sorter.get(), end.code, end.read_as, end.place)?;
        }
        Ok(())
    }
}
