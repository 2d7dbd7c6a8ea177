//! Many decisions in one call.

use smallvec::SmallVec;

use super::decision::{Decision, Scan};
use super::identity::Reads;
use super::worker::Worker;

/// Scans of a batch that are looked ahead at: as many lines of memory as a core waits for at once.
const AHEAD: usize = 16;

impl Worker {
    /// Decides many items, one after the other, and appends their decisions to `out` in the order of `scans`.
    ///
    /// The result is that of as many calls of [`Worker::decide`]: the same decisions, state words, reservations
    /// and digest. A scan therefore sees what the earlier ones of its batch did, such as the room they took.
    /// A plan that is published meanwhile may be seen from any of the scans on; each decision carries its version.
    ///
    /// Some scans are parsed ahead and the memory that they need is asked for, so that it is waited for once for all
    /// of them and not for each.
    ///
    /// Allocates only when `out` has no room for all of them.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use sorter_core::address::Destinations;
    /// use sorter_core::barcode::CodeBook;
    /// use sorter_core::engine::{Assigned, EngineBuilder, EngineConfig, HallRules, Scan};
    /// use sorter_core::ids::{HubId, ItemId, SorterId};
    /// use sorter_core::layout::Layout;
    /// use sorter_core::plan::PlanSource;
    /// use sorter_core::reason::Reason;
    /// use sorter_core::units::{Micros, Millimetres};
    ///
    /// # let outlets = r#"
    /// #     name = "asides only"
    /// #     lap_limit = 3
    /// #     rules = "rules.csv"
    /// #     outlet = [
    /// #         { name = "ALL", chutes = [0] },
    /// #         { name = "EXC", chutes = [99], role = "exception" },
    /// #         { name = "HOLD", chutes = [98], role = "hold" },
    /// #         { name = "NO-READ", chutes = [97], role = "no_read" },
    /// #     ]
    /// # "#;
    /// # let mut rules = String::from("country,first,last,outlet\n");
    /// # for country in sorter_core::address::Country::all() {
    /// #     rules += &format!("{},,,ALL\n", country.code());
    /// # }
    /// # let plan = PlanSource::from_texts("plan.toml", outlets, "rules.csv", &rules)?;
    /// let engine = EngineBuilder::new(EngineConfig {
    ///     hub: HubId::new(0),
    ///     layout: Arc::new(Layout::line_100()),
    ///     codes: CodeBook::standard(),
    ///     destinations: Destinations::with_capacity(0),
    ///     expected_parcels: 0,
    ///     late_parcels: 0,
    ///     seed: 1,
    ///     rules: HallRules::default(),
    /// })
    /// .build(&plan)?;
    /// let mut worker = engine.worker(SorterId::new(0));
    ///
    /// let unread = |item| Scan {
    ///     item: ItemId::new(item),
    ///     at: Micros::ZERO,
    ///     codes: &[],
    ///     known: None,
    ///     held: Assigned::NOTHING,
    ///     reach: Millimetres::ZERO,
    /// };
    /// let mut decisions = Vec::new();
    /// worker.decide_batch(&[unread(1), unread(2)], &mut decisions);
    /// assert_eq!(decisions.len(), 2);
    /// assert!(decisions.iter().all(|decision| decision.assigned.reason == Reason::NoRead));
    /// # Ok::<(), sorter_core::diagnostic::Diagnostics>(())
    /// ```
    pub fn decide_batch(&mut self, scans: &[Scan<'_>], out: &mut Vec<Decision>) {
        out.reserve(scans.len());
        for scans in scans.chunks(AHEAD) {
            let mut tickets: SmallVec<[Ticket; AHEAD]> = SmallVec::new();
            tickets.extend(scans.iter().map(|scan| self.prefetch(scan.codes)));
            out.extend(tickets.iter().zip(scans).map(|(ticket, scan)| self.decide_ticket(ticket, scan)));
        }
    }

    /// Parses the codes of an item ahead of its decision and asks for the memory that the decision will need. Changes
    /// nothing, and a ticket that is never used costs nothing more.
    ///
    /// A scanner knows the codes long before the last moment to decide. What is asked for comes within a
    /// microsecond and stays in the caches for some hundred decisions as a rule.
    pub fn prefetch(&self, codes: &[&[u8]]) -> Ticket {
        let reads = self.read(codes);
        reads.prefetch(&self.desk.engine.ledger);
        Ticket { reads }
    }

    /// Decides where an item goes whose codes were parsed ahead: as [`Worker::decide`] of a scan with these codes.
    /// `scan.codes` is not looked at. A ticket is good for any number of decisions, by any worker of the engine.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use sorter_core::address::Destinations;
    /// # use sorter_core::barcode::CodeBook;
    /// # use sorter_core::engine::{Assigned, EngineBuilder, EngineConfig, HallRules, Scan};
    /// # use sorter_core::ids::{HubId, ItemId, SorterId};
    /// # use sorter_core::layout::Layout;
    /// # use sorter_core::plan::PlanSource;
    /// # use sorter_core::reason::Reason;
    /// # use sorter_core::units::{Micros, Millimetres};
    /// # let outlets = r#"
    /// #     name = "asides only"
    /// #     lap_limit = 3
    /// #     rules = "rules.csv"
    /// #     outlet = [
    /// #         { name = "ALL", chutes = [0] },
    /// #         { name = "EXC", chutes = [99], role = "exception" },
    /// #         { name = "HOLD", chutes = [98], role = "hold" },
    /// #         { name = "NO-READ", chutes = [97], role = "no_read" },
    /// #     ]
    /// # "#;
    /// # let mut rules = String::from("country,first,last,outlet\n");
    /// # for country in sorter_core::address::Country::all() {
    /// #     rules += &format!("{},,,ALL\n", country.code());
    /// # }
    /// # let plan = PlanSource::from_texts("plan.toml", outlets, "rules.csv", &rules)?;
    /// # let engine = EngineBuilder::new(EngineConfig {
    /// #     hub: HubId::new(0),
    /// #     layout: Arc::new(Layout::line_100()),
    /// #     codes: CodeBook::standard(),
    /// #     destinations: Destinations::with_capacity(0),
    /// #     expected_parcels: 0,
    /// #     late_parcels: 0,
    /// #     seed: 1,
    /// #     rules: HallRules::default(),
    /// # })
    /// # .build(&plan)?;
    /// # let mut worker = engine.worker(SorterId::new(0));
    /// // At the scanner.
    /// let ticket = worker.prefetch(&[b"LP263072004SG"]);
    /// // Some metres later.
    /// let scan = Scan {
    ///     item: ItemId::new(1),
    ///     at: Micros::ZERO,
    ///     codes: &[],
    ///     known: None,
    ///     held: Assigned::NOTHING,
    ///     reach: Millimetres::ZERO,
    /// };
    /// let decision = worker.decide_ticket(&ticket, &scan);
    /// assert_eq!(decision.assigned.reason, Reason::UnknownParcel);
    /// # Ok::<(), sorter_core::diagnostic::Diagnostics>(())
    /// ```
    pub fn decide_ticket(&mut self, ticket: &Ticket, scan: &Scan<'_>) -> Decision {
        self.decide_read(&ticket.reads, scan)
    }
}

/// The codes of an item, parsed ahead of its decision by [`Worker::prefetch`].
#[derive(Clone, Debug)]
pub struct Ticket {
    reads: Reads,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use crate::address::{Country, Destinations};
    use crate::barcode::{CodeBook, make};
    use crate::clearance::Clearance;
    use crate::engine::{Assigned, Engine, EngineBuilder, EngineConfig, HallRules, Scan};
    use crate::ids::{HubId, ItemId, SorterId};
    use crate::layout::Layout;
    use crate::manifest::Announcement;
    use crate::plan::PlanSource;
    use crate::units::{Grams, Micros, Millimetres};

    const OUTLETS: &str = r#"
        name = "two"
        lap_limit = 2
        rules = "rules.csv"
        outlet = [
            { name = "DE", chutes = [0, 1], overflow = "EXC" },
            { name = "REST", chutes = [2] },
            { name = "EXC", chutes = [99], role = "exception" },
            { name = "HOLD", chutes = [98], role = "hold" },
            { name = "NO-READ", chutes = [97], role = "no_read" },
        ]
    "#;
    const ANNOUNCED: u32 = 40;

    fn engine() -> Arc<Engine> {
        let mut rules = String::from("country,first,last,outlet\nDE,01067,99998,DE\n");
        rules.extend(Country::all().map(|country| format!("{},,,REST\n", country.code())));
        let plan = PlanSource::from_texts("plan.toml", OUTLETS, "rules.csv", &rules).unwrap();
        let mut builder = EngineBuilder::new(EngineConfig {
            hub: HubId::new(0),
            layout: Arc::new(Layout::line_100()),
            codes: CodeBook::standard(),
            destinations: Destinations::with_capacity(0),
            expected_parcels: ANNOUNCED as usize,
            late_parcels: 0,
            seed: 7,
            rules: HallRules::default(),
        });
        for number in 0..ANNOUNCED {
            let code = make::s10(*b"LP", number, *b"SG");
            let clearance = if number % 5 == 0 { Clearance::HoldInspect } else { Clearance::Released };
            let (country, postcode) = if number % 3 == 0 { ("AT", "1010") } else { ("DE", "10115") };
            let weight = Grams::new(300);
            let codes = smallvec::smallvec![&code[..]];
            builder
                .announce(&Announcement { codes, country, postcode, weight, clearance, ..Default::default() })
                .unwrap();
        }
        builder.build(&plan).unwrap()
    }

    proptest! {
        #[test]
        fn a_batch_decides_as_single_calls_do(
            // Numbers beyond the announced ones are unknown parcels; repeated ones are duplicate labels.
            reads in prop::collection::vec(prop::option::of(0_u32..ANNOUNCED + 5), 0..90),
            cut in 0_usize..90,
            reach in prop::sample::select(vec![0, 11_500, 150_000]),
        ) {
            let codes: Vec<Option<[u8; 13]>> =
                reads.iter().map(|read| read.map(|number| make::s10(*b"LP", number, *b"SG"))).collect();
            let slices: Vec<Vec<&[u8]>> =
                codes.iter().map(|code| code.iter().map(|code| &code[..]).collect()).collect();
            let scans: Vec<Scan<'_>> = (1_u16..)
                .zip(&slices)
                .map(|(item, codes)| Scan {
                    item: ItemId::new(item),
                    at: Micros::from_millis(u64::from(item)),
                    codes,
                    known: None,
                    held: Assigned::NOTHING,
                    reach: Millimetres::new(reach),
                })
                .collect();

            let mut single = engine().worker(SorterId::new(3));
            let expected: Vec<_> = scans.iter().map(|scan| single.decide(scan)).collect();
            let mut batched = engine().worker(SorterId::new(3));
            let mut got = Vec::new();
            let (first, rest) = scans.split_at(cut.min(scans.len()));
            batched.decide_batch(first, &mut got);
            batched.decide_batch(rest, &mut got);

            let mut ticketed = engine().worker(SorterId::new(3));
            let tickets: Vec<_> = scans.iter().map(|scan| ticketed.prefetch(scan.codes)).collect();
            let without_codes = scans.iter().map(|scan| Scan { codes: &[], ..*scan });
            let by_ticket: Vec<_> = tickets
                .iter()
                .zip(without_codes)
                .map(|(ticket, scan)| ticketed.decide_ticket(ticket, &scan))
                .collect();

            prop_assert_eq!(&got, &expected);
            prop_assert_eq!(by_ticket, expected);
            prop_assert_eq!(ticketed.digest(), single.digest());
            prop_assert_eq!(batched.digest(), single.digest());
            prop_assert_eq!(batched.tally(), single.tally());
            prop_assert_eq!(batched.chutes().reserved(), single.chutes().reserved());
        }
    }
}
