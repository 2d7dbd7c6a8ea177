//! The quantile of the standard normal distribution, to about 1 part in 10^7.
//!
//! Algorithm AS 241, function PPND7 (Wichura, Applied Statistics 37, 1988, pages 477-484): three
//! quotients of polynomials. Its tails need a logarithm. That of the platform may differ in the last bit
//! from one libm to the next, so this module has its own, made of `+ - * /` alone.

const CENTRE_NUMERATOR: [f64; 4] = [59.109374720, 159.29113202, 50.434271938, 3.3871327179];
const CENTRE_DENOMINATOR: [f64; 4] = [67.187563600, 78.757757664, 17.895169469, 1.0];
const TAIL_NUMERATOR: [f64; 4] = [0.17023821103, 1.3067284816, 2.7568153900, 1.4234372777];
const TAIL_DENOMINATOR: [f64; 3] = [0.12021132975, 0.73700164250, 1.0];
const FAR_NUMERATOR: [f64; 4] = [0.017337203997, 0.42868294337, 3.0812263860, 6.6579051150];
const FAR_DENOMINATOR: [f64; 3] = [0.012258202635, 0.24197894225, 1.0];

/// The value below which a standard normal deviate stays with this probability, strictly between 0 and 1.
pub(super) fn quantile(probability: f64) -> f64 {
    debug_assert!(probability > 0.0 && probability < 1.0);
    let centred = probability - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180625 - centred * centred;
        return centred * horner(&CENTRE_NUMERATOR, r) / horner(&CENTRE_DENOMINATOR, r);
    }
    let tail = if centred < 0.0 { probability } else { 1.0 - probability };
    let depth = (-natural_logarithm(tail)).sqrt();
    let deviate = if depth <= 5.0 {
        horner(&TAIL_NUMERATOR, depth - 1.6) / horner(&TAIL_DENOMINATOR, depth - 1.6)
    } else {
        horner(&FAR_NUMERATOR, depth - 5.0) / horner(&FAR_DENOMINATOR, depth - 5.0)
    };
    if centred < 0.0 { -deviate } else { deviate }
}

/// A polynomial at `x`, coefficients from the highest power down.
fn horner(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// The natural logarithm of a positive, normal number, to about 1 part in 10^14.
///
/// x = m 2^e with m in [2/3, 4/3); ln m = 2 artanh((m - 1) / (m + 1)), whose argument is at most 1/5, so
/// ten terms of the series are enough.
fn natural_logarithm(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = f64::from(u16::try_from(bits >> 52 & 0x7FF).expect("eleven bits")) - 1_023.0;
    let mut mantissa = f64::from_bits(bits & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000);
    if mantissa > 4.0 / 3.0 {
        mantissa /= 2.0;
        exponent += 1.0;
    }
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let series = (0_u8..10).rev().fold(0.0, |sum, term| sum * square + 1.0 / f64::from(2 * term + 1));
    2.0 * t * series + exponent * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles from printed tables of the normal distribution.
    #[test]
    fn quantiles_agree_with_the_tables() {
        for (probability, expected) in [
            (0.5, 0.0),
            (0.75, 0.674_489_750_2),
            (0.841_344_746_068_543, 1.0),
            (0.9, 1.281_551_565_5),
            (0.975, 1.959_963_984_5),
            (0.99, 2.326_347_874_0),
            (0.999, 3.090_232_306_2),
            (0.999_968_328_758, 4.0),
            (0.999_999_713_348, 5.0),
        ] {
            let upper = quantile(probability);
            let lower = quantile(1.0 - probability);
            assert!((upper - expected).abs() < 1e-6 * (1.0 + expected), "{probability}: {upper}");
            assert!((lower + expected).abs() < 1e-6 * (1.0 + expected), "{probability}: {lower}");
        }
        assert!((quantile(1e-12) + 7.034_483_8).abs() < 1e-5, "{}", quantile(1e-12));
    }

    #[test]
    fn quantiles_rise_with_the_probability() {
        let mut last = f64::NEG_INFINITY;
        for step in 1..100_000_u32 {
            let value = quantile(f64::from(step) / 100_000.0);
            assert!(value > last, "{step}");
            last = value;
        }
    }

    #[test]
    fn the_logarithm_agrees_with_that_of_the_platform() {
        for x in [1e-300, 1e-16, 0.004, 0.3, 0.666, 0.667, 1.0, 1.333, 1.334, 2.0, 7.5, 1e12] {
            let difference = natural_logarithm(x) - f64::ln(x);
            assert!(difference.abs() <= 1e-13 * (1.0 + f64::ln(x).abs()), "{x}: {difference}");
        }
    }
}
