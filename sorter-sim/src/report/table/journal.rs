//! The section about the journals, where there are any.

use std::io::{self, Write};

use super::section;
use crate::report::format::{duration, nanoseconds, whole};
use crate::report::{Latency, Summary};

pub(super) fn print_journal(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let Some(journal) = &summary.journal else { return Ok(()) };
    section(out, "Journal")?;
    writeln!(
        out,
        " {} records in {} batches, at most {} of a sorter not durable at once",
        whole(journal.records),
        whole(journal.commits),
        whole(journal.most_waiting),
    )?;
    if let Some(Latency { p50, p99, p999, max, .. }) = journal.lag_us {
        let shown = |time: u64| nanoseconds(time.saturating_mul(1_000));
        let [p50, p99, p999, max] = [p50, p99, p999, max].map(shown);
        writeln!(out, " durable after: median {p50}   99 % {p99}   99.9 % {p999}   largest {max}")?;
    }
    writeln!(
        out,
        " {} orders waited for it, {} of them too long",
        whole(journal.held_orders),
        whole(journal.late_held_orders),
    )?;
    if journal.called_off > 0 {
        writeln!(out, " {} orders in force called off meanwhile", whole(journal.called_off))?;
    }
    if journal.alarms > 0 {
        writeln!(
            out,
            " ALARM {} times: induction slowed down for {}, closed for {}",
            whole(journal.alarms),
            duration(journal.throttled_s),
            duration(journal.closed_s),
        )?;
    }
    if journal.stalls > 0 {
        writeln!(out, " no space {} times, for {}", whole(journal.stalls), duration(journal.stalled_s))?;
    }
    if journal.failed > 0 {
        writeln!(
            out,
            " failed for good in {} hubs: nothing was ordered from then on",
            whole(journal.failed)
        )?;
    }
    Ok(())
}
