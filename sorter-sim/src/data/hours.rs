//! How parcels are spread over the hours of a day.

use super::rows;

static PROFILES: &str = include_str!("../../data/hourly_profile.csv");

/// One of the measured or made profiles of a day, local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HourlyProfile {
    /// When orders are placed; busiest hour 1.7 times the mean.
    Purchases,
    /// When a carrier scans the parcels it gets; busiest hour 2.5 times the mean.
    CarrierScans,
    /// What freighters bring to a hub by the standard schedule; busiest hour 2.9 times the mean.
    HubInflow,
}

impl HourlyProfile {
    /// Every profile, in the order of the columns of the file.
    pub const ALL: [Self; 3] = [Self::Purchases, Self::CarrierScans, Self::HubInflow];

    /// The profile with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// The name on the command line and in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Purchases => "purchases",
            Self::CarrierScans => "carrier_scans",
            Self::HubInflow => "hub_inflow",
        }
    }

    /// The share of the day in each hour, in parts per million. The source gives four digits, so the sum is a
    /// million to within 500.
    ///
    /// # Panics
    /// Never: the tests read every value.
    pub fn shares_ppm(self) -> [u32; 24] {
        let mut shares = [0; 24];
        for (share, row) in shares.iter_mut().zip(rows(PROFILES)) {
            // The first column is the hour.
            let field = row.split(',').nth(1 + self as usize).expect("the tests read every column");
            *share = ppm(field).expect("the tests read every share");
        }
        shares
    }
}

/// A share such as `0.1059` in parts per million, without a detour over floating point.
fn ppm(field: &str) -> Option<u32> {
    let digits = field.strip_prefix("0.").filter(|digits| (1..=6).contains(&digits.len()))?;
    let value: u32 = digits.parse().ok()?;
    (digits.len()..6).try_fold(value, |value, _| value.checked_mul(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_without_rounding() {
        assert_eq!((ppm("0.1059"), ppm("0.0000"), ppm("0.5")), (Some(105_900), Some(0), Some(500_000)));
        assert_eq!((ppm("1.0"), ppm("0."), ppm("0.x")), (None, None, None));
    }
}
