//! How far a run is, on stderr: a bar on a terminal, a line for each tenth elsewhere.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// Parts of a run that get a line each where there is no terminal.
const LINES: u64 = 10;

/// Shows how many of a number of parcels or other things are done. Shared by all threads of a run.
pub(super) struct Progress {
    things: &'static str,
    total: u64,
    done: AtomicU64,
    form: Form,
}

enum Form {
    Bar(ProgressBar),
    /// Tenths that were reported.
    Lines(AtomicU64),
    Nothing,
}

impl Progress {
    /// A progress over `parcels`, which says nothing when `quiet`.
    pub(super) fn new(parcels: u64, quiet: bool) -> Self {
        Self::of("parcels", parcels, quiet)
    }

    /// A progress over `total` things.
    pub(super) fn of(things: &'static str, total: u64, quiet: bool) -> Self {
        let form = if quiet {
            Form::Nothing
        } else if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} {msg}, {eta} left")
                .expect("the template is valid");
            Form::Bar(ProgressBar::new(total).with_style(style).with_message(things))
        } else {
            Form::Lines(AtomicU64::new(0))
        };
        Self { things, total, done: AtomicU64::new(0), form }
    }

    /// So many more of them are done.
    pub(super) fn add(&self, more: u64) {
        // ORDERING: Relaxed. The counter alone matters; nothing is published through it.
        let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
        match &self.form {
            Form::Bar(bar) => bar.inc(more),
            Form::Lines(reported) => {
                if let Some(tenth) = next_line(reported, done, self.total) {
                    eprintln!("{:3} %: {done} of {} {}", tenth * 100 / LINES, self.total, self.things);
                }
            }
            Form::Nothing => {}
        }
    }

    /// Takes the bar away, so that the report stands alone.
    pub(super) fn finish(&self) {
        if let Form::Bar(bar) = &self.form {
            bar.finish_and_clear();
        }
    }
}

/// The tenth to report now, or `None` when it was reported, by this thread or another.
fn next_line(reported: &AtomicU64, done: u64, parcels: u64) -> Option<u64> {
    let tenth = (done.min(parcels) * LINES).checked_div(parcels)?;
    // ORDERING: Relaxed. The counter alone decides who prints; nothing is published through it.
    (reported.fetch_max(tenth, Ordering::Relaxed) < tenth).then_some(tenth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenth_is_reported_once_and_never_backwards() {
        let reported = AtomicU64::new(0);
        let lines: Vec<u64> = [0, 5, 10, 19, 45, 12, 100, 100, 130]
            .into_iter()
            .filter_map(|done| next_line(&reported, done, 100))
            .collect();
        assert_eq!(lines, [1, 4, 10]);
        assert_eq!(next_line(&reported, 3, 0), None);
    }
}
