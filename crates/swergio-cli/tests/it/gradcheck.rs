//! Gradcheck asks a component that is running elsewhere, and says whether its gradient is right.

use serde_json::Value;
use swergio_client::Client;
use swergio_toolbox::{Port, Tensor, component};

use crate::stage::Stage;

/// Serves y = x², with a gradient that is `factor` times what it should be.
async fn square(stage: &Stage, factor: f64) -> Client {
    let client = stage.component("squarer", "x").await;
    component("square")
        .forward(|x: Tensor| Ok((&x * &x, x)))
        .vjp(move |x, g: Tensor| Ok(2.0 * factor * x * g))
        .input("x")
        .output("y")
        .takes(Port::f64("x").shape(("batch", 3)))
        .serve(&client)
        .await
        .unwrap();
    client
}

#[tokio::test]
async fn a_right_gradient_is_told_and_the_output_room_is_found() {
    let stage = Stage::open().await;
    let _squarer = square(&stage, 1.0).await;
    let ended = stage.run(&["gradcheck", "x", "--shape", "4,3"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.out.ends_with("the gradient is right (21 forwards, 3 gradients, seed 1)\n"),
        "{}",
        ended.out
    );
    assert_eq!(ended.notes, "gradcheck: x → y, f64[4, 3]\n");
    let ended = stage.run(&["gradcheck", "x", "-o", "y", "--shape", "4,3", "--status", "train"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn a_wrong_gradient_is_explained_for_people_and_for_programs() {
    let stage = Stage::open().await;
    let _squarer = square(&stage, -1.0).await;
    let ended = stage.run(&["gradcheck", "x", "--shape", "4,3"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.out.contains("DIFFERS") && ended.out.contains("SIGN: the gradient points the other way"),
        "{}",
        ended.out
    );
    let ended = stage.run(&["gradcheck", "x", "--shape", "4,3", "--json"]).await;
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&told["verdict"], &told["output"]), (&"wrong".into(), &"y".into()));
    assert_eq!(told["findings"][0]["fault"], "SIGN");
    assert_eq!(told["checked"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn inputs_come_from_a_file_as_they_are_or_as_a_pattern() {
    let stage = Stage::open().await;
    let _squarer = square(&stage, 1.0).await;
    let file = std::env::temp_dir().join(format!("swergio-gradcheck-{}.json", std::process::id()));
    std::fs::write(&file, "[[1, 2.5, 3], [4, 5, 600]]").unwrap();
    for flag in ["--input", "--like"] {
        let ended = stage.run(&["gradcheck", "x", flag, file.to_str().unwrap()]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.notes.contains("f64[2, 3]"), "{ended:?}");
    }
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn what_cannot_be_checked_says_what_to_do() {
    let stage = Stage::open().await;
    let ended = stage.run(&["gradcheck", "nowhere", "--shape", "3", "--patience", "0.2"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.notes.contains("--output"), "{}", ended.notes);
    let _squarer = square(&stage, 1.0).await;
    let ended = stage.run(&["gradcheck", "x", "--shape", "4,2"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.notes.contains("PORT_SHAPE"), "{}", ended.notes);
    for wrong in [
        &["gradcheck", "x"][..],
        &["gradcheck", "x", "--shape", "4,0"],
        &["gradcheck", "x", "--shape", "3", "--like", "f"],
    ] {
        assert_eq!(stage.run(wrong).await.code, Some(2), "{wrong:?}");
    }
    let ended = stage.run(&["gradcheck", "x", "--dtype", "f64"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.notes.contains("<--shape <[PORT=]N,N>|--input <FILE>|--like <FILE>>"), "{}", ended.notes);
}
