//! Answers as bytes, appended to a buffer of the caller.

use super::Header;
use crate::modbus_server::Exception;

/// The most words that the byte count of an answer can tell. The protocol allows 125; some servers give more.
pub const MAX_ANSWER_WORDS: usize = 127;

/// Appends the answer to a read: its byte count and its words.
///
/// # Panics
/// When there are more than [`MAX_ANSWER_WORDS`].
///
/// ```
/// use sorter_plc::link::UnitId;
/// use sorter_sim::modbus_server::frame::{Header, READ, put_words};
/// let mut bytes = Vec::new();
/// put_words(&mut bytes, Header { transaction: 7, unit: UnitId::new(1) }, READ, &[0x0102]);
/// assert_eq!(bytes, [0, 7, 0, 0, 0, 5, 1, 3, 2, 1, 2]);
/// ```
pub fn put_words(out: &mut Vec<u8>, to: Header, function: u8, words: &[u16]) {
    assert!(words.len() <= MAX_ANSWER_WORDS, "an answer has no room for {} words", words.len());
    let bytes = u8::try_from(words.len() * 2).expect("127 words are 254 bytes");
    put_header(out, to, u16::from(bytes) + 2, function);
    out.push(bytes);
    out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
}

/// Appends the answer to a write: its address and its value or count.
pub fn put_echo(out: &mut Vec<u8>, to: Header, function: u8, address: u16, value: u16) {
    put_header(out, to, 5, function);
    out.extend(address.to_be_bytes());
    out.extend(value.to_be_bytes());
}

/// Appends an exception.
pub fn put_exception(out: &mut Vec<u8>, to: Header, function: u8, exception: Exception) {
    put_header(out, to, 2, function | 0x80);
    out.push(exception.code());
}

/// `pdu` counts the function and what follows it.
fn put_header(out: &mut Vec<u8>, to: Header, pdu: u16, function: u8) {
    let [high, low] = to.transaction.to_be_bytes();
    let [length_high, length_low] = (pdu + 1).to_be_bytes();
    out.extend([high, low, 0, 0, length_high, length_low, to.unit.get(), function]);
}
