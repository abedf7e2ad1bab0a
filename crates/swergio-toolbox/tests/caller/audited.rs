//! Audited: three components in a row, their caller, and an auditor.

use std::sync::{Arc, Mutex};

use swergio_client::Client;
use swergio_toolbox::{Audit, AuditFinding, AuditTally, Chain};

use crate::hall::{Hall, serve};
use crate::planted::{self, Planted, sample};

/// The rooms of three components, one after another.
const ROOMS: [(&str, &str, &str); 3] = [("first", "a", "b"), ("middle", "b", "c"), ("last", "c", "d")];

/// Sends passes through three components, two under way at a time, the middle one with `plant`, and audits them.
pub(crate) async fn audited(
    plant: &'static str,
    passes: usize,
    audit: Audit,
) -> (Vec<AuditFinding>, AuditTally) {
    let hall = Hall::default();
    let mut cast: Vec<Client> = Vec::new();
    for (name, input, output) in ROOMS {
        let client = hall.enter(name).await;
        let planted = Arc::new(Mutex::new(Planted::new(if name == "middle" { plant } else { "none" })));
        let noting = Arc::clone(&planted);
        let forward = move |x: &_| {
            noting.lock().unwrap().note(x);
            planted::forward(x)
        };
        serve(&client, (input, output), forward, move |x, g| planted.lock().unwrap().wrong(x, g).unwrap())
            .await;
        cast.push(client);
    }
    let (caller, auditor) = (hall.enter("caller").await, hall.enter("auditor").await);
    let audit =
        ROOMS.into_iter().fold(audit, |audit, (name, input, output)| audit.component(name, input, output));
    let mut auditing = audit.attach(&auditor).await.unwrap();
    let chain = Chain::new(&caller).input("a").output("d").open().await.unwrap();
    for seed in (0..passes).step_by(2) {
        let one = chain.forward(&sample(seed)).await.unwrap();
        let two = chain.forward(&sample(seed + 1)).await.unwrap();
        for (hit, seed) in [(one, seed + 7), (two, seed + 8)] {
            let Ok(_) = hit.backward(sample(seed)).await else {
                panic!("a gradient comes back, right or wrong")
            };
        }
    }
    // The auditor has heard all that the caller has, and its probes have come back.
    let mut tally = auditing.tally();
    while tally.watching > 0 {
        auditor.settle().await.unwrap();
        tally = auditing.tally();
    }
    let mut findings = Vec::new();
    while let Some(finding) = auditing.try_next() {
        findings.push(finding);
    }
    (findings, tally)
}
