//! A Python component in the middle of a chain of Rust ones: data goes forward through it, and gradients back.
//!
//! `cargo xtask ci python` installs the published package and names its interpreter in `SWERGIO_PYTHON`.

#![expect(clippy::unwrap_used, reason = "a test may")]

#[cfg(feature = "checkpoint")]
mod weights;

use std::process::{Child, Command};
use std::time::Duration;

use swergio_broker::{Broker, Config, serve};
use swergio_client::{Client, Kind, Options, Trigger};
use swergio_toolbox::{BoxError, Chain, Component, Differentiable, Pass, Tensor, component};
use tokio::net::TcpListener;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// The Python component; it ends with the test.
struct Cube(Child);

impl Cube {
    fn start(port: u16) -> Self {
        let python = std::env::var_os("SWERGIO_PYTHON").expect("cargo xtask ci python sets SWERGIO_PYTHON");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/cube.py");
        Self(Command::new(python).arg(script).arg(port.to_string()).spawn().expect("Python starts"))
    }
}

impl Drop for Cube {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// y = w x, and w learns by gradient descent.
struct Gain {
    weight: f64,
    rate: f64,
}

impl Differentiable for Gain {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = Tensor;

    fn forward(&mut self, x: Tensor, _: &Pass) -> Result<(Tensor, Tensor), BoxError> {
        Ok((self.weight * &x, x))
    }

    fn vjp(&mut self, x: Tensor, g: Tensor, pass: &Pass) -> Result<Tensor, BoxError> {
        let by_input = self.weight * &g;
        if pass.learns() {
            self.weight -= self.rate * (x * g).to_f64_vec().iter().sum::<f64>();
        }
        Ok(by_input)
    }
}

async fn component_client(port: u16, name: &str) -> Client {
    Options::new(format!("ws://127.0.0.1:{port}")).name(name).connect().await.unwrap()
}

fn matrix(numbers: &[f64]) -> Tensor {
    Tensor::from_f64([1, numbers.len()], numbers).unwrap()
}

/// R80 and R83 with a component of the published package, which hears R91 and does not mind: y = ((w x)³)².
#[tokio::test]
async fn a_gradient_comes_through_a_python_component() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(Broker::new(Config::default()).unwrap(), listener));
    let (before, after) = (component_client(port, "gain").await, component_client(port, "square").await);
    let caller = component_client(port, "caller").await;
    let mut ready = caller.subscribe(Trigger::kinds([Kind::TEXT]).rooms(["ready"])).await.unwrap();
    caller.settle().await.unwrap();

    let _cube = Cube::start(port);
    timeout(PATIENCE, ready.next()).await.expect("Python comes in time").unwrap();
    let gain = Component::of("gain", Gain { weight: 1.5, rate: 1e-6 });
    let gain = gain.input("input").output("model").serve(&before).await.unwrap();
    let square = component("square")
        .forward(|x: Tensor| Ok((&x * &x, x)))
        .vjp(|x, g: Tensor| Ok(2.0 * x * g))
        .input("output")
        .output("hit")
        .serve(&after)
        .await
        .unwrap();
    let chain: Chain = Chain::new(&caller).input("input").output("hit").open().await.unwrap();

    // Several samples under way at once, answered in another order than asked.
    let (x1, x2) = (matrix(&[1.25, -2.0]), matrix(&[0.5, 3.0]));
    let (one, two) = tokio::join!(chain.forward(&x1), chain.forward(&x2));
    for (x, hit) in [(x2, two.unwrap()), (x1, one.unwrap())] {
        let weight = gain.with(|gain| gain.weight).await.unwrap();
        close(hit.value(), &x, |x| (1.5 * x).powi(6));
        // The value was computed with the first weight; the gain's gradient is by the one that it has now.
        let by_input = hit.backward(matrix(&[1.0, 1.0])).await.unwrap();
        close(&by_input, &x, |x| weight * 6.0 * (1.5 * x).powi(5));
        let learned: f64 = gain.with(|gain| gain.weight).await.unwrap();
        assert_ne!(learned, weight, "it learned through Python");
    }
    assert_eq!((gain.tally().tape.kept, square.tally().tape.kept), (0, 0));
    assert_eq!((gain.tally().gradients, gain.tally().refused_gradients), (2, 0));
}

fn close(value: &Tensor, x: &Tensor, wanted: impl Fn(f64) -> f64) {
    for (came, x) in value.to_f64_vec().into_iter().zip(x.to_f64_vec()) {
        assert!((came - wanted(x)).abs() <= 1e-12 * wanted(x).abs(), "{came} is not {}", wanted(x));
    }
}
