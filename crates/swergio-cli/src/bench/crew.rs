//! Crew: the members of a run, connected and seated, and what became of them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, Result};
use swergio_client::{Body, Client, Event, Events, Messages, RoomName, Trigger};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::lane::{Lane, echo};
use super::mark::{Epoch, fresh_run};
use super::plan::Plan;
use super::sequence::Sequence;
use super::tally::{Listener, Tally};
use super::venue::Venue;
use super::window::Window;
use crate::broker::{at_once, explain, refused};

/// Members that connect at the same time.
const AT_ONCE: usize = 64;

/// Holds the members of a run. Dropping it sends them all away.
#[derive(Debug)]
pub(super) struct Crew {
    pub(super) epoch: Epoch,
    pub(super) lanes: Vec<Arc<Lane>>,
    pub(super) tally: Arc<Tally>,
    /// With one message at a time a sender listens for itself; otherwise each listener is a task of its own.
    pub(super) waiting: Vec<Arc<Mutex<Listener>>>,
    run: u16,
    clients: Vec<Client>,
    events: Vec<Events>,
    tasks: JoinSet<()>,
}

/// Holds one connected member.
struct Member {
    client: Client,
    events: Events,
    messages: Option<Messages>,
}

impl Crew {
    /// Connects and seats everybody, and tells `seated` how many are; the broker has confirmed every seat.
    pub(super) async fn gather(venue: &Arc<Venue>, plan: &Plan, seated: impl Fn(usize)) -> Result<Self> {
        let mut crew = Self {
            epoch: Epoch::begin(),
            lanes: Vec::new(),
            tally: Tally::new(),
            waiting: Vec::new(),
            run: fresh_run(),
            clients: Vec::new(),
            events: Vec::new(),
            tasks: JoinSet::new(),
        };
        let a_lane = plan.receivers() + 1;
        let place = |member| crew.place(plan, member / a_lane, member % a_lane);
        let mut members = seat_all(venue, plan, &seated, place).await?.into_iter();
        let payload = plan.payload()?;
        for number in 0..plan.lanes() {
            crew.open_lane(plan, number, members.by_ref().take(a_lane).collect(), &payload)?;
        }
        Ok(crew)
    }

    /// Chooses a member's name and room. Who only sends needs no seat; the sender is the first of its lane.
    fn place(&self, plan: &Plan, lane: usize, place: usize) -> Result<(String, Option<RoomName>)> {
        let listens = place > 0 || plan.goes_back();
        let room = listens.then(|| self.room(lane)).transpose()?;
        Ok((format!("bench-{:04x}-{lane}-{place}", self.run), room))
    }

    fn room(&self, lane: usize) -> Result<RoomName> {
        Ok(RoomName::parse(&format!("bench-{:04x}-{lane}", self.run))?)
    }

    fn open_lane(&mut self, plan: &Plan, number: usize, members: Vec<Member>, payload: &Body) -> Result<()> {
        let room = self.room(number)?;
        let (run, number) = (self.run, u16::try_from(number)?);
        let window = Window::open(plan.window(), plan.receivers());
        let sender = members.first().context("a lane has a sender")?.client.clone();
        for (place, Member { client, events, messages }) in members.into_iter().enumerate() {
            if let Some(messages) = messages {
                if plan.goes_back() && place > 0 {
                    self.tasks.spawn(echo(client.clone(), messages));
                } else {
                    self.listen(plan, number, messages, &window);
                }
            }
            self.clients.push(client);
            self.events.push(events);
        }
        let (payload, sent) = (payload.clone(), AtomicU64::new(0));
        self.lanes.push(Arc::new(Lane { run, number, room, sender, payload, window, sent }));
        Ok(())
    }

    fn listen(&mut self, plan: &Plan, lane: u16, messages: Messages, window: &Arc<Window>) {
        let listener = Listener {
            messages,
            epoch: self.epoch,
            run: self.run,
            lane,
            window: Arc::clone(window),
            tally: Arc::clone(&self.tally),
            sequence: Sequence::default(),
            taken: Vec::new(),
        };
        if plan.is_one_by_one() {
            self.waiting.push(Arc::new(Mutex::new(listener)));
        } else {
            self.tasks.spawn(listener.listen());
        }
    }

    /// Counts the messages that were sent on all lanes.
    pub(super) fn sent(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.sent()).sum()
    }

    /// Tells whether somebody was cut off, who will not come back.
    pub(super) fn is_broken(&self) -> bool {
        self.clients.iter().any(|client| !client.is_connected())
    }

    /// Says what went wrong: whom the broker cut off or refused, who did not keep up.
    pub(super) async fn trouble(&mut self) -> Option<String> {
        for events in &mut self.events {
            while let Some(Some(event)) = at_once(events.next()).await {
                match event {
                    Event::Rejected(rejection) => return Some(refused(&rejection).to_string()),
                    Event::FellBehind { .. } => return Some(BEHIND.to_owned()),
                    _ => {}
                }
            }
        }
        let gone: Vec<&Client> = self.clients.iter().filter(|client| !client.is_connected()).collect();
        let why = at_once(gone.first()?.closed()).await?.err()?;
        Some(format!("{} of {} members were cut off: {why}", gone.len(), self.clients.len()))
    }
}

const BEHIND: &str = "members of the bench itself did not keep up: lower --rate, or give it more processors";

/// Connects members, several at a time, and returns them in order.
async fn seat_all(
    venue: &Arc<Venue>,
    plan: &Plan,
    seated: &impl Fn(usize),
    place: impl Fn(usize) -> Result<(String, Option<RoomName>)>,
) -> Result<Vec<Member>> {
    let (mut joining, mut members) = (JoinSet::new(), Vec::new());
    for number in 0..plan.connections() {
        if joining.len() >= AT_ONCE
            && let Some(joined) = joining.join_next().await
        {
            members.push(joined??);
            seated(members.len());
        }
        let (name, room) = place(number)?;
        let (venue, plan) = (Arc::clone(venue), plan.clone());
        joining
            .spawn(async move { Ok::<_, anyhow::Error>((number, seat(&venue, &plan, &name, room).await?)) });
    }
    while let Some(joined) = joining.join_next().await {
        members.push(joined??);
        seated(members.len());
    }
    members.sort_by_key(|(number, _)| *number);
    Ok(members.into_iter().map(|(_, member)| member).collect())
}

async fn seat(venue: &Venue, plan: &Plan, name: &str, room: Option<RoomName>) -> Result<Member> {
    let client = venue.connect(name, plan).await?;
    let events = client.events();
    let messages = match room {
        Some(room) => Some(client.subscribe(Trigger::any().rooms([room.as_str()])).await?),
        None => None,
    };
    client.settle().await.map_err(explain)?;
    Ok(Member { client, events, messages })
}
