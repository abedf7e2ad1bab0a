//! Genome: what is said about the genome of one member, by it and to it.

use swergio_client::{Envelope, Kind, MemberName, Message, MessageId, RoomName, Tensor, fresh_id};

/// Is what somebody says with `COMMAND/GENOME` to a member of a population (R150, R151).
#[derive(Clone, Debug, PartialEq)]
pub enum Husbandry {
    /// It wants to know the genome.
    Asks,
    /// It gives the member this genome in place of its own.
    Gives(Vec<f64>),
}

impl Husbandry {
    /// Reads what was said. None when it is no question and no gift, as the answer to a question of one's own.
    pub fn read(message: &Message) -> Option<Self> {
        let answers = message.field::<String>("REF").ok().flatten().is_some();
        match message.tensor() {
            _ if message.kind != Kind::GENOME => None,
            Ok(genome) if genome.shape().len() == 1 => Some(Self::Gives(genome.to_f64_vec())),
            Ok(_) => None,
            Err(_) => (!answers).then_some(Self::Asks),
        }
    }

    /// Makes the answer: to a question the genome, to a gift a word that it was taken, or why not. None when nobody waits
    /// for one.
    pub fn answer(message: &Message, genome: Result<Option<&[f64]>, String>) -> Option<Envelope> {
        let asker = MemberName::parse(message.sender()?).ok()?;
        let id = message.id.as_ref().filter(|_| message.field::<String>("REF").ok().flatten().is_none())?;
        let answer = Envelope::new(Kind::GENOME).with_to(asker).with_field("REF", id.as_str());
        let answer = answer.expect("a text can be spelt");
        Some(match genome {
            Ok(Some(genome)) => answer.with_tensor(row(genome)),
            Ok(None) => answer,
            Err(why) => answer.with_field("ERROR", &why).expect("a text can be spelt"),
        })
    }

    /// Makes the question of one who has come (back) into a population, and takes what it was before (R152).
    pub fn of_newcomer(room: RoomName) -> Envelope {
        Envelope::new(Kind::GENOME).with_id(fresh_id()).with_to_room(room)
    }
}

/// Addresses a member: a question, or with a genome a gift.
pub(super) fn to_member(member: MemberName, id: MessageId, genome: Option<&[f64]>) -> Envelope {
    let envelope = Envelope::new(Kind::GENOME).with_id(id).with_to(member);
    match genome {
        Some(genome) => envelope.with_tensor(row(genome)),
        None => envelope,
    }
}

fn row(genome: &[f64]) -> Tensor {
    Tensor::from_f64([genome.len()], genome).expect("a row has as many numbers as it has")
}
