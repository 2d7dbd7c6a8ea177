//! The data of the standard network: postcodes with their share of parcels, parcel shapes, the hours of a
//! day, the weekly schedule and the sort plan of the standard line sorter.
//!
//! The files are compiled into the program from the folder `data`; its `NOTICE` names their sources and
//! licences. The postcodes of Greece have another licence than the others and lie in a file of their own.
//!
//! ```
//! use sorter_sim::data::{HourlyProfile, Shapes, standard_plan};
//! use sorter_core::layout::Layout;
//!
//! assert_eq!(Shapes::load().rows.len(), 10_000);
//! assert_eq!(HourlyProfile::CarrierScans.shares_ppm()[14], 105_900);
//! assert!(standard_plan().check(&Layout::line_100()).is_empty());
//! ```

mod hours;
mod plan;
mod postcodes;
mod schedule;
mod shapes;

use std::io::Read as _;

use flate2::read::GzDecoder;

pub use hours::HourlyProfile;
pub use plan::{PlanTexts, standard_plan, standard_plan_texts};
pub use postcodes::{PostcodeRow, Postcodes};
pub use schedule::{
    STANDARD_HUB, STANDARD_SCHEDULE_NAME, schedule_from, standard_schedule, standard_schedule_text,
};
pub use shapes::{ParcelShape, Shapes};

/// The text of an embedded compressed file.
///
/// # Panics
/// When the embedded bytes are no compressed text; the tests read every file.
fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).expect("the embedded file is a compressed text");
    text
}

/// The rows of a CSV text behind its header, comments left out. No field of the embedded files holds a comma.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).skip(1)
}

#[cfg(test)]
mod tests;
