//! Requests of Modbus/TCP as a server takes them from a stream.

use sorter_sim::modbus_server::frame::{FrameBuffer, FrameError, MAX_FRAME_BYTES, Request};

/// What a stream gave: the frames before its end, and the error that ended it.
type Read = (Vec<(u16, u8, Vec<u8>)>, Option<FrameError>);

/// A stream of bytes: frames and errors do not depend on how it is cut into pieces, and a request that is
/// understood says exactly what its bytes say. The first byte is the size of the pieces.
pub fn modbus_frame(data: &[u8]) {
    let Some((piece, stream)) = data.split_first() else { return };
    let whole = read(stream, usize::MAX);
    assert_eq!(whole, read(stream, usize::from(*piece).max(1)));
    for (_, _, pdu) in &whole.0 {
        if let Ok(request) = Request::parse(pdu) {
            assert_eq!(bytes_of(&request), *pdu);
        }
    }
}

fn read(mut stream: &[u8], piece: usize) -> Read {
    let mut buffer = FrameBuffer::new();
    let mut frames = Vec::new();
    while !stream.is_empty() {
        let space = buffer.space();
        assert!(space.len() >= MAX_FRAME_BYTES, "there is room for a whole frame");
        let count = piece.min(stream.len()).min(space.len());
        space[..count].copy_from_slice(&stream[..count]);
        buffer.filled(count);
        stream = &stream[count..];
        loop {
            match buffer.next_frame() {
                Ok(Some(frame)) => {
                    frames.push((frame.header.transaction, frame.header.unit.get(), frame.pdu.to_vec()));
                }
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
        assert!(buffer.waiting() < MAX_FRAME_BYTES);
    }
    (frames, None)
}

/// A request as the specification writes it.
fn bytes_of(request: &Request<'_>) -> Vec<u8> {
    let words = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let data = match *request {
        Request::Read { address, count } => words(&[address, count]),
        Request::WriteOne { address, value } => words(&[address, value]),
        Request::Write { address, words: values } => {
            let values: Vec<u16> = values.iter().collect();
            let count = values.len() as u16;
            [words(&[address, count]), vec![count as u8 * 2], words(&values)].concat()
        }
        Request::WriteRead { read_address, read_count, write_address, words: values } => {
            let values: Vec<u16> = values.iter().collect();
            let count = values.len() as u16;
            let head = words(&[read_address, read_count, write_address, count]);
            [head, vec![count as u8 * 2], words(&values)].concat()
        }
    };
    [vec![request.function()], data].concat()
}
