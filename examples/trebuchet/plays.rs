//! Plays of the three parts in a broker's rooms, in one process: the gradient that arrives, and a network that learns.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use candle_core::Tensor as CandleTensor;
use swergio_broker::{Broker, Config, serve};
use swergio_toolbox::bridge::candle::{CandleModule, Recorded, to_tensor};
use swergio_toolbox::{
    BoxError, Chain, Client, Component, Differentiable, MessageId, Pass, Serving, Tensor, Value,
};
use tokio::net::TcpListener;

use super::examination::examine;
use super::ledger::Ledger;
use super::network::network;
use super::rooms::{At, INPUT, MODEL, OUTPUT};
use super::simulator::Simulator;
use super::trainer::{Course, chain, off, rows, train, wishes};

/// A control network whose gradients are noted as they arrive.
struct Noting {
    network: CandleModule,
    arrived: Arc<Mutex<Option<Tensor>>>,
}

impl Differentiable for Noting {
    type Input = CandleTensor;
    type Output = CandleTensor;
    type Saved = Recorded;

    fn forward(&mut self, input: CandleTensor, pass: &Pass) -> Result<(CandleTensor, Recorded), BoxError> {
        self.network.forward(input, pass)
    }

    fn vjp(
        &mut self,
        saved: Recorded,
        cotangent: CandleTensor,
        pass: &Pass,
    ) -> Result<CandleTensor, BoxError> {
        *self.arrived.lock().unwrap() = Some(to_tensor(&cotangent)?);
        self.network.vjp(saved, cotangent, pass)
    }
}

async fn broker() -> At {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(Broker::new(Config::default()).unwrap(), listener));
    At::to(&url)
}

/// Seats a network and the trebuchet, each with a client of its own.
async fn seat<D: Differentiable>(at: &At, network: D) -> (Serving<D>, Serving<Simulator>) {
    let client = at.connect("control-network").await.unwrap();
    let component = Component::of("control-network", network).input(INPUT).output(MODEL);
    let network = component.gives(Simulator::takes()).serve(&client).await.unwrap();
    let client = at.connect("simulator").await.unwrap();
    let component = Component::of("simulator", Simulator::default()).input(MODEL).output(OUTPUT);
    let component = component.takes(Simulator::takes()).gives(Simulator::gives());
    (network, component.serve(&client).await.unwrap())
}

async fn caller(at: &At) -> (Client, Chain) {
    let client = at.connect("trainer").await.unwrap();
    let chain = Chain::new(&client).input(INPUT).output(OUTPUT).open().await.unwrap();
    (client, chain)
}

fn targets(wishes: &[[f64; 2]]) -> Tensor {
    let targets: Vec<f64> = wishes.iter().map(|[_, target]| *target).collect();
    Tensor::from_f64([targets.len()], &targets).unwrap()
}

fn near(ours: &Tensor, theirs: &Tensor) {
    assert_eq!(ours.shape(), theirs.shape());
    for (ours, theirs) in ours.to_f64_vec().into_iter().zip(theirs.to_f64_vec()) {
        assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{ours} instead of {theirs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gradient_that_arrives_is_that_of_the_same_chain_in_one_process() {
    let wishes = wishes(3, 0, 100);
    let (told, targets) = (rows(&wishes), targets(&wishes));

    // In one process.
    let pass = Pass::train(MessageId::new("here"));
    let (mut network_here, mut trebuchet) = (network(3, 100).unwrap(), Simulator::default());
    let x = CandleTensor::from_values(told.clone().into_values().unwrap()).unwrap();
    let (aims, recorded) = network_here.forward(x, &pass).unwrap();
    let (distances, shots) = trebuchet.forward(to_tensor(&aims).unwrap(), &pass).unwrap();
    let (loss, by_distance) = off(&distances, &targets).unwrap();
    let by_aim = trebuchet.vjp(shots, by_distance, &pass).unwrap();
    let cotangent = CandleTensor::from_values(by_aim.clone().into_values().unwrap()).unwrap();
    let by_told = to_tensor(&network_here.vjp(recorded, cotangent, &pass).unwrap()).unwrap();

    // Through the rooms.
    let at = broker().await;
    let arrived = Arc::default();
    let there = Noting { network: network(3, 100).unwrap(), arrived: Arc::clone(&arrived) };
    let (network, simulator) = seat(&at, there).await;
    let (client, chain) = caller(&at).await;
    let hit = chain.forward(&told).await.unwrap();
    let (loss_there, by_distance) = off(hit.value(), &targets).unwrap();
    let by_told_there = hit.backward(by_distance).await.unwrap();

    assert_eq!(loss_there, loss);
    near(arrived.lock().unwrap().as_ref().unwrap(), &by_aim);
    near(&by_told_there, &by_told);
    assert_eq!((network.tally().tape.kept, simulator.tally().tape.kept), (0, 0));
    client.close().await.unwrap();
}

fn course(folder: &Path, batches: u64) -> Course {
    Course { seed: 1, batches, shots: 50, deadline: 60.0, out: folder.to_owned() }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("trebuchet-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_learns_through_the_rooms_and_goes_on_after_a_pause() {
    let (at, folder) = (broker().await, folder("learns"));
    let network = Ledger::open(network(1, 60).unwrap(), &course(&folder, 60).folder()).unwrap();
    let (network, simulator) = seat(&at, network).await;
    let (client, _) = caller(&at).await;

    let half = course(&folder, 30);
    let chain_of_half = chain(&half, &client).await.unwrap();
    assert_eq!(train(&half, &client, &chain_of_half).await.unwrap().len(), 30);
    let whole = course(&folder, 60);
    let losses = train(&whole, &client, &chain_of_half).await.unwrap();

    assert_eq!(losses.len(), 60);
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&losses[..5]), mean(&losses[55..]));
    assert!(last < first / 5.0, "the loss went from {first} to {last} m²");
    assert_eq!((network.tally().tape.kept, simulator.tally().tape.kept), (0, 0));
    let learned = std::fs::read_to_string(whole.folder().join("learned.log")).unwrap();
    assert_eq!(learned.lines().count(), 60);

    let attempts = examine(&client, &chain_of_half, &whole).await.unwrap();
    assert_eq!(attempts.iter().filter(|attempt| attempt.reachable).count(), 1_000);
    assert_eq!(network.tally().gradients, 60);
    client.close().await.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shot_that_comes_down_nowhere_spoils_no_batch() {
    let at = broker().await;
    let (_network, _simulator) = seat(&at, network(0, 10).unwrap()).await;
    let client = at.connect("caller").await.unwrap();
    let aiming = Chain::new(&client).input(MODEL).output(OUTPUT).open().await.unwrap().probe();

    let aims = Tensor::from_f64([2, 3], &[0.0, 45.0, 5.0, 0.0, 45.0, 150.0]).unwrap();
    let hit = aiming.forward(&aims).await.unwrap();
    let far = hit.value().to_f64_vec();
    assert!(far[0].is_nan() && (far[1] - 73.408_699_039).abs() < 1e-6);
    let by_aim = hit.backward(Tensor::from_f64([2], &[1.0, 1.0]).unwrap()).await.unwrap().to_f64_vec();
    assert_eq!(by_aim[..3], [0.0; 3]);
    assert!((by_aim[5] - 0.135_041_482).abs() < 1e-6);
    client.close().await.unwrap();
}
