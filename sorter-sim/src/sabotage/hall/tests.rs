use sorter_core::container::{ContainerKind, ManifestEntry};
use sorter_core::ids::{ContainerId, ParcelId};
use sorter_core::units::Grams;

use super::*;
use crate::scenario::Sabotage;

fn saboteur(kind: SabotageKind) -> Saboteur {
    Saboteur::new(Some(Sabotage { kind, at_parcel: 0 }))
}

fn message(status: Clearance, sent: u64) -> Message {
    Message { delivery: Micros::new(900), sent: Micros::new(sent), label: 4, status, onward_changed: false }
}

#[test]
fn loses_holds_and_nothing_else() {
    let mut saboteur = saboteur(SabotageKind::LoseHold);
    for status in [Clearance::Released, Clearance::Transit, Clearance::NotSubject] {
        assert_eq!(saboteur.message(message(status, 5)), Some(message(status, 5)));
    }
    assert_eq!(saboteur.message(message(Clearance::HoldInspect, 6)), None);
    assert_eq!(saboteur.acted(), 1);
}

#[test]
fn makes_an_older_message_the_newest() {
    let mut saboteur = saboteur(SabotageKind::OldStatus);
    let newer = message(Clearance::HoldDocument, 50);
    assert_eq!(saboteur.message(newer), Some(newer));
    let handed = saboteur.message(message(Clearance::Released, 20));
    assert_eq!(handed, Some(message(Clearance::Released, 51)));
    assert_eq!(saboteur.acted(), 1);
}

#[test]
fn a_short_manifest_agrees_with_itself() {
    let mut content = Content::default();
    for number in 1..=3 {
        let parcel = Some(ParcelId::new(number));
        let item = ItemId::new(7 + u16::try_from(number).unwrap());
        content.push(ManifestEntry { parcel, item, weight: Grams::new(100 * number) });
    }
    let head = ManifestHead {
        container: ContainerId::new(0),
        plate: None,
        kind: ContainerKind::Bag,
        sorter: SorterId::new(0),
        chute: ChuteId::new(2),
        lane: None,
        departure: None,
        opened: None,
    };
    let mut manifest = content.seal(head, Micros::new(5));
    let mut saboteur = saboteur(SabotageKind::ShortManifest);
    saboteur.manifest(&mut manifest);
    assert_eq!((manifest.count, manifest.weight_total), (2, Grams::new(300)));
    manifest.verify().unwrap();
    saboteur.manifest(&mut manifest);
    assert_eq!(manifest.count, 2);
}
