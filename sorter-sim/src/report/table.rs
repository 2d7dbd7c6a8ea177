//! The page for people: at most 100 columns, no colour.

mod hall;
mod journal;
mod links;

use std::collections::BTreeMap;
use std::io::{self, Write};

use comfy_table::{CellAlignment, Table};
use sorter_core::reason::Reason;

use super::format::{bar, hours, nanoseconds, percent, ppm, rounded, whole};
use super::verdict::Condition;
use super::{FlowCounts, Latency, Summary};

/// Columns that a page takes at most.
const WIDTH: usize = 100;

/// Prints a report as sections of plain text, at most 100 columns wide.
///
/// # Errors
/// What the writer reports.
pub fn print_table(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    headline(summary, out)?;
    sums(summary, out)?;
    conditions(summary, out)?;
    hubs(summary, out)?;
    sorters(summary, out)?;
    reasons(summary, out)?;
    hall::sections(summary, out)?;
    causes(summary, out)?;
    countries(summary, out)?;
    hourly(summary, out)?;
    links::print_links(summary, out)?;
    journal::print_journal(summary, out)?;
    latency(summary, out)
}

fn headline(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{} parcels through {} sorters in {} hubs: {} simulated in {:.1} s, {} parcels/s",
        whole(summary.parcels.inducted),
        summary.sorters.len(),
        summary.hubs.len(),
        hours(summary.simulated_s),
        summary.wall_s,
        rounded(summary.parcels_per_s),
    )?;
    writeln!(out, "{}", summary.verdict())?;
    writeln!(
        out,
        "seed {}, version {}, event log {}, fates {}",
        summary.seed, summary.version, summary.digest, summary.fates_digest
    )
}

fn section(out: &mut impl Write, title: &str) -> io::Result<()> {
    writeln!(out, "\n{title}\n{}", "─".repeat(WIDTH))
}

fn sums(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "Parcels and passes")?;
    let (parcels, passes) = (&summary.parcels, &summary.passes);
    let equals = |holds: bool| if holds { "=" } else { "≠" };
    let mut table = plain();
    let mut row = |name: &str, terms: &[(&str, u64)]| {
        // The name and the blanks around the columns take 12.
        for (line, text) in sum_lines(terms, WIDTH - 12).into_iter().enumerate() {
            table.add_row([if line == 0 { name.to_owned() } else { String::new() }, text]);
        }
    };
    row("parcels", &[("inducted", parcels.inducted)]);
    row(
        equals(parcels.adds_up()),
        &[
            ("discharged", parcels.discharged),
            ("recalled", parcels.recalled),
            ("exception", parcels.exception),
            ("held", parcels.held),
            ("lost", parcels.lost),
            ("on the floor", parcels.on_floor),
        ],
    );
    if parcels.waiting > 0 {
        row("+", &[("waiting at inductions that stand closed", parcels.waiting)]);
    }
    row("passes", &[("inducted", passes.inducted), ("unexpected", passes.unexpected)]);
    row(
        equals(passes.adds_up()),
        &[
            ("discharged", passes.discharged),
            ("left", passes.left),
            ("lost", passes.lost),
            ("on a belt", passes.on_belt),
        ],
    );
    if passes.forgotten > 0 {
        row("and", &[("forgotten by PLCs that were switched off", passes.forgotten)]);
    }
    print(&mut table, &[0], out)?;
    writeln!(
        out,
        " {} announced, {} of the inducted discharged, {} recirculations, {} late orders",
        whole(parcels.announced),
        percent(parcels.discharged, parcels.inducted, 2),
        whole(summary.recirculations),
        whole(summary.late_orders),
    )?;
    let FlowCounts { import, export, transit } = summary.flows;
    writeln!(out, " {} import, {} export, {} in transit", whole(import), whole(export), whole(transit))
}

/// A sum as lines of at most `width` characters, each but the first with its sign in front.
fn sum_lines(terms: &[(&str, u64)], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (what, count) in terms {
        let term = format!("{} {what}", whole(*count));
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + term.chars().count() <= width => {
                line.push_str(" + ");
                line.push_str(&term);
            }
            Some(_) => lines.push(format!("+ {term}")),
            None => lines.push(term),
        }
    }
    lines
}

fn conditions(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "What must always hold")?;
    let mut table = plain();
    table.set_header(["condition", "", "checked", "violations"]);
    for condition in Condition::ALL {
        let count = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), whole);
        table.add_row([
            condition.name().to_owned(),
            condition.text().to_owned(),
            count(summary.checked.of(condition)),
            count(summary.violations.of(condition)),
        ]);
    }
    print(&mut table, &[2, 3], out)
}

fn hubs(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "By hub")?;
    let mut table = plain();
    table.set_header([
        "hub",
        "inducted",
        "discharged",
        "exception",
        "held",
        "recirculations",
        "busiest sorter",
    ]);
    for hub in &summary.hubs {
        table.add_row([
            hub.hub.to_string(),
            whole(hub.inducted),
            whole(hub.discharged),
            whole(hub.exception),
            whole(hub.held),
            whole(hub.recirculations),
            format!("{:.0} %", 100.0 * hub.utilisation_max),
        ]);
    }
    print(&mut table, &[0, 1, 2, 3, 4, 5, 6], out)
}

/// Sorters that fit into one line of the grid.
const GRID_COLUMNS: usize = 12;
/// As many with numbers of three digits.
const GRID_COLUMNS_WIDE: usize = 8;

fn sorters(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "By sorter: thousands inducted, and per cent of the rated throughput in the busiest hour")?;
    let mut rows: BTreeMap<(u8, u8), Vec<String>> = BTreeMap::new();
    let mut columns = 0;
    let wide = summary.sorters.iter().any(|sorter| sorter.inducted >= 99_500 || sorter.utilisation >= 0.995);
    let in_line = if wide { GRID_COLUMNS_WIDE } else { GRID_COLUMNS };
    for sorter in &summary.sorters {
        let column = usize::from(sorter.sorter) % in_line;
        let line = rows.entry((sorter.hub, sorter.sorter - u8::try_from(column).unwrap_or(0))).or_default();
        line.resize(column + 1, String::new());
        line[column] = format!("{:.0} {:.0}%", sorter.inducted as f64 / 1_000.0, 100.0 * sorter.utilisation);
        columns = columns.max(column + 1);
    }
    let mut table = plain();
    let header = (0..columns).map(|column| format!("s{column}"));
    table.set_header(std::iter::once("hub".to_owned()).chain(header));
    for ((hub, first), line) in rows {
        let name = if first == 0 { hub.to_string() } else { format!("s{first}+") };
        table.add_row(std::iter::once(name).chain(line));
    }
    print(&mut table, &(0..=columns).collect::<Vec<_>>(), out)
}

fn reasons(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "By reason of the last decision: ended passes")?;
    let total: u64 = summary.reasons.values().sum();
    let mut table = plain();
    table.set_header(["reason", "", "passes", "share"]);
    for (key, count) in by_count(&summary.reasons) {
        let text = Reason::ALL.iter().find(|reason| reason.key() == key).map_or("", |reason| reason.text());
        table.add_row([key.to_owned(), text.to_owned(), whole(count), percent(count, total, 3)]);
    }
    print(&mut table, &[2, 3], out)
}

fn causes(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "Missorts by cause, and faults that happened")?;
    let mut table = plain();
    table.set_header(["missort", "parcels", "of discharged", "   fault", "times"]);
    let (missorts, faults) = (by_count(&summary.missorts), by_count(&summary.faults));
    for line in 0..missorts.len().max(faults.len()) {
        let missort =
            missorts.get(line).map_or([String::new(), String::new(), String::new()], |(key, count)| {
                [(*key).to_owned(), whole(*count), ppm(*count, summary.parcels.discharged)]
            });
        let fault = faults
            .get(line)
            .map_or([String::new(), String::new()], |(key, count)| [format!("   {key}"), whole(*count)]);
        table.add_row(missort.into_iter().chain(fault));
    }
    if missorts.is_empty() && faults.is_empty() {
        return writeln!(out, " none");
    }
    print(&mut table, &[1, 2, 4], out)
}

/// Countries in one line.
const COUNTRIES_IN_LINE: usize = 4;

fn countries(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "By country: parcels discharged")?;
    let total: u64 = summary.countries.values().sum();
    let sorted = by_count(&summary.countries);
    let lines = sorted.len().div_ceil(COUNTRIES_IN_LINE);
    let mut table = plain();
    for line in 0..lines {
        // Down the columns, as one reads a ranking.
        table.add_row((0..COUNTRIES_IN_LINE).flat_map(|column| match sorted.get(column * lines + line) {
            Some((country, count)) => [(*country).to_owned(), whole(*count), percent(*count, total, 1)],
            None => [String::new(), String::new(), String::new()],
        }));
    }
    let right: Vec<usize> =
        (0..COUNTRIES_IN_LINE).flat_map(|column| [3 * column + 1, 3 * column + 2]).collect();
    print(&mut table, &right, out)
}

fn hourly(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "By hour: parcels asked for by the profile, and inducted")?;
    let largest = summary.hourly.inducted.iter().copied().max().unwrap_or(0);
    let mut table = plain();
    table.set_header(["hour", "asked", "inducted", ""]);
    for (hour, (asked, inducted)) in summary.hourly.asked.iter().zip(summary.hourly.inducted).enumerate() {
        table.add_row([format!("{hour:02}"), whole(*asked), whole(inducted), bar(inducted, largest, 60)]);
    }
    print(&mut table, &[0, 1, 2], out)
}

fn latency(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    section(out, "Time of one decision (sampled 1 in 64)")?;
    match summary.decision_ns {
        Some(Latency { p50, p99, p999, p9999, max }) => writeln!(
            out,
            " median {}   99 % {}   99.9 % {}   99.99 % {}   largest {}",
            nanoseconds(p50),
            nanoseconds(p99),
            nanoseconds(p999),
            nanoseconds(p9999),
            nanoseconds(max)
        )?,
        None => writeln!(out, " none sampled")?,
    }
    writeln!(
        out,
        " {} events ({:.1} a parcel), {} PLC scans in which something happened",
        whole(summary.events),
        summary.events_per_parcel,
        whole(summary.plc_scans)
    )
}

/// Counts from the largest down; equal ones by name.
fn by_count(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut sorted: Vec<(&str, u64)> = counts.iter().map(|(key, count)| (key.as_str(), *count)).collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    sorted
}

/// A table without borders, which does not look at the terminal.
fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).force_no_tty();
    table
}

/// Writes a table with these columns aligned to the right and no blanks at the ends of lines.
fn print(table: &mut Table, right: &[usize], out: &mut impl Write) -> io::Result<()> {
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
