//! Ailing: a chain of three components, in one of which something is wrong now and then.
//!
//! `cargo run -p swergio-toolbox --example ailing -- ws://127.0.0.1:8080 sign last`, and the console's passes say in whom and what. There are ten passes
//! a second; from the twentieth on the mistake is made in one of four.

#![allow(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use swergio_client::{Client, Kind, MessageId, Options, Reply, Trigger};
use swergio_toolbox::{Audit, BoxError, Chain, ChainLimits, Component, Differentiable, Pass, Port, Tensor};
use tokio::time::{interval, sleep};

/// What may be wrong.
const AILMENTS: &[&str] = &[
    "nothing", "nan", "infinity", "sign", "exploded", "vanished", "slow", "queue", "dropped", "stale",
    "shape", "failed",
];
/// The components, each with the rooms of its input and its output.
const PLACES: [(&str, &str, &str); 3] = [("first", "a", "b"), ("middle", "b", "c"), ("last", "c", "d")];
/// Passes until nothing is sent any more, and from which on the mistake is made.
const PASSES: u64 = 300;
const WELL: u64 = 20;
/// Samples in a pass.
const ROWS: usize = 4;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((url, ailment, ill)) = wanted(&args) else {
        let (ailments, places) = (AILMENTS.join("|"), PLACES.map(|(name, ..)| name).join("|"));
        return Err(format!(
            "say where the broker is and what is wrong in whom: ailing URL {ailments} [{places}]"
        )
        .into());
    };
    let join = |name: &'static str| Options::new(url).name(name).connect();
    let (mut serving, mut clients) = (Vec::new(), Vec::new());
    for (name, input, output) in PLACES {
        let client = join(name).await?;
        let ailment = if name == ill { ailment } else { "nothing" };
        let component = Ill { ailment, count: 0, version: 0 };
        if ailment == "dropped" {
            forgetful(&client, component, input, output).await?;
        } else {
            // Who is well takes only what has the right shape; who is not may give any.
            let port = |port: &str| {
                let any = Port::f64(port).allow_nan();
                if name == ill { any } else { any.shape((ROWS, 3)) }
            };
            let component = Component::of(name, component).input(input).output(output);
            serving.push(component.takes(port("x")).gives(port("y")).serve(&client).await?);
        }
        clients.push(client);
    }
    let (caller, auditor) = (join("caller").await?, join("auditor").await?);
    let audit = PLACES
        .into_iter()
        .fold(Audit::every(1), |audit, (name, input, output)| audit.component(name, input, output));
    let _auditing = if ailment == "sign" { Some(audit.attach(&auditor).await?) } else { None };
    let limits = ChainLimits { deadline: Duration::from_secs(2), ..ChainLimits::default() };
    let chain = Chain::new(&caller).input("a").output("d").limits(limits).open().await?;
    println!("{ill} has {ailment}");
    let mut clock = interval(Duration::from_millis(100));
    for number in 0..PASSES {
        clock.tick().await;
        let crowd = if ailment == "queue" && is_ill(number) { 12 } else { 1 };
        for more in 0..crowd {
            let (chain, x) = (chain.clone(), sample(number * 16 + more));
            // What comes to nothing is what this is about.
            tokio::spawn(async move {
                let hit = chain.forward(&x).await?;
                let back = hit.value().clone();
                hit.backward(back).await
            });
        }
    }
    sleep(Duration::from_secs(3)).await;
    drop((serving, clients));
    Ok(())
}

/// Reads where the broker is, what is wrong, and in whom: in the middle one unless another is named.
fn wanted(args: &[String]) -> Option<(&str, &'static str, &'static str)> {
    let (url, ailment, place) = match args {
        [url, ailment] => (url, ailment, "middle"),
        [url, ailment, place] => (url, ailment, place.as_str()),
        _ => return None,
    };
    let ailment = AILMENTS.iter().find(|known| *known == ailment)?;
    let (place, ..) = PLACES.into_iter().find(|(name, ..)| *name == place)?;
    Some((url, ailment, place))
}

/// Tells whether the mistake is made in this pass.
fn is_ill(number: u64) -> bool {
    number >= WELL && number.is_multiple_of(4)
}

fn sample(seed: u64) -> Tensor {
    let number = |at: usize| ((at as f64 + 13.0 * seed as f64) * 0.618).sin() * 0.8 + 0.1;
    Tensor::from_f64([ROWS, 3], &(0..ROWS * 3).map(number).collect::<Vec<_>>()).expect("as many as it says")
}

/// y = x + x³ / 3, number by number, with something wrong.
struct Ill {
    ailment: &'static str,
    count: u64,
    version: u64,
}

impl Ill {
    fn has(&self, ailment: &str) -> bool {
        self.ailment == ailment && is_ill(self.count)
    }
}

fn each(x: &Tensor, f: impl Fn(f64) -> f64) -> Result<Tensor, BoxError> {
    Ok(Tensor::from_f64(x.shape(), &x.to_f64_vec().into_iter().map(f).collect::<Vec<_>>())?)
}

impl Differentiable for Ill {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = (Tensor, u64);

    fn forward(&mut self, x: Tensor, _: &Pass) -> Result<(Tensor, Self::Saved), BoxError> {
        self.count += 1;
        if self.has("slow") {
            std::thread::sleep(Duration::from_millis(70));
        }
        if self.ailment == "queue" {
            std::thread::sleep(Duration::from_millis(8));
        }
        let y = self.infer(x.clone(), &Pass::train(MessageId::new("inner")))?;
        let y = match self.ailment {
            "nan" if self.has("nan") => each(&y, |y| if y > 0.5 { f64::NAN } else { y })?,
            "shape" if self.has("shape") => Tensor::from_f64([ROWS, 2], &y.to_f64_vec()[..2 * ROWS])?,
            _ => y,
        };
        Ok((y, (x, self.count)))
    }

    fn infer(&mut self, x: Tensor, _: &Pass) -> Result<Tensor, BoxError> {
        each(&x, |x| x + x.powi(3) / 3.0)
    }

    fn vjp(&mut self, (x, count): Self::Saved, g: Tensor, _: &Pass) -> Result<Tensor, BoxError> {
        self.version += 1;
        let ill = is_ill(count);
        let by = match self.ailment {
            "sign" if ill => -1.0,
            "exploded" if ill => 1e7,
            "vanished" if ill => 1e-12,
            "infinity" if ill => f64::INFINITY,
            "failed" if ill => return Err("out of memory".into()),
            _ => 1.0,
        };
        let g = g.to_f64_vec();
        let slopes = x.to_f64_vec().into_iter().zip(g).map(|(x, g)| by * g * (1.0 + x * x));
        Ok(Tensor::from_f64(x.shape(), &slopes.collect::<Vec<_>>())?)
    }

    /// Grows with each gradient; now and then it is that of weights from long ago.
    fn weights_version(&self) -> Option<u64> {
        Some(if self.has("stale") { self.version.saturating_sub(9) } else { self.version })
    }
}

/// Serves a component as upstream's are written, by hand; it forgets some of its gradients.
async fn forgetful(
    client: &Client,
    mut ill: Ill,
    input: &'static str,
    output: &'static str,
) -> Result<(), Box<dyn Error>> {
    let heard = Arc::new(AtomicU64::new(0));
    let forwards = Trigger::kinds([Kind::FORWARD]).rooms([input]);
    let answer = move |message: swergio_client::Message| {
        let reply = message.tensor().ok().and_then(|x| {
            let y = ill.infer(x, &Pass::train(MessageId::new("inner"))).ok()?;
            let id = MessageId::new(&format!("m-{}", message.id.as_ref()?.as_str()));
            Some(Reply::new(Kind::FORWARD).id(id).tensor(y).rooms([output]))
        });
        std::future::ready(reply)
    };
    client.on(forwards, answer).await?;
    let gradients = Trigger::kinds([Kind::GRADIENT]).rooms([output]);
    let back = move |message: swergio_client::Message| {
        let reply = message
            .id
            .as_ref()
            .and_then(|id| id.as_str().strip_prefix("m-").map(MessageId::new))
            .and_then(|id| {
                let number = heard.fetch_add(1, Ordering::Relaxed);
                let reply = Reply::new(Kind::GRADIENT).id(id).tensor(message.tensor().ok()?).rooms([input]);
                (!is_ill(number)).then_some(reply)
            });
        std::future::ready(reply)
    };
    client.on(gradients, back).await?;
    client.settle().await?;
    Ok(())
}
