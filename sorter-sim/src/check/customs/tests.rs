use super::*;

const PASS: Pass = (SorterId::new(3), ItemId::new(17));
const NEXT_PASS: Pass = (SorterId::new(3), ItemId::new(90));

/// A checker with its findings and a clock that stands still.
#[derive(Default)]
struct Desk {
    customs: CustomsChecker,
    findings: Findings,
}

impl Desk {
    fn new() -> Self {
        Self { customs: CustomsChecker::new(4), findings: Findings::default() }
    }

    fn announced(mut self, status: Clearance) -> Self {
        self.customs.announced(1, status, None);
        self
    }

    /// A message about label 1 that the engine answers like this.
    fn message(&mut self, status: Clearance, sent: u64, taken: bool) {
        self.customs.delivered(1, status, Micros::new(sent), None);
        self.customs.outcome(&mut self.findings, Micros::ZERO, 1, Micros::new(sent), taken);
    }

    fn commit(&mut self, connection: Option<u16>) {
        self.customs.committed(&mut self.findings, Micros::ZERO, 1, PASS, true, connection);
    }

    fn discharge(&mut self, pass: Pass, connection: Option<u16>) -> bool {
        self.customs.discharged_outbound(&mut self.findings, Micros::ZERO, 1, pass, connection)
    }

    fn recalls(&self) -> Vec<u32> {
        self.customs.expected_recalls().collect()
    }

    fn violations(&self) -> u64 {
        self.findings.violations(Condition::Customs)
    }
}

#[test]
fn whatever_is_free_may_leave_and_nothing_else() {
    for status in Clearance::ALL {
        let mut desk = Desk::new().announced(status);
        desk.commit(None);
        assert!(!desk.discharge(PASS, None));
        let free = matches!(status, Clearance::Released | Clearance::NotSubject);
        // One for the commit and one for the discharge.
        assert_eq!(desk.violations(), if free { 0 } else { 2 }, "{status}");
        assert_eq!(desk.findings.checked(Condition::Customs), 2);
        assert_eq!(desk.recalls(), if free { vec![] } else { vec![1] }, "{status}");
    }
}

#[test]
fn a_label_of_which_nothing_is_known_may_not_leave() {
    let mut desk = Desk::new();
    desk.commit(None);
    assert_eq!(desk.violations(), 1);
    assert_eq!(
        desk.findings.messages(),
        ["customs at 0 us on sorter 3: item 17 is committed, label 1 is \"unknown\""]
    );
}

#[test]
fn transit_leaves_with_its_onward_connection_only() {
    for (onward, container, legal) in
        [(Some(4), Some(4), true), (Some(4), Some(5), false), (Some(4), None, false), (None, None, false)]
    {
        let mut desk = Desk::new();
        desk.customs.announced(1, Clearance::Transit, onward);
        desk.commit(container);
        assert_eq!(desk.violations(), u64::from(!legal), "{onward:?} in {container:?}");
    }
}

#[test]
fn a_changed_onward_flight_makes_a_recall_of_what_has_left() {
    let mut desk = Desk::new();
    desk.customs.announced(1, Clearance::Transit, Some(4));
    desk.commit(Some(4));
    assert!(!desk.discharge(PASS, Some(4)));
    assert!(desk.recalls().is_empty());
    desk.customs.delivered(1, Clearance::Transit, Micros::new(9), Some(6));
    desk.customs.outcome(&mut desk.findings, Micros::ZERO, 1, Micros::new(9), true);
    assert_eq!(desk.recalls(), [1]);
    assert_eq!(desk.violations(), 0);
}

#[test]
fn a_commit_aside_needs_no_leave_and_gives_none() {
    let mut desk = Desk::new().announced(Clearance::HoldDocument);
    desk.customs.committed(&mut desk.findings, Micros::ZERO, 1, PASS, false, None);
    assert_eq!((desk.violations(), desk.findings.checked(Condition::Customs)), (0, 0));

    let mut desk = Desk::new().announced(Clearance::Released);
    desk.commit(None);
    desk.customs.committed(&mut desk.findings, Micros::ZERO, 1, PASS, false, None);
    desk.discharge(PASS, None);
    assert_eq!(desk.violations(), 1);
}

#[test]
fn finds_a_discharge_without_a_commit_in_the_same_pass() {
    let mut desk = Desk::new().announced(Clearance::Released);
    desk.discharge(PASS, None);
    assert_eq!(desk.violations(), 1);

    desk.commit(None);
    desk.discharge(NEXT_PASS, None);
    assert_eq!(desk.violations(), 2);

    desk.commit(None);
    desk.discharge(PASS, None);
    desk.discharge(PASS, None);
    assert_eq!(desk.violations(), 3);
}

#[test]
fn a_hold_between_commit_and_chute_is_a_recall_and_no_violation() {
    let mut desk = Desk::new().announced(Clearance::Released);
    desk.commit(None);
    desk.message(Clearance::HoldInspect, 5, true);
    assert!(desk.discharge(PASS, None));
    assert_eq!((desk.violations(), desk.customs.recalls_at_discharge()), (0, 1));
    assert_eq!(desk.recalls(), [1]);
}

#[test]
fn a_hold_before_the_commit_wins_and_so_does_a_release() {
    let mut desk = Desk::new().announced(Clearance::Released);
    desk.message(Clearance::HoldInspect, 5, true);
    desk.commit(None);
    assert_eq!(desk.violations(), 1);
    desk.message(Clearance::Released, 6, true);
    desk.commit(None);
    desk.discharge(PASS, None);
    assert_eq!(desk.violations(), 1);
}

#[test]
fn a_recall_ends_when_the_parcel_is_released_again() {
    let mut desk = Desk::new().announced(Clearance::Released);
    desk.commit(None);
    desk.discharge(PASS, None);
    assert!(desk.recalls().is_empty());
    desk.message(Clearance::HoldDocument, 5, true);
    assert!(desk.customs.must_be_recalled(1) && !desk.customs.must_be_recalled(0));
    desk.message(Clearance::Released, 6, true);
    assert_eq!((desk.recalls(), desk.violations()), (vec![], 0));
}

#[test]
fn finds_an_old_message_that_is_taken_and_a_new_one_that_is_refused() {
    let mut desk = Desk::new().announced(Clearance::PreLodged);
    desk.message(Clearance::HoldDocument, 5, true);
    desk.message(Clearance::Released, 4, false);
    assert_eq!(desk.violations(), 0);
    desk.message(Clearance::Released, 3, true);
    assert_eq!(desk.violations(), 1);
    desk.message(Clearance::Released, 6, false);
    assert_eq!(desk.violations(), 2);
    assert_eq!(
        desk.findings.messages()[0],
        "customs at 0 us: the message about label 1 sent at 3 us is taken, the newest is \"held for documents\""
    );
    // The status follows the rule, whatever the engine made of it.
    desk.commit(None);
    assert_eq!(desk.violations(), 2);
}

#[test]
fn of_two_with_one_message_time_the_stricter_wins() {
    for (first, second, taken) in [
        (Clearance::Released, Clearance::HoldDocument, true),
        (Clearance::HoldDocument, Clearance::Released, false),
        (Clearance::Released, Clearance::Transit, true),
    ] {
        let mut desk = Desk::new();
        desk.message(first, 5, true);
        desk.message(second, 5, taken);
        assert_eq!(desk.violations(), 0);
        desk.message(second, 5, false);
        desk.message(second, 4, true);
        assert_eq!(desk.violations(), 1, "{first} then {second}");
        desk.commit(None);
        assert_eq!(desk.violations(), 2, "{first} then {second}");
    }
}

#[test]
fn two_equally_strict_with_one_message_time_may_be_answered_either_way() {
    for taken in [false, true] {
        let mut desk = Desk::new();
        desk.message(Clearance::HoldDocument, 5, true);
        desk.message(Clearance::HoldInspect, 5, taken);
        assert_eq!(desk.violations(), 0);
    }
}

#[test]
fn transit_with_two_connections_at_one_time_may_not_leave() {
    let mut desk = Desk::new();
    for onward in [4, 6] {
        desk.customs.delivered(1, Clearance::Transit, Micros::new(5), Some(onward));
        desk.customs.outcome(&mut desk.findings, Micros::ZERO, 1, Micros::new(5), true);
    }
    for (container, violations) in [(4, 1), (6, 2)] {
        desk.commit(Some(container));
        assert_eq!(desk.violations(), violations);
    }
}

#[test]
fn a_message_that_came_before_the_announcement_stays() {
    let mut desk = Desk::new();
    desk.message(Clearance::Released, 5, true);
    desk = desk.announced(Clearance::PreLodged);
    desk.commit(None);
    assert_eq!(desk.violations(), 0);
}

#[test]
fn finds_answers_to_nothing_and_messages_without_an_answer() {
    let mut desk = Desk::new();
    desk.customs.outcome(&mut desk.findings, Micros::ZERO, 1, Micros::new(5), true);
    assert_eq!(desk.violations(), 1);
    desk.customs.delivered(1, Clearance::Released, Micros::new(6), None);
    desk.customs.delivered(1, Clearance::HoldDocument, Micros::new(6), None);
    desk.customs.outcome(&mut desk.findings, Micros::ZERO, 1, Micros::new(6), true);
    desk.customs.finished(&mut desk.findings, Micros::ZERO);
    assert_eq!(desk.violations(), 2);
    desk.customs.outcome(&mut desk.findings, Micros::ZERO, 1, Micros::new(6), true);
    desk.customs.finished(&mut desk.findings, Micros::ZERO);
    assert_eq!(desk.violations(), 2);
}

#[test]
fn a_label_takes_24_bytes() {
    assert_eq!(size_of::<Standing>(), 24);
}
