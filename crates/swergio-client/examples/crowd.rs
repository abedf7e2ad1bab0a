//! Crowd: hundreds of components in chains of five, and as many messages a second as one asks for, forward and back.
//!
//! `cargo run --release -p swergio-client --example crowd -- ws://127.0.0.1:8080 500 20000 60`: components, messages a second, seconds.

#![allow(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use swergio_client::{Client, Envelope, Kind, MessageId, ModelStatus, Options, RoomName, Tensor};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Components of one chain: the first begins, the last turns round.
const CHAIN: usize = 5;
/// Messages of one pass: a forward of each but the last, and as many gradients back.
const PASS: u64 = 2 * (CHAIN as u64 - 1);

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, components, rate, seconds] = args.as_slice() else {
        return Err("say URL, components, messages a second and seconds".into());
    };
    let (components, rate, seconds): (usize, u64, u64) =
        (components.parse()?, rate.parse()?, seconds.parse()?);
    let chains = (components / CHAIN).max(1);
    let mut lanes = Vec::new();
    for number in 0..chains {
        lanes.push(Lane::open(url, number).await?);
    }
    println!("crowd of {} is here", chains * CHAIN);
    let (sent, begun) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let pause = Duration::from_secs_f64((chains as u64 * PASS) as f64 / rate.max(1) as f64);
    let until = begun + Duration::from_secs(seconds);
    let mut playing = JoinSet::new();
    for lane in lanes {
        playing.spawn(lane.play(pause, until, Arc::clone(&sent)));
    }
    while let Some(played) = playing.join_next().await {
        played??;
    }
    let took = begun.elapsed().as_secs_f64();
    println!("{:.0} messages/s for {took:.0} s", sent.load(Ordering::Relaxed) as f64 / took);
    Ok(())
}

/// One chain: its components, and the rooms between them.
struct Lane {
    number: usize,
    clients: Vec<Client>,
    rooms: Vec<RoomName>,
}

impl Lane {
    async fn open(url: &str, number: usize) -> Result<Self, Failure> {
        let rooms: Vec<RoomName> = (1..CHAIN)
            .map(|place| RoomName::parse(&format!("room-{number}-{place}")))
            .collect::<Result<_, _>>()?;
        let mut clients = Vec::new();
        for place in 0..CHAIN {
            let client =
                Options::new(url).name(format!("component-{}", number * CHAIN + place)).connect().await?;
            for room in &rooms[place.saturating_sub(1)..(place + 1).min(rooms.len())] {
                client.join(room.as_str()).await?;
            }
            clients.push(client);
        }
        Ok(Self { number, clients, rooms })
    }

    /// Sends all messages of a pass, in their order, each from the component that would.
    async fn play(self, pause: Duration, until: Instant, sent: Arc<AtomicU64>) -> Result<(), Failure> {
        let mut clock = interval(pause);
        clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for pass in 0_u64.. {
            clock.tick().await;
            if Instant::now() >= until {
                return Ok(());
            }
            let root = format!("pass-{}-{pass}", self.number);
            let numbers: Vec<f32> = (0..32).map(|at| ((pass as f32) * 0.1 + at as f32).sin()).collect();
            let tensor = Tensor::from_f32([4, 8], &numbers)?;
            let there = (0..self.rooms.len()).map(|room| (Kind::FORWARD, room, room));
            let back = (0..self.rooms.len()).rev().map(|room| (Kind::GRADIENT, room, room + 1));
            for (kind, room, from) in there.chain(back) {
                // The first message of a pass gives it its name.
                let id = if room == 0 { root.clone() } else { format!("{root}-{room}") };
                let envelope = Envelope::new(kind)
                    .with_id(MessageId::new(&id))
                    .with_to_room(self.rooms[room].clone())
                    .with_root_id(root.as_str())
                    .with_model_status(ModelStatus::TRAIN)
                    .with_tensor(tensor.clone());
                self.clients[from].send(envelope).await?;
            }
            sent.fetch_add(PASS, Ordering::Relaxed);
        }
        Ok(())
    }
}
