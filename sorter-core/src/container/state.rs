//! The life of a container as a table of legal steps.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a container is in its life.
///
/// | state | meaning | orders go to its chute |
/// | --- | --- | --- |
/// | arrived | stands at a chute, its plate is not known yet | no |
/// | open | has a plate, and nothing in it | yes |
/// | filling | at least one parcel is in it | yes |
/// | full | no room is left | no |
/// | closed | gets no more orders; what was committed still falls in | no |
/// | swapped | was taken from its chute, its manifest is final | no |
/// | loaded | is on the vehicle of its departure | no |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ContainerState {
    /// It stands at a chute without a plate.
    Arrived,
    /// It has a plate and is empty.
    Open,
    /// A parcel is in it.
    Filling,
    /// No room is left.
    Full,
    /// No more orders.
    Closed,
    /// Taken from its chute, with a final manifest.
    Swapped,
    /// On the vehicle.
    Loaded,
}

/// What happens to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContainerStep {
    /// Its plate is scanned at the chute.
    Open,
    /// A parcel falls into it.
    Fill,
    /// Its last place is taken.
    FillUp,
    /// It shall get no more orders.
    Close,
    /// It is empty and gets another departure; a closed one is open again.
    Rebind,
    /// It is taken from the chute and its manifest is final.
    Seal,
    /// It is put on the vehicle of its departure.
    Load,
}

impl ContainerState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 7] =
        [Self::Arrived, Self::Open, Self::Filling, Self::Full, Self::Closed, Self::Swapped, Self::Loaded];

    /// The state after a step, or `None` when the step is not legal in this state.
    ///
    /// This is the table of legal steps. What was committed before a container was full or closed still falls
    /// into it, so these states take the step `fill` and stay. A container that nobody opened may be taken away
    /// again.
    ///
    /// | from | open | fill | fill up | close | rebind | seal | load |
    /// | --- | --- | --- | --- | --- | --- | --- | --- |
    /// | arrived | open | - | - | - | - | swapped | - |
    /// | open | - | filling | full | closed | open | swapped | - |
    /// | filling | - | filling | full | closed | - | swapped | - |
    /// | full | - | full | full | closed | - | swapped | - |
    /// | closed | - | closed | closed | closed | open | swapped | - |
    /// | swapped | - | - | - | - | - | - | loaded |
    /// | loaded | - | - | - | - | - | - | - |
    ///
    /// ```
    /// use sorter_core::container::{ContainerState, ContainerStep};
    ///
    /// assert_eq!(ContainerState::Open.after(ContainerStep::Fill), Some(ContainerState::Filling));
    /// assert_eq!(ContainerState::Filling.after(ContainerStep::Load), None);
    /// ```
    pub const fn after(self, step: ContainerStep) -> Option<Self> {
        use ContainerStep as Step;
        Some(match (self, step) {
            (Self::Arrived, Step::Open) | (Self::Open | Self::Closed, Step::Rebind) => Self::Open,
            (Self::Open | Self::Filling, Step::Fill) => Self::Filling,
            (Self::Full, Step::Fill) | (Self::Open | Self::Filling | Self::Full, Step::FillUp) => Self::Full,
            (Self::Open | Self::Filling | Self::Full, Step::Close)
            | (Self::Closed, Step::Fill | Step::FillUp | Step::Close) => Self::Closed,
            (Self::Arrived | Self::Open | Self::Filling | Self::Full | Self::Closed, Step::Seal) => {
                Self::Swapped
            }
            (Self::Swapped, Step::Load) => Self::Loaded,
            _ => return None,
        })
    }

    /// Whether an order may go to the chute of a container in this state.
    pub const fn takes_orders(self) -> bool {
        matches!(self, Self::Open | Self::Filling)
    }

    /// Whether it still stands at its chute.
    pub const fn at_chute(self) -> bool {
        !matches!(self, Self::Swapped | Self::Loaded)
    }

    /// The name in reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Open => "open",
            Self::Filling => "filling",
            Self::Full => "full",
            Self::Closed => "closed",
            Self::Swapped => "swapped",
            Self::Loaded => "loaded",
        }
    }
}

impl fmt::Display for ContainerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl ContainerStep {
    /// Every step.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Fill, Self::FillUp, Self::Close, Self::Rebind, Self::Seal, Self::Load];

    /// The name in reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Fill => "fill",
            Self::FillUp => "fill up",
            Self::Close => "close",
            Self::Rebind => "rebind",
            Self::Seal => "seal",
            Self::Load => "load",
        }
    }
}

impl fmt::Display for ContainerStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// The states in which a step is legal, as text: `open, filling or full`.
pub(super) fn states_before(step: ContainerStep) -> String {
    let before: Vec<&str> = ContainerState::ALL
        .into_iter()
        .filter(|state| state.after(step).is_some())
        .map(ContainerState::key)
        .collect();
    match before.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::from("no state"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_reached_from_the_first() {
        let mut reached = vec![ContainerState::Arrived];
        let mut next = 0;
        while let Some(state) = reached.get(next).copied() {
            next += 1;
            for after in ContainerStep::ALL.into_iter().filter_map(|step| state.after(step)) {
                if !reached.contains(&after) {
                    reached.push(after);
                }
            }
        }
        reached.sort_unstable();
        assert_eq!(reached, ContainerState::ALL);
    }

    #[test]
    fn a_container_that_left_its_chute_never_comes_back() {
        for state in ContainerState::ALL {
            for after in ContainerStep::ALL.into_iter().filter_map(|step| state.after(step)) {
                assert!(state.at_chute() || !after.at_chute(), "{state} to {after}");
            }
        }
    }

    #[test]
    fn the_documented_table_is_the_table() {
        let mut table = vec![
            format!("| from | {} |", ContainerStep::ALL.map(ContainerStep::key).join(" | ")),
            format!("| --- |{}", " --- |".repeat(ContainerStep::ALL.len())),
        ];
        for state in ContainerState::ALL {
            let cells = ContainerStep::ALL.map(|step| state.after(step).map_or("-", ContainerState::key));
            table.push(format!("| {state} | {} |", cells.join(" | ")));
        }
        let documented: Vec<&str> = include_str!("state.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("    /// "))
            .filter(|line| line.starts_with('|'))
            .collect();
        assert_eq!(documented, table);
    }

    #[test]
    fn lists_the_states_before_a_step_in_words() {
        assert_eq!(states_before(ContainerStep::Load), "swapped");
        assert_eq!(states_before(ContainerStep::Rebind), "open or closed");
        assert_eq!(states_before(ContainerStep::Close), "open, filling, full or closed");
    }
}
