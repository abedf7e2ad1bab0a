//! Gradients that are checked: right ones, and wrong ones whose mistake is named.

use std::sync::{Arc, Mutex};

use swergio_client::Dtype;
use swergio_toolbox::{Chain, Gradcheck, GradcheckReport, Tensor, Values, component, function};

use crate::hall::{Hall, both, each, row, serve};
use crate::planted::{PLANTS, Planted, sample};

fn found(report: &GradcheckReport) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.fault.code()).collect()
}

#[test]
fn every_planted_mistake_is_found_and_named() {
    let mut missed = Vec::new();
    for (plant, words) in PLANTS {
        let report = Gradcheck::default().here(&mut Planted::new(plant), sample(0)).unwrap();
        if report.passed() || !found(&report).iter().any(|found| words.contains(found)) {
            missed.push(format!("{plant}: {report}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn a_right_gradient_is_called_right_at_any_input() {
    for seed in 0..200 {
        let check = Gradcheck { seed, ..Gradcheck::default() };
        let report = check.here(&mut Planted::new("none"), sample(seed as usize)).unwrap();
        assert!(report.passed(), "{report}");
        assert_eq!((report.forwards, report.gradients), (3 + 3 * 6, 3));
    }
}

#[test]
fn numbers_of_every_size_and_dtype_are_checked_alike() {
    for dtype in [Dtype::F64, Dtype::F32, Dtype::F16, Dtype::Bf16] {
        for size in [1e-4, 1.0, 1e3] {
            let to = move |x: &Tensor| x.to_dtype(dtype);
            let sine = move |x: &Tensor| to(&each(x, |x| size * (x / size).sin()));
            let slope = move |x: &Tensor, g: Tensor| to(&both(x, &g, |x, g| (x / size).cos() * g));
            let half = move |x: &Tensor, g: Tensor| to(&both(x, &g, |x, g| 0.5 * (x / size).cos() * g));
            let x = to(&row(&[0.3 * size, -0.8 * size, 1.1 * size, 0.5 * size]));
            let right = Gradcheck::default().here(&mut function(sine, slope), x.clone()).unwrap();
            // Two or three digits are not enough everywhere, but nobody is blamed for that.
            let half_float = dtype.size() < 4;
            assert!(right.passed() || half_float && right.is_unclear(), "{dtype} {size}: {right}");
            let wrong = Gradcheck::default().here(&mut function(sine, half), x).unwrap();
            assert!(half_float || found(&wrong) == ["FACTOR"], "{dtype} {size}: {wrong}");
        }
    }
}

#[test]
fn a_component_that_computes_in_f32_and_speaks_f64_is_not_blamed_for_its_rounding() {
    let short = |x: f64| f64::from(x as f32);
    let forward = move |x: &Tensor| each(x, |x| short(short(x).exp()));
    let vjp = move |x: &Tensor, g: Tensor| both(x, &g, |x, g| short(short(x).exp() * short(g)));
    let report = Gradcheck::default().here(&mut function(forward, vjp), row(&[0.3, 0.7, -1.2, 0.1])).unwrap();
    assert!(report.passed(), "{report}");
}

#[test]
fn at_a_kink_nobody_is_blamed_and_beside_it_the_slope_is_seen() {
    let relu = |x: &Tensor| each(x, |x| x.max(0.0));
    let mut right = function(relu, |x: &Tensor, g: Tensor| both(x, &g, |x, g| if x > 0.0 { g } else { 0.0 }));
    let alone = Gradcheck { points: 1, ..Gradcheck::default() };
    let report = alone.here(&mut right, row(&[0.0])).unwrap();
    assert!(report.is_unclear(), "{report}");
    assert!(report.to_string().contains("kink"), "{report}");
    let mut rng = fastrand::Rng::with_seed(5);
    for seed in 0..300 {
        let x: Vec<f64> = (0..64).map(|_| rng.f64() - 0.5).collect();
        let report = Gradcheck { seed, ..Gradcheck::default() }.here(&mut right, row(&x)).unwrap();
        assert!(report.findings.is_empty(), "{report}");
    }
}

#[test]
fn a_wrong_port_is_named_and_integers_are_no_coordinates() {
    type Ports = Values;
    let of = |values: &Ports, at: usize| values.iter().nth(at).unwrap().1.to_f64_vec();
    let forward = move |v: &Ports| {
        let (wind, kind, aim) = (of(v, 0), of(v, 1), of(v, 2));
        Values::One(row(&[wind[0] * aim[0] * kind[0], wind[1] * aim[1].powi(2)]))
    };
    let vjp = move |v: &Ports, g: Ports| {
        let (wind, kind, aim, g) = (of(v, 0), of(v, 1), of(v, 2), of(&g, 0));
        let by_wind = row(&[g[0] * aim[0] * kind[0], g[1] * aim[1].powi(2)]);
        let by_aim = row(&[g[0] * wind[0] * kind[0], g[1] * wind[1] * aim[1]]);
        Values::Named(vec![("wind".into(), by_wind), ("aim".into(), by_aim)])
    };
    let input = Values::Named(vec![
        ("wind".into(), row(&[3.0, 5.0])),
        ("kind".into(), Tensor::from_i64([1], &[2]).unwrap()),
        ("aim".into(), row(&[0.5, 45.0])),
    ]);
    let report = Gradcheck::default().here(&mut function(forward, vjp), input).unwrap();
    let finding = &report.findings[0];
    assert_eq!(
        (finding.port.as_deref(), finding.place.as_deref()),
        (Some("aim"), Some("column 1")),
        "{report}"
    );
    assert!(finding.sentence.contains("0.500000"), "{report}");
}

#[test]
fn what_cannot_be_differentiated_is_said_so() {
    let mut identity = function(|x: &Tensor| x.clone(), |_: &Tensor, g: Tensor| g);
    let error = Gradcheck::default().here(&mut identity, Tensor::from_i64([1], &[1]).unwrap()).unwrap_err();
    assert!(error.to_string().contains("no floats"), "{error}");
    let mut steps = function(|x: &Tensor| each(x, f64::round), |_: &Tensor, g: Tensor| g);
    let report = Gradcheck::default().here(&mut steps, row(&[0.499_999, 1.2])).unwrap();
    assert!(!report.passed(), "{report}");
}

#[test]
fn a_component_that_learns_from_being_asked_is_measured_before() {
    for (sign, words) in [(1.0, &[][..]), (-1.0, &["SIGN"])] {
        let weight = Arc::new(Mutex::new(0.5));
        let (used, learnt) = (Arc::clone(&weight), weight);
        let mut learner = component("learner")
            .forward(move |x: Tensor| {
                let w = *used.lock().unwrap();
                Ok((each(&x, |x| w * x.sin()), x))
            })
            .vjp(move |x: Tensor, g: Tensor| {
                let mut w = learnt.lock().unwrap();
                let by_input = both(&x, &g, |x, g| sign * *w * x.cos() * g);
                *w += 1.0;
                Ok(by_input)
            })
            .into_differentiable();
        let check = Gradcheck { learns: true, ..Gradcheck::default() };
        let report = check.here(&mut learner, row(&[0.4, 1.2, -0.7])).unwrap();
        assert_eq!((report.gradients, found(&report)), (1, words.to_vec()), "{report}");
        assert_eq!(report.passed(), sign > 0.0);
    }
}

#[test]
fn a_component_that_changes_meanwhile_is_not_judged() {
    let mut count = 0;
    let mut learner = component("learner")
        .forward(move |x: Tensor| {
            count += 1;
            Ok((each(&x, |x| if count > 6 { 2.0 * x } else { x }), ()))
        })
        .vjp(|(), g: Tensor| Ok(g))
        .into_differentiable();
    let report = Gradcheck::default().here(&mut learner, row(&[1.0, 2.0])).unwrap();
    assert!(report.is_unclear(), "{report}");
    assert!(report.to_string().contains("the same output again"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_running_component_is_checked_through_its_rooms() {
    let hall = Hall::default();
    let (good, bad, caller) = (hall.enter("good").await, hall.enter("bad").await, hall.enter("caller").await);
    serve(&good, ("x", "y"), |x| each(x, f64::sin), |x, g| both(x, g, |x, g| g * x.cos())).await;
    serve(&bad, ("a", "b"), |x| each(x, f64::sin), |x, g| both(x, g, |x, g| g * x.sin())).await;
    let x = row(&[0.3, 0.7, -1.1]);
    let mut chain = Chain::new(&caller).input("x").output("y").open().await.unwrap().probe();
    let report = Gradcheck::default().run(&mut chain, x.clone()).await.unwrap();
    assert!(report.passed(), "{report}");
    assert_eq!(chain.tally().in_flight, 0);
    let mut chain = Chain::new(&caller).input("a").output("b").open().await.unwrap().probe();
    let report = Gradcheck::default().run(&mut chain, x).await.unwrap();
    assert_eq!(found(&report), ["WRONG"], "{report}");
}
