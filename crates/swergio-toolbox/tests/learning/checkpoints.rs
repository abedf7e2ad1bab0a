//! Checkpoints: a whole swarm saved by one command, and restored by another.

use std::path::Path;
use std::sync::{Arc, Mutex};

use swergio_client::{Client, Envelope, Kind, Tensor};
use swergio_toolbox::checkpoint::{Kept, KeptSettings};

use crate::gain::Gain;
use crate::rooms::{Rooms, text};

async fn member(rooms: &Rooms, name: &str, weight: f64, folder: &Path) -> (Kept<Gain>, Client) {
    let client = rooms.client(name).await;
    let kept = Kept::new(Gain::of(weight, 0.1), name, folder).unwrap();
    kept.answer(&client).await.unwrap();
    client.settle().await.unwrap();
    (kept, client)
}

fn weights(swarm: &[(Kept<Gain>, Client)]) -> Vec<f64> {
    swarm.iter().map(|(kept, _)| kept.with(|gain| gain.weight)).collect()
}

fn command(kind: Kind<'static>, field: &str, value: &str) -> Envelope {
    Envelope::new(kind).with_field(field, value).unwrap()
}

/// R120, R121.
#[tokio::test]
async fn one_command_saves_a_whole_swarm_and_another_restores_it() {
    let (rooms, home) = (Rooms::open().await, tempfile::tempdir().unwrap());
    let mut swarm = Vec::new();
    for (name, weight) in [("ada", 1.0), ("bob", 2.0), ("cyd", 3.0)] {
        swarm.push(member(&rooms, name, weight, home.path()).await);
    }
    let mut operator = rooms.operator().await;

    let id = operator.command(command(Kind::SAVEMODELWEIGHTS, "WEIGHTS", "best")).await;
    for (name, answer) in operator.hears_all(3).await {
        assert_eq!((answer.kind.clone(), answer.is_direct()), (Kind::MODELWEIGHTS, true));
        assert_eq!(
            (text(&answer, "WEIGHTS").unwrap(), text(&answer, "REF").unwrap()),
            ("best".to_owned(), id.clone())
        );
        assert_eq!((text(&answer, "ERROR"), answer.field("STEPS").unwrap()), (None, Some(0_u64)));
        let file = home.path().join(format!("best/{name}.safetensors"));
        assert!(file.is_file() && text(&answer, "FILE").unwrap() == file.display().to_string());
    }

    for (kept, _) in &swarm {
        kept.with(|gain| gain.weight *= 10.0);
    }
    let only = command(Kind::LOADMODELWEIGHTS, "WEIGHTS", "best").with_field("COMPONENT", "bob").unwrap();
    operator.command(only).await;
    assert_eq!(text(&operator.hears().await, "COMPONENT").unwrap(), "bob");
    assert_eq!(weights(&swarm), [10.0, 2.0, 30.0]);
    operator.command(command(Kind::LOADMODELWEIGHTS, "WEIGHTS", "best")).await;
    operator.hears_all(3).await;
    assert_eq!(weights(&swarm), [1.0, 2.0, 3.0]);
}

/// R122.
#[tokio::test]
async fn what_cannot_be_done_is_told_and_changes_nothing() {
    let (rooms, home) = (Rooms::open().await, tempfile::tempdir().unwrap());
    let swarm = [member(&rooms, "ada", 1.0, &home.path().join("weights")).await];
    let mut operator = rooms.operator().await;
    for (kind, name, word) in [
        (Kind::SAVEMODELWEIGHTS, "../elsewhere", "file's name"),
        (Kind::LOADMODELWEIGHTS, "never saved", "ada.safetensors"),
    ] {
        operator.command(command(kind, "WEIGHTS", name)).await;
        let answer = operator.hears().await;
        let told = text(&answer, "ERROR").unwrap();
        assert!(told.contains(word), "{told}");
        assert_eq!((text(&answer, "FILE"), answer.field::<u64>("STEPS").unwrap()), (None, None));
    }
    assert_eq!((weights(&swarm), std::fs::read_dir(home.path()).unwrap().count()), (vec![1.0], 0));
}

/// R123.
#[tokio::test]
async fn weights_can_be_sent_along_as_lists() {
    let (rooms, home) = (Rooms::open().await, tempfile::tempdir().unwrap());
    let swarm = [member(&rooms, "ada", 1.0, home.path()).await];
    let mut operator = rooms.operator().await;
    let load = || Envelope::new(Kind::LOADMODELWEIGHTS);
    let bred = [("w", Tensor::from_f64([], &[0.25]).unwrap())];
    let bred: std::collections::BTreeMap<_, _> = bred.into();
    operator.command(load().with_field("WEIGHTS", &bred).unwrap()).await;
    assert_eq!(text(&operator.hears().await, "ERROR"), None);
    assert_eq!(weights(&swarm), [0.25]);

    let foreign: std::collections::BTreeMap<_, _> = [("v", [[1.0, 2.0]])].into();
    operator.command(load().with_field("WEIGHTS", &foreign).unwrap()).await;
    let told = text(&operator.hears().await, "ERROR").unwrap();
    assert!(told.contains("missing") && told.contains('w'), "{told}");
    assert_eq!(weights(&swarm), [0.25]);
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Rates {
    rate: f64,
}

/// R124.
#[tokio::test]
async fn settings_are_saved_restored_and_applied() {
    let (rooms, home) = (Rooms::open().await, tempfile::tempdir().unwrap());
    let (client, mut operator) = (rooms.client("ada").await, rooms.operator().await);
    let applied = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&applied);
    let apply = move |rates: &Rates| {
        if rates.rate < 0.0 {
            return Err("a rate is not below 0".into());
        }
        noted.lock().unwrap().push(rates.rate);
        Ok(())
    };
    let settings = KeptSettings::new(Rates { rate: 0.5 }, "ada", home.path(), apply).unwrap();
    settings.answer(&client).await.unwrap();
    client.settle().await.unwrap();

    operator.command(command(Kind::SAVESETTINGS, "SETTINGS", "first")).await;
    let answer = operator.hears().await;
    assert_eq!(
        (answer.kind.clone(), text(&answer, "SETTINGS").unwrap()),
        (Kind::SETTINGS, "first".to_owned())
    );
    let file = home.path().join("first/ada.json");
    assert_eq!(std::fs::read_to_string(file).unwrap().replace(' ', ""), r#"{"rate":0.5}"#);

    let sent = |rate| Envelope::new(Kind::LOADSETTINGS).with_field("SETTINGS", &Rates { rate }).unwrap();
    operator.command(sent(0.25)).await;
    operator.hears().await;
    operator.command(sent(-1.0)).await;
    assert!(text(&operator.hears().await, "ERROR").unwrap().contains("not below 0"));
    assert_eq!(settings.settings(), Rates { rate: 0.25 });
    operator.command(command(Kind::LOADSETTINGS, "SETTINGS", "first")).await;
    operator.hears().await;
    assert_eq!(
        (settings.settings(), applied.lock().unwrap().clone()),
        (Rates { rate: 0.5 }, vec![0.25, 0.5])
    );
}
