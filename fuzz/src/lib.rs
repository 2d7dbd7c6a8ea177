//! What each fuzz target checks, and the inputs it starts from.
//!
//! A target is a function of bytes that must hold for all of them. Input never panics; beyond that each
//! function states what a good answer is. Seeds are made in code, so that no corpus lies in the repository.

#![forbid(unsafe_code)]

mod codes;
mod journal;
mod manifests;
mod modbus;
mod notices;
mod plans;
mod recordings;
mod registers;
mod scanner;
mod schedules;
pub mod seeds;

pub use codes::{barcode, code_book, gs1, plate, postcode};
pub use journal::{journal_row, snapshot};
pub use manifests::manifest;
pub use modbus::modbus_frame;
pub use notices::notices;
pub use plans::{layout, plan};
pub use recordings::recording;
pub use registers::registers;
pub use scanner::scanner;
pub use schedules::schedule;

/// A target: its name and its function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("barcode", barcode),
    ("gs1", gs1),
    ("plate", plate),
    ("postcode", postcode),
    ("manifest", manifest),
    ("notices", notices),
    ("plan", plan),
    ("layout", layout),
    ("code_book", code_book),
    ("schedule", schedule),
    ("modbus_frame", modbus_frame),
    ("registers", registers),
    ("scanner", scanner),
    ("snapshot", snapshot),
    ("journal_row", journal_row),
    ("recording", recording),
];

/// Between the two texts of an input that has two. No text of the formats has this byte.
const SEPARATOR: u8 = 0x1c;

/// The two halves of an input; the second is empty without a separator.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == SEPARATOR) {
        Some(place) => (&data[..place], &data[place + 1..]),
        None => (data, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_takes_its_seeds_and_every_cut_of_them() {
        for (name, target) in TARGETS {
            let seeds = seeds::of(name);
            assert!(!seeds.is_empty(), "{name} has no seeds");
            for seed in seeds {
                let step = seed.len() / 64 + 1;
                (0..=seed.len()).step_by(step).for_each(|end| target(&seed[..end]));
                target(&seed);
            }
        }
    }
}
