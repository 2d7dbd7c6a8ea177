//! Which parcel an item is taken for: several codes on one item, several scans of one item.

use sorter_core::clearance::Clearance;
use sorter_core::engine::{Commit, Fate, HallRules};
use sorter_core::ids::ChuteId;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;

use super::hall::*;

#[test]
fn a_parcel_is_known_by_each_of_its_codes_and_by_all_of_them() {
    let codes = [s10(1), lp(1)];
    for read in [&codes[..1], &codes[1..], &codes[..]] {
        let mut hall = Hall::new(&[Parcel::new(1).alias(lp(1))]);
        assert_eq!(hall.scan(0, read).held.reason, Reason::Planned);
    }
}

#[test]
fn an_unknown_code_of_another_symbology_is_an_alias_that_nobody_announced() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let item = hall.scan(0, &[sscc(7), s10(1), lp(7)]);
    assert_eq!(item.held.reason, Reason::Planned);
}

#[test]
fn an_unknown_code_of_the_same_symbology_is_a_second_label() {
    for codes in [[s10(1), s10(7)], [s10(7), s10(1)]] {
        let mut hall = Hall::new(&[Parcel::new(1)]);
        let item = hall.scan(0, &codes);
        assert_eq!((item.held.reason, item.held.chute), (Reason::ConflictingReads, Some(EXCEPTION)));
        assert_eq!(hall.state(1).life(), Life::Expected, "a doubtful item claims nothing");
    }
}

#[test]
fn the_same_code_read_twice_is_one_label() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    assert_eq!(hall.scan(0, &[s10(1), s10(1)]).held.reason, Reason::Planned);
    let mut hall = Hall::new(&[]);
    let unknown = hall.scan(0, &vec![s10(1); 8]);
    assert_eq!(unknown.held.reason, Reason::UnknownParcel);
}

#[test]
fn a_second_code_of_one_symbology_is_no_conflict_when_both_are_announced() {
    let mut hall = Hall::new(&[Parcel::new(1).alias(s10(2))]);
    assert_eq!(hall.scan(0, &[s10(1), s10(2)]).held.reason, Reason::Planned);
}

#[test]
fn a_foreign_or_damaged_code_beside_a_good_one_is_left_out() {
    let mut damaged = s10(2);
    damaged[10] = if damaged[10] == b'9' { b'0' } else { damaged[10] + 1 };
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let item = hall.scan(0, &[damaged, s10(1), b"W123456".to_vec()]);
    assert_eq!(item.held.reason, Reason::Planned);
}

#[test]
fn codes_that_are_refused_are_dropped_beside_a_good_one_and_are_no_read_alone() {
    let refused: [&[u8]; 8] = [
        b"",
        b"\r\n",
        b"\x00\x1b[2J",
        "RB12345678\u{665}GB".as_bytes(),
        b"]C142010115",
        b"]C1213",
        b"https://www.example.com/",
        &[b'7'; 65],
    ];
    for code in refused {
        let mut hall = Hall::new(&[Parcel::new(1)]);
        assert_eq!(hall.scan(0, &[code.to_vec()]).held.reason, Reason::NoRead, "{}", code.escape_ascii());
        assert_eq!(hall.scan(0, &[code.to_vec(), s10(1)]).held.reason, Reason::Planned);
    }
    let mut hall = Hall::new(&[]);
    assert_eq!(hall.scan(0, &[b"(00)354123455501152988".to_vec()]).held.reason, Reason::BadCheckDigit);
}

#[test]
fn every_spelling_of_a_gs1_key_is_one_label() {
    let announced = b"(01)09506000134352(21)A-17".to_vec();
    let read = [&b"]d2010950600013435221A-17"[..], b"https://id.gs1.org/01/09506000134352/21/A%2D17"];
    let mut hall = Hall::new(&[Parcel::new(1).alias(announced)]);
    let item = hall.scan(0, &read.map(<[u8]>::to_vec));
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(GERMANY)));
    // Another serial number is another label, of the same kind as the one that named the parcel.
    let mut hall = Hall::new(&[Parcel::new(1).alias(read[0].to_vec())]);
    let item = hall.scan(0, &[read[0].to_vec(), b"(01)09506000134352(21)a-17".to_vec()]);
    assert_eq!(item.held.reason, Reason::ConflictingReads);
}

#[test]
fn a_label_that_tells_its_destination_grants_nothing() {
    let routed = sorter_core::barcode::make::dpd(10_115, 1_779_061_467_177, 327, 276).to_vec();
    let with_gs1 = [b"]C100".to_vec(), sscc(7), b"42127610115".to_vec()].concat();
    let told = |item: &Item| {
        let route = item.identity.expect("it was decided").self_route()?;
        Some(format!("{} {}", route.country, route.postcode))
    };
    let mut hall = Hall::new(&[]);
    for codes in
        [vec![routed.clone()], vec![with_gs1.clone()], vec![routed.clone(), with_gs1.clone(), s10(1)]]
    {
        let item = hall.scan(0, &codes);
        assert_eq!((item.held.reason, item.held.chute), (Reason::UnknownParcel, Some(HOLD)));
        assert_eq!(told(&item).as_deref(), Some("DE 10115"));
    }
    let disagreeing = hall.scan(0, &[routed.clone(), b"(421)27610117".to_vec()]);
    assert_eq!((told(&disagreeing), disagreeing.held.chute), (None, Some(HOLD)));
    assert_eq!(told(&hall.scan(0, &[s10(1)])), None);
    let mut hall = Hall::new(&[Parcel::new(1).alias(routed.clone())]);
    assert_eq!(told(&hall.scan(0, &[routed])), None, "what is announced goes where it is announced to");
}

#[test]
fn what_nobody_announced_is_held_where_the_plan_holds_it_for_its_destination() {
    const GERMAN_HOLD: ChuteId = ChuteId::new(50);
    let toml = OUTLETS
        .replacen("{ name = \"DE\",", "{ name = \"DE\", unannounced = \"HOLD-DE\",", 1)
        .replacen("lap_limit = 2", "lap_limit = 2\nhome = \"DE\"", 1)
        .replacen(
            "{ name = \"EXC\"",
            "{ name = \"HOLD-DE\", chutes = [50], role = \"hold\", overflow = \"EXC\" },\n{ name = \"EXC\"",
            1,
        );
    let german = sorter_core::barcode::make::dpd(10_115, 1_779_061_467_177, 327, 276).to_vec();
    let french = sorter_core::barcode::make::dpd(75_001, 1_779_061_467_177, 327, 250).to_vec();
    let home = [b"]C100".to_vec(), sscc(7), b"42010115".to_vec()].concat();
    let mut hall = Hall::with(&[Parcel::new(1).status(Clearance::Unknown)], &toml, HallRules::default());
    for (codes, chute) in [
        (vec![german.clone()], GERMAN_HOLD),
        (vec![home], GERMAN_HOLD),
        (vec![french.clone()], HOLD),
        (vec![german.clone(), french], HOLD),
        (vec![s10(7)], HOLD),
        // A parcel that is known and may not leave is not one of them.
        (vec![s10(1)], HOLD),
    ] {
        let item = hall.scan(0, &codes);
        assert_eq!(item.held.chute, Some(chute), "{codes:?}");
        assert_eq!(hall.commit(&item), Commit::Done);
        hall.end(item, Fate::Discharged(chute));
    }
    // A second decision without codes, and one after the parcel was announced.
    let mut item = hall.scan(0, &[german.clone(), s10(8)]);
    hall.decide(&mut item, &[]);
    assert_eq!(item.held.chute, Some(GERMAN_HOLD));
    hall.announce(&Parcel::new(8)).unwrap();
    assert_eq!(hall.commit(&item), Commit::DecideAgain);
    hall.decide(&mut item, &[]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(GERMANY)));
    hall.deliver(item);
    assert_eq!((hall.reserved(), hall.deviations()), (0, 0));
}

#[test]
fn more_unknown_codes_than_can_be_kept_are_conflicting() {
    let codes: Vec<_> = (1..=5).map(s10).collect();
    let mut hall = Hall::new(&[]);
    assert_eq!(hall.scan(0, &codes[..4]).held.reason, Reason::UnknownParcel);
    assert_eq!(hall.scan(0, &codes).held.reason, Reason::ConflictingReads);
}

#[test]
fn a_second_scan_of_an_item_is_merged_and_reserves_nothing_twice() {
    let mut hall = Hall::new(&[Parcel::new(1).alias(lp(1))]);
    let mut item = hall.scan(0, &[s10(1)]);
    let claim = item.held.claim;
    for codes in [vec![s10(1)], vec![lp(1)], vec![]] {
        let decision = hall.decide(&mut item, &codes);
        assert_eq!((decision.assigned.claim, decision.assigned.chute), (claim, Some(GERMANY)));
    }
    assert_eq!(hall.reserved(), 1);
    assert_eq!(hall.state(1).pass().get(), 1);
    assert_eq!(hall.workers[0].tally().contested, 0);
}

#[test]
fn a_second_scan_is_merged_also_when_the_first_identity_was_not_kept() {
    let mut hall = Hall::new(&[Parcel::new(1), Parcel::new(2)]);
    let mut item = hall.scan(0, &[s10(1)]);
    item.identity = None;
    hall.decide(&mut item, &[]);
    assert_eq!(item.held.reason, Reason::Planned);
    item.identity = None;
    hall.decide(&mut item, &[s10(2)]);
    assert_eq!(item.held.reason, Reason::ConflictingReads);
    assert_eq!(hall.state(2).life(), Life::Expected, "the second parcel is not claimed as well");
}

#[test]
fn a_late_scan_names_an_item_that_was_not_read_at_first() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let mut item = hall.scan(0, &[]);
    assert_eq!(item.held.chute, Some(NO_READ));
    hall.decide(&mut item, &[s10(1)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(GERMANY)));
    assert_eq!(hall.reserved(), 1);
    hall.deliver(item);
    assert_eq!((hall.reserved(), hall.deviations()), (0, 0));
}

#[test]
fn an_item_that_a_second_scan_makes_doubtful_goes_to_the_exception_chute_with_its_claim() {
    let mut hall = Hall::new(&[Parcel::new(1), Parcel::new(2)]);
    let mut item = hall.scan(0, &[s10(1)]);
    hall.decide(&mut item, &[s10(2)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::ConflictingReads, Some(EXCEPTION)));
    hall.decide(&mut item, &[s10(1)]);
    assert_eq!(item.held.chute, Some(EXCEPTION), "a doubt stays for the pass");
    hall.deliver(item);
    assert_eq!(hall.state(1).life(), Life::Exception, "the claim has an end");
    assert_eq!(hall.state(2).life(), Life::Expected);
    assert_eq!((hall.reserved(), hall.deviations()), (0, 0));
}

#[test]
fn an_unknown_parcel_is_decided_again_when_it_is_announced_before_the_commit() {
    let mut hall = Hall::new(&[]);
    let mut item = hall.scan(0, &[lp(1), s10(1)]);
    assert_eq!(item.held.chute, Some(HOLD));
    hall.announce(&Parcel::new(1)).unwrap();
    assert_eq!(hall.commit(&item), Commit::DecideAgain);
    hall.decide(&mut item, &[]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(GERMANY)));
    hall.deliver(item);
    assert_eq!(hall.state(1).life(), Life::Discharged);
    assert_eq!((hall.reserved(), hall.deviations()), (0, 0));
}

#[test]
fn a_late_announcement_of_one_of_two_labels_makes_the_item_conflicting() {
    let mut hall = Hall::new(&[]);
    let mut item = hall.scan(0, &[s10(1), s10(2)]);
    assert_eq!(item.held.reason, Reason::UnknownParcel);
    hall.announce(&Parcel::new(1)).unwrap();
    assert_eq!(hall.commit(&item), Commit::DecideAgain);
    hall.decide(&mut item, &[]);
    assert_eq!(item.held.reason, Reason::ConflictingReads);
}

#[test]
fn an_unknown_item_that_nobody_announces_is_committed_to_hold() {
    let mut hall = Hall::new(&[]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&item), Commit::Done);
    hall.end(item, Fate::Discharged(HOLD));
    assert_eq!(hall.workers[0].balance().discharged, 1);
}
