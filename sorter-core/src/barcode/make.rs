//! Makes valid codes, for simulators and label printers.

use super::check_digit;

/// An S10 number with its check digit.
///
/// ```
/// use sorter_core::barcode::make::s10;
/// assert_eq!(&s10(*b"LP", 26_307_200, *b"SG"), b"LP263072004SG");
/// ```
///
/// # Panics
/// When `serial` has more than 8 digits or a letter is not a capital of ASCII.
pub fn s10(prefix: [u8; 2], serial: u32, country: [u8; 2]) -> [u8; 13] {
    assert!(prefix.iter().chain(&country).all(u8::is_ascii_uppercase), "S10 letters are capitals");
    let serial = decimal::<8>(u64::from(serial));
    let mut code = [0; 13];
    code[..2].copy_from_slice(&prefix);
    code[2..10].copy_from_slice(&serial);
    code[10] = check_digit::s10(&serial).expect("the serial is eight digits");
    code[11..].copy_from_slice(&country);
    code
}

/// An SSCC of 18 digits, without application identifier: extension digit, 16 digits of company prefix and
/// serial reference, check digit.
///
/// ```
/// use sorter_core::barcode::make::sscc;
/// assert_eq!(&sscc(3, 4_012_345_123_456_789), b"340123451234567895");
/// ```
///
/// # Panics
/// When `extension` is above 9 or `company_and_serial` has more than 16 digits.
pub fn sscc(extension: u8, company_and_serial: u64) -> [u8; 18] {
    let mut code = [0; 18];
    code[..1].copy_from_slice(&decimal::<1>(u64::from(extension)));
    code[1..17].copy_from_slice(&decimal::<16>(company_and_serial));
    code[17] = check_digit::mod10_31(&code[..17]).expect("all are digits");
    code
}

/// A GTIN of 14 digits from the 13 before its check digit.
///
/// ```
/// use sorter_core::barcode::make::gtin;
/// assert_eq!(&gtin(950_600_013_435), b"09506000134352");
/// ```
///
/// # Panics
/// When `item` has more than 13 digits.
pub fn gtin(item: u64) -> [u8; 14] {
    let mut code = [0; 14];
    code[..13].copy_from_slice(&decimal::<13>(item));
    code[13] = check_digit::mod10_31(&code[..13]).expect("all are digits");
    code
}

/// The bars of a DPD label: `%` and 27 digits (7 of the postcode, 14 of the parcel number, 3 of the service,
/// 3 of the ISO 3166 numeric country), without check character.
///
/// ```
/// use sorter_core::barcode::make::dpd;
/// assert_eq!(&dpd(36_719, 1_779_061_467_177, 327, 276), b"%003671901779061467177327276");
/// ```
///
/// # Panics
/// When a part has more digits than its place.
pub fn dpd(zip7: u32, parcel14: u64, service: u16, country: u16) -> [u8; 28] {
    let mut code = [b'%'; 28];
    code[1..8].copy_from_slice(&decimal::<7>(u64::from(zip7)));
    code[8..22].copy_from_slice(&decimal::<14>(parcel14));
    code[22..25].copy_from_slice(&decimal::<3>(u64::from(service)));
    code[25..].copy_from_slice(&decimal::<3>(u64::from(country)));
    code
}

/// `value` in `N` digits with leading zeros.
fn decimal<const N: usize>(value: u64) -> [u8; N] {
    let mut rest = value;
    let mut digits = [b'0'; N];
    for slot in digits.iter_mut().rev() {
        *slot = b"0123456789"[(rest % 10) as usize];
        rest /= 10;
    }
    assert!(rest == 0, "{value} has more than {N} digits");
    digits
}
