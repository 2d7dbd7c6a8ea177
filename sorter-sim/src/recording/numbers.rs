//! Numbers of any size in few bytes, and values that change little as what changed.
//!
//! A whole number is written in groups of seven bits, the lowest first, with the top bit of each byte set when more
//! follow. A signed one is folded before: 0, -1, 1, -2 become 0, 1, 2, 3.

use super::Malformed;

/// Appends a whole number: one byte below 128, at most ten.
pub(super) fn put(out: &mut Vec<u8>, value: u64) {
    let mut rest = value;
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

/// Appends a signed number.
pub(super) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned());
}

/// Appends which of some numbers changed, and by how much.
pub(super) fn put_changes<const N: usize>(out: &mut Vec<u8>, before: &mut [i64; N], now: [i64; N]) {
    let mask = (0..N).filter(|field| before[*field] != now[*field]).fold(0_u64, |mask, bit| mask | 1 << bit);
    put(out, mask);
    for field in (0..N).filter(|field| mask >> field & 1 == 1) {
        put_signed(out, now[field].wrapping_sub(before[field]));
    }
    *before = now;
}

/// Bytes that are read from front to back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Bytes that have not been read.
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed("a record ends in the middle"))?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn slice(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) =
            self.0.split_at_checked(length).ok_or(Malformed("a record ends in the middle"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of eight bytes, the lowest first.
    pub(super) fn whole(&mut self) -> Result<u64, Malformed> {
        let bytes = self.slice(8)?;
        Ok(u64::from_le_bytes(bytes.try_into().expect("eight bytes were asked for")))
    }

    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let group = u64::from(byte & 0x7f);
            if shift == 63 && group > 1 {
                break;
            }
            value |= group << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed("a number has more than 64 bits"))
    }

    pub(super) fn signed(&mut self) -> Result<i64, Malformed> {
        let value = self.number()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    /// A number that fits a smaller type.
    pub(super) fn narrow<T: TryFrom<u64>>(&mut self) -> Result<T, Malformed> {
        T::try_from(self.number()?).map_err(|_| OUT_OF_RANGE)
    }

    /// A signed number that fits a smaller type.
    pub(super) fn narrow_signed<T: TryFrom<i64>>(&mut self) -> Result<T, Malformed> {
        T::try_from(self.signed()?).map_err(|_| OUT_OF_RANGE)
    }

    /// What [`put_changes`] wrote.
    pub(super) fn changes<const N: usize>(&mut self, before: &mut [i64; N]) -> Result<[i64; N], Malformed> {
        let mask = self.number()?;
        if N < 64 && mask >> N != 0 {
            return Err(Malformed("a field has changed that does not exist"));
        }
        for field in (0..N).filter(|field| mask >> field & 1 == 1) {
            before[field] = before[field].wrapping_add(self.signed()?);
        }
        Ok(*before)
    }
}

/// What a number says that no field can hold.
pub(super) const OUT_OF_RANGE: Malformed = Malformed("a number is out of the range of its field");

/// A field as its own type.
pub(super) fn field<T: TryFrom<i64>>(value: i64) -> Result<T, Malformed> {
    T::try_from(value).map_err(|_| OUT_OF_RANGE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back_as_they_were(value: u64, signed: i64) {
            let mut out = Vec::new();
            put(&mut out, value);
            put_signed(&mut out, signed);
            let mut bytes = Bytes::new(&out);
            prop_assert_eq!(bytes.number(), Ok(value));
            prop_assert_eq!(bytes.signed(), Ok(signed));
            prop_assert_eq!(bytes.left(), 0);
        }

        #[test]
        fn changes_come_back_as_they_were(rows: Vec<[i64; 5]>) {
            let (mut out, mut before) = (Vec::new(), [0; 5]);
            for row in &rows {
                put_changes(&mut out, &mut before, *row);
            }
            let (mut bytes, mut before) = (Bytes::new(&out), [0; 5]);
            for row in rows {
                prop_assert_eq!(bytes.changes(&mut before), Ok(row));
            }
        }
    }

    #[test]
    fn small_numbers_take_one_byte_and_long_ones_are_refused() {
        let mut out = Vec::new();
        put(&mut out, 127);
        put_signed(&mut out, -64);
        assert_eq!(out, [127, 127]);
        assert!(Bytes::new(&[0xff; 11]).number().is_err());
        assert!(Bytes::new(&[0x80, 0x80]).number().is_err());
        assert!(Bytes::new(&[0x20]).changes(&mut [0; 5]).is_err());
    }
}
