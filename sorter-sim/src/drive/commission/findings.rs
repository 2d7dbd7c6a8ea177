//! What was measured against what is configured.

use sorter_core::ids::EyeId;
use sorter_core::layout::Layout;
use sorter_core::units::{EncoderCount, Micros, Millimetres, Pulses};
use sorter_plc::cycle::CycleConfig;
use sorter_plc::link::LinkConfig;

use super::look::in_a_second;
use super::{Look, Shot, Tester, Track};

/// How far pulses per length may be from the layout, in parts per million: half a percent.
const PULSES_PPM: i64 = 5_000;
/// How far a speed may be from the layout, in parts per million: two percent.
const SPEED_PPM: i64 = 20_000;

/// The verdict on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    /// As configured.
    Good,
    /// Not as configured.
    Wrong,
    /// There was nothing to measure.
    NotMeasured,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// What was measured.
    pub measured: String,
    /// What it should be.
    pub expected: String,
    /// The verdict.
    pub verdict: Judged,
}

impl Finding {
    fn new(what: &'static str, measured: Option<String>, expected: String, good: bool) -> Self {
        let verdict = match (&measured, good) {
            (None, _) => Judged::NotMeasured,
            (Some(_), true) => Judged::Good,
            (Some(_), false) => Judged::Wrong,
        };
        Self { what, measured: measured.unwrap_or_else(|| "-".to_owned()), expected, verdict }
    }
}

/// Judges all that was read and measured. Without a tester only what was read.
pub fn judge(
    look: &Look,
    tester: Option<&Tester>,
    layout: &Layout,
    link: &LinkConfig,
    cycle: &CycleConfig,
) -> Vec<Finding> {
    let mut findings = read_only(look, layout);
    let Some(tester) = tester else { return findings };
    let lamps = tester.lamps();
    let expected = format!("{} of {} orders taken", layout.chutes().len() * 2, layout.chutes().len() * 2);
    let measured =
        format!("{} of {} orders taken, slowest {}", lamps.taken, lamps.asked, millis(lamps.slowest));
    let all = lamps.taken == lamps.asked;
    findings.push(Finding::new("lamps", (lamps.asked > 0).then_some(measured), expected, all));
    let scan = tester.status().scan_time;
    let limit = cycle.period + link.deadline + scan + scan;
    divert(tester.shot().as_ref(), layout, limit, &mut findings);
    belt(tester, layout, &mut findings);
    findings
}

/// What can be judged without an order.
fn read_only(look: &Look, layout: &Layout) -> Vec<Finding> {
    let status = &look.status.status;
    let scan = look.scan.map(|scan| format!("{} measured", millis(scan)));
    let told = status.scan_time;
    let scan_good = look.scan.is_some_and(|scan| scan.get().abs_diff(told.get()) * 10 <= told.get());
    let lead = (status.minimum_lead.get(), layout.minimum_lead().get());
    let speed = status.belt_speed.get();
    let nominal = layout.belt_speed().get();
    let balance = &look.plant;
    let sides = (
        u64::from(balance.inducted) + u64::from(balance.unexpected),
        u64::from(balance.discharged_verified)
            + u64::from(balance.discharged_unverified)
            + u64::from(balance.left)
            + u64::from(balance.lost)
            + u64::from(balance.on_belt),
    );
    vec![
        Finding::new("scan time", scan, format!("{} in STATUS", millis(told)), scan_good),
        Finding::new(
            "minimum lead",
            Some(format!("{} pulses in STATUS", lead.0)),
            format!("at most {} pulses in the layout", lead.1),
            lead.0 <= lead.1,
        ),
        Finding::new(
            "belt speed told",
            Some(format!("{speed} mm/s in STATUS")),
            format!("{nominal} mm/s in the layout"),
            near(speed.into(), nominal.into(), SPEED_PPM),
        ),
        Finding::new(
            "balance of PLANT",
            Some(format!("{} entered", sides.0)),
            format!("{} ended or on belt", sides.1),
            sides.0 == sides.1,
        ),
    ]
}

/// The divert, from the order to the chute eye.
fn divert(shot: Option<&Shot>, layout: &Layout, limit: Micros, findings: &mut Vec<Finding>) {
    let chute = shot.and_then(|shot| layout.chute(shot.chute));
    if let Some(failed) = shot.and_then(|shot| shot.failed) {
        findings.push(Finding::new("divert", Some(format!("{failed:?}")), "Discharged".to_owned(), false));
    }
    let taken = shot.and_then(|shot| Some(shot.taken?.saturating_since(shot.ordered)));
    findings.push(Finding::new(
        "order to acknowledgement",
        taken.map(millis),
        format!("at most {}", millis(limit)),
        taken.is_some_and(|taken| taken <= limit),
    ));
    let window = layout.pulses(layout.window()).get();
    let due =
        shot.zip(chute).map(|(shot, chute)| shot.inducted_at.advanced_by(layout.pulses(chute.position)));
    let fired = shot.and_then(|shot| shot.fired).zip(shot);
    let off = fired.zip(due).map(|(((_, count), _), due)| due.distance_to(count).get());
    let told = fired.zip(off).map(|(((at, _), shot), off)| {
        let after = millis(at.saturating_since(shot.taken.unwrap_or(shot.ordered)));
        format!("{after} after the acknowledgement, {off:+} pulses from the chute")
    });
    findings.push(Finding::new(
        "acknowledgement to fired",
        told,
        format!("within {window} pulses of the chute"),
        off.is_some_and(|off| off.abs() <= window),
    ));
    let slide =
        fired.zip(shot.and_then(|shot| shot.discharged)).map(|(((_, from), _), (_, to, verified))| {
            let pulses = from.distance_to(to);
            (pulses, time_of(pulses, layout), verified)
        });
    let told = slide.map(|(pulses, time, verified)| {
        let how = if verified { "seen" } else { "not seen" };
        format!("{} = {} pulses, {how} by a chute eye", millis(time), pulses.get())
    });
    let transfer = chute.map(|chute| chute.transfer).unwrap_or_default();
    // The times of the layout are milliseconds, those of the encoder pulses.
    let longest = transfer + time_of(Pulses::new(2), layout);
    findings.push(Finding::new(
        "fired to discharged",
        told,
        format!("at most {}", millis(transfer)),
        slide.is_some_and(|(_, time, _)| time <= longest),
    ));
}

/// Pulses per length between two photo-eyes, and the speed by the clock.
fn belt(tester: &Tester, layout: &Layout, findings: &mut Vec<Finding>) {
    let between = eyes(layout);
    let mut pulses: Vec<i32> = tester.tracks().filter_map(|track| way(track, between)).collect();
    pulses.sort_unstable();
    let (from, to) = (layout.eye(between.0).unwrap_or_default(), layout.eye(between.1).unwrap_or_default());
    let length = to.get() - from.get();
    let expected = i64::from(layout.pulses(Millimetres::new(length)).get());
    let median = pulses.get(pulses.len() / 2).copied();
    findings.push(Finding::new(
        "pulses between two eyes",
        median.map(|median| {
            let per_metre = i64::from(median) * 1_000_000 / i64::from(length.max(1));
            format!(
                "{median} between {} and {} = {}.{:03} pulses/m, median of {}",
                between.0,
                between.1,
                per_metre / 1_000,
                per_metre % 1_000,
                pulses.len()
            )
        }),
        format!("{expected} for {length} mm"),
        median.is_some_and(|median| near(median.into(), expected, PULSES_PPM)),
    ));
    let speed = median.zip(tester.run()).map(|(median, (elapsed, pulses))| {
        in_a_second(pulses, elapsed) * i64::from(length) / i64::from(median.max(1))
    });
    let nominal = layout.belt_speed().get();
    findings.push(Finding::new(
        "belt speed by the clock",
        speed.map(|speed| format!("{speed} mm/s")),
        format!("{nominal} mm/s in the layout"),
        speed.is_some_and(|speed| near(speed, nominal.into(), SPEED_PPM)),
    ));
}

/// The two photo-eyes between which pulses are measured: the first two along the belt, or the induction and the only
/// one.
fn eyes(layout: &Layout) -> (EyeId, EyeId) {
    if layout.eyes().len() > 1 { (EyeId::new(1), EyeId::new(2)) } else { (EyeId::new(0), EyeId::new(1)) }
}

fn way(track: &Track, (from, to): (EyeId, EyeId)) -> Option<i32> {
    let at = |eye| -> Option<EncoderCount> {
        track.eyes.iter().find(|(seen, _)| *seen == eye).map(|(_, count)| *count)
    };
    Some(at(from)?.distance_to(at(to)?).get())
}

impl Tester {
    /// How many items have been seen by both photo-eyes between which pulses are measured.
    pub fn measured(&self, layout: &Layout) -> usize {
        let between = eyes(layout);
        self.tracks().filter(|track| way(track, between).is_some()).count()
    }
}

fn near(measured: i64, expected: i64, ppm: i64) -> bool {
    (measured - expected).abs() * 1_000_000 <= expected.abs() * ppm
}

/// How long the belt of the layout takes for so many pulses.
fn time_of(pulses: Pulses, layout: &Layout) -> Micros {
    let length = i64::from(pulses.get()) * i64::from(layout.pulse_length().get());
    layout.travel_time(Millimetres::new(i32::try_from(length).unwrap_or(i32::MAX)))
}

fn millis(time: Micros) -> String {
    format!("{}.{} ms", time.get() / 1_000, time.get() % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(counts: &[(u8, u32)]) -> Track {
        let eyes = counts.iter().map(|(eye, count)| (EyeId::new(*eye), EncoderCount::new(*count)));
        Track { item: sorter_core::ids::ItemId::new(1), eyes: eyes.collect() }
    }

    #[test]
    fn pulses_are_counted_over_the_wrap_of_the_encoder() {
        let between = (EyeId::new(1), EyeId::new(2));
        let seen = track(&[(0, u32::MAX - 600), (1, u32::MAX - 99), (2, 1_800)]);
        assert_eq!(way(&seen, between), Some(1_900));
        assert_eq!(way(&track(&[(0, 5), (1, 505)]), between), None);
    }

    #[test]
    fn a_half_percent_of_pulses_is_the_limit() {
        assert!(near(1_909, 1_900, PULSES_PPM) && !near(1_910, 1_900, PULSES_PPM));
    }
}
