//! Sample: messages of every size, as components send them, for benches.

use swergio_proto::{Codec, Dtype, Envelope, Frame, Kind, MessageId, RoomName, Tensor};

/// Numbers in each row of a sample's tensor.
const ROW: usize = 16;

/// Makes a DATA/FORWARD to the room `lab` whose payload is `bytes` of text.
///
/// ```
/// use swergio_proto::{Codec, Head};
/// use swergio_testkit::sample;
///
/// let frame = sample::text(Codec::Json, 100);
/// assert_eq!(Head::peek(&frame, 64).unwrap().to_room.text(), Some("lab"));
/// ```
///
/// # Panics
/// Never: a sample can be spelt.
pub fn text(codec: Codec, bytes: usize) -> Frame {
    let text = "swergio ".chars().cycle().take(bytes).collect::<String>();
    spelt(&forward().with_data(&text).expect("text can be spelt"), codec)
}

/// Makes a DATA/FORWARD to the room `lab` whose payload is a tensor of about `bytes`: `f32`, in rows of 16. JSON spells
/// it as nested lists, which are longer.
///
/// # Panics
/// Never: a sample can be spelt.
pub fn tensor(codec: Codec, bytes: usize) -> Frame {
    spelt(&forward().with_tensor(numbers(bytes)), codec)
}

/// Makes a tensor of about `bytes`: `f32`, in rows of 16, its numbers as long as those of a model.
///
/// # Panics
/// Never: the shape is that of the numbers.
pub fn numbers(bytes: usize) -> Tensor {
    let rows = bytes.div_ceil(ROW * Dtype::F32.size());
    let number = |at: usize| (at as f32).sin() * 10.0;
    let numbers: Vec<f32> = (0..rows * ROW).map(number).collect();
    Tensor::from_f32([rows, ROW], &numbers).expect("as many numbers as the shape says")
}

/// Wraps a frame as a component's WebSocket sends it, masked.
///
/// # Panics
/// When the frame is longer than 64 KiB less one.
pub fn masked(frame: &Frame) -> Vec<u8> {
    const KEY: [u8; 4] = [0x51, 0x0e, 0xa7, 0x3c];
    let opcode = match frame.codec() {
        Codec::Json => 0x81,
        Codec::MsgPack => 0x82,
    };
    let mut wire = vec![opcode];
    match u16::try_from(frame.len()).expect("a sample that is masked is short") {
        length @ 0..=125 => wire.push(0x80 | length as u8),
        length => {
            wire.push(0x80 | 126);
            wire.extend(length.to_be_bytes());
        }
    }
    wire.extend(KEY);
    wire.extend(frame.bytes().iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    wire
}

fn forward() -> Envelope {
    let id = MessageId::from_u128(0x0123_4567_89ab_4def_8123_4567_89ab_cdef);
    let room = RoomName::parse("lab").expect("lab is a room");
    Envelope::new(Kind::FORWARD).with_root_id(id.as_str()).with_id(id).with_to_room(room)
}

fn spelt(envelope: &Envelope, codec: Codec) -> Frame {
    envelope.encode(codec).expect("a sample can be spelt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use swergio_proto::Head;

    #[test]
    fn samples_are_messages_of_their_size() {
        for codec in [Codec::Json, Codec::MsgPack] {
            for frame in [text(codec, 4096), tensor(codec, 4096)] {
                let head = Head::peek(&frame, 64).unwrap();
                assert_eq!(head.to_room.text(), Some("lab"));
                assert!(frame.len() >= 4096, "{}", frame.len());
            }
        }
        assert_eq!(numbers(4096).shape(), [64, 16]);
    }

    #[test]
    fn a_masked_frame_has_its_header() {
        let short = masked(&Frame::json("{}"));
        assert_eq!(short, [0x81, 0x82, 0x51, 0x0e, 0xa7, 0x3c, b'{' ^ 0x51, b'}' ^ 0x0e]);
        let long = masked(&text(Codec::MsgPack, 300));
        assert_eq!(long[..2], [0x82, 0xfe]);
        assert_eq!(usize::from(u16::from_be_bytes([long[2], long[3]])), long.len() - 8);
    }
}
