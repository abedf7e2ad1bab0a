//! Gradients that are audited while they flow: the component that gets them wrong is named, and no other.

use std::sync::{Arc, Mutex};

use swergio_toolbox::{Audit, Chain};

use crate::audited::audited;
use crate::hall::{Hall, both, each, row, serve};
use crate::planted::PLANTS;

#[tokio::test(start_paused = true)]
async fn each_planted_mistake_is_found_in_the_component_that_makes_it() {
    let mut missed = Vec::new();
    for (plant, words) in PLANTS {
        if *plant == "refused" {
            continue; // Nothing flows: its caller is told.
        }
        let (findings, tally) = audited(plant, 8, Audit::every(1)).await;
        let first = findings.first().map(|finding| finding.fault.code());
        let all_name_it = findings.iter().all(|finding| finding.component == "middle");
        if first.is_none() || !all_name_it {
            missed.push(format!("{plant}: {findings:?} {tally:?}"));
        }
        println!("{plant}: {words:?} {first:?} {tally:?}");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn right_gradients_raise_no_alarm() {
    let (findings, tally) = audited("none", 60, Audit::every(1)).await;
    assert_eq!(findings, []);
    assert_eq!((tally.right, tally.picked), (180, 180), "{tally:?}");
}

#[tokio::test(start_paused = true)]
async fn a_few_passes_of_many_are_picked_the_same_ones_each_time() {
    let (_, one) = audited("none", 60, Audit::every(10)).await;
    let (_, same) = audited("none", 60, Audit::every(10)).await;
    assert_eq!((one.picked, one.right), (18, 18), "two of twenty, for each of three components");
    assert_eq!(one, same);
}

#[tokio::test(start_paused = true)]
async fn a_component_that_learns_is_not_blamed_for_having_changed() {
    let hall = Hall::default();
    let (learner, caller, auditor) =
        (hall.enter("learner").await, hall.enter("caller").await, hall.enter("auditor").await);
    let weight = Arc::new(Mutex::new(0.5));
    let (used, learnt) = (Arc::clone(&weight), Arc::clone(&weight));
    let forward = move |x: &_| {
        let w = *used.lock().unwrap();
        each(x, move |x| w * x)
    };
    let vjp = move |x: &_, g: &_| {
        let mut w = learnt.lock().unwrap();
        let (now, by_weight) = (*w, both(x, g, |x, g| x * g).to_f64_vec().iter().sum::<f64>());
        *w -= 0.1 * by_weight;
        each(g, move |g| now * g)
    };
    serve(&learner, ("x", "y"), forward, vjp).await;
    let mut auditing = Audit::every(1).component("learner", "x", "y").attach(&auditor).await.unwrap();
    let chain = Chain::new(&caller).input("x").output("y").open().await.unwrap();
    for _ in 0..25 {
        let (x, z) = (row(&[1.0, 2.0]), row(&[2.0, 1.0]));
        let (one, two) = (chain.forward(&x).await.unwrap(), chain.forward(&z).await.unwrap());
        for hit in [one, two] {
            let off = each(hit.value(), |y| y - 3.0);
            hit.backward(off).await.unwrap();
        }
    }
    while auditing.tally().watching > 0 {
        auditor.settle().await.unwrap();
    }
    let tally = auditing.tally();
    assert!((*weight.lock().unwrap() - 1.8_f64).abs() < 1e-3, "it has learnt");
    assert_eq!((tally.wrong, tally.right + tally.moved), (0, 50), "{tally:?}");
    assert!(auditing.try_next().is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_on_the_way_is_told_with_its_figures() {
    let (findings, _) = audited("counted twice", 2, Audit::every(1)).await;
    let told = findings[0].to_string();
    assert!(
        told.starts_with(
            "middle: FACTOR: the gradient is 2.000000 times what it should be: it is counted twice"
        ),
        "{told}"
    );
    assert_eq!(findings[0].sent_by.as_deref(), Some("middle"));
}
