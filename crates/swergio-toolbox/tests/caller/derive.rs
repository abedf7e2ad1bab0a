//! Derivatives that follow from a forward and a vjp: local, and through rooms.

use std::time::Duration;

use swergio_toolbox::{
    BoxError, Chain, ChainLimits, Question, Tensor, Values, Vjp, component, function, gradient, hvp,
    jacobian, jacobian_by_row, jvp,
};
use tokio::time::Instant;

use crate::hall::{Hall, both, each, row, serve};
use crate::planted::{Planted, sample};

fn near(one: &[f64], other: &[f64], error: f64) {
    assert_eq!(one.len(), other.len());
    for (a, b) in one.iter().zip(other) {
        assert!((a - b).abs() <= error, "{one:?} is not {other:?}");
    }
}

/// The loss |y|² / 2, whose gradient is y.
fn half_square(y: Tensor) -> Result<(f64, Tensor), BoxError> {
    Ok((y.norm().powi(2) / 2.0, y))
}

#[tokio::test(start_paused = true)]
async fn a_loss_of_a_remote_output_has_a_gradient_by_the_input() {
    let hall = Hall::default();
    let (squarer, caller) = (hall.enter("squarer").await, hall.enter("caller").await);
    serve(&squarer, ("x", "y"), |x| each(x, |x| x * x), |x, g| both(x, g, |x, g| 2.0 * x * g)).await;
    let mut chain = Chain::new(&caller).input("x").output("y").open().await.unwrap().probe();
    let x = row(&[1.0, -2.0]);
    let (loss, by_input) = gradient(&mut chain, x.clone(), half_square).await.unwrap();
    assert_eq!((loss, by_input), (8.5, row(&[2.0, -16.0])));
    // H v of x⁴ / 2 is 6 x² v.
    let bent = hvp(&mut chain, x.clone(), row(&[1.0, 0.5]), half_square).await.unwrap();
    near(&bent.value.to_f64_vec(), &[6.0, 12.0], 1e-9);
    assert!(bent.error < 1e-8, "{}", bent.error);
    let j = jacobian(&mut chain, x.clone()).await.unwrap().block("", "").unwrap();
    assert_eq!((j.shape(), j.to_f64_vec()), ([2, 2].as_slice(), vec![2.0, 0.0, 0.0, -4.0]));
    let along = jvp::<_, _, Tensor>(&mut chain, x, row(&[1.0, 0.5])).await.unwrap();
    near(&along.value.to_f64_vec(), &[2.0, -2.0], 1e-10);
    assert_eq!(chain.tally().in_flight, 0);
}

#[tokio::test]
async fn jvp_and_jacobian_agree_with_each_other() {
    let mut model = Planted::new("none");
    let (x, v) = (sample(3), sample(4));
    let whole = jacobian(&mut model, x.clone()).await.unwrap().block("", "").unwrap();
    assert_eq!(whole.shape(), [4, 3, 4, 3]);
    let along = jvp::<_, _, Tensor>(&mut model, x.clone(), v.clone()).await.unwrap();
    let v = v.to_f64_vec();
    let product: Vec<f64> =
        whole.to_f64_vec().chunks(12).map(|row| row.iter().zip(&v).map(|(j, v)| j * v).sum()).collect();
    near(&along.value.to_f64_vec(), &product, 1e-10);

    let by_row = jacobian_by_row(&mut model, x).await.unwrap().block("", "").unwrap();
    assert_eq!(by_row.shape(), [4, 3, 3]);
    let (whole, by_row) = (whole.to_f64_vec(), by_row.to_f64_vec());
    for (sample, output, input) in (0..36).map(|n| (n / 9, n / 3 % 3, n % 3)) {
        let at = (sample * 3 + output) * 12 + sample * 3 + input;
        assert_eq!(by_row[sample * 9 + output * 3 + input], whole[at]);
    }
}

#[tokio::test]
async fn each_port_has_its_block() {
    let of = |values: &Values, at: usize| values.iter().nth(at).unwrap().1.to_f64_vec();
    let mut model = function(
        move |v: &Values| {
            let (a, b) = (of(v, 0), of(v, 1));
            Values::Named(vec![("sum".into(), row(&[a[0] + b[0]])), ("product".into(), row(&[a[0] * b[1]]))])
        },
        move |v: &Values, g: Values| {
            let (a, b, sum, product) = (of(v, 0), of(v, 1), of(&g, 0)[0], of(&g, 1)[0]);
            let (by_a, by_b) = (row(&[sum + product * b[1]]), row(&[sum, product * a[0]]));
            Values::Named(vec![("a".into(), by_a), ("b".into(), by_b)])
        },
    );
    let input = Values::Named(vec![("a".into(), row(&[3.0])), ("b".into(), row(&[5.0, 7.0]))]);
    let j = jacobian(&mut model, input).await.unwrap();
    assert_eq!(j.block("product", "a").unwrap().to_f64_vec(), [7.0]);
    assert_eq!(j.block("product", "b").unwrap().to_f64_vec(), [0.0, 3.0]);
    assert_eq!(j.block("sum", "b").unwrap().to_f64_vec(), [1.0, 0.0]);
    assert!(j.block("sum", "c").is_none());
}

#[tokio::test]
async fn a_direction_without_length_is_refused() {
    let mut model = Planted::new("none");
    let zero = each(&sample(0), |_| 0.0);
    assert!(jvp::<_, _, Tensor>(&mut model, sample(0), zero).await.is_err());
}

#[tokio::test]
async fn a_jacobian_takes_one_round_trip_where_components_take_several_cotangents() {
    let hall = Hall::default();
    let (cuber, caller) = (hall.enter("cuber").await, hall.enter("caller").await);
    let cube = component("cube")
        .forward(|x: Tensor| Ok((&(&x * &x) * &x, x)))
        .vjp(|x: Tensor, g: Tensor| Ok(3.0 * (&x * &x) * g))
        .input("x")
        .output("y");
    let _serving = cube.batched().serve(&cuber).await.unwrap();
    let chain = Chain::new(&caller).input("x").output("y").open().await.unwrap().probe();
    let x = row(&[1.0, 2.0, -1.0]);
    let wanted = [3.0, 0.0, 0.0, 0.0, 12.0, 0.0, 0.0, 0.0, 3.0];
    for (at_once, passes) in [(1, 4), (2, 3), (64, 2)] {
        let before = chain.tally().begun;
        let j =
            jacobian(&mut chain.with_cotangents(at_once), x.clone()).await.unwrap().block("", "").unwrap();
        near(&j.to_f64_vec(), &wanted, 0.0);
        assert_eq!(chain.tally().begun - before, passes, "the output itself, and as many as are needed");
    }
    let error =
        chain.train().forward(&x).await.unwrap().backward_many(vec![x.clone(), x.clone()]).await.unwrap_err();
    assert!(error.to_string().contains("COTANGENTS"), "{error}");
    let error =
        chain.forward(&x).await.unwrap().backward_many(vec![x.clone(), row(&[1.0])]).await.unwrap_err();
    assert!(error.to_string().contains("of one form"), "{error}");
}

/// Two calls on clones of one chain share its places, and a hit that is held takes one more: neither waits for what the other holds.
#[tokio::test(start_paused = true)]
async fn calls_that_need_more_places_than_there_are_do_not_wait_for_each_other() {
    let hall = Hall::default();
    let (squarer, caller) = (hall.enter("squarer").await, hall.enter("caller").await);
    serve(&squarer, ("x", "y"), |x| each(x, |x| x * x), |x, g| both(x, g, |x, g| 2.0 * x * g)).await;
    let limits = ChainLimits { in_flight: 4, ..ChainLimits::default() };
    let chain = Chain::new(&caller).input("x").output("y").limits(limits).open().await.unwrap();
    let x = row(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    let held = chain.forward(&x).await.unwrap();
    let (begun, [mut a, mut b, mut c]) = (Instant::now(), [chain.probe(), chain.probe(), chain.probe()]);
    let (one, two, three) = tokio::join!(
        jacobian(&mut a, x.clone()),
        jacobian(&mut b, x.clone()),
        hvp(&mut c, x.clone(), x.clone(), half_square),
    );
    for whole in [one, two] {
        let diagonal = whole.unwrap().block("", "").unwrap().to_f64_vec();
        near(&diagonal.iter().copied().step_by(6).collect::<Vec<_>>(), &[2.0, 4.0, 6.0, 8.0, 10.0], 0.0);
    }
    assert!(three.unwrap().error < 1e-6);
    assert_eq!((begun.elapsed(), chain.tally().in_flight), (Duration::ZERO, 1));
    drop(held);
}

/// Somebody holds all places: whoever asks for many gradients is told so once, after one deadline.
#[tokio::test(start_paused = true)]
async fn a_jacobian_without_any_place_is_refused_after_one_deadline() {
    let hall = Hall::default();
    let (squarer, caller) = (hall.enter("squarer").await, hall.enter("caller").await);
    serve(&squarer, ("x", "y"), |x| each(x, |x| x * x), |x, g| both(x, g, |x, g| 2.0 * x * g)).await;
    let limits = ChainLimits { in_flight: 1, ..ChainLimits::default() };
    let chain = Chain::new(&caller).input("x").output("y").limits(limits).open().await.unwrap();
    let (x, begun) = (row(&[1.0, 2.0]), Instant::now());
    let _held = chain.forward(&x).await.unwrap();
    let question = Question { input: Values::One(x.clone()), cotangent: Values::One(x) };
    let answers = chain.probe().within(Duration::from_secs(3)).pull(vec![question; 3]).await;
    let told: Vec<String> = answers.into_iter().map(|answer| answer.unwrap_err().to_string()).collect();
    assert_eq!((told.len(), begun.elapsed()), (3, Duration::from_secs(3)));
    assert!(told.iter().all(|one| *one == told[0] && one.contains("under way")), "{told:?}");
}
