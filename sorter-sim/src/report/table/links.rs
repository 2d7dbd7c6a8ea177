//! The section about the links between hosts and PLCs, where there are any.

use std::io::{self, Write};

use super::section;
use crate::report::format::whole;
use crate::report::{Latency, Summary};

pub(super) fn print_links(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let Some(links) = &summary.links else { return Ok(()) };
    section(out, "Links between hosts and PLCs")?;
    writeln!(
        out,
        " {} links, {} exchanges, {} broken off, {} ticks missed, {} without connection",
        whole(links.links),
        whole(links.cycles),
        whole(links.broken),
        whole(links.missed),
        whole(links.offline),
    )?;
    writeln!(
        out,
        " {} connections, {} sessions, {} restarts of PLCs noticed, {} events told apart that came again",
        whole(links.connects),
        whole(links.sessions),
        whole(links.restarts),
        whole(links.repeated_events),
    )?;
    writeln!(
        out,
        " {} of {} PLANT images compared with the books of the hosts, {} late orders outside of faults",
        whole(links.images_compared),
        whole(links.images),
        whole(links.late_orders_outside_faults),
    )?;
    for (kind, times) in &links.faults {
        writeln!(out, " fault {kind}: {} times", whole(*times))?;
    }
    let times = [("begin of a cycle", links.lateness_us), ("ORDER and STATUS", links.round_trip_us)];
    for (what, time) in times {
        if let Some(Latency { p50, p99, p999, max, .. }) = time {
            let [p50, p99, p999, max] = [p50, p99, p999, max].map(whole);
            writeln!(out, " {what}: median {p50} us   99 % {p99} us   99.9 % {p999} us   largest {max} us")?;
        }
    }
    Ok(())
}
