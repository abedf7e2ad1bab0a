//! Training: a chain of two components learns, also when one of them dies on the way.

use std::path::Path;
use std::time::Duration;

use swergio_client::{Client, Kind, Message, Trigger};
use swergio_toolbox::checkpoint::{Checkpoint, Kept};
use swergio_toolbox::kpi::{Kpi, Run};
use swergio_toolbox::trainer::{Announcing, Batch, Drawn, Moment, Mse, Settings, Trainer};
use swergio_toolbox::{Chain, ChainLimits, Component, Differentiable, Serving, Tensor, component};
use tokio::sync::mpsc;

use crate::gain::Gain;
use crate::rooms::Rooms;

/// Serves a net that learns, between the rooms `input` and `model`.
async fn net(rooms: &Rooms, folder: &Path) -> (Kept<Gain>, Client, Serving<Kept<Gain>>) {
    let client = rooms.client("net").await;
    let kept = Kept::new(Gain::of(0.5, 0.05), "net", folder).unwrap().every(1);
    kept.resume().unwrap();
    kept.answer(&client).await.unwrap();
    let net = Component::of("net", kept.clone()).input("input").output("model");
    let serving = net.serve(&client).await.unwrap();
    (kept, client, serving)
}

/// Serves a machine that doubles, between the rooms `model` and `output`.
async fn machine(rooms: &Rooms) -> (Client, Serving<impl Differentiable>) {
    let client = rooms.client("machine").await;
    let doubles = component("machine")
        .forward(|x: Tensor| Ok((&x * 2.0, ())))
        .vjp(|(), g: Tensor| Ok(&g * 2.0))
        .input("model")
        .output("output");
    let serving = doubles.serve(&client).await.unwrap();
    (client, serving)
}

/// Draws batches whose target is six times the input: the net has to learn 3.
fn batches(count: usize) -> impl swergio_toolbox::trainer::Batches<Input = Tensor, Target = Tensor> {
    Drawn::new(count, 7, |dice| {
        let x: Vec<f64> = (0..8).map(|_| dice.between(0.5, 1.5)).collect();
        let x = Tensor::from_f64([8], &x)?;
        Ok(Batch::new(x.clone(), &x * 6.0))
    })
}

async fn chain(client: &Client, deadline: Duration) -> Chain {
    let limits = ChainLimits { deadline, ..ChainLimits::default() };
    Chain::new(client).input("input").output("output").limits(limits).open().await.unwrap()
}

#[tokio::test]
async fn a_chain_learns_with_several_samples_under_way_and_keeps_nothing() {
    let (rooms, home) = (Rooms::open().await, tempfile::tempdir().unwrap());
    let (kept, _net, net) = net(&rooms, home.path()).await;
    let (_machine, machine) = machine(&rooms).await;
    let trainer = rooms.client("trainer").await;
    let chain = chain(&trainer, Duration::from_secs(30)).await;
    let settings = Settings { epochs: 3, in_flight: 4, ..Settings::default() };
    let outcome =
        Trainer::new(chain, Mse, settings).run_and_validate(batches(100), batches(5)).await.unwrap();
    assert_eq!((outcome.steps, kept.steps(), outcome.tally.lost), (300, 300, 0));
    assert!((kept.with(|gain| gain.weight) - 3.0).abs() < 0.01);
    assert!(outcome.epochs[2].validation.unwrap() < 1e-3);
    let (net, machine) = (net.tally(), machine.tally());
    assert_eq!((net.forwards, net.gradients, net.tape.kept), (315, 300, 0));
    assert_eq!((machine.forwards, machine.gradients, machine.tape.kept), (315, 300, 0));
}

#[tokio::test]
async fn training_goes_on_when_a_component_dies_and_comes_back() {
    let (rooms, home) = (Rooms::open().await, tempfile::tempdir().unwrap());
    let (kept, client, serving) = net(&rooms, home.path()).await;
    let (_machine, machine) = machine(&rooms).await;
    let trainer = rooms.client("trainer").await;
    let chain = chain(&trainer, Duration::from_millis(500)).await;
    let (steps, mut heard) = mpsc::channel(1024);
    let tell = move |moment: &Moment<'_>| {
        if let Moment::Step(step) = moment {
            steps.try_send(step.number)?;
        }
        Ok(())
    };
    let settings = Settings { epochs: 1, losses: 50, ..Settings::default() };
    let training = tokio::spawn(Trainer::new(chain, Mse, settings).observe(tell).run(batches(250)));

    while heard.recv().await.unwrap() < 50 {}
    drop(serving);
    client.close().await.unwrap();
    let learned = kept.steps();
    let (kept, _client, serving) = net(&rooms, home.path()).await;
    assert!(kept.steps() >= 50 && kept.steps() <= learned);

    let outcome = training.await.unwrap().unwrap();
    assert_eq!(outcome.steps + outcome.tally.lost, 250);
    assert!(outcome.steps >= 240, "{outcome:?}");
    assert!((kept.with(|gain| gain.weight) - 3.0).abs() < 0.05);
    // Every gradient that the caller got was applied once; one that was lost on its way back may have been.
    assert!(kept.steps() >= outcome.steps && kept.steps() <= outcome.steps + outcome.tally.lost);
    assert_eq!(serving.tally().tape.kept, 0);
    assert!(machine.tally().tape.kept <= 1, "what the dead net forgot, and nothing else, waits for its age");
}

#[tokio::test]
async fn others_hear_how_it_goes_and_the_best_weights_are_saved() {
    let (rooms, home) = (Rooms::open().await, tempfile::tempdir().unwrap());
    let (kept, _net, _serving) = net(&rooms, home.path()).await;
    let _machine = machine(&rooms).await;
    let (trainer, console) = (rooms.client("trainer").await, rooms.client("console").await);
    let mut heard = console.subscribe(Trigger::kinds([Kind::KPI, Kind::RUN]).rooms(["kpis"])).await.unwrap();
    console.settle().await.unwrap();
    let chain = chain(&trainer, Duration::from_secs(30)).await;
    let announcing = Announcing::new(&trainer, "first").into_room("kpis").every(5).keep_best("best", ["net"]);
    let settings = Settings { epochs: 1, ..Settings::default() };
    Trainer::new(chain, Mse, settings).announce(announcing).run(batches(10)).await.unwrap();

    let mut next = async || -> Message { heard.next().await.unwrap() };
    let begun = Run::read(&next().await).unwrap();
    assert_eq!((begun.name.as_str(), begun.end), ("first", None));
    for step in [5, 10] {
        let message = next().await;
        let kpi = Kpi::read(&message).unwrap();
        assert_eq!((kpi.name.as_str(), kpi.component.as_str()), ("loss", "trainer"));
        assert_eq!((kpi.run.as_deref(), kpi.step, kpi.epoch), (Some("first"), Some(step), Some(1)));
        assert!(kpi.value > 0.0 && kpi.root_id.is_some());
    }
    for name in ["train_loss", "rate"] {
        assert_eq!(Kpi::read(&next().await).unwrap().name, name);
    }
    let ended = Run::read(&next().await).unwrap();
    assert!(ended.start == begun.start && ended.end >= ended.start);

    let saved = Checkpoint::read(home.path().join("best/net.safetensors")).unwrap().unwrap();
    assert_eq!(saved.steps, 10);
    assert_eq!(saved.weights["w"].to_f64_vec(), [kept.with(|gain| gain.weight)]);
}
