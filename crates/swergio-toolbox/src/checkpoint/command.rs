//! Command: what is asked of whoever keeps weights or settings, and the answer.

use std::path::PathBuf;

use swergio_client::{Body, Client, Error, HandlerError, Kind, Message, Reply, Trigger};

use super::CheckpointFault;

/// The room that commands to components go into.
const COMMANDS: &str = "_command";

/// Holds one command.
#[derive(Debug)]
pub(super) enum Order {
    /// Save under this name, or the one that is meant when none is given.
    Save(Option<String>),
    /// Load.
    Load(Wanted),
}

/// Says what is to be loaded.
#[derive(Debug)]
pub(super) enum Wanted {
    /// What was saved under this name, or the one that is meant when none is given.
    Named(Option<String>),
    /// The very thing.
    These(Body),
}

/// Tells what has been done.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) file: Option<PathBuf>,
    pub(super) steps: Option<u64>,
}

/// Obeys two kinds of commands, the first to save and the second to load, one after another.
///
/// `field` names what it is about in the command and in the answer: `WEIGHTS` or `SETTINGS`.
pub(super) async fn answer<F>(
    client: &Client,
    kinds: [Kind<'static>; 2],
    field: &'static str,
    component: String,
    obey: F,
) -> Result<(), Error>
where
    F: Fn(Order) -> Result<Answer, CheckpointFault> + Clone + Send + 'static,
{
    let save = kinds[0].clone();
    let trigger = Trigger::kinds(kinds).rooms([COMMANDS]);
    client
        .on(trigger, move |message: Message| {
            let (obey, component, saves) = (obey.clone(), component.clone(), message.kind == save);
            async move { reply(&message, field, &component, saves, obey).await }
        })
        .await
}

async fn reply<F>(
    message: &Message,
    field: &str,
    component: &str,
    saves: bool,
    obey: F,
) -> Result<Option<Reply>, HandlerError>
where
    F: Fn(Order) -> Result<Answer, CheckpointFault> + Send + 'static,
{
    let whom: Option<String> = message.field("COMPONENT")?;
    if whom.is_some_and(|whom| whom != component) {
        return Ok(None);
    }
    let (name, order) = read(message, field, saves);
    // Files are slow, and the component may be computing: neither is waited for where messages are handled.
    let done = match order {
        Ok(order) => {
            tokio::task::spawn_blocking(move || obey(order)).await?.map_err(|fault| fault.to_string())
        }
        Err(why) => Err(why),
    };
    let kind = if field == "WEIGHTS" { Kind::MODELWEIGHTS } else { Kind::SETTINGS };
    let mut reply = Reply::new(kind).field("COMPONENT", component);
    reply = reply.field(field, &name);
    if let Some(id) = &message.id {
        reply = reply.field("REF", id.as_str());
    }
    match done {
        Ok(Answer { file, steps }) => {
            if let Some(file) = file {
                reply = reply.field("FILE", &file.display().to_string());
            }
            if let Some(steps) = steps {
                reply = reply.field("STEPS", &steps);
            }
        }
        Err(error) => {
            tracing::warn!(
                component,
                command = message.kind.as_str(),
                error,
                "a command could not be obeyed"
            );
            reply = reply.field("ERROR", &error);
        }
    }
    Ok(message.sender().map(|sender| reply.to(sender)))
}

/// Reads a command: the checkpoint's name, or that of what is sent along, and what is to be done.
fn read(message: &Message, field: &str, saves: bool) -> (String, Result<Order, String>) {
    let named =
        |name: Option<String>| if saves { Order::Save(name) } else { Order::Load(Wanted::Named(name)) };
    let Some(body) = message.fields.iter().find(|(key, _)| key == field).map(|(_, body)| body) else {
        return (super::folder::LATEST.to_owned(), Ok(named(None)));
    };
    match body.read::<Option<String>>() {
        Ok(None) => (super::folder::LATEST.to_owned(), Ok(named(None))),
        Ok(Some(name)) => (name.clone(), Ok(named(Some(name)))),
        Err(_) if saves => (String::new(), Err(format!("{field} must be the name of a checkpoint, a text"))),
        Err(_) => (String::new(), Ok(Order::Load(Wanted::These(body.clone())))),
    }
}
