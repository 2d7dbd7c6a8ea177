//! Notice files and the desk that they go to.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sorter_core::barcode::{CodeBook, CodeKey};
use sorter_core::clearance::{
    Accepted, Clearance, CustomsDesk, DeskLimits, NoticeRefusal, NoticeSummary, Ruling, read_notices,
};
use sorter_core::ids::{ConnectionId, ParcelId};
use sorter_core::row_file::MAX_LISTED;

static STANDARD: LazyLock<CodeBook> = LazyLock::new(CodeBook::standard);

/// A notice file: every row is counted once, what was refused as a row is refused again, and of the notices of
/// each code the newest is kept.
pub fn notices(data: &[u8]) {
    let mut aside = Vec::new();
    let limits = DeskLimits { parcels: 1, kept: 16, history: 4, recalls: 0 };
    let mut desk = CustomsDesk::new(limits, 0);
    let mut newest: BTreeMap<CodeKey, Ruling> = BTreeMap::new();
    let summary = read(data, &mut aside, |key, ruling| {
        let answer = desk.keep(key, ruling);
        match &answer {
            Ok(Accepted::Kept | Accepted::Repeat | Accepted::Outweighed) => {
                newest.entry(key).and_modify(|it| *it = it.merged(ruling)).or_insert(ruling);
            }
            Ok(Accepted::Applied(_)) => panic!("nothing is announced"),
            Err(NoticeRefusal::Older { at, present }) => assert!(at < present),
            Err(refusal) => assert!(matches!(refusal, NoticeRefusal::Full { .. }), "{refusal}"),
        }
        answer
    });
    assert_eq!(desk.kept(), newest.len());
    for (key, ruling) in newest {
        assert_eq!(desk.take_kept(&[key]), Some(ruling));
        let parcel = ParcelId::new(0);
        if desk.accept(parcel, ruling).is_ok() {
            assert!(desk.in_force(parcel).is_some_and(|present| present.at == ruling.at));
        }
    }
    if summary.is_some_and(|summary| summary.refused_rows() > 0) {
        let mut twice = Vec::new();
        // Without a desk, only rows that are wrong by themselves are refused.
        let again = read(&aside, &mut twice, |_, _| Ok(Accepted::Kept));
        again.expect("refused rows stand under the header of their file");
        assert!(twice.len() <= aside.len());
    } else {
        assert!(aside.is_empty());
    }
}

fn read(
    data: &[u8],
    aside: &mut Vec<u8>,
    mut take: impl FnMut(CodeKey, Ruling) -> Result<Accepted, NoticeRefusal>,
) -> Option<NoticeSummary> {
    let connection = |name: &str| name.strip_prefix('X')?.parse().ok().map(ConnectionId::new);
    let mut taken = 0;
    let summary = read_notices(data, "fuzz.csv", aside, |notice| {
        let (key, ruling) = notice.resolve(&STANDARD, connection)?;
        assert!(ruling.status != Clearance::Transit || ruling.onward.is_some());
        take(key, ruling)?;
        taken += 1;
        Ok(())
    })
    .ok()?;
    assert_eq!(summary.accepted, taken);
    assert_eq!(summary.rows, summary.accepted + summary.refused_rows());
    assert_eq!(summary.listed.len() as u64, summary.refused_rows().min(MAX_LISTED as u64));
    Some(summary)
}
