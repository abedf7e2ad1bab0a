//! Tutorial: a network learns from a process that it cannot see into.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example talks to the person at the terminal"
)]

use std::process::ExitCode;

use candle_core::{DType, Device};
use candle_nn::{Module, VarBuilder, VarMap, linear, ops::sigmoid};
use swergio_client::{Client, Error, ErrorKind, Options};
use swergio_toolbox::bridge::candle::CandleModule;
use swergio_toolbox::step::Learner;
use swergio_toolbox::trainer::{Batch, Drawn, Mse, Settings, Trainer};
use swergio_toolbox::{BoxError, Chain, Component, Port, Tensor, component, optimize};

/// The process: a forward, and its vector-Jacobian product. What `forward` saves is handed to `vjp`, once.
async fn simulator(client: Client) -> Result<(), BoxError> {
    let process = component("simulator")
        .forward(|x: Tensor| Ok((&x * &x * &x + &x, x)))
        .vjp(|x, by_reading: Tensor| Ok((3.0 * &x * &x + 1.0) * by_reading))
        .takes(Port::f64("dial").shape(("batch", 1)))
        .gives(Port::f64("reading").shape(("batch", 1)))
        .input("model")
        .output("output")
        .serve(&client)
        .await?;
    println!("the simulator has taken its seats");
    process.closed().await;
    Ok(())
}

/// The network: a candle module becomes a component in one call, and learns from every gradient that comes back.
async fn network(client: Client) -> Result<(), BoxError> {
    let vars = VarMap::new();
    let at = VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu);
    let (hidden, out) = (linear(1, 16, at.pp("hidden"))?, linear(16, 1, at.pp("out"))?);
    let module = CandleModule::new(vars, move |x| out.forward(&sigmoid(&hidden.forward(x)?)?))
        .with_learner(Learner::adam(0.02));
    let network = Component::of("network", module).input("input").output("model").serve(&client).await?;
    println!("the network has taken its seats");
    network.closed().await;
    Ok(())
}

/// The trainer: sends what is wanted, compares what is read, and sends the gradient of the loss back.
async fn trainer(client: Client) -> Result<(), BoxError> {
    let chain = Chain::new(&client).input("input").output("output").open().await?;
    let batches = Drawn::new(100, 7, |dice| {
        let wanted: Vec<f64> = (0..32).map(|_| dice.between(-2.0, 2.0)).collect();
        let wanted = Tensor::from_f64([32, 1], &wanted)?;
        Ok(Batch::new(wanted.clone(), wanted))
    });
    let settings = Settings { epochs: 6, ..Settings::default() };
    for epoch in Trainer::new(chain, Mse, settings).run(batches).await?.epochs {
        println!("epoch {}: loss {:.4}, {:.0} batches a second", epoch.number, epoch.loss, epoch.rate);
    }
    Ok(())
}

/// Without the network: which dial reads 5? The gradient of the running simulator leads there.
async fn dial(client: Client) -> Result<(), BoxError> {
    let chain = Chain::new(&client).input("model").output("output").open().await?;
    let best = optimize(&mut chain.probe(), Tensor::from_f64([1, 1], &[0.0])?)
        .minimise(|reading: Tensor| {
            let off = reading.to_f64_vec()[0] - 5.0;
            Ok((off * off, Tensor::from_f64([1, 1], &[2.0 * off])?))
        })
        .await?;
    println!("dial {:.4} reads 5, found in {} passes", best.input.to_f64_vec()[0], best.evaluations);
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    eprintln!("{error}");
    if error.downcast_ref::<Error>().is_some_and(|error| error.kind() == ErrorKind::Unreachable) {
        eprintln!("start one with `swergio serve`");
    }
    ExitCode::FAILURE
}

async fn run() -> Result<(), BoxError> {
    let part = std::env::args().nth(1).unwrap_or_default();
    let url = std::env::var("SWERGIO_URL").unwrap_or_else(|_| "ws://127.0.0.1:8080".to_owned());
    let client = Options::new(url).name(&part).connect().await?;
    match part.as_str() {
        "simulator" => simulator(client).await,
        "network" => network(client).await,
        "trainer" => trainer(client).await,
        "dial" => dial(client).await,
        _ => Err("say which part: simulator, network, trainer or dial".into()),
    }
}
