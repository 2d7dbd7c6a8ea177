//! What a layout must satisfy beyond the limits of its single values.

use super::Layout;
use super::source::{Draft, DraftChute};
use super::toml_table::Located;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Reports every relation between values that does not hold. Values that could not be read are left out.
pub(super) fn check(file: &str, draft: &Draft, problems: &mut Diagnostics) {
    let mut checker = Checker { file, draft, problems };
    checker.stations();
    checker.eyes();
    checker.chute_numbers();
    checker.chutes_along_the_belt();
    checker.run_off();
    checker.window();
    checker.flow();
    checker.lead();
}

struct Checker<'a> {
    file: &'a str,
    draft: &'a Draft,
    problems: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn report(&mut self, code: &'static str, line: u32, message: String) {
        self.problems.push(Diagnostic::at(code, self.file, line, message));
    }

    fn stations(&mut self) {
        let (scanner, scale) = (self.draft.scanner, self.draft.scale);
        if let (Some(scanner), Some(scale)) = (scanner, scale)
            && scale.value <= scanner.value
        {
            let message =
                format!("the scale at {} mm is not behind the scanner at {} mm", scale.value, scanner.value);
            self.report("LA0005", scale.line, message);
        }
        let first = self.draft.chutes().next();
        if let (Some(scale), Some(first)) = (scale, first)
            && first.position <= i64::from(scale.value)
        {
            let message = format!(
                "the first chute at {} mm is not behind the scale at {} mm",
                first.position, scale.value
            );
            self.report("LA0005", first.line, message);
        }
    }

    fn eyes(&mut self) {
        let draft = self.draft;
        if draft.eyes.len() > Layout::MAX_EYES {
            let message = format!("{} tracking photo-eyes, at most {}", draft.eyes.len(), Layout::MAX_EYES);
            self.report("LA0006", draft.eyes[Layout::MAX_EYES].line, message);
        }
        for (index, pair) in draft.eyes.windows(2).enumerate() {
            let (before, eye) = (pair[0], pair[1]);
            if eye.value <= before.value {
                let message = format!(
                    "photo-eye {} at {} mm is not behind photo-eye {} at {} mm",
                    index + 2,
                    eye.value,
                    index + 1,
                    before.value
                );
                self.report("LA0006", eye.line, message);
            }
        }
        if let (Some(last), Some(exit)) = (draft.eyes.last(), draft.exit_eye)
            && last.value >= exit.value
        {
            let message = format!(
                "photo-eye {} at {} mm is not before the exit eye at {} mm",
                draft.eyes.len(),
                last.value,
                exit.value
            );
            self.report("LA0006", last.line, message);
        }
    }

    fn chute_numbers(&mut self) {
        let draft = self.draft;
        let mut expected = 0_usize;
        for block in draft.blocks.iter().flatten() {
            let Located { line, value: first } = block.first;
            if usize::from(first) != expected {
                self.report(
                    "LA0007",
                    line,
                    format!("the block starts at chute {first}, expected {expected}"),
                );
            }
            // The next block is held against this one as it is written, so that one slip is one problem.
            expected = usize::from(first) + usize::from(block.count);
        }
        let count = draft.chutes().count();
        if let Some(chute) = draft.chutes().nth(Layout::MAX_CHUTES) {
            let message = format!("{count} chutes, a link carries at most {}", Layout::MAX_CHUTES);
            self.report("LA0009", chute.line, message);
        }
    }

    fn chutes_along_the_belt(&mut self) {
        let draft = self.draft;
        for block in draft.blocks.iter().flatten() {
            if let Some(chute) = block.chutes().next()
                && block.half_full.value > chute.capacity
            {
                let message =
                    format!("half full at {} parcels, full at {}", block.half_full.value, chute.capacity);
                self.report("LA0010", block.half_full.line, message);
            }
        }
        let mut user_of = vec![None; Layout::MAX_CHUTES];
        let mut before: Option<DraftChute> = None;
        for (number, chute) in draft.chutes().take(Layout::MAX_CHUTES).enumerate() {
            if let Some(before) = before
                && chute.position <= before.position
            {
                let message = format!(
                    "chute {number} at {} mm is not behind chute {} at {} mm",
                    chute.position,
                    number - 1,
                    before.position
                );
                self.report("LA0008", chute.line, message);
            }
            before = Some(chute);
            let Some(user) = user_of.get_mut(chute.diverter as usize) else {
                self.report(
                    "LA0004",
                    chute.line,
                    format!("diverter {} of chute {number} is above 255", chute.diverter),
                );
                continue;
            };
            if let Some(other) = user.replace(number) {
                let message = format!("diverter {} serves chute {other} and chute {number}", chute.diverter);
                self.report("LA0015", chute.line, message);
            }
        }
    }

    fn run_off(&mut self) {
        let Some(exit) = self.draft.exit_eye else { return };
        let Some(last) = self.draft.chutes().last() else { return };
        let room = i64::from(exit.value) - last.position;
        if room < i64::from(Layout::RUN_OFF.get()) {
            let message = format!(
                "the exit eye at {} mm is {room} mm behind the last chute, run-off takes {}",
                exit.value,
                Layout::RUN_OFF
            );
            self.report("LA0011", exit.line, message);
        }
    }

    fn window(&mut self) {
        let Some(window) = self.draft.window else { return };
        let doubled = 2 * i64::from(window.value);
        let positions: Vec<i64> = self.draft.chutes().map(|chute| chute.position).collect();
        let pitch = positions.windows(2).map(|pair| pair[1] - pair[0]).filter(|pitch| *pitch > 0).min();
        if let Some(pitch) = pitch
            && doubled >= pitch
        {
            let message =
                format!("a window of {} mm is not below half of the chute pitch of {pitch} mm", window.value);
            self.report("LA0012", window.line, message);
        }
        if let Some(pitch) = self.rated_pitch()
            && doubled >= pitch
        {
            let message = format!(
                "a window of {} mm is not below half of the {pitch} mm a parcel at the rated throughput",
                window.value
            );
            self.report("LA0012", window.line, message);
        }
    }

    /// Millimetres of belt for each parcel at the rated throughput.
    fn rated_pitch(&self) -> Option<i64> {
        let (speed, rated) = (self.draft.belt_speed?, self.draft.rated_per_hour?);
        Some(i64::from(speed.value) * 3_600 / i64::from(rated.value))
    }

    fn flow(&mut self) {
        let Some(pitch) = self.rated_pitch() else { return };
        if let Some(gap) = self.draft.minimum_gap
            && i64::from(gap.value) >= pitch
        {
            let message = format!(
                "the rated throughput leaves {pitch} mm of belt a parcel, and the minimum gap takes {} mm",
                gap.value
            );
            self.report("LA0013", gap.line, message);
        }
        if let (Some(capacity), Some(exit)) = (self.draft.belt_capacity, self.draft.exit_eye)
            && pitch > 0
        {
            let items = i64::from(exit.value) / pitch;
            if i64::from(capacity.value) < items {
                let message = format!(
                    "a belt capacity of {} items is below the {items} items at the rated throughput",
                    capacity.value
                );
                self.report("LA0016", capacity.line, message);
            }
        }
    }

    fn lead(&mut self) {
        let Some(lead) = self.draft.minimum_lead else { return };
        let (Some(pulse), Some(scale)) = (self.draft.pulse_length, self.draft.scale) else { return };
        let Some(first) = self.draft.chutes().next() else { return };
        let needed = i64::from(lead.value) * i64::from(pulse.value);
        let room = first.position - i64::from(scale.value);
        if room > 0 && needed >= room {
            let message = format!(
                "a minimum lead of {} pulses is {needed} mm, and the first chute is {room} mm behind the scale",
                lead.value
            );
            self.report("LA0014", lead.line, message);
        }
    }
}
