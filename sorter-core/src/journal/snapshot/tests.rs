use proptest::prelude::*;

use super::*;
use crate::clearance::{Clearance, Recall};
use crate::container::{ManifestEntry, Yard};
use crate::departure::Departure;
use crate::ids::{
    ChuteId, ConnectionId, ContainerId, DepartureId, ItemId, LaneId, ParcelId, PlanVersion, SorterId,
};
use crate::journal::{
    Cause, ChuteImage, ItemImage, KeptNote, LateNote, Note, PlanNote, ScannedNote, SealedImage, ServingImage,
    SorterImage,
};
use crate::reason::Reason;
use crate::state_word::StateWord;
use crate::units::{EncoderCount, Grams, Micros};

/// An image in which everything occurs.
fn full() -> Image {
    let mut image =
        Image { hub: HubId::new(7), seq: RecordSeq::new(99), at: Micros::from_secs(5), ..Image::default() };
    image.boots = 3;
    image.announced = (4, 0xfeed);
    image.parcels = (0..4).map(parcel).collect();
    image.sorters.insert(SorterId::new(2), sorter());
    let mut yard = Yard::new();
    let container =
        yard.arrive(SorterId::new(2), ChuteId::new(1), crate::container::ContainerKind::Uld, Micros::ZERO);
    let container = container.expect("nothing stands there");
    let plate = "354123455501152989".parse().expect("it is a plate");
    let departure = Departure {
        id: DepartureId::new(6),
        connection: ConnectionId::new(1),
        lane: LaneId::new(4),
        opens: Micros::ZERO,
        closing: Micros::from_secs(40),
        cut_off: Micros::from_secs(50),
        departs: Micros::from_secs(90),
    };
    let mut record = yard.get(container).expect("it is there").clone();
    (record.plate, record.departure) = (Some(plate), Some(departure));
    image.containers.insert(record.id, record);
    image.departed.insert(DepartureId::new(5), Micros::from_secs(4));
    image.kept.insert("LP1".to_owned(), kept());
    for parcel in 0..3 {
        image.recalls.raise(recall(parcel));
    }
    image.recalls.withdraw(ParcelId::new(1), Micros::from_secs(8));
    image.again = notes();
    image
}

fn parcel(number: u64) -> ParcelImage {
    ParcelImage {
        word: number << 27 | 1,
        last: RecordSeq::new(number * 3),
        container: 17,
        onward: 9,
        ruled_at: number,
        ruled_onward: 258,
        ruled: 5,
    }
}

fn recall(parcel: u32) -> Recall {
    Recall {
        parcel: ParcelId::new(parcel),
        container: Some(ContainerId::new(4)),
        departure: None,
        status: Clearance::Seized,
        at: Micros::new(10),
        withdrawn: None,
    }
}

fn kept() -> KeptNote {
    KeptNote { code: "LP1".to_owned(), at: Micros::from_secs(3), status: 4, onward: Some(2) }
}

fn scanned() -> ScannedNote {
    ScannedNote {
        sorter: SorterId::new(2),
        item: ItemId::new(11),
        boot: 3,
        inducted_at: Some(EncoderCount::new(u32::MAX)),
        since: EncoderCount::new(60),
        next: 6,
        missing: 249,
        codes: vec![
            ScannedNote::text_of(b"LP1"),
            ScannedNote::text_of(&[0, b'"', 0x7f, 0xff]),
            String::new(),
        ],
        weight: Grams::new(70),
    }
}

fn sorter() -> SorterImage {
    let entry = ManifestEntry { parcel: None, item: ItemId::new(8), weight: Grams::new(250) };
    let item = ItemImage {
        item: ItemId::new(9),
        inducted_at: EncoderCount::new(u32::MAX),
        inducted: true,
        decided: true,
        parcel: Some(ParcelId::new(3)),
        claim: StateWord::from_bits(3 << 27 | 2),
        doubt: Some(Reason::NoRead),
        duplicate: true,
        chute: Some(ChuteId::new(12)),
        reason: Reason::Overflow,
        committed: true,
        weight: Grams::new(900),
        decisions: 2,
    };
    let mut sorter = SorterImage {
        plan_seen: PlanVersion::new(4),
        serves: PlanVersion::new(3),
        linked: Some(0x0002_0003),
        reasons: (0..Reason::COUNT as u64).collect(),
        decisions: 5,
        commits: 4,
        changeovers: 1,
        ..SorterImage::default()
    };
    sorter.balance.inducted = 6;
    sorter.items.insert(item.item, item);
    sorter.chutes.push(ChuteImage {
        fill: 3,
        report: 16,
        reported: true,
        content: vec![entry; 3],
        standing: Some(ContainerId::new(1)),
        shut: true,
        departure: Some(DepartureId::new(6)),
        serving: Some(ServingImage { packed: u64::MAX, since: Micros::new(3) }),
    });
    for (parcel, second) in [(5, 4), (6, 2), (7, 4), (8, 1)] {
        let _ = sorter.held.add(
            ParcelId::new(parcel),
            ChuteId::new(98),
            Micros::from_secs(second),
            Reason::Inspect,
        );
    }
    let _ = sorter.held.take(ParcelId::new(8), Micros::from_secs(9));
    let (container, at) = (ContainerId::new(0), Micros::from_secs(2));
    sorter.sealed.push(SealedImage { container, at, departure: None, content: vec![entry] });
    let cause = Cause { kind: 0x0301, arg: 7, encoder: EncoderCount::new(800) };
    sorter.recent.push_back((ItemId::new(9), cause));
    sorter.unknown.insert(ParcelId::new(2), Micros::from_secs(1));
    sorter.half_read.insert(ItemId::new(11), scanned());
    sorter.half_read.insert(ItemId::new(12), ScannedNote { inducted_at: None, ..scanned() });
    sorter
}

fn notes() -> Vec<Note> {
    let text = |text: &str| text.to_owned();
    let plan = PlanNote {
        version: PlanVersion::new(2),
        toml_name: text("a.toml"),
        toml: text("name = \"ü\"\n"),
        csv_name: text("a.csv"),
        csv: text("x,y\r\n"),
    };
    let late = LateNote {
        parcel: ParcelId::new(3),
        codes: vec![text("LP1")],
        country: text("DE"),
        postcode: text("10115"),
        weight: Grams::new(420),
        service: 1,
        clearance: 2,
        onward: Some(3),
        ruled: Some(Micros::from_secs(1)),
        ruled_onward: None,
    };
    let (departure, at) = (DepartureId::new(1), Micros::from_secs(3));
    vec![
        Note::Boot { epoch: 1, unix_ms: 2, program: text("0.1.0") },
        Note::Plan(plan.clone()),
        Note::PlanAhead { at, plan },
        Note::PlanTaken,
        Note::DepartureChanged { departure, cut_off: at, departs: at, at },
        Note::Destination { country: text("DE"), postcode: text("10115") },
        Note::Announced(late),
        Note::Kept(kept()),
        Note::KeptForgotten { before: at },
        Note::Departed { departure, at },
        Note::Scanned(scanned()),
    ]
}

#[test]
fn an_image_comes_back_with_everything_in_it() {
    let image = full();
    let bytes = image.to_bytes();
    let again = Image::from_bytes(&bytes).unwrap();
    assert_eq!(again, image);
    assert_eq!(again.to_bytes(), bytes);
    let held: Vec<_> = again.sorters[&SorterId::new(2)].held.iter().map(|held| held.parcel.get()).collect();
    assert_eq!(held, [6, 5, 7], "the longest there first, and of one time in their order");
    let mut recalls = again.recalls;
    assert!(!recalls.raise(recall(2)), "open ones are open");
    assert!(recalls.raise(recall(1)), "withdrawn ones are not");
    assert_eq!(Image::from_bytes(&Image::default().to_bytes()), Ok(Image::default()));
}

#[test]
fn every_note_comes_back_from_its_text() {
    for note in notes()
        .into_iter()
        .chain(full().containers.into_values().map(|record| Note::Container(Box::new(record))))
    {
        let json = note.to_json();
        assert!(json.starts_with(&format!("{{\"note\":\"{}\"", note.key())), "{json}");
        assert_eq!(Note::from_json(&json), Ok(note));
    }
    assert!(Note::from_json("{\"note\":\"rubbish\"}").is_err());
}

#[test]
fn the_head_says_what_is_in_it() {
    let bytes = full().to_bytes();
    let head = SnapshotHead::from_bytes(&bytes).unwrap();
    assert_eq!((head.hub, head.seq), (HubId::new(7), RecordSeq::new(99)));
    assert_eq!(head.total(), bytes.len() as u64);
    assert_eq!(SnapshotHead::from_bytes(&bytes[..SnapshotHead::SIZE]), Ok(head));
    assert_eq!(&bytes[..8], b"SORTSNAP");
    assert_eq!(bytes[8..12], [2, 0, 0, 0]);
}

#[test]
fn what_is_no_snapshot_is_refused_by_what_is_wrong_with_it() {
    let bytes = full().to_bytes();
    let with = |place: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = byte;
        Image::from_bytes(&bytes).unwrap_err()
    };
    assert_eq!(
        Image::from_bytes(b"SQLite format 3").unwrap_err().to_string(),
        "snapshot begins with [53, 51, 4c, 69, 74, 65, 20, 66] (a snapshot of a sorter begins with \"SORTSNAP\")"
    );
    assert_eq!(with(8, 3).to_string(), "snapshot has schema version 3 (this program knows versions up to 2)");
    assert_eq!(with(8, 1).to_string(), "snapshot has schema version 1 (this program reads version 2)");
    let whole = bytes.len() as u64;
    let longer = [&bytes[..], b"x"].concat();
    assert_eq!(
        Image::from_bytes(&longer),
        Err(SnapshotError::Trailing { found: whole + 1, expected: whole })
    );
    assert!(matches!(with(20, 1), SnapshotError::Damaged { .. }), "the head counts too");
    assert!(matches!(with(40, 1), SnapshotError::Damaged { .. }));
}

/// A snapshot whose checksum was made right again after its body was changed.
fn sealed_again(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = (bytes.len() - SnapshotHead::SIZE) as u64;
    bytes[24..32].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum(&bytes);
    bytes[32..36].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

#[test]
fn contents_that_make_no_sense_under_a_right_checksum_are_refused() {
    let bytes = full().to_bytes();
    let error = |bytes: Vec<u8>| Image::from_bytes(&sealed_again(bytes)).unwrap_err().to_string();
    let begin = "snapshot cannot be read although its checksum is right: ";
    let mut many = bytes.clone();
    many[36..44].copy_from_slice(&u64::MAX.to_le_bytes());
    let text = "it states 18446744073709551615 parcels (they would be longer than it)";
    assert_eq!(error(many), format!("{begin}{text}"));
    assert_eq!(error([&bytes[..], b"x"].concat()), format!("{begin}1 bytes follow its last part"));
    let mut other = bytes.clone();
    other[12] = 8;
    let text = "its head states hub 8 and record 99 (its body hub 7 and record 99)";
    assert_eq!(error(other), format!("{begin}{text}"));
    assert!(error(bytes[..bytes.len() - 1].to_vec()).starts_with(begin));
    assert!(error(bytes[..SnapshotHead::SIZE + 3].to_vec()).starts_with(begin));
}

#[test]
fn a_million_parcels_take_36_bytes_each() {
    let image = Image { parcels: (0..1_000_000).map(parcel).collect(), ..Image::default() };
    let bytes = image.to_bytes();
    assert!(bytes.len() < 36_000_100);
    assert_eq!(Image::from_bytes(&bytes), Ok(image));
}

proptest! {
    #[test]
    fn every_cut_and_every_flipped_bit_is_found(place in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let bytes = full().to_bytes();
        let place = place.index(bytes.len());
        let cut = Image::from_bytes(&bytes[..place]);
        let is_truncated = matches!(cut, Err(SnapshotError::Truncated { found, .. }) if found == place as u64);
        prop_assert!(is_truncated, "{:?}", cut);
        let mut flipped = bytes;
        flipped[place] ^= 1 << bit;
        prop_assert!(Image::from_bytes(&flipped).is_err());
    }

    #[test]
    fn nothing_panics_under_a_right_checksum(at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5)) {
        let mut bytes = full().to_bytes();
        for (place, byte) in at {
            let place = SnapshotHead::SIZE + place.index(bytes.len() - SnapshotHead::SIZE);
            bytes[place] = byte;
        }
        if let Ok(image) = Image::from_bytes(&sealed_again(bytes)) {
            let again = Image::from_bytes(&image.to_bytes());
            prop_assert_eq!(again, Ok(image));
        }
    }
}
