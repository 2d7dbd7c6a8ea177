//! Orders of a host and scan records of a tunnel as bytes.

use sorter_core::units::{EncoderCount, Grams, Millimetres};
use sorter_plc::contract::{CodeBytes, Order, OrderOp, ScanData, ScanRecord};

use super::Malformed;
use super::events::{Line, NEXT, chute, count, put_count};
use super::numbers::{Bytes, put, put_signed};

/// The order says where to fire.
const TARGET: u8 = 1 << 5;

/// Appends an order.
pub(super) fn write(out: &mut Vec<u8>, line: &mut Line, encoder: EncoderCount, order: &Order) {
    let (kind, chute, pattern) = match order.op {
        OrderOp::Divert { chute } => (1, Some(chute), None),
        OrderOp::Cancel => (2, None, None),
        OrderOp::ChuteEnable { chute } => (3, Some(chute), None),
        OrderOp::ChuteDisable { chute } => (4, Some(chute), None),
        OrderOp::ChuteLamp { chute, pattern } => (5, Some(chute), Some(pattern)),
    };
    line.put(out, kind | if order.target.is_some() { TARGET } else { 0 }, order.seq, order.item);
    if let Some(target) = order.target {
        put_count(out, encoder, target);
    }
    if let Some(chute) = chute {
        put(out, chute.get().into());
    }
    if let Some(pattern) = pattern {
        put(out, pattern.into());
    }
}

/// What [`write`] wrote.
pub(super) fn read(
    bytes: &mut Bytes<'_>,
    line: &mut Line,
    encoder: EncoderCount,
) -> Result<Order, Malformed> {
    let kind = bytes.byte()?;
    let (seq, item) = line.read(bytes, kind)?;
    let target = if kind & TARGET == 0 { None } else { Some(count(bytes, encoder)?) };
    let op = match kind & !(NEXT | TARGET) {
        1 => OrderOp::Divert { chute: chute(bytes)? },
        2 => OrderOp::Cancel,
        3 => OrderOp::ChuteEnable { chute: chute(bytes)? },
        4 => OrderOp::ChuteDisable { chute: chute(bytes)? },
        5 => OrderOp::ChuteLamp { chute: chute(bytes)?, pattern: bytes.narrow()? },
        _ => return Err(Malformed("an order has an operation that does not exist")),
    };
    Ok(Order { seq, item, op, target })
}

/// Appends a scan record.
pub(super) fn write_scan(out: &mut Vec<u8>, line: &mut Line, record: &ScanRecord) {
    let kind = match record.data {
        ScanData::Code(_) => 1,
        ScanData::NoCode => 2,
        ScanData::Measured { .. } => 3,
        ScanData::Continuation(_) => 4,
    };
    line.put(out, kind, record.seq, record.item);
    out.extend([record.index, record.count]);
    match &record.data {
        ScanData::Code(code) | ScanData::Continuation(code) => {
            let code = code.as_slice();
            put(out, code.len() as u64);
            out.extend_from_slice(code);
        }
        ScanData::NoCode => {}
        ScanData::Measured { length, width, height, weight } => {
            for size in [length, width, height] {
                put_signed(out, size.get().into());
            }
            put(out, weight.get().into());
        }
    }
}

/// What [`write_scan`] wrote.
pub(super) fn read_scan(bytes: &mut Bytes<'_>, line: &mut Line) -> Result<ScanRecord, Malformed> {
    let kind = bytes.byte()?;
    let (seq, item) = line.read(bytes, kind)?;
    let (index, count) = (bytes.byte()?, bytes.byte()?);
    let data = match kind & !NEXT {
        1 => ScanData::Code(code(bytes)?),
        2 => ScanData::NoCode,
        3 => {
            let mut size = || bytes.narrow_signed().map(Millimetres::new);
            let (length, width, height) = (size()?, size()?, size()?);
            ScanData::Measured { length, width, height, weight: Grams::new(bytes.narrow()?) }
        }
        4 => ScanData::Continuation(code(bytes)?),
        _ => return Err(Malformed("a scan record has a kind that does not exist")),
    };
    Ok(ScanRecord { seq, item, index, count, data })
}

fn code(bytes: &mut Bytes<'_>) -> Result<CodeBytes, Malformed> {
    let length = bytes.narrow()?;
    CodeBytes::new(bytes.slice(length)?).ok_or(Malformed("a scan record has a code of more than 32 bytes"))
}
