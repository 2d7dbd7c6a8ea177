//! Plans and timetables that follow each other while parcels are moving.

use std::sync::Arc;

use super::{Engine, WriteSide};
use crate::departure::{ChangeError, Timetable};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ids::{DepartureId, PlanVersion};
use crate::journal::Note;
use crate::plan::{Plan, PlanSource};
use crate::units::Micros;

/// Plans that are remembered after they were replaced, so that a plan that takes a change back gives each chute
/// the assignment that it had.
const REMEMBERED: usize = 4;

/// Binds the lanes of a compiled plan to a timetable. Without departures no lane is looked at.
pub(super) fn bind(plan: &mut Plan, source: &PlanSource, timetable: &Timetable) -> Result<(), Diagnostics> {
    if timetable.lanes().next().is_none() {
        return Ok(());
    }
    let refuse = |(outlet, lane): (String, String)| {
        let message = format!("outlet {outlet} leaves by lane \"{lane}\", which no departure serves");
        Diagnostic::at("SP0026", source.file(), source.line_of(&outlet), message)
    };
    plan.bind_lanes(timetable).map_err(|unknown| Diagnostics(unknown.into_iter().map(refuse).collect()))
}

impl Engine {
    /// Checks and compiles a plan and makes it the one that new decisions use. Gives its version.
    ///
    /// Orders that were given keep the decision they have. Chutes that serve something else from now on change
    /// over: they drain, their container is changed, and only then the new destination is ordered to them.
    /// To take a plan back, publish the one before it.
    ///
    /// # Errors
    /// Every problem of the plan, among them destinations that no chute would serve while the chutes change
    /// over; the present plan stays in force then.
    pub fn publish(&self, source: &PlanSource) -> Result<PlanVersion, Diagnostics> {
        self.publish_in(&mut self.write(), source)
    }

    fn publish_in(&self, write: &mut WriteSide, source: &PlanSource) -> Result<PlanVersion, Diagnostics> {
        let version = PlanVersion::new(write.version.get() + 1);
        let mut plan = source.compile(&self.layout, &write.destinations, version)?;
        bind(&mut plan, source, &self.timetable())?;
        let present = self.plan.load_full();
        let known = write.destinations.len();
        let earlier = std::iter::once(&*present).chain(write.retired.iter().rev().map(|plan| &**plan));
        plan.assign(earlier, known);
        let without = plan.left_without_chute(&present, known).map(|(outlet, count)| {
            let name = &outlet.name;
            let message = format!(
                "outlet {name} has no chute for its {count} destinations while its chutes change over \
                 (expected one that stays or is free, or an overflow outlet with one)"
            );
            Diagnostic::at("SP0027", source.file(), source.line_of(name), message)
        });
        let without: Vec<Diagnostic> = without.collect();
        if !without.is_empty() {
            return Err(Diagnostics(without));
        }
        if let Some(book) = &self.book {
            book.note(Note::Plan(source.to_note(version)));
        }
        let old = self.plan.swap(Arc::new(plan));
        write.version = version;
        write.retired.push(old);
        let young = write.retired.len().saturating_sub(REMEMBERED);
        let mut place = 0;
        write.retired.retain(|plan| {
            place += 1;
            place > young || Arc::strong_count(plan) > 1
        });
        Ok(version)
    }

    /// Has a plan published at a time, such as for a wave. It is checked now and again when its time comes.
    ///
    /// # Errors
    /// Every problem that the plan has by itself; it is not remembered then.
    pub fn plan_ahead(&self, at: Micros, source: PlanSource) -> Result<(), Diagnostics> {
        source.check(&self.layout).into_result(())?;
        let mut write = self.write();
        if let Some(book) = &self.book {
            book.note(Note::PlanAhead { at, plan: source.to_note(PlanVersion::default()) });
        }
        let place = write.ahead.partition_point(|(known, _)| *known <= at);
        write.ahead.insert(place, (at, source));
        Ok(())
    }

    /// Publishes the plans whose time has come, the earliest first. To be called from time to time.
    ///
    /// Gives for each its time, and its version or the problems for which it is not in force.
    pub fn publish_due(&self, now: Micros) -> Vec<(Micros, Result<PlanVersion, Diagnostics>)> {
        let mut done = Vec::new();
        loop {
            let mut write = self.write();
            if write.ahead.first().is_none_or(|(at, _)| *at > now) {
                return done;
            }
            let (at, source) = write.ahead.remove(0);
            done.push((at, self.publish_in(&mut write, &source)));
            // Told last: what is torn in between is published once more and changes nothing.
            if let Some(book) = &self.book {
                book.note(Note::PlanTaken);
            }
        }
    }

    /// Moves the cut-off and the time of one departure, such as for a delay. The book of containers knows it at
    /// once; containers at chutes close by it as soon as their workers attend to it.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing has changed then.
    pub fn change_departure(
        &self,
        departure: DepartureId,
        cut_off: Micros,
        departs: Micros,
        now: Micros,
    ) -> Result<(), ChangeError> {
        // The lock orders two changes, so that none is lost.
        let _write = self.write();
        let changed = self.timetable().changed(departure, cut_off, departs, now)?;
        if let Some(book) = &self.book {
            book.note(Note::DepartureChanged { departure, cut_off, departs, at: now });
        }
        if let Some(departure) = changed.departure(departure) {
            self.yard().retime(&departure);
        }
        self.timetable.store(Arc::new(changed));
        Ok(())
    }
}
