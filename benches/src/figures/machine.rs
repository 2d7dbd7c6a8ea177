//! What else the machine did while figures were taken.

use std::fs;

use sorter_core::units::Micros;

use super::Sheet;

/// The kernel counts processor time in hundredths of a second for programs, whatever its own tick is.
const TICK: u64 = 10_000;

/// Processor time of all cores since the machine started.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    busy: u64,
    stolen: u64,
    all: u64,
}

impl Load {
    /// Up to now; zero where `/proc/stat` does not tell.
    pub(super) fn now() -> Self {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let times: Vec<u64> = line.split_whitespace().skip(1).map_while(|word| word.parse().ok()).collect();
        // user, nice, system, idle, iowait, irq, softirq, steal; the guests are counted in user already.
        let [user, nice, system, idle, iowait, irq, softirq, steal, ..] = times[..] else {
            return Self::default();
        };
        let busy = user + nice + system + irq + softirq;
        Self { busy, stolen: steal, all: busy + steal + idle + iowait }
    }

    /// What was added since an earlier look.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            busy: self.busy.saturating_sub(earlier.busy),
            stolen: self.stolen.saturating_sub(earlier.stolen),
            all: self.all.saturating_sub(earlier.all),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.busy += other.busy;
        self.stolen += other.stolen;
        self.all += other.all;
    }

    /// Notes how busy the machine was, and what the hypervisor took from it.
    pub(super) fn put(self, key: &str, sheet: &mut Sheet) {
        sheet.put(format!("{key}_steal_ms"), Micros::new(self.stolen * TICK).get() / 1_000);
        let percent = |part: u64| part as f64 * 100.0 / self.all.max(1) as f64;
        sheet.put_rounded(format!("{key}_busy_percent"), percent(self.busy), 1);
    }
}

/// Notes what machine this is and what it does already.
pub(crate) fn note(sheet: &mut Sheet) {
    sheet.title("machine");
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    sheet.put("cores", cores);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    sheet.put("load_average_before", load.split_whitespace().take(3).collect::<Vec<_>>().join(" "));
    sheet.put("optimised", !cfg!(debug_assertions));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_on_some_core() {
        let load = Load::now();
        assert!(load.all > 0 && load.busy <= load.all, "{load:?}");
        assert_eq!(load.since(load).all, 0);
    }
}
