//! Notice files, good and bad.

use proptest::prelude::*;

use super::*;
use crate::clearance::Clearance;

const HEADER: &str = "code,status,message_time,onward\n";
const GOOD: &str = "LP263072004SG,released,5000000,\n";

fn read(file: &[u8]) -> Result<(NoticeSummary, Vec<u8>), RowFileError> {
    let mut aside = Vec::new();
    let summary = read_notices(file, "day.csv", &mut aside, |_| Ok(()))?;
    Ok((summary, aside))
}

#[test]
fn hands_on_every_notice_as_it_stands() {
    let file =
        "onward,note,Message_Time,status,code\r\nX03,\"a, b\",7, TRANSIT ,LP263072004SG\r\n,,0,seized,x";
    let mut notices = Vec::new();
    let summary = read_notices(file.as_bytes(), "day.csv", std::io::sink(), |notice| {
        let code = String::from_utf8_lossy(notice.code).into_owned();
        notices.push((code, notice.status, notice.at, notice.onward.map(str::to_owned)));
        Ok(())
    })
    .unwrap();
    assert_eq!((summary.rows, summary.accepted), (2, 2));
    assert_eq!(
        notices,
        [
            ("LP263072004SG".to_owned(), Clearance::Transit, Micros::new(7), Some("X03".to_owned())),
            ("x".to_owned(), Clearance::Seized, Micros::ZERO, None),
        ]
    );
}

#[test]
fn a_file_without_goods_in_transit_needs_no_column_for_them() {
    let (summary, _) = read(b"code,status,message_time\nLP263072004SG,released,1\n").unwrap();
    assert_eq!((summary.rows, summary.accepted), (1, 1));
}

#[test]
fn refuses_bad_rows_one_by_one_with_their_reasons() {
    let time =
        |text: &str| format!("message time \"{text}\" is not a whole number of microseconds since the start");
    for (row, kind, message) in [
        ("LP263072004SG,released,,", NoticeRefusalKind::BadTime, time("")),
        ("LP263072004SG,released,-1,", NoticeRefusalKind::BadTime, time("-1")),
        ("LP263072004SG,released,1.5,", NoticeRefusalKind::BadTime, time("1.5")),
        (
            "LP263072004SG,released,18446744073709551616,",
            NoticeRefusalKind::BadTime,
            time("18446744073709551616"),
        ),
        (
            "LP263072004SG,released,1",
            NoticeRefusalKind::ColumnCount,
            "row has 3 fields (the header has 4)".to_owned(),
        ),
        ("LP2\x00,released,1,", NoticeRefusalKind::Nul, "row has a NUL byte".to_owned()),
    ] {
        let (summary, aside) = read(format!("{HEADER}{GOOD}{row}\n{GOOD}").as_bytes()).unwrap();
        assert_eq!((summary.rows, summary.accepted), (3, 2), "{row}");
        assert_eq!(summary.refused, [(kind, 1)], "{row}");
        assert_eq!((summary.listed[0].line, &summary.listed[0].message), (Some(3), &message));
        assert_eq!(aside, format!("{HEADER}{row}\n").into_bytes());
    }
}

#[test]
fn an_unknown_status_names_the_known_ones() {
    let (summary, _) = read(format!("{HEADER}LP263072004SG,free,1,\n").as_bytes()).unwrap();
    for status in Clearance::ALL {
        assert!(summary.listed[0].message.contains(status.key()), "{status}");
    }
}

#[test]
fn names_what_is_wrong_with_a_whole_file() {
    let told = |file: &[u8]| read(file).unwrap_err().to_string();
    assert_eq!(told(b"\n"), "day.csv: CN0001: file is empty");
    assert_eq!(
        told(b"code,time\n"),
        "day.csv:1: CN0002: column status is missing\nday.csv:1: CN0002: column message_time is missing"
    );
}

proptest! {
    #[test]
    fn every_row_is_either_accepted_or_refused_and_refused_again(
        body in prop::collection::vec(
            prop_oneof![
                Just(GOOD.as_bytes().to_vec()),
                prop::collection::vec(any::<u8>(), 0..40),
                "[LP0-9,\"; \r\na-z]{0,40}".prop_map(String::into_bytes),
            ],
            0..20,
        ),
    ) {
        let (summary, aside) = read(&[HEADER.as_bytes().to_vec(), body.concat()].concat()).unwrap();
        prop_assert_eq!(summary.rows, summary.accepted + summary.refused_rows());
        if !aside.is_empty() {
            let (again, _) = read(&aside).unwrap();
            prop_assert_eq!((again.rows, again.accepted), (summary.refused_rows(), 0));
        }
    }
}
