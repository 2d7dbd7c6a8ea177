//! What a cycle thread asks of the operating system, and what it got.

use std::fmt;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::mman::{MlockAllFlags, mlockall};
use nix::unistd::Pid;
use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue};

/// A priority of the real-time scheduler: 1 to 99, the greater the more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FifoPriority(u8);

impl FifoPriority {
    /// A priority, or `None` outside 1 to 99. From 50 on the kernel's own interrupt threads may have to wait.
    pub const fn new(value: u8) -> Option<Self> {
        if 1 <= value && value <= 99 { Some(Self(value)) } else { None }
    }

    /// The bare number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// On which core a cycle thread runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Core {
    /// Wherever the kernel puts it.
    Any,
    /// On the highest core that the process may use; the lowest ones usually serve interrupts. For one cycle
    /// thread in a process.
    #[default]
    Last,
    /// On this one.
    Number(usize),
}

/// What a cycle thread asks for. Each is done without where it is not granted; the report says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduling {
    /// `SCHED_FIFO` with this priority; needs `CAP_SYS_NICE` or an rtprio limit. Default 40.
    pub fifo: Option<FifoPriority>,
    /// Keep the memory of the whole process in RAM; needs `CAP_IPC_LOCK` or a memlock limit. Default yes.
    pub lock_memory: bool,
    /// The core. Default: the last one.
    pub core: Core,
}

impl Default for Scheduling {
    fn default() -> Self {
        Self { fifo: FifoPriority::new(40), lock_memory: true, core: Core::default() }
    }
}

impl Scheduling {
    /// Nothing: the thread is scheduled like any other. For tests and demonstrations.
    pub const fn plain() -> Self {
        Self { fifo: None, lock_memory: false, core: Core::Any }
    }

    /// Asks for the calling thread (and the memory of its process), and tells what came of it. The cycle thread does so
    /// by itself; this is for a thread of your own that decides.
    ///
    /// ```
    /// use sorter_plc::cycle::{Outcome, Scheduling};
    ///
    /// let grants = Scheduling::plain().apply();
    /// assert!(grants.iter().all(|grant| grant.outcome == Outcome::NotAsked));
    /// ```
    pub fn apply(&self) -> Vec<Grant> {
        let fifo = self.fifo.map(|priority| (Measure::Fifo, set_fifo(priority)));
        let memory = self.lock_memory.then(|| (Measure::LockedMemory, lock_memory()));
        let core = match self.core {
            Core::Any => None,
            core => Some((Measure::PinnedCore, pin(core))),
        };
        [(fifo, Measure::Fifo), (memory, Measure::LockedMemory), (core, Measure::PinnedCore)]
            .into_iter()
            .map(|(asked, measure)| {
                let outcome = match asked {
                    None => Outcome::NotAsked,
                    Some((_, Ok(how))) => Outcome::Granted(how),
                    Some((_, Err(why))) => Outcome::Denied(why),
                };
                Grant { measure, outcome }
            })
            .collect()
    }
}

fn set_fifo(priority: FifoPriority) -> Result<String, String> {
    let value = ThreadPriorityValue::try_from(priority.get())?;
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Crossplatform(value), policy)
        .map(|()| format!("priority {}", priority.get()))
        .map_err(|error| error.to_string())
}

fn lock_memory() -> Result<String, String> {
    mlockall(MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE)
        .map(|()| "whole process".to_owned())
        .map_err(|error| error.desc().to_owned())
}

/// Pid 0 is the calling thread.
fn pin(core: Core) -> Result<String, String> {
    let this = Pid::from_raw(0);
    let described = |error: nix::Error| error.desc().to_owned();
    let number = match core {
        Core::Number(number) => number,
        Core::Any | Core::Last => {
            let allowed = sched_getaffinity(this).map_err(described)?;
            last_of(&allowed).ok_or_else(|| "no core is allowed".to_owned())?
        }
    };
    let mut only = CpuSet::new();
    only.set(number).map_err(described)?;
    sched_setaffinity(this, &only).map_err(described)?;
    Ok(format!("core {number}"))
}

fn last_of(allowed: &CpuSet) -> Option<usize> {
    (0..CpuSet::count()).rev().find(|&core| allowed.is_set(core).unwrap_or(false))
}

/// Has the calling thread leave the last core to a cycle thread, if there is another one.
pub(crate) fn leave_the_last_core() {
    let this = Pid::from_raw(0);
    let others = sched_getaffinity(this).ok().and_then(|mut allowed| {
        allowed.unset(last_of(&allowed)?).ok()?;
        last_of(&allowed).map(|_| allowed)
    });
    if let Some(others) = others {
        // Where it is not granted, the kernel decides as it does for every other thread.
        let _ = sched_setaffinity(this, &others);
    }
}

/// Something that makes a thread more punctual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// The real-time scheduler.
    Fifo,
    /// Memory that is never paged out.
    LockedMemory,
    /// One core of its own choosing.
    PinnedCore,
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fifo => "SCHED_FIFO",
            Self::LockedMemory => "locked memory",
            Self::PinnedCore => "pinned core",
        })
    }
}

/// What became of a request to the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not asked for.
    NotAsked,
    /// It holds, like this.
    Granted(String),
    /// It was refused, for this reason. The cycle runs without it, less punctual.
    Denied(String),
}

/// A measure and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The measure.
    pub measure: Measure,
    /// What became of it.
    pub outcome: Outcome,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measure = self.measure;
        match &self.outcome {
            Outcome::NotAsked => write!(f, "{measure} was not asked for"),
            Outcome::Granted(how) => write!(f, "{measure}: {how}"),
            Outcome::Denied(why) => write!(f, "{measure} was denied: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_thread_asks_for_nothing() {
        let grants = Scheduling::plain().apply();
        assert_eq!(grants.len(), 3);
        assert!(grants.iter().all(|grant| grant.outcome == Outcome::NotAsked));
        assert_eq!(grants[0].to_string(), "SCHED_FIFO was not asked for");
    }

    #[test]
    fn a_core_that_is_not_there_is_a_notice_and_no_end() {
        let asked = Scheduling { core: Core::Number(1 << 20), ..Scheduling::plain() };
        let grants = asked.apply();
        assert!(matches!(&grants[2].outcome, Outcome::Denied(_)), "{grants:?}");
    }

    #[test]
    fn priorities_are_those_of_the_scheduler() {
        assert_eq!(FifoPriority::new(0), None);
        assert_eq!(FifoPriority::new(99).map(FifoPriority::get), Some(99));
        assert_eq!(FifoPriority::new(100), None);
    }
}
