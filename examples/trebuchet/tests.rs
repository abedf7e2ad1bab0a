//! Plays of the physics: the reference points, derivatives against differences, and shots that come down nowhere.

use super::mishap::Mishap;
use super::shot::{Aim, Shot, Trebuchet};
use super::shots::{distances, shoot_all};

/// One line of the reference: the aim, the distance, and its derivatives by wind, angle and weight.
struct Known {
    aim: Aim,
    distance: f64,
    gradient: [f64; 3],
    times: [f64; 3],
    release: [f64; 4],
}

fn reference() -> Vec<Known> {
    let lines = include_str!("reference.csv").lines().skip(1);
    let numbers = |line: &str| -> Vec<f64> { line.split(',').take(15).map(|n| n.parse().unwrap()).collect() };
    lines
        .map(|line| {
            let n = numbers(line);
            Known {
                aim: aim(n[0], n[1], n[2]),
                distance: n[3],
                gradient: [n[4], n[5], n[6]],
                times: [n[8], n[9], n[10]],
                release: [n[11], n[12], n[13], n[14]],
            }
        })
        .collect()
}

fn aim(wind: f64, angle: f64, weight: f64) -> Aim {
    Aim { wind, angle, weight }
}

fn gradient(shot: &Shot) -> [f64; 3] {
    [shot.gradient.wind, shot.gradient.angle, shot.gradient.weight]
}

/// The largest errors over the reference: of the distance in m, and of the gradient, relative.
fn errors(trebuchet: &Trebuchet) -> (f64, f64) {
    reference().iter().fold((0.0, 0.0), |(far, steep): (f64, f64), known| {
        let shot = trebuchet.shoot(&known.aim).unwrap();
        let off =
            gradient(&shot).into_iter().zip(known.gradient).map(|(ours, theirs)| (ours / theirs - 1.0).abs());
        (far.max((shot.distance - known.distance).abs()), off.fold(steep, f64::max))
    })
}

#[test]
fn every_reference_point_is_met_to_a_micrometre_and_its_gradient_to_a_millionth() {
    let (far, steep) = errors(&Trebuchet::default());
    assert!(far < 1e-6, "a distance is {far} m off");
    assert!(steep < 1e-6, "a derivative is {steep} off");
}

#[test]
fn every_reference_point_is_met_on_the_way_too() {
    for known in reference() {
        let shot = Trebuchet::default().shoot(&known.aim).unwrap();
        let times = [shot.lift_off, shot.release.time, shot.landing.time];
        let [x, y] = shot.release.place;
        let [along, up] = shot.release.speed;
        let ours = times.into_iter().chain([x, y, along, up]);
        for (ours, theirs) in ours.zip(known.times.into_iter().chain(known.release)) {
            assert!((ours - theirs).abs() < 1e-6, "{:?}: {ours} instead of {theirs}", known.aim);
        }
    }
}

#[test]
fn the_error_shrinks_with_the_tolerance() {
    let errors: Vec<_> = [1e-5, 1e-7, 1e-9, 1e-11].map(|to| errors(&Trebuchet::new(to))).into();
    for pair in errors.windows(2) {
        let [(far, steep), (less_far, less_steep)] = [pair[0], pair[1]];
        assert!(less_far < far / 10.0, "{far} m became {less_far} m");
        // The reference's own derivatives are differences, good to some 1e-8.
        assert!(less_steep < (steep / 10.0).max(3e-8), "{steep} became {less_steep}");
    }
}

#[test]
fn the_gradient_is_what_differences_say() {
    let (trebuchet, exact) = (Trebuchet::default(), Trebuchet::new(1e-12));
    let mut dice = fastrand::Rng::with_seed(7);
    let mut between = |low: f64, high: f64| low + (high - low) * dice.f64();
    for _ in 0..300 {
        let aim = aim(between(-20.0, 20.0), between(5.0, 85.0), between(100.0, 800.0));
        let shot = trebuchet.shoot(&aim).unwrap();
        for (k, ours) in gradient(&shot).into_iter().enumerate() {
            let theirs = difference(&exact, &aim, k, 1e-3);
            // Where the direction of flight hardly turns, as it does for a while under a heavy counterweight, a difference errs.
            let doubt = (theirs - difference(&exact, &aim, k, 2e-3)).abs();
            let off = (ours - theirs).abs();
            assert!(off < 1e-5 * ours.abs().max(0.01) + doubt, "{aim:?}, {k}: {ours}, difference {theirs}");
        }
    }
}

/// The central difference of the distance by wind, angle or weight.
fn difference(trebuchet: &Trebuchet, at: &Aim, which: usize, step: f64) -> f64 {
    let far = |step: f64| {
        let [wind, angle, weight] = std::array::from_fn(|k| if k == which { step } else { 0.0 });
        trebuchet.distance(&aim(at.wind + wind, at.angle + angle, at.weight + weight)).unwrap()
    };
    (far(step) - far(-step)) / (2.0 * step)
}

#[test]
fn the_gradient_knows_that_the_stages_end_earlier_or_later() {
    // A heavier counterweight is earlier at every event; frozen times would give another derivative altogether.
    let [light, heavy] =
        [149.0, 151.0].map(|weight| Trebuchet::default().shoot(&aim(0.0, 45.0, weight)).unwrap());
    assert!(heavy.lift_off < light.lift_off && heavy.release.time < light.release.time);
}

#[test]
fn a_distance_alone_is_the_same_number() {
    let trebuchet = Trebuchet::default();
    let aims: Vec<Aim> = reference().iter().map(|known| known.aim).collect();
    let shots = shoot_all(&trebuchet, &aims);
    for (shot, far) in shots.into_iter().zip(distances(&trebuchet, &aims)) {
        assert_eq!(shot.unwrap().distance.to_bits(), far.unwrap().to_bits());
    }
}

#[test]
fn a_batch_is_in_order_whatever_befalls_some_of_it() {
    let trebuchet = Trebuchet::default();
    let aims: Vec<Aim> = (0..50).map(|n| aim(0.0, 45.0, f64::from(n) * 4.0)).collect();
    let shots = shoot_all(&trebuchet, &aims);
    assert_eq!(shots.len(), 50);
    for (aim, shot) in aims.iter().zip(shots) {
        assert_eq!(shot, trebuchet.shoot(aim));
    }
    assert_eq!(shoot_all(&trebuchet, &[]), []);
}

#[test]
fn a_path_begins_on_the_ground_rises_and_ends_where_the_shot_came_down() {
    let trebuchet = Trebuchet::default();
    let path = trebuchet.path(&aim(0.0, 45.0, 150.0)).unwrap();
    let heights: Vec<f64> = path.iter().map(|[_, y]| y + 1.524).collect();
    let top = heights.iter().copied().fold(0.0, f64::max);
    assert!(heights[0].abs() < 1e-9 && top > 30.0 && heights[heights.len() - 1].abs() < 1e-9);
    assert_eq!(path.last().unwrap()[0], trebuchet.distance(&aim(0.0, 45.0, 150.0)).unwrap());
}

#[test]
fn a_heavy_counterweight_unloads_the_sling_and_a_light_one_does_not() {
    let tension = |weight| Trebuchet::default().least_tension(&aim(0.0, 45.0, weight)).unwrap();
    assert!(tension(200.0) > 0.0 && tension(400.0) < 0.0);
}

#[test]
fn a_shot_that_comes_down_nowhere_says_why() {
    let mishap = |wind, angle, weight| Trebuchet::default().shoot(&aim(wind, angle, weight)).unwrap_err();
    assert_eq!(mishap(0.0, 45.0, 10.0), Mishap::NoLiftOff);
    assert_eq!(mishap(0.0, 0.0, 20.0), Mishap::SlackSling);
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(matches!(mishap(bad, 45.0, 150.0), Mishap::Invalid(_)));
        assert!(matches!(mishap(0.0, bad, 150.0), Mishap::Invalid(_)));
        assert!(matches!(mishap(0.0, 45.0, bad), Mishap::Invalid(_)));
    }
    assert!(matches!(mishap(0.0, 45.0, -150.0), Mishap::Invalid(_)));
    assert!(matches!(mishap(0.0, 200.0, 150.0), Mishap::Invalid(_)));
}

#[test]
fn an_extreme_shot_ends() {
    let trebuchet = Trebuchet::default();
    let mut dice = fastrand::Rng::with_seed(11);
    for _ in 0..500 {
        let extreme = aim(
            Aim::WIND * (2.0 * dice.f64() - 1.0).powi(5),
            Aim::ANGLES[0] + dice.f64() * (Aim::ANGLES[1] - Aim::ANGLES[0]),
            10_f64.powf(12.0 * dice.f64() - 6.0),
        );
        if let Ok(shot) = trebuchet.shoot(&extreme) {
            assert!(
                shot.distance.is_finite() && gradient(&shot).iter().all(|by| by.is_finite()),
                "{extreme:?}"
            );
            assert!(shot.steps < 20_000, "{extreme:?} took {} steps", shot.steps);
        }
    }
}
