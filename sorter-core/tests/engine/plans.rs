//! Plans: published while items are on the belt, taught new destinations, told in words.

use sorter_core::clearance::Clearance;
use sorter_core::engine::{Commit, Fate};
use sorter_core::ids::{ChuteId, PlanVersion};
use sorter_core::plan::ChuteRole;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;

use super::hall::*;

/// The test plan with one piece replaced.
fn changed(piece: &str, replacement: &str) -> String {
    assert!(OUTLETS.contains(piece));
    OUTLETS.replacen(piece, replacement, 1)
}

#[test]
fn a_published_plan_decides_from_the_next_decision_on() {
    let mut hall = Hall::new(&[Parcel::new(1), Parcel::new(2)]);
    let mut first = hall.enter(0);
    let before = hall.decide(&mut first, &[s10(1)]);
    assert_eq!((before.plan, before.assigned.chute), (PlanVersion::new(1), Some(GERMANY)));

    let version = hall.engine.publish(&plan(&changed("[0, 1]", "[40, 41]"))).unwrap();
    assert_eq!(version, PlanVersion::new(2));
    let mut second = hall.enter(0);
    let after = hall.decide(&mut second, &[s10(2)]);
    assert_eq!((after.plan, after.assigned.chute), (version, Some(ChuteId::new(40))));
    assert_eq!(hall.state(2).plan_bits(), 2);
    assert_eq!(hall.commit(&first), Commit::Done, "an order that was given keeps its decision");
    assert_eq!(hall.state(1).plan_bits(), 1);
}

#[test]
fn a_plan_with_problems_changes_nothing() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let refused = hall.engine.publish(&plan(&changed("chutes = [98]", "chutes = [2]"))).unwrap_err();
    assert!(refused.to_string().contains("SP0008"), "{refused}");
    assert_eq!(hall.engine.plan().version(), PlanVersion::new(1));
    assert_eq!(hall.scan(0, &[s10(1)]).held.reason, Reason::Planned);
}

#[test]
fn a_parcel_to_a_postcode_never_seen_before_is_sorted_as_soon_as_it_is_announced() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    for (number, postcode, reason) in [(2, "80331", Reason::Planned), (3, "01067", Reason::NoRule)] {
        hall.announce(&Parcel::new(number).to("DE", postcode)).unwrap();
        assert_eq!(hall.scan(0, &[s10(number)]).held.reason, reason);
    }
    // The next plan knows them from its compilation.
    hall.engine.publish(&plan(OUTLETS)).unwrap();
    hall.announce(&Parcel::new(4).to("DE", "80331")).unwrap();
    assert_eq!(hall.scan(1, &[s10(4)]).held.reason, Reason::Planned);
}

#[test]
fn a_plan_that_was_retired_while_somebody_uses_it_still_learns() {
    let hall = Hall::new(&[]);
    // As a worker has it that took its plan just before the publication.
    let in_use = hall.engine.plan();
    hall.engine.publish(&plan(OUTLETS)).unwrap();
    hall.announce(&Parcel::new(1).to("DE", "80331")).unwrap();
    assert_eq!(in_use.outlet_of(hall.state(1).destination()), in_use.outlet_named("DE"));
}

#[test]
fn a_refused_announcement_leaves_nothing_behind() {
    let hall = Hall::new(&[Parcel::new(1)]);
    let refused = hall.announce(&Parcel::new(2).alias(s10(1))).unwrap_err();
    assert_eq!(refused.to_string(), "a code of the parcel is announced already as parcel 0");
    assert_eq!(hall.engine.ledger().find(key(&s10(2))), None);
    assert_eq!(hall.engine.ledger().len(), 1);
    let refused = hall.announce(&Parcel::new(2).to("US", "10115")).unwrap_err();
    assert_eq!(refused.to_string(), "country \"US\" is not one of the 32 served countries");
}

#[test]
fn a_held_parcel_is_not_committed_to_a_chute_that_its_plan_no_longer_knows() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let mut item = hall.scan(0, &[s10(1)]);
    hall.engine.publish(&plan(&changed("[0, 1]", "[40, 41]"))).unwrap();
    hall.set_clearance(1, Clearance::HoldDocument);
    assert_eq!(hall.commit(&item), Commit::DecideAgain);
    hall.decide(&mut item, &[]);
    assert_eq!(item.held.chute, Some(HOLD));
}

#[test]
fn an_unknown_item_is_held_in_the_chute_that_is_to_lead_out_and_still_serves_what_it_did() {
    let mut hall = Hall::new(&[]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(item.held.chute, Some(HOLD));
    let swapped = changed("chutes = [98]", "chutes = [50]").replacen("chutes = [2]", "chutes = [98]", 1);
    hall.engine.publish(&plan(&swapped)).unwrap();
    let role = |hall: &Hall| hall.workers[0].chutes().get(HOLD).unwrap().dock().role;
    assert_eq!((hall.commit(&item), role(&hall)), (Commit::Done, ChuteRole::Hold));
    let mut next = hall.scan(0, &[s10(2)]);
    assert_eq!(next.held.chute, Some(ChuteId::new(50)), "a chute that drains gets no further orders");
    hall.deliver(item);
    assert_eq!(role(&hall), ChuteRole::Hold, "what is in its container was put there to be held");
    hall.report(0, HOLD, NO_CONTAINER);
    hall.report(0, HOLD, OPEN);
    assert_eq!(role(&hall), ChuteRole::Outbound);
    next.held.chute = Some(HOLD);
    assert_eq!(hall.commit(&next), Commit::DecideAgain, "no unknown item leaves the building");
}

#[test]
fn a_long_overflow_chain_is_followed_to_its_end() {
    let mut outlets = OUTLETS.replacen("{ name = \"FR\", chutes = [2] },", "", 1);
    let mut chain = String::from("{ name = \"FR\", chutes = [2], overflow = \"F10\" },\n");
    for step in 10..20 {
        let next = if step == 19 { "EXC".to_owned() } else { format!("F{}", step + 1) };
        chain += &format!(
            "{{ name = \"F{step}\", chutes = [{step}], role = \"overflow\", overflow = \"{next}\" }},\n"
        );
    }
    outlets = outlets.replacen("{ name = \"OVER\"", &(chain + "{ name = \"OVER\""), 1);
    let mut hall = Hall::new(&[Parcel::new(1).to("FR", "75001")]);
    hall.engine.publish(&plan(&outlets)).unwrap();
    for chute in std::iter::once(2).chain(10..20) {
        hall.report(0, ChuteId::new(chute), FULL);
    }
    assert_eq!(hall.scan(0, &[s10(1)]).held.chute, Some(EXCEPTION));
}

#[test]
fn an_explanation_tells_where_a_parcel_is_and_why() {
    let mut hall = Hall::new(&[Parcel::new(1).alias(lp(1))]);
    let explain = |hall: &Hall| hall.engine.explain(&lp(1)).unwrap().to_string();
    let head = "parcel LP00000000000001 to DE 10115, announced as released\n  \
                events are not kept: keep them with Worker::keep\n";
    let rule = "plan test plan version 1 sends it to outlet DE by the rule on line 2";
    assert_eq!(explain(&hall), format!("{head}now: expected; customs: released; {rule}"));
    let item = hall.scan(2, &[s10(1)]);
    hall.deliver(item);
    let now =
        "discharged; pass 1 on sorter 2, decided for chute 0 because: sorted as planned; customs: released";
    assert_eq!(explain(&hall), format!("{head}now: {now}; {rule}"));
}

#[test]
fn an_explanation_names_what_is_missing() {
    let mut hall = Hall::new(&[Parcel::new(1).to("DE", "01067")]);
    hall.report(0, EXCEPTION, FULL);
    let item = hall.scan(0, &[s10(1)]);
    hall.end(item, Fate::Left);
    let explanation = hall.engine.explain(&s10(1)).unwrap();
    assert_eq!((explanation.state.life(), explanation.rule.as_ref()), (Life::Recirculating, None));
    let text = explanation.to_string();
    assert!(text.contains("decided to run off because: the plan has no rule for this destination"), "{text}");
    assert!(text.ends_with("plan test plan version 1 has no rule for it"), "{text}");
    assert!(hall.engine.explain(&s10(2)).is_none());
    assert!(hall.engine.explain(b"W123456").is_none());
}
