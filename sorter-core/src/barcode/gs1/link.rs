//! Digital Links: GS1 data as a web address.

use super::super::{CodeError, MAX_RAW_BYTES};
use super::{ApplicationIdentifier, Gs1};

/// Whether a text is a web address, in large or small letters.
pub(in super::super) fn is_address(text: &[u8]) -> bool {
    after_scheme(text).is_some()
}

fn after_scheme(text: &[u8]) -> Option<&[u8]> {
    [&b"https://"[..], b"http://"].iter().find_map(|scheme| {
        let (start, rest) = text.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

pub(super) fn read(text: &[u8]) -> Result<Gs1, CodeError> {
    let rest = after_scheme(text).ok_or(CodeError::NoPattern)?;
    let (rest, _) = cut(rest, b'#');
    let (rest, query) = cut(rest, b'?');
    let host = rest.iter().position(|byte| *byte == b'/').filter(|length| *length > 0);
    let path = &rest[host.ok_or(CodeError::NoPattern)?..];
    let mut found = Gs1::default();
    // From the end of the path to its key: what a host puts before the key may look like anything.
    let mut segments = path.rsplit(|byte| *byte == b'/');
    loop {
        let (Some(value), Some(name)) = (segments.next(), segments.next()) else {
            return Err(CodeError::NoPattern);
        };
        let identifier = ApplicationIdentifier::parse(name).ok_or(CodeError::NoPattern)?;
        take(&mut found, identifier, value)?;
        if !identifier.is_qualifier() {
            break;
        }
    }
    for pair in query.split(|byte| matches!(byte, b'&' | b';')) {
        let (name, value) = cut(pair, b'=');
        let attribute = ApplicationIdentifier::parse(name).filter(|identifier| {
            [
                ApplicationIdentifier::POSTCODE,
                ApplicationIdentifier::COUNTRY_AND_POSTCODE,
                ApplicationIdentifier::ROUTING_CODE,
            ]
            .contains(identifier)
        });
        if let Some(identifier) = attribute {
            take(&mut found, identifier, value)?;
        }
    }
    Ok(found)
}

/// The text before the first `mark` and that behind it, which is empty when there is no mark.
fn cut(text: &[u8], mark: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == mark) {
        Some(place) => (&text[..place], &text[place + 1..]),
        None => (text, &[]),
    }
}

/// Takes in a value that may be percent-encoded.
fn take(found: &mut Gs1, identifier: ApplicationIdentifier, encoded: &[u8]) -> Result<(), CodeError> {
    let refused = CodeError::BadElement { identifier };
    let mut buffer = [0; MAX_RAW_BYTES];
    let value = decoded(encoded, &mut buffer).ok_or(refused)?;
    if identifier == ApplicationIdentifier::GTIN && matches!(value.len(), 8 | 12 | 13) {
        let mut gtin = [b'0'; 14];
        gtin[14 - value.len()..].copy_from_slice(value);
        return found.take(identifier, &gtin);
    }
    found.take(identifier, value)
}

/// The bytes behind a percent-encoded text, or `None` when an escape is none or there are too many.
fn decoded<'a>(encoded: &[u8], buffer: &'a mut [u8; MAX_RAW_BYTES]) -> Option<&'a [u8]> {
    let nibble = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut length = 0;
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        let (byte, next) = match (first, after) {
            (b'%', [high, low, next @ ..]) => (nibble(*high)? << 4 | nibble(*low)?, next),
            (b'%', _) => return None,
            (byte, next) => (*byte, next),
        };
        *buffer.get_mut(length)? = byte;
        length += 1;
        rest = next;
    }
    Some(&buffer[..length])
}
