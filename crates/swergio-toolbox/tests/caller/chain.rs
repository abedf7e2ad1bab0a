//! A chain, used like a function.

use std::time::Duration;

use futures_util::future::join_all;
use swergio_client::{Client, Envelope, Kind, Message, MessageId, ModelStatus, Reply, Trigger};
use swergio_toolbox::{Chain, ChainError, ChainLimits, Tensor, component};
use tokio::time::timeout;

use crate::hall::{Hall, both, each, room, row, serve};

/// Opens y = (2 x)², two components, and returns the caller's chain.
async fn doubled_square(hall: &Hall) -> (Chain, [Client; 3]) {
    let (doubler, squarer) = (hall.enter("doubler").await, hall.enter("squarer").await);
    let caller = hall.enter("caller").await;
    serve(&doubler, ("x", "mid"), |x| each(x, |x| 2.0 * x), |_, g| each(g, |g| 2.0 * g)).await;
    serve(&squarer, ("mid", "y"), |x| each(x, |x| x * x), |x, g| both(x, g, |x, g| 2.0 * x * g)).await;
    let chain = Chain::new(&caller).input("x").output("y").open().await.unwrap();
    (chain, [doubler, squarer, caller])
}

#[tokio::test(start_paused = true)]
async fn a_remote_chain_is_a_function_with_a_gradient() {
    let hall = Hall::default();
    let (chain, _cast) = doubled_square(&hall).await;
    let hit = chain.forward(&row(&[1.0, -3.0])).await.unwrap();
    assert_eq!(hit.value(), &row(&[4.0, 36.0]));
    assert_eq!(hit.sent_by(), Some("squarer"));
    assert_eq!(chain.tally().in_flight, 1);
    let gradient = hit.backward(row(&[1.0, 0.5])).await.unwrap();
    assert_eq!(gradient, row(&[8.0, -12.0]));
    let tally = chain.tally();
    assert_eq!((tally.begun, tally.answered, tally.returned, tally.in_flight), (1, 1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn many_passes_are_under_way_and_each_gets_its_own() {
    let hall = Hall::default();
    let (chain, _cast) = doubled_square(&hall).await;
    let inputs: Vec<Tensor> = (0..100).map(|n| row(&[f64::from(n)])).collect();
    let hits: Vec<_> = join_all(inputs.iter().map(|x| chain.forward(x))).await;
    let back = hits.into_iter().rev().map(|hit| hit.unwrap().backward(row(&[1.0])));
    let gradients = join_all(back).await;
    for (n, gradient) in (0..100).rev().zip(gradients) {
        assert_eq!(gradient.unwrap(), row(&[8.0 * f64::from(n)]));
    }
    assert_eq!(chain.tally().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn passes_beyond_the_bound_wait_for_one_to_end() {
    let hall = Hall::default();
    let (_, [_doubler, _squarer, caller]) = doubled_square(&hall).await;
    let limits = ChainLimits { in_flight: 2, ..ChainLimits::default() };
    let chain = Chain::new(&caller).input("x").output("y").limits(limits).open().await.unwrap();
    let (one, two) = (chain.forward(&row(&[1.0])).await.unwrap(), chain.forward(&row(&[2.0])).await.unwrap());
    let error = chain.within(Duration::from_secs(3)).forward(&row(&[3.0])).await.unwrap_err();
    assert!(matches!(error, ChainError::Full { in_flight: 2, .. }), "{error}");
    let (x, begun) = (row(&[3.0]), chain.tally().begun);
    let (third, ()) = tokio::join!(chain.forward(&x), async move { drop(one) });
    assert_eq!(third.unwrap().value(), &row(&[36.0]));
    assert_eq!(chain.tally().begun, begun + 1);
    drop(two);
}

#[tokio::test(start_paused = true)]
async fn a_component_that_is_away_costs_the_deadline_and_what_it_says_then_is_late() {
    let hall = Hall::default();
    let (caller, sleeper) = (hall.enter("caller").await, hall.enter("sleeper").await);
    let chain = Chain::new(&caller).input("x").output("y").open().await.unwrap();
    let mut heard = sleeper.subscribe(Trigger::kinds([Kind::FORWARD]).rooms(["x"])).await.unwrap();
    sleeper.settle().await.unwrap();
    let error = chain.within(Duration::from_secs(5)).forward(&row(&[1.0])).await.unwrap_err();
    assert!(matches!(&error, ChainError::Timeout { room, .. } if room.as_str() == "y"), "{error}");
    let message = heard.next().await.unwrap();
    assert_eq!(message.model_status, Some(ModelStatus::TRAIN));
    let late = Envelope::new(Kind::FORWARD).with_to_room(room("y")).with_tensor(row(&[1.0]));
    sleeper.send(Envelope { root_id: message.root_id.clone(), ..late }).await.unwrap();
    settled(&sleeper, &caller).await;
    let tally = chain.tally();
    assert_eq!((tally.timeouts, tally.late, tally.in_flight), (1, 1, 0));
}

/// Waits until what one has sent has come to the other's tasks.
async fn settled(from: &Client, to: &Client) {
    from.settle().await.unwrap();
    to.settle().await.unwrap();
    // The clock is stopped, and goes on when nobody has anything left to do.
    let _ = timeout(Duration::from_millis(1), std::future::pending::<()>()).await;
}

#[tokio::test(start_paused = true)]
async fn a_fault_ends_the_wait_at_once_and_says_who_and_what() {
    let hall = Hall::default();
    let (caller, picky) = (hall.enter("caller").await, hall.enter("picky").await);
    let refuse = |message: Message| async move {
        Reply::new("DATA/FAULT")
            .field("REF", message.id.as_ref().unwrap().as_str())
            .field("CODE", "SHAPE")
            .field("MESSAGE", "two columns are wanted")
            .field("HELP", "send [batch, 2]")
    };
    picky.on(Trigger::kinds([Kind::FORWARD]).rooms(["x"]), refuse).await.unwrap();
    picky.settle().await.unwrap();
    let chain = Chain::new(&caller).input("x").output("y").open().await.unwrap();
    let began = tokio::time::Instant::now();
    let ChainError::Fault(fault) = chain.forward(&row(&[1.0])).await.unwrap_err() else { panic!("a fault") };
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!((fault.code(), fault.component()), ("SHAPE", Some("picky")));
    assert_eq!(fault.to_string(), "SHAPE at picky: two columns are wanted\n  help: send [batch, 2]");
    assert_eq!(chain.tally().faults, 1);
}

#[tokio::test(start_paused = true)]
async fn a_fault_on_the_way_back_ends_the_wait_too() {
    let hall = Hall::default();
    let (chain, [_doubler, squarer, caller]) = doubled_square(&hall).await;
    let hit = chain.forward(&row(&[1.0])).await.unwrap();
    let fault = Envelope::new("DATA/FAULT").with_to_room(room("x"));
    let fault = fault.with_field("REF", hit.id().as_str()).unwrap().with_field("CODE", "FAILED").unwrap();
    squarer.send(fault).await.unwrap();
    settled(&squarer, &caller).await;
    let error = hit.backward(row(&[1.0])).await.unwrap_err();
    assert!(matches!(&error, ChainError::Fault(fault) if fault.code() == "FAILED"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_first_of_two_answers_counts_and_the_other_is_counted() {
    let hall = Hall::default();
    let (chain, [_doubler, _squarer, caller]) = doubled_square(&hall).await;
    let other = hall.enter("other").await;
    serve(&other, ("mid", "y"), |x| each(x, |x| -x), |_, g| each(g, |g| -g)).await;
    let hit = chain.forward(&row(&[1.0])).await.unwrap();
    settled(&other, &caller).await;
    assert_eq!(hit.value(), &row(&[4.0]), "squarer took its seat first");
    assert_eq!((hit.rivals(), chain.tally().rivals), (1, 1));
    assert_eq!(hit.backward(row(&[1.0])).await.unwrap(), row(&[8.0]));
}

#[tokio::test(start_paused = true)]
async fn nothing_comes_back_from_a_pass_that_validates() {
    let hall = Hall::default();
    let (chain, _cast) = doubled_square(&hall).await;
    let hit = chain.validate().forward(&row(&[1.0])).await.unwrap();
    assert_eq!(hit.value(), &row(&[4.0]));
    let error = hit.backward(row(&[1.0])).await.unwrap_err();
    assert!(matches!(error, ChainError::NotKept(ModelStatus::VALIDATE)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_reward_goes_under_the_id_of_the_output() {
    let hall = Hall::default();
    let (chain, [_doubler, squarer, _caller]) = doubled_square(&hall).await;
    let mut rewards = squarer.subscribe(Trigger::kinds([Kind::REWARD]).rooms(["y"])).await.unwrap();
    squarer.settle().await.unwrap();
    let hit = chain.forward(&row(&[1.0])).await.unwrap();
    let root = hit.id();
    hit.reward(0.25).await.unwrap();
    let reward = rewards.next().await.unwrap();
    assert_eq!(reward.root_id.as_deref(), Some(root.as_str()));
    assert_eq!(reward.id.as_ref().unwrap().as_str(), format!("mid-x-{}", root.as_str()));
    assert_eq!(reward.tensor().unwrap(), Tensor::from_f64([], &[0.25]).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_numbers_takes_and_gives_numbers() {
    let hall = Hall::default();
    let (_, [_doubler, _squarer, caller]) = doubled_square(&hall).await;
    let chain = Chain::new(&caller).of::<f64, f64>().input("x").output("y").open().await.unwrap();
    let hit = chain.probe().forward(&3.0).await.unwrap();
    assert_eq!(*hit.value(), 36.0);
    assert_eq!(hit.backward(1.0).await.unwrap(), 24.0);
}

#[tokio::test(start_paused = true)]
async fn what_the_link_loses_is_told_before_the_deadline() {
    let hall = Hall::default();
    let caller = hall.enter("caller").await;
    let chain = Chain::new(&caller).input("x").output("y").open().await.unwrap();
    let x = row(&[1.0]);
    let (answer, closed) = tokio::join!(chain.forward(&x), async {
        settled(&caller, &caller).await;
        caller.close().await
    });
    closed.unwrap();
    assert!(matches!(answer.unwrap_err(), ChainError::Lost));
    assert_eq!(chain.tally().lost, 1);
}

/// R82: the first gradient was used, so what comes of it comes, however many others somebody sends.
#[tokio::test]
async fn a_second_gradient_of_somebody_else_does_not_fail_the_call() {
    let hall = Hall::default();
    let (first, squarer, caller, other) = (
        hall.enter("first").await,
        hall.enter("squarer").await,
        hall.enter("caller").await,
        hall.enter("other").await,
    );
    let _serving = component("squarer")
        .forward(|x: Tensor| Ok((&x * &x, x)))
        .vjp(|x, g: Tensor| Ok(2.0 * x * g))
        .input("mid")
        .output("y")
        .serve(&squarer)
        .await
        .unwrap();
    let pass_on = |message: Message| async move {
        Reply::new(Kind::FORWARD).id(MessageId::new("m")).tensor(message.tensor().unwrap()).rooms(["mid"])
    };
    first.on(Trigger::kinds([Kind::FORWARD]).rooms(["x"]), pass_on).await.unwrap();
    let mut gradients = first.subscribe(Trigger::kinds([Kind::GRADIENT]).rooms(["mid"])).await.unwrap();
    let mut heard = other.subscribe(Trigger::kinds([Kind::FORWARD, Kind::FAULT]).rooms(["y"])).await.unwrap();
    first.settle().await.unwrap();
    other.settle().await.unwrap();
    let chain = Chain::new(&caller).input("x").output("y").open().await.unwrap();

    let hit = chain.forward(&row(&[3.0])).await.unwrap();
    let (root, output) = (hit.id(), heard.next().await.unwrap().id.clone().unwrap());
    let back = hit.backward(row(&[1.0]));
    let meanwhile = async {
        let used = gradients.next().await.unwrap();
        let again = Envelope::new(Kind::GRADIENT).with_id(output).with_to_room(room("y"));
        other.send(again.with_tensor(row(&[100.0]))).await.unwrap();
        assert_eq!(
            heard.next().await.unwrap().field::<String>("CODE").unwrap().unwrap(),
            "GRADIENT_REPEATED"
        );
        while chain.tally().repeated == 0 {
            tokio::task::yield_now().await;
        }
        let answer = Envelope::new(Kind::GRADIENT).with_id(root).with_to_room(room("x"));
        first.send(answer.with_tensor(used.tensor().unwrap())).await.unwrap();
    };
    let (gradient, ()) = tokio::join!(back, meanwhile);
    assert_eq!(gradient.unwrap(), row(&[6.0]));
    let tally = chain.tally();
    assert_eq!((tally.repeated, tally.faults, tally.returned), (1, 0, 1));
}

/// R82: when somebody else's gradient was the first, and what came of it has gone by, the call is told at once that its own was refused.
#[tokio::test]
async fn a_gradient_that_came_second_is_told_to_its_caller() {
    let hall = Hall::default();
    let (squarer, caller, other) =
        (hall.enter("squarer").await, hall.enter("caller").await, hall.enter("other").await);
    let _serving = component("squarer")
        .forward(|x: Tensor| Ok((&x * &x, x)))
        .vjp(|x, g: Tensor| Ok(2.0 * x * g))
        .input("x")
        .output("y")
        .serve(&squarer)
        .await
        .unwrap();
    let mut heard = other.subscribe(Trigger::kinds([Kind::FORWARD]).rooms(["y"])).await.unwrap();
    other.settle().await.unwrap();
    let chain = Chain::new(&caller).input("x").output("y").open().await.unwrap();
    let hit = chain.forward(&row(&[3.0])).await.unwrap();
    let output = heard.next().await.unwrap().id.clone().unwrap();
    let sooner = Envelope::new(Kind::GRADIENT).with_id(output).with_to_room(room("y"));
    other.send(sooner.with_tensor(row(&[100.0]))).await.unwrap();
    while chain.tally().unasked == 0 {
        tokio::task::yield_now().await;
    }
    let error = hit.backward(row(&[1.0])).await.unwrap_err();
    assert!(matches!(&error, ChainError::Fault(fault) if fault.code() == "GRADIENT_REPEATED"), "{error}");
}
