//! Control: the messages that a client sends about itself.

use swergio_proto::{COMMAND, Codec, Envelope, Frame, Kind, MemberName, RoomName};

use crate::id;

/// Names the component.
pub(crate) fn register(name: &MemberName, codec: Codec) -> Frame {
    control(Kind::REGISTER, Some(("NAME", name.as_str())), codec)
}

/// Takes a seat in a room.
pub(crate) fn join(room: &RoomName, codec: Codec) -> Frame {
    control(Kind::JOINROOM, Some(("ROOM", room.as_str())), codec)
}

/// Gives up a seat in a room.
pub(crate) fn leave(room: &RoomName, codec: Codec) -> Frame {
    control(Kind::LEAVEROOM, Some(("ROOM", room.as_str())), codec)
}

/// Says good-bye.
pub(crate) fn disconnect(codec: Codec) -> Frame {
    control(Kind::DISCONNECT, None, codec)
}

/// Puts `_command` before all rooms, once: commands such as SAVEMODELWEIGHTS are said there.
pub(crate) fn with_command_room(rooms: Vec<RoomName>) -> Vec<RoomName> {
    let mut all = vec![command_room()];
    for room in rooms {
        if !all.contains(&room) {
            all.push(room);
        }
    }
    all
}

/// Spells a control message as upstream does, TO_ROOM included: brokers of upstream's make echo it there.
fn control(kind: Kind<'static>, argument: Option<(&str, &str)>, codec: Codec) -> Frame {
    let bare = Envelope::new(kind).with_id(id::fresh()).with_to_room(command_room());
    let full = match argument {
        Some((key, value)) => bare.with_field(key, value).expect("a string can be spelt"),
        None => bare,
    };
    full.encode(codec).expect("no key of a control message occurs twice")
}

fn command_room() -> RoomName {
    RoomName::parse(COMMAND).expect("_command is a room of ours")
}
