//! The words for services in manifest files.

use super::Service;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_back_to_its_value() {
        for service in Service::ALL {
            assert_eq!(Service::parse(service.word()), Some(service));
            assert_eq!(Service::from_code(service as u8), Some(service));
        }
        assert_eq!((Service::parse("overnight"), Service::from_code(3)), (None, None));
    }
}
