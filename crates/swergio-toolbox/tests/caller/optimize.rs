//! Inputs that are moved until a loss is least, through rooms and without.

use std::ops::ControlFlow;
use std::time::Duration;

use swergio_toolbox::{BoxError, Chain, Method, Reason, Stop, Tensor, component, function, optimize};

use crate::hall::{Hall, both, each, row, serve};

fn near(x: &Tensor, wanted: &[f64], error: f64) {
    for (x, wanted) in x.to_f64_vec().iter().zip(wanted) {
        assert!((x - wanted).abs() < error, "{x} is not {wanted}");
    }
}

/// Takes the only number of the output as the loss.
#[expect(clippy::needless_pass_by_value, reason = "it has the form of a loss")]
fn itself(y: Tensor) -> Result<(f64, Tensor), BoxError> {
    Ok((y.to_f64_vec()[0], row(&[1.0])))
}

/// Rosenbrock's valley, whose minimum is 0 at (1, 1).
fn valley(x: &Tensor) -> Tensor {
    let x = x.to_f64_vec();
    row(&[100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)])
}

#[expect(clippy::needless_pass_by_value, reason = "it has the form of a vjp")]
fn valley_vjp(x: &Tensor, g: Tensor) -> Tensor {
    let (x, g) = (x.to_f64_vec(), g.to_f64_vec()[0]);
    let bend = 200.0 * (x[1] - x[0] * x[0]);
    row(&[g * (-2.0 * x[0] * bend - 2.0 * (1.0 - x[0])), g * bend])
}

#[tokio::test]
async fn a_narrow_valley_is_followed_to_its_end() {
    let mut model = function(valley, valley_vjp);
    let best = optimize(&mut model, row(&[-1.2, 1.0])).minimise(itself).await.unwrap();
    near(&best.input, &[1.0, 1.0], 1e-6);
    assert!(best.loss < 1e-12 && best.evaluations < 80, "{best:?}");
    assert!(best.trace.windows(2).all(|pair| pair[1].loss < pair[0].loss), "it falls with each step");
}

#[tokio::test]
async fn within_bounds_the_minimum_lies_on_the_edge() {
    let mut model = function(valley, valley_vjp);
    // For x ≤ 0.5 it is at (0.5, 0.25): there y = x² and the rest falls towards x = 1.
    let best = optimize(&mut model, row(&[-1.2, 1.0]))
        .between(row(&[-2.0, -1.0]), row(&[0.5, 2.0]))
        .minimise(itself)
        .await
        .unwrap();
    near(&best.input, &[0.5, 0.25], 1e-6);
    assert!((best.loss - 0.25).abs() < 1e-10, "{best:?}");
    assert!(matches!(best.reason, Reason::Gradient | Reason::Change), "{best:?}");
    // In a corner nothing is left to move.
    let best = optimize(&mut model, row(&[0.0, 0.0]))
        .between(row(&[0.0, 0.5]), row(&[0.3, 1.0]))
        .minimise(itself)
        .await
        .unwrap();
    near(&best.input, &[0.3, 0.5], 1e-9);
}

#[tokio::test]
async fn a_thousand_inputs_of_every_size_are_found() {
    let wanted: Vec<f64> = (0..1000).map(|n| 10f64.powi(n % 7 - 3) * (1.0 + (f64::from(n)).sin())).collect();
    let (to, from) = (wanted.clone(), wanted.clone());
    let size = |n: usize| 10f64.powi(n as i32 % 7 - 3);
    let mut model = function(
        move |x: &Tensor| {
            let terms = x
                .to_f64_vec()
                .into_iter()
                .zip(&to)
                .enumerate()
                .map(|(n, (x, to))| ((x - to) / size(n)).powi(2));
            row(&[terms.sum()])
        },
        move |x: &Tensor, g: Tensor| {
            let g = g.to_f64_vec()[0];
            let slope = |(n, (x, to)): (usize, (f64, &f64))| g * 2.0 * (x - to) / size(n).powi(2);
            row(&x.to_f64_vec().into_iter().zip(&from).enumerate().map(slope).collect::<Vec<_>>())
        },
    );
    let start: Vec<f64> = (0..1000).map(size).collect();
    let best = optimize(&mut model, row(&start)).minimise(itself).await.unwrap();
    assert!(best.loss < 1e-12, "{best:?}");
    near(&best.input, &wanted, 1e-4);
}

#[tokio::test]
async fn adam_gets_down_where_the_loss_has_kinks() {
    let far = |x: &Tensor| row(&[x.to_f64_vec().iter().map(|x| (x - 3.0).abs()).sum()]);
    let sign = |x: &Tensor, g: Tensor| {
        let g = g.to_f64_vec()[0];
        each(x, |x| g * (x - 3.0).signum())
    };
    let stop = Stop { iterations: 2000, ..Stop::default() };
    let best = optimize(&mut function(far, sign), row(&[1.0, 8.0]))
        .method(Method::Adam { rate: 0.02 })
        .stop(stop)
        .minimise(itself)
        .await
        .unwrap();
    near(&best.input, &[3.0, 3.0], 0.1);
}

#[tokio::test(start_paused = true)]
async fn the_input_of_a_running_chain_is_found_and_nobody_learns() {
    let hall = Hall::default();
    let (gun, caller) = (hall.enter("gun").await, hall.enter("caller").await);
    let far = |x: &Tensor| each(x, |angle| 100.0 * (2.0 * angle.to_radians()).sin());
    let slope = |x: &Tensor, g: &Tensor| {
        both(x, g, |angle, g| g * 200.0 * (2.0 * angle.to_radians()).cos() * 1f64.to_radians())
    };
    serve(&gun, ("model", "output"), far, slope).await;
    let chain = Chain::new(&caller).input("model").output("output").open().await.unwrap();
    let mut seen = 0;
    let best = optimize(&mut chain.probe(), row(&[10.0]))
        .between(row(&[0.0]), row(&[45.0]))
        .progress(|_| {
            seen += 1;
            ControlFlow::Continue(())
        })
        .minimise(|y: Tensor| {
            let off = y.to_f64_vec()[0] - 50.0;
            Ok((off * off, row(&[2.0 * off])))
        })
        .await
        .unwrap();
    near(&best.input, &[15.0], 1e-6);
    assert!(best.evaluations <= 15, "{best:?}");
    assert_eq!(seen, best.trace.len());
    assert_eq!((chain.tally().begun, chain.tally().in_flight), (best.evaluations as u64, 0));
}

#[tokio::test(start_paused = true)]
async fn each_rule_ends_a_search() {
    let mut model = function(valley, valley_vjp);
    let ends = async |model: &mut _, stop: Stop| {
        optimize(model, row(&[-1.2, 1.0])).stop(stop).minimise(itself).await.unwrap().reason
    };
    let never = || Stop { gradient: 0.0, change: 0.0, ..Stop::default() };
    assert_eq!(ends(&mut model, Stop { iterations: 3, ..never() }).await, Reason::Iterations);
    assert_eq!(ends(&mut model, Stop { evaluations: 3, ..never() }).await, Reason::Evaluations);
    assert_eq!(ends(&mut model, Stop { target: Some(1.0), ..never() }).await, Reason::Target);
    assert_eq!(ends(&mut model, Stop::default()).await, Reason::Gradient);
    let best = optimize(&mut model, row(&[-1.2, 1.0]))
        .progress(|_| ControlFlow::Break(()))
        .minimise(itself)
        .await
        .unwrap();
    assert_eq!((best.reason, best.evaluations), (Reason::Asked, 1));
    let mut liar = function(valley, |x: &Tensor, g: Tensor| each(&valley_vjp(x, g), |g| -g));
    let best = optimize(&mut liar, row(&[-1.2, 1.0])).minimise(itself).await.unwrap();
    assert_eq!(best.reason, Reason::Stuck);
    near(&best.input, &[-1.2, 1.0], 1e-12);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_falls_silent_costs_the_deadline_and_not_what_was_found() {
    let hall = Hall::default();
    let (hill, caller) = (hall.enter("hill").await, hall.enter("caller").await);
    serve(&hill, ("x", "y"), |x| each(x, |x| x * x), |x, g| both(x, g, |x, g| 2.0 * x * g)).await;
    let mut chain = Chain::new(&caller).input("x").output("y").open().await.unwrap().probe();
    let stop = Stop { deadline: Some(Duration::from_secs(5)), gradient: 0.0, change: 0.0, ..Stop::default() };
    let mut hill = Some(hill);
    let silence = move |at: &swergio_toolbox::Iterate| {
        if at.iteration == 1 {
            drop(hill.take());
        }
        ControlFlow::Continue(())
    };
    let started = tokio::time::Instant::now();
    let best = optimize(&mut chain, row(&[4.0])).stop(stop).progress(silence).minimise(itself).await.unwrap();
    assert_eq!((best.reason, started.elapsed()), (Reason::Deadline, Duration::from_secs(5)));
    assert!(best.loss < 16.0 && best.evaluations >= 2, "{best:?}");
}

#[tokio::test]
async fn where_the_process_refuses_the_step_is_made_shorter() {
    let mut model = component("log")
        .forward(|x: Tensor| match x.min() {
            Some(least) if least > 0.0 => Ok((row(&[x.to_f64_vec().iter().map(|x| x - x.ln()).sum()]), x)),
            _ => Err("out of range".into()),
        })
        .vjp(|x: Tensor, g: Tensor| {
            let g = g.to_f64_vec()[0];
            Ok(each(&x, |x| g * (1.0 - 1.0 / x)))
        })
        .into_differentiable();
    let best = optimize(&mut model, row(&[0.01, 30.0])).minimise(itself).await.unwrap();
    near(&best.input, &[1.0, 1.0], 1e-4);
    let error = optimize(&mut model, row(&[-1.0])).minimise(itself).await.unwrap_err();
    assert!(error.to_string().contains("out of range"), "{error}");
    let crossed = optimize(&mut model, row(&[1.0])).between(row(&[2.0]), row(&[1.0])).minimise(itself).await;
    assert!(crossed.unwrap_err().to_string().contains("bounds"));
}
