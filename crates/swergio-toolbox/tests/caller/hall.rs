//! Hall: a broker of a few lines, in memory, and components that are written by hand.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt, TryStreamExt};
use swergio_client::{
    Client, Codec, Envelope, Farewell, Frame, Kind, Message, MessageId, ModelStatus, Options, Reply,
    RoomName, Trigger,
};
use swergio_testkit::link::{self, End, Ended};
use swergio_toolbox::Tensor;
use tokio::sync::mpsc;

/// Frames that wait for one member; no play has so many.
const FRAMES: usize = 65_536;

/// Joins clients by rooms, as a broker does.
#[derive(Clone, Default)]
pub(crate) struct Hall {
    members: Arc<Mutex<Vec<Member>>>,
}

struct Member {
    name: String,
    rooms: Vec<String>,
    inbox: mpsc::Sender<Frame>,
}

impl Hall {
    /// Lets a client in.
    pub(crate) async fn enter(&self, name: &str) -> Client {
        self.enter_as(Options::default().name(name)).await
    }

    pub(crate) async fn enter_as(&self, options: Options) -> Client {
        let hall = self.clone();
        let dial = move || {
            let (here, there) = link::pair(64);
            let ends = |ended: Ended| Farewell::broken(ended.reason);
            hall.seat(there);
            ready(Ok(here.map_err(ends).sink_map_err(ends)))
        };
        options.connect_over(dial).await.unwrap()
    }

    fn seat(&self, end: End) {
        let (mut out, mut incoming) = end.split();
        let (inbox, mut queue) = mpsc::channel::<Frame>(FRAMES);
        let place = {
            let mut members = self.members.lock().unwrap();
            members.push(Member { name: String::new(), rooms: Vec::new(), inbox });
            members.len() - 1
        };
        tokio::spawn(async move {
            while let Some(frame) = queue.recv().await {
                if out.send(frame).await.is_err() {
                    return;
                }
            }
        });
        let hall = self.clone();
        tokio::spawn(async move {
            while let Some(Ok(frame)) = incoming.next().await {
                hall.take(place, Envelope::decode(&frame, 64).unwrap());
            }
        });
    }

    /// Does with a message what a broker does.
    fn take(&self, place: usize, mut envelope: Envelope) {
        let mut members = self.members.lock().unwrap();
        let text = |key: &str| envelope.field(key).map(|body| body.read::<String>().unwrap());
        match envelope.kind.as_str() {
            "COMMAND/REGISTER" => return members[place].name = text("NAME").unwrap(),
            "COMMAND/JOINROOM" => return members[place].rooms.push(text("ROOM").unwrap()),
            "COMMAND/LEAVEROOM" => {
                let left = text("ROOM").unwrap();
                return members[place].rooms.retain(|room| *room != left);
            }
            _ => {}
        }
        if envelope.field("ACK").is_some() {
            let ack =
                Envelope::new(Kind::ACK).with_field("REF", envelope.id.as_ref().unwrap().as_str()).unwrap();
            members[place].inbox.try_send(ack.encode(Codec::MsgPack).unwrap()).unwrap();
        }
        envelope.sent_by.get_or_insert_with(|| members[place].name.clone());
        let frame = envelope.encode(Codec::MsgPack).unwrap();
        for member in members
            .iter()
            .filter(|member| envelope.to.as_ref().is_some_and(|to| *to.as_str() == *member.name))
        {
            let _ = member.inbox.try_send(frame.clone());
        }
        let Some(room) = envelope.to_room.clone() else { return };
        for (seat, member) in members.iter().enumerate() {
            if seat != place && member.rooms.iter().any(|joined| *joined == *room.as_str()) {
                // One that has left hears nothing.
                let _ = member.inbox.try_send(frame.clone());
            }
        }
    }
}

/// Serves y = f(x) and its vjp as upstream's components are written: a map by ID, and replies that inherit.
pub(crate) async fn serve(
    client: &Client,
    (input, output): (&'static str, &'static str),
    mut forward: impl FnMut(&Tensor) -> Tensor + Send + 'static,
    mut vjp: impl FnMut(&Tensor, &Tensor) -> Tensor + Send + 'static,
) {
    let kept: Arc<Mutex<HashMap<MessageId, (MessageId, Tensor)>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let forwards = Trigger::kinds([Kind::FORWARD]).rooms([input]);
    let answer = move |message: Message| {
        let x = message.tensor().unwrap();
        let o = MessageId::new(&format!("{input}-{}", message.id.as_ref().unwrap().as_str()));
        if message.model_status != Some(ModelStatus::VALIDATE) {
            keep.lock().unwrap().insert(o.clone(), (message.id.clone().unwrap(), x.clone()));
        }
        ready(Reply::new(Kind::FORWARD).id(o).tensor(forward(&x)).rooms([output]))
    };
    client.on(forwards, answer).await.unwrap();
    let gradients = Trigger::kinds([Kind::GRADIENT]).rooms([output]);
    let pull = move |message: Message| {
        let found = kept.lock().unwrap().remove(message.id.as_ref().unwrap());
        ready(found.map(|(i, x)| {
            let by_input = vjp(&x, &message.tensor().unwrap());
            Reply::new(Kind::GRADIENT).id(i).tensor(by_input).rooms([input])
        }))
    };
    client.on(gradients, pull).await.unwrap();
    client.settle().await.unwrap();
}

pub(crate) fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

/// Makes a tensor of doubles with one dimension.
pub(crate) fn row(numbers: &[f64]) -> Tensor {
    Tensor::from_f64([numbers.len()], numbers).unwrap()
}

/// Computes with the numbers of a tensor.
pub(crate) fn each(x: &Tensor, f: impl Fn(f64) -> f64) -> Tensor {
    Tensor::from_f64(x.shape(), &x.to_f64_vec().into_iter().map(f).collect::<Vec<_>>()).unwrap()
}

/// Computes with the numbers of two tensors.
pub(crate) fn both(x: &Tensor, y: &Tensor, f: impl Fn(f64, f64) -> f64) -> Tensor {
    let (a, b) = (x.to_f64_vec(), y.to_f64_vec());
    Tensor::from_f64(x.shape(), &a.into_iter().zip(b).map(|(a, b)| f(a, b)).collect::<Vec<_>>()).unwrap()
}
