use std::sync::LazyLock;

use sorter_core::container::{ContainerKind, Content, LicencePlate, Manifest, ManifestEntry, ManifestHead};
use sorter_core::ids::{ConnectionId, ContainerId, DepartureId, DiverterId, EyeId, PlanVersion};
use sorter_core::reason::Reason;
use sorter_core::units::{EncoderCount, Grams};
use sorter_plc::contract::{Ending, Event, EventRecord, Order, OrderOp, PlantImage, Seq};
use sorter_plc::controller::DecisionNote;

use super::*;

mod changeover;
mod orders;
mod sealing;

const SORTER: SorterId = SorterId::new(1);
/// Chutes of a sorter.
const CHUTES: u16 = 5;
/// The postcodes of the outlets A and B.
const A: u32 = 0;
const B: u32 = 1;

const PLAN: &str = r#"
    name = "two lanes"
    lap_limit = 3
    rules = "rules.csv"
    [[outlet]]
    name = "A"
    chutes = [0]
    lane = "PL:Lodz"
    overflow = "O"
    [[outlet]]
    name = "B"
    chutes = [1]
    lane = "NO:Oslo"
    overflow = "O"
    [[outlet]]
    name = "O"
    role = "overflow"
    chutes = [2]
    [[outlet]]
    name = "EXCEPTION"
    role = "exception"
    chutes = [3]
    [[outlet]]
    name = "HOLD"
    role = "hold"
    chutes = [4]
"#;

const RULES: &str = "country,first,last,outlet\nDE,1*,,A\nDE,2*,,B\n";

/// The cut-offs to Lodz are at 3:45 on Monday and at 3:45 on Tuesday.
const SCHEDULE: &str = "\
    kind,id,day,time_local,origin,destination,cutoff_min\n\
    truck,T1,Mon,04:30,LGG,PL:Lodz,\n\
    flight,F1,Mon,11:00,CGO,LGG,\n\
    truck,T2,Tue,04:30,LGG,PL:Lodz,\n\
    flight,X1,Wed,12:00,LGG,NO:Oslo,\n";

/// A plan, and the one with the chutes of A and B exchanged.
static PLANS: LazyLock<[RouteOracle; 2]> = LazyLock::new(|| {
    let exchanged = PLAN.replace("[0]", "[9]").replace("[1]", "[0]").replace("[9]", "[1]");
    [PLAN, &exchanged].map(|plan| {
        let codes = [("DE", "10115".to_owned()), ("DE", "20095".to_owned())];
        RouteOracle::read(plan, RULES, codes.into_iter()).unwrap()
    })
});

static WEEK: LazyLock<ScheduleOracle> = LazyLock::new(|| ScheduleOracle::read(SCHEDULE, "LGG").unwrap());

fn chute(number: u16) -> ChuteId {
    ChuteId::new(number)
}

fn minutes(minutes: u64) -> Micros {
    Micros::from_secs(minutes * 60)
}

/// A plate with this number.
fn plate(number: u32) -> String {
    let digits = format!("35412345{number:09}");
    let plate =
        (0..10).map(|check| format!("{digits}{check}")).find(|text| text.parse::<LicencePlate>().is_ok());
    plate.unwrap().parse::<LicencePlate>().unwrap().as_str().to_owned()
}

/// A hall with a checker. What it tells the checker is right, until a test says something else.
struct Hall {
    checker: ContainerChecker<'static>,
    findings: Findings,
    image: PlantImage,
    at: Micros,
    version: u32,
    orders: u16,
    items: u16,
}

impl Hall {
    /// Plan 1 is in force, and each chute has a container with the plate of its number.
    fn new() -> Self {
        let mut hall = Self::unplated();
        for number in 0..CHUTES {
            hall.scan(number, u32::from(number), true);
        }
        hall
    }

    fn unplated() -> Self {
        let mut image = PlantImage::default();
        (0..CHUTES).for_each(|number| image.container.set(chute(number), true));
        let mut checker = ContainerChecker::new(2, usize::from(CHUTES), &*PLANS, &WEEK);
        checker.plan_published(1, 0, Micros::ZERO);
        let findings = Findings::default();
        Self { checker, findings, image, at: Micros::ZERO, version: 1, orders: 0, items: 0 }
    }

    fn publish(&mut self, oracle: usize) {
        self.version += 1;
        self.checker.plan_published(self.version, oracle, self.at);
    }

    fn scan(&mut self, number: u16, plate_number: u32, accepted: bool) {
        let plate = plate(plate_number);
        self.checker.plate_scanned(&mut self.findings, SORTER, chute(number), &plate, self.at, accepted);
    }

    /// An item is decided and ordered to a chute.
    fn order(&mut self, number: u16) -> ItemId {
        self.items += 1;
        let item = ItemId::new(self.items);
        self.decide(item, Some(number), self.version);
        self.send(item, number);
        item
    }

    fn decide(&mut self, item: ItemId, number: Option<u16>, version: u32) {
        let note = DecisionNote {
            at: self.at,
            item,
            parcel: None,
            chute: number.map(chute),
            reason: Reason::Planned,
            plan: PlanVersion::new(version),
        };
        self.checker.decided(SORTER, &note);
    }

    fn send(&mut self, item: ItemId, number: u16) {
        self.orders += 1;
        let order = Order {
            seq: Seq::new(self.orders).unwrap(),
            item,
            op: OrderOp::Divert { chute: chute(number) },
            target: None,
        };
        self.checker.ordered(&mut self.findings, SORTER, self.at, &order);
    }

    fn commit(&mut self, item: ItemId, number: u16) {
        self.checker.committed(&mut self.findings, SORTER, item, chute(number), self.at);
    }

    fn event(&mut self, item: ItemId, event: Event) {
        let record = EventRecord { seq: Seq::NONE, item, encoder: EncoderCount::default(), event };
        let image = matches!(event, Event::Chute { .. }).then_some(self.image);
        self.checker.poll(SORTER, &[record], image.as_ref(), self.at);
    }

    /// The body of an item slides in, and the event comes.
    fn discharge(&mut self, item: ItemId, number: u16, postcode: u32) {
        self.slide(item, number, postcode);
        self.event(item, Event::Discharged { verified: true, chute: chute(number) });
    }

    fn slide(&mut self, item: ItemId, number: u16, postcode: u32) {
        let slide = Slide {
            sorter: SORTER,
            chute: chute(number),
            at: self.at,
            parcel: u32::from(item.get()),
            item: Some(item),
            own_order: true,
            disturbed: false,
            heading: Some(Heading::Postcode(postcode)),
        };
        self.checker.slid(&mut self.findings, &slide);
    }

    fn take_away(&mut self, number: u16) {
        self.image.container.set(chute(number), false);
        self.event(ItemId::NONE, Event::Chute { chute: chute(number) });
    }

    /// The next container is put to a chute; there were so many bodies in the one before.
    fn put(&mut self, number: u16, content: u32) {
        self.checker.container_closed(&mut self.findings, SORTER, chute(number), self.at, content);
        self.image.container.set(chute(number), true);
        self.event(ItemId::NONE, Event::Chute { chute: chute(number) });
    }

    fn manifest(&mut self, manifest: &Manifest) {
        self.checker.manifest(&mut self.findings, manifest, self.at);
    }

    /// People change the container of a chute, and the manifest lists these items.
    fn swap(&mut self, number: u16, plate: Option<u32>, departure: Option<DepartureId>, items: &[ItemId]) {
        self.take_away(number);
        self.put(number, u32::try_from(items.len()).unwrap());
        self.manifest(&listed(number, plate, departure, items));
    }

    /// The violations of departures and of plans since the last call.
    fn broken(&mut self) -> (u64, u64) {
        let broken = [Condition::Departure, Condition::Plan].map(|which| self.findings.violations(which));
        self.findings = Findings::default();
        (broken[0], broken[1])
    }
}

fn departure(row: u16) -> Option<DepartureId> {
    Some(DepartureId::of(0, ConnectionId::new(row)))
}

/// A manifest with items that were never weighed.
fn listed(number: u16, plated: Option<u32>, departure: Option<DepartureId>, items: &[ItemId]) -> Manifest {
    let mut content = Content::default();
    items
        .iter()
        .for_each(|item| content.push(ManifestEntry { parcel: None, item: *item, weight: Grams::ZERO }));
    let head = ManifestHead {
        container: ContainerId::new(0),
        plate: plated.map(|number| plate(number).parse().unwrap()),
        kind: ContainerKind::RollCage,
        sorter: SORTER,
        chute: chute(number),
        lane: None,
        departure,
        opened: None,
    };
    content.seal(head, Micros::ZERO)
}

const GOOD: (u64, u64) = (0, 0);
const DEPARTURE: (u64, u64) = (1, 0);
const PLAN_BROKEN: (u64, u64) = (0, 1);

#[test]
fn a_right_day_breaks_nothing() {
    let mut hall = Hall::new();
    let items = [0, 0, 0].map(|number| hall.order(number));
    for item in items {
        hall.commit(item, 0);
        hall.discharge(item, 0, A);
    }
    hall.at = minutes(226);
    hall.swap(0, Some(0), departure(0), &items);
    hall.at = minutes(240);
    hall.checker.loaded(&mut hall.findings, &plate(0), "T1", 0, hall.at);
    hall.at = minutes(270);
    let (gone, pieces) = (plate(0), 3);
    let load = VehicleLoad { containers: &[&gone], pieces, left_behind: &[] };
    hall.checker.departed(&mut hall.findings, "T1", 0, hall.at, &load);
    hall.scan(0, 0, true);
    let late = hall.order(0);
    hall.commit(late, 0);
    hall.discharge(late, 0, A);
    hall.swap(0, Some(0), departure(1), &[late]);
    hall.checker.finished(&mut hall.findings, hall.at);
    assert_eq!(hall.findings.messages(), [""; 0]);
    assert!(hall.findings.checked(Condition::Departure) > 20 && hall.findings.checked(Condition::Plan) > 4);
}
