//! Lbfgs: quasi-Newton steps within a box, each as long as the loss really falls.
//!
//! Coordinates that are at a bound and pressed against it are held; the others move along the direction that the last gradients
//! give (two loops, Nocedal 1980), and the path is bent at the bounds (projected search, Bertsekas 1982). A step is taken when the loss falls by
//! a fair share of what its slope promises; it is made longer while the slope still points down steeply.

use std::collections::VecDeque;

use super::bounds::Bounds;
use super::{Ask, Search, Told};
use crate::slope::dot;

/// The share of the promised descent that a step must bring.
const ENOUGH: f64 = 1e-4;
/// The share of the slope that may be left after a step before a longer one is tried.
const STEEP: f64 = 0.9;
/// Trial steps of one search along a line.
const TRIALS: usize = 30;
/// How far the first step goes, in units.
const FIRST: f64 = 0.1;

/// Searches by quasi-Newton steps.
pub(super) struct Lbfgs {
    bounds: Bounds,
    memory: usize,
    /// Differences of points and gradients, the newest last.
    pairs: VecDeque<(Vec<f64>, Vec<f64>)>,
    place: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
    line: Option<Line>,
}

/// One search along a direction.
struct Line {
    direction: Vec<f64>,
    length: f64,
    /// The longest step that was good, and the shortest that was not.
    good: Option<(Vec<f64>, f64, Vec<f64>, f64)>,
    bad: Option<f64>,
    trials: usize,
    asked: Vec<f64>,
}

impl Lbfgs {
    pub(super) fn new(place: Vec<f64>, bounds: Bounds, memory: usize) -> Self {
        let gradient = vec![0.0; place.len()];
        Self { bounds, memory, pairs: VecDeque::new(), place, loss: f64::INFINITY, gradient, line: None }
    }

    /// Finds the direction from here: none when nothing can move.
    fn begin_line(&mut self) -> Option<Line> {
        let free: Vec<bool> = (0..self.place.len())
            .map(|at| !self.bounds.is_held(at, self.place[at], self.gradient[at]))
            .collect();
        let masked = |row: &[f64]| -> Vec<f64> {
            row.iter().zip(&free).map(|(number, free)| if *free { *number } else { 0.0 }).collect()
        };
        let down: Vec<f64> = masked(&self.gradient).iter().map(|number| -number).collect();
        if down.iter().all(|number| *number == 0.0) {
            return None;
        }
        let newton = masked(&self.curved(&down, &masked));
        let falls = dot(&newton, &self.gradient) < 0.0 && newton.iter().all(|number| number.is_finite());
        let direction = if falls { newton } else { down };
        if !falls {
            self.pairs.clear();
        }
        let largest = direction.iter().fold(0.0, |most, number| f64::max(most, number.abs()));
        let length = if self.pairs.is_empty() { FIRST / largest } else { 1.0 };
        Some(Line { direction, length, good: None, bad: None, trials: 0, asked: Vec::new() })
    }

    /// Bends a direction by what the last gradients tell of the curvature.
    fn curved(&self, down: &[f64], masked: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
        let pairs: Vec<_> = self.pairs.iter().map(|(s, y)| (masked(s), masked(y))).collect();
        let mut direction = down.to_vec();
        let mut weights = Vec::with_capacity(pairs.len());
        let usable = |s: &[f64], y: &[f64]| dot(s, y) > 1e-12 * dot(y, y).sqrt() * dot(s, s).sqrt();
        for (s, y) in pairs.iter().rev() {
            let weight = if usable(s, y) { dot(s, &direction) / dot(s, y) } else { 0.0 };
            direction.iter_mut().zip(y).for_each(|(d, y)| *d -= weight * y);
            weights.push(weight);
        }
        if let Some((s, y)) = pairs.iter().rev().find(|(s, y)| usable(s, y)) {
            let size = dot(s, y) / dot(y, y);
            direction.iter_mut().for_each(|d| *d *= size);
        }
        for ((s, y), weight) in pairs.iter().zip(weights.into_iter().rev()) {
            if usable(s, y) {
                let change = weight - dot(y, &direction) / dot(s, y);
                direction.iter_mut().zip(s).for_each(|(d, s)| *d += change * s);
            }
        }
        direction
    }

    /// Moves to a point, and remembers what that tells of the curvature.
    fn settle(&mut self, place: Vec<f64>, loss: f64, gradient: Vec<f64>) {
        let s: Vec<f64> = place.iter().zip(&self.place).map(|(to, from)| to - from).collect();
        let y: Vec<f64> = gradient.iter().zip(&self.gradient).map(|(to, from)| to - from).collect();
        if dot(&s, &y) > 1e-12 * dot(&y, &y).sqrt() * dot(&s, &s).sqrt() {
            if self.pairs.len() == self.memory {
                self.pairs.pop_front();
            }
            self.pairs.push_back((s, y));
        }
        (self.place, self.loss, self.gradient, self.line) = (place, loss, gradient, None);
    }
}

impl Line {
    /// Judges a trial step: true when the search along this line is over.
    fn try_step(&mut self, told: Told, start: (&[f64], f64, &[f64])) -> bool {
        let (place, loss, gradient) = start;
        let moved: Vec<f64> = self.asked.iter().zip(place).map(|(to, from)| to - from).collect();
        let promised = dot(gradient, &moved);
        self.trials += 1;
        let falls = told.loss.is_finite() && told.loss <= loss + ENOUGH * promised && promised < 0.0;
        let better = self.good.as_ref().is_none_or(|(_, least, _, _)| told.loss < *least);
        if falls && better {
            let steep = dot(&told.gradient, &moved) < STEEP * promised;
            self.good = Some((std::mem::take(&mut self.asked), told.loss, told.gradient, self.length));
            if !steep || self.trials >= TRIALS {
                return true;
            }
            self.length = self.bad.map_or(2.5 * self.length, |bad| f64::midpoint(self.length, bad));
            return self.bad.is_some();
        }
        if self.good.is_some() || self.trials >= TRIALS {
            return true;
        }
        self.bad = Some(self.length);
        // The minimum of the parabola through what is known, where that makes sense.
        let fitted = -promised / (2.0 * (told.loss - loss - promised));
        let share = if fitted.is_finite() { fitted.clamp(0.1, 0.5) } else { 0.1 };
        self.length *= share;
        false
    }
}

impl Search for Lbfgs {
    fn tell(&mut self, told: Told) -> bool {
        let Some(line) = &mut self.line else {
            (self.loss, self.gradient) = (told.loss, told.gradient);
            return true;
        };
        if !line.try_step(told, (&self.place, self.loss, &self.gradient)) {
            return false;
        }
        match line.good.take() {
            Some((place, loss, gradient, _)) => {
                self.settle(place, loss, gradient);
                true
            }
            None => {
                line.trials = usize::MAX;
                false
            }
        }
    }

    fn ask(&mut self) -> Ask {
        if self.loss == f64::INFINITY {
            return Ask::Evaluate(self.place.clone());
        }
        if self.line.as_ref().is_some_and(|line| line.trials == usize::MAX) {
            // What is remembered may mislead: once more straight down, and then it is over.
            if self.pairs.is_empty() {
                return Ask::Stuck;
            }
            self.pairs.clear();
            self.line = None;
        }
        if self.line.is_none() {
            self.line = self.begin_line();
        }
        let Some(line) = &mut self.line else { return Ask::Stuck };
        let along = self.place.iter().zip(&line.direction).map(|(x, d)| x + line.length * d).collect();
        line.asked = self.bounds.projected(along);
        if line.asked == self.place {
            return Ask::Stuck;
        }
        Ask::Evaluate(line.asked.clone())
    }

    fn place(&self) -> (&[f64], f64, &[f64]) {
        (&self.place, self.loss, &self.gradient)
    }
}
