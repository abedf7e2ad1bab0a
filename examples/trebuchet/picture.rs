//! Picture: how training went and what was learned, as one SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use super::examination::Attempt;
use super::shot::Trebuchet;

/// Width and height, in pixels.
const SIZE: (u32, u32) = (1_320, 420);
/// Batches whose mean is one point of the curve.
const SMOOTH: usize = 20;
/// Attempts of either kind that are drawn.
const DOTS: usize = 250;
/// Paths that are drawn.
const PATHS: usize = 8;
/// The colours of what can be hit, and of what cannot.
const CAN: RGBColor = RGBColor(31, 119, 180);
const CANNOT: RGBColor = RGBColor(214, 84, 39);

type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws how far off the batches were, where the unseen targets were hit, and some of those shots.
pub(crate) fn draw(path: &Path, losses: &[f64], attempts: &[Attempt]) -> Result<()> {
    let all = SVGBackend::new(path, SIZE).into_drawing_area();
    let told = |error: &dyn std::fmt::Display| anyhow!("cannot draw {}: {error}", path.display());
    all.fill(&WHITE).map_err(|error| told(&error))?;
    let [curve, hits, paths] = &all.split_evenly((1, 3))[..] else {
        unreachable!("three panels were asked for")
    };
    draw_losses(curve, losses).map_err(|error| told(&error))?;
    draw_hits(hits, attempts).map_err(|error| told(&error))?;
    draw_paths(paths, attempts).map_err(|error| told(&error))?;
    all.present().map_err(|error| told(&error))
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Draws the root of the mean loss over the batches.
fn draw_losses(panel: &Panel<'_>, losses: &[f64]) -> Drawn {
    let off = |stretch: &[f64]| (stretch.iter().sum::<f64>() / stretch.len() as f64).sqrt();
    let points: Vec<(f64, f64)> =
        losses.chunks(SMOOTH).enumerate().map(|(n, stretch)| ((n * SMOOTH) as f64, off(stretch))).collect();
    let lowest = points.iter().map(|(_, off)| *off).fold(1.0, f64::min).max(1e-3);
    let mut chart = ChartBuilder::on(panel)
        .caption("how far off a batch is, m", ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(46)
        .build_cartesian_2d(0.0..losses.len().max(1) as f64, (0.8 * lowest..60.0).log_scale())?;
    chart.configure_mesh().x_desc("batch").light_line_style(TRANSPARENT).draw()?;
    chart.draw_series(LineSeries::new(points, &CAN))?;
    Ok(())
}

/// Draws where shots came down over where they should have.
fn draw_hits(panel: &Panel<'_>, attempts: &[Attempt]) -> Drawn {
    let mut chart = ChartBuilder::on(panel)
        .caption("unseen targets: hit over aimed at, m (red: out of reach)", ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(40)
        .build_cartesian_2d(15.0..105.0, 15.0..105.0)?;
    chart.configure_mesh().x_desc("aimed at").light_line_style(TRANSPARENT).draw()?;
    chart.draw_series(LineSeries::new([(15.0, 15.0), (105.0, 105.0)], &BLACK.mix(0.3)))?;
    for (reachable, colour) in [(true, CAN), (false, CANNOT)] {
        let some =
            attempts.iter().filter(|attempt| attempt.reachable == reachable && attempt.hit.is_finite());
        let dot = |at: &Attempt| Circle::new((at.target, at.hit), 2, colour.mix(0.6).filled());
        chart.draw_series(some.take(DOTS).map(dot))?;
    }
    Ok(())
}

/// Draws the paths of some shots, each to its target, from the nearest to the farthest.
fn draw_paths(panel: &Panel<'_>, attempts: &[Attempt]) -> Drawn {
    let mut shown: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.reachable).take(PATHS).collect();
    shown.sort_by(|one, other| one.target.total_cmp(&other.target));
    let mut chart = ChartBuilder::on(panel)
        .caption("some of them, m (crosses: targets; figures: wind, m/s)", ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(40)
        .build_cartesian_2d(-10.0..110.0, -4.0..70.0)?;
    chart.configure_mesh().light_line_style(TRANSPARENT).draw()?;
    for (number, attempt) in shown.iter().enumerate() {
        let colour = HSLColor(number as f64 / PATHS as f64, 0.6, 0.42);
        let path = Trebuchet::default().path(&attempt.aim)?;
        let top = path
            .iter()
            .map(|[x, y]| (*x, *y))
            .fold((0.0, 0.0), |top, at| if at.1 > top.1 { at } else { top });
        chart.draw_series(LineSeries::new(path.into_iter().map(|[x, y]| (x, y)), &colour))?;
        chart.draw_series([Cross::new((attempt.target, -1.524), 4, colour)])?;
        let wind = format!("{:+.0}", attempt.aim.wind);
        chart.draw_series([Text::new(
            wind,
            (top.0, top.1 + 3.0),
            ("sans-serif", 12).into_font().color(&colour),
        )])?;
    }
    Ok(())
}
