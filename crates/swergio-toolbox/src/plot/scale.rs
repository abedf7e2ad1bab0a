//! Scale: which part of the plane a panel shows, and how many points are worth drawing.

use std::ops::Range;

use plotters::prelude::SeriesLabelPosition;

use super::series::{Panel, Shape};

/// Points that are drawn of one line. A wider one is drawn as the lowest and highest of so many even parts, half each.
pub(super) const POINTS: usize = 2_000;

/// The share of width and height that a legend may take.
const LEGEND: (f64, f64) = (0.3, 0.35);

/// Says which part of the plane a panel shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) x: Range<f64>,
    pub(super) y: Range<f64>,
}

impl Window {
    /// Finds the window in which a panel of so many pixels shows all that it has.
    pub(super) fn of(panel: &Panel, pixels: (u32, u32)) -> Self {
        let shown = || {
            panel.series.iter().flat_map(|series| {
                let shape = series.shape;
                series
                    .points
                    .iter()
                    .filter(move |point| panel.shows(shape, **point))
                    .map(move |point| (shape, *point))
            })
        };
        let x = extent(shown().map(|(_, (x, _))| x));
        let y = extent(shown().filter(|(shape, _)| *shape != Shape::Marks).map(|(_, (_, y))| y));
        if panel.log {
            return Self { x: padded(x.unwrap_or((0.0, 1.0))), y: padded_log(y.unwrap_or((0.1, 1.0))) };
        }
        let window = Self { x: padded(x.unwrap_or((0.0, 1.0))), y: padded(y.unwrap_or((0.0, 1.0))) };
        if panel.equal { window.equal(pixels) } else { window }
    }

    /// Finds the corner where a legend hides least.
    pub(super) fn emptiest_corner(&self, panel: &Panel) -> SeriesLabelPosition {
        let mut hidden = [
            (0, SeriesLabelPosition::UpperRight),
            (0, SeriesLabelPosition::UpperLeft),
            (0, SeriesLabelPosition::LowerRight),
            (0, SeriesLabelPosition::LowerLeft),
        ];
        for series in panel.series.iter().filter(|series| series.shape != Shape::Marks) {
            let shown: Vec<(f64, f64)> =
                series.points.iter().copied().filter(|point| panel.shows(series.shape, *point)).collect();
            let places: Vec<(f64, f64)> =
                thinned(&shown).into_iter().map(|point| self.place(panel, point)).collect();
            let between = places.windows(2).filter(|_| series.shape == Shape::Line).flat_map(|ends| {
                let ((x, y), (to_x, to_y)) = (ends[0], ends[1]);
                // A line of few points hides as much on its way.
                (1..8)
                    .map(move |part| f64::from(part) / 8.0)
                    .map(move |part| (x + part * (to_x - x), y + part * (to_y - y)))
            });
            for (x, y) in places.iter().copied().chain(between) {
                if !(LEGEND.0..=1.0 - LEGEND.0).contains(&x) && !(LEGEND.1..=1.0 - LEGEND.1).contains(&y) {
                    hidden[usize::from(x < 0.5) + 2 * usize::from(y < 0.5)].0 += 1;
                }
            }
        }
        let [first, ..] = &hidden;
        hidden.iter().fold(first, |best, corner| if corner.0 < best.0 { corner } else { best }).1.clone()
    }

    /// Says where a point is, from 0 to 1 along each axis.
    fn place(&self, panel: &Panel, (x, y): (f64, f64)) -> (f64, f64) {
        let along = |number: f64, range: &Range<f64>| (number - range.start) / (range.end - range.start);
        let y =
            if panel.log { along(y.ln(), &(self.y.start.ln()..self.y.end.ln())) } else { along(y, &self.y) };
        (along(x, &self.x), y)
    }

    /// Widens one of the axes until a unit is as long on both.
    fn equal(self, pixels: (u32, u32)) -> Self {
        let (width, height) = (self.x.end - self.x.start, self.y.end - self.y.start);
        let unit = (width / f64::from(pixels.0)).max(height / f64::from(pixels.1));
        let widened = |range: &Range<f64>, pixels: u32| {
            let middle = (range.start + range.end) / 2.0;
            let half = unit * f64::from(pixels) / 2.0;
            middle - half..middle + half
        };
        Self { x: widened(&self.x, pixels.0), y: widened(&self.y, pixels.1) }
    }
}

fn extent(numbers: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    numbers.fold(None, |extent, number| {
        let (least, most) = extent.unwrap_or((number, number));
        Some((number.min(least), number.max(most)))
    })
}

/// Leaves a little room at both ends, and some where there is no extent.
fn padded((least, most): (f64, f64)) -> Range<f64> {
    let room = (most - least) * 0.04;
    // Below this share of their size numbers next to each other cannot be told apart.
    let least_room = least.abs().max(most.abs()) * 1e-9;
    let room = if room > least_room { room } else { least.abs().max(1.0) * 0.5 };
    least - room..most + room
}

fn padded_log((least, most): (f64, f64)) -> Range<f64> {
    let room = (most / least).powf(0.04).max(1.5);
    least / room..most * room
}

/// Thins a line out, keeping its lowest and highest points, in order.
pub(super) fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= POINTS {
        return points.to_vec();
    }
    let part = points.len().div_ceil(POINTS / 2);
    let mut kept = Vec::with_capacity(POINTS);
    for part in points.chunks(part) {
        let by_height = |one: &usize, other: &usize| part[*one].1.total_cmp(&part[*other].1);
        let lowest = (0..part.len()).min_by(by_height).expect("a part has a point");
        let highest = (0..part.len()).max_by(by_height).expect("a part has a point");
        kept.push(part[lowest.min(highest)]);
        if lowest != highest {
            kept.push(part[lowest.max(highest)]);
        }
    }
    kept
}
