//! Serve is the broker program; completions are for shells.

use crate::stage::Stage;

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    let stage = Stage::open().await;
    let mut serve = stage.start(&["serve", "--listen", "127.0.0.1:0"]);
    let line = serve.line().await;
    let address = line.strip_prefix("listening on ").unwrap().to_owned();
    let own = Stage { address, ..stage };
    let _ada = own.component("ada", "lab").await;
    assert_eq!(own.run(&["say", "lab", "--ack", "hi"]).await.out, "1\n");
    serve.signal("TERM").await;
    assert_eq!(serve.end().await.0, Some(0));
}

#[tokio::test]
async fn shells_learn_the_commands() {
    let stage = Stage::open().await;
    for shell in ["bash", "zsh", "fish"] {
        let ended = stage.run(&["completions", shell]).await;
        assert_eq!(ended.code, Some(0));
        assert!(ended.out.contains("tap") && ended.out.contains("summary"), "{shell}");
    }
}
