//! The words for services and customs states in manifest files.

use super::Service;
use crate::clearance::Clearance;

impl Service {
    /// Every service, in the order of its number.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Express, Self::Economy];

    /// The service with this word, in capital or small letters.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.word().eq_ignore_ascii_case(word))
    }

    /// The service with this number.
    pub const fn from_code(code: u8) -> Option<Self> {
        if (code as usize) < Self::ALL.len() { Some(Self::ALL[code as usize]) } else { None }
    }

    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Express => "express",
            Self::Economy => "economy",
        }
    }
}

/// The word for a customs status in the column `clearance`.
pub const fn clearance_word(status: Clearance) -> &'static str {
    match status {
        Clearance::Unknown => "unknown",
        Clearance::PreLodged => "pre_lodged",
        Clearance::Assessed => "assessed",
        Clearance::Released => "released",
        Clearance::HoldDocument => "hold_document",
        Clearance::HoldInspect => "hold_inspect",
        Clearance::Screening => "screening",
        Clearance::Refused => "refused",
        Clearance::Seized => "seized",
        Clearance::Expired => "expired",
        Clearance::Transit => "transit",
        Clearance::NotSubject => "not_subject",
    }
}

/// The customs status with this word, in capital or small letters.
pub(super) fn clearance_of(word: &str) -> Option<Clearance> {
    Clearance::ALL.into_iter().find(|status| clearance_word(*status).eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_back_to_its_value() {
        for service in Service::ALL {
            assert_eq!(Service::parse(service.word()), Some(service));
            assert_eq!(Service::from_code(service as u8), Some(service));
        }
        for status in Clearance::ALL {
            assert_eq!(clearance_of(clearance_word(status)), Some(status));
        }
        assert_eq!(
            (Service::parse("overnight"), Service::from_code(3), clearance_of("free")),
            (None, None, None)
        );
    }
}
