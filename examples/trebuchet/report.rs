//! Report: a single shot, told as one JSON object.

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};

use super::mishap::Mishap;
use super::shot::{Aim, Moment, Shot, Trebuchet};

/// Shoots once and tells of it. The distance and all places are in m, from the pivot; times in s, speeds in m/s.
///
/// # Errors
/// What is to be told when the shot came down nowhere.
pub(crate) fn report(trebuchet: &Trebuchet, aim: &Aim, with_path: bool) -> Result<Value, Value> {
    let told = shoot(trebuchet, aim, with_path);
    told.map_err(
        |mishap| json!({ "outcome": mishap.word(), "message": mishap.to_string(), "aim": aim_of(aim) }),
    )
}

/// Measures how long a shot with its gradient takes, ms: the mean of so many, on one processor.
pub(crate) fn milliseconds(trebuchet: &Trebuchet, aim: &Aim, times: u32) -> f64 {
    let begun = Instant::now();
    for _ in 0..times {
        // What came of it is known; that it is computed again is the point.
        let _ = black_box(trebuchet.shoot(black_box(aim)));
    }
    begun.elapsed().as_secs_f64() * 1e3 / f64::from(times)
}

fn shoot(trebuchet: &Trebuchet, aim: &Aim, with_path: bool) -> Result<Value, Mishap> {
    let Shot { distance, gradient, lift_off, release, landing, .. } = trebuchet.shoot(aim)?;
    let mut told = json!({
        "outcome": "landed",
        "distance": distance,
        "gradient": { "wind": gradient.wind, "angle": gradient.angle, "weight": gradient.weight },
        "aim": aim_of(aim),
        "lift_off": { "time": lift_off },
        "release": moment(&release),
        "landing": moment(&landing),
        "least_tension": trebuchet.least_tension(aim)?,
    });
    if with_path {
        told["path"] = json!(trebuchet.path(aim)?);
    }
    Ok(told)
}

/// Spells an aim; a number that JSON does not know becomes null.
pub(crate) fn aim_of(aim: &Aim) -> Value {
    json!({ "wind": aim.wind, "angle": aim.angle, "weight": aim.weight })
}

fn moment(moment: &Moment) -> Value {
    json!({
        "time": moment.time,
        "x": moment.place[0],
        "y": moment.place[1],
        "vx": moment.speed[0],
        "vy": moment.speed[1],
    })
}
