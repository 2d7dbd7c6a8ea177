//! The sections about customs, departures, containers and changeovers.

use std::cmp::Reverse;
use std::io::{self, Write};

use sorter_core::reason::Reason;

use super::{by_count, plain, print, section};
use crate::report::Summary;
use crate::report::format::{cut, duration, percent, whole};

/// Lanes that are listed.
const LANES: usize = 10;
/// Characters of the name of a lane that are shown.
const LANE_WIDTH: usize = 28;
/// Characters of a reason that are shown beside two times.
const TEXT_WIDTH: usize = 36;

/// Prints all of them.
pub(super) fn sections(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    customs(summary, out)?;
    departures(summary, out)?;
    lanes(summary, out)?;
    containers(summary, out)?;
    changeover(summary, out)
}

/// The sentence for the operator of a reason; empty for a key that is none.
fn text_of(key: &str) -> &'static str {
    Reason::ALL.iter().find(|reason| reason.key() == key).map_or("", |reason| reason.text())
}

fn customs(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "Customs: notices, recalls, and stays in hold chutes that are over")?;
    let clearance = &summary.clearance;
    writeln!(
        out,
        " {} notices: {} applied, {} kept for later, {} refused as older",
        whole(clearance.notices),
        whole(clearance.applied),
        whole(clearance.kept),
        whole(clearance.refused_older),
    )?;
    writeln!(
        out,
        " {} recalls: {} left with their containers, {} of them before customs said so",
        whole(clearance.recalls),
        whole(clearance.recalls_left),
        whole(clearance.recalls_after_departure),
    )?;
    writeln!(out, " {} held parcels released and inducted again", whole(clearance.released_back))?;
    if clearance.held_dwell_s.is_empty() {
        return Ok(());
    }
    let mut table = plain();
    table.set_header(["held for", "", "stays", "mean", "longest"]);
    let mut rows: Vec<_> = clearance.held_dwell_s.iter().collect();
    rows.sort_by_key(|(_, stays)| Reverse(stays.stays));
    for (key, stays) in rows {
        table.add_row([
            key.clone(),
            cut(text_of(key), TEXT_WIDTH),
            whole(stays.stays),
            duration(stays.mean),
            duration(stays.max),
        ]);
    }
    print(&mut table, &[2, 3, 4], out)
}

fn departures(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "Departures, and parcels that missed a cut-off by cause (once for each cut-off)")?;
    let departures = &summary.departures;
    writeln!(
        out,
        " {} cut-offs, {} departed with {} parcels in {} containers, {} containers left behind",
        whole(departures.cut_offs),
        whole(departures.departed),
        whole(departures.pieces_loaded),
        whole(departures.containers_loaded),
        whole(departures.left_behind),
    )?;
    writeln!(
        out,
        " {} parcels in {} containers wait for later departures",
        whole(departures.pieces_waiting),
        whole(departures.containers_waiting),
    )?;
    let total: u64 = departures.missed.values().sum();
    if total == 0 {
        return writeln!(out, " no parcel missed a cut-off");
    }
    let mut table = plain();
    table.set_header(["missed for", "", "parcels", "share"]);
    for (key, count) in by_count(&departures.missed) {
        table.add_row([key.to_owned(), text_of(key).to_owned(), whole(count), percent(count, total, 2)]);
    }
    print(&mut table, &[2, 3], out)
}

fn lanes(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let mut lanes: Vec<_> = summary.departures.by_lane.iter().collect();
    if lanes.is_empty() {
        return Ok(());
    }
    section(
        out,
        &format!("By lane: the {} of {} that parcels missed most", LANES.min(lanes.len()), lanes.len()),
    )?;
    // The sort is stable, so equal ones stay in the order of their names.
    lanes.sort_by_key(|row| Reverse(row.missed));
    let mut table = plain();
    table.set_header(["lane", "departures", "containers", "parcels", "missed", "of parcels"]);
    for row in lanes.into_iter().take(LANES) {
        table.add_row([
            cut(&row.lane, LANE_WIDTH),
            whole(row.departures),
            whole(row.containers),
            whole(row.pieces),
            whole(row.missed),
            percent(row.missed, row.pieces, 2),
        ]);
    }
    print(&mut table, &[1, 2, 3, 4, 5], out)
}

fn containers(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "Containers")?;
    let containers = &summary.containers;
    writeln!(
        out,
        " {} opened, {} sealed, {} loaded, {} departed; {:.1} parcels in one on average",
        whole(containers.opened),
        whole(containers.sealed),
        whole(containers.loaded),
        whole(containers.departed),
        containers.mean_parcels,
    )?;
    writeln!(
        out,
        " {} manifests with {} entries, {} of them held against the discharges of the PLCs",
        whole(containers.sealed),
        whole(summary.parcels.manifested),
        whole(containers.manifests_checked),
    )
}

fn changeover(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "Changeover, and passes for want of a destination, a departure or a container")?;
    let changeovers = &summary.changeovers;
    writeln!(
        out,
        " {} plans published, {} chutes changed their destination",
        whole(changeovers.plans),
        whole(changeovers.chutes),
    )?;
    writeln!(
        out,
        " a chute was without destination for {} on average, {} at most",
        duration(changeovers.mean_s),
        duration(changeovers.max_s),
    )?;
    if changeovers.recirculations.is_empty() {
        return writeln!(out, " no recirculation for it");
    }
    let mut table = plain();
    table.set_header(["recirculated for", "", "passes", "of all"]);
    for (key, count) in by_count(&changeovers.recirculations) {
        let share = percent(count, summary.recirculations, 2);
        table.add_row([key.to_owned(), text_of(key).to_owned(), whole(count), share]);
    }
    print(&mut table, &[2, 3], out)
}
