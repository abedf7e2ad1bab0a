//! Picture: how the rater learned and how the melodies became better, as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::record::{Generation, Round};

/// Width and height of a panel, in pixels.
const PANEL: (u32, u32) = (640, 420);
/// Colours that people who see colours differently can tell apart, by Okabe and Ito.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(60, 60, 60),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Is a place along, the value there, and half the width of the band around it.
pub(crate) type Point = (f64, f64, f64);

/// Is a line, and how far around it most of what it is the mean of lies.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// Its points, from left to right.
    pub(crate) points: Vec<Point>,
}

/// Is one pair of axes.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) along: String,
    pub(crate) lines: Vec<Line>,
}

/// Draws one run: what the rater knows against labels, and the melodies against generations.
pub(crate) fn course(
    path: &Path,
    rounds: &[Round],
    generations: &[Generation],
    simulated: bool,
) -> Result<()> {
    let by_round = |name: &str, of: &dyn Fn(&Round) -> Option<f64>| {
        let points = rounds.iter().filter_map(|round| Some((round.labels as f64, of(round)?, 0.0)));
        Line { name: name.to_owned(), points: points.collect() }
    };
    let by_generation = |name: &str, of: &dyn Fn(&Generation) -> f64| Line {
        name: name.to_owned(),
        points: generations.iter().enumerate().map(|(number, one)| (number as f64, of(one), 0.0)).collect(),
    };
    let learned = if simulated {
        vec![
            by_round("accuracy on unseen melodies", &|round| Some(round.mark?.accuracy)),
            by_round("correlation with the true rating", &|round| Some(round.mark?.correlation)),
        ]
    } else {
        vec![
            by_round("off before learning", &|round| Some(round.off?.0)),
            by_round("off after learning", &|round| Some(round.off?.1)),
        ]
    };
    let mut bred = vec![by_generation("as the rater expects", &|one| one.expected)];
    if simulated {
        bred.push(by_generation("true", &|one| one.truth));
    }
    let panels = [
        Panel { title: "what the rater knows".into(), along: "labels".into(), lines: learned },
        Panel { title: "mean rating of the bred melodies".into(), along: "generation".into(), lines: bred },
    ];
    draw(path, &panels)
}

/// Draws panels side by side.
pub(crate) fn draw(path: &Path, panels: &[Panel]) -> Result<()> {
    let told = |error: &dyn std::fmt::Display| anyhow!("cannot draw {}: {error}", path.display());
    let all = SVGBackend::new(path, (PANEL.0 * panels.len() as u32, PANEL.1)).into_drawing_area();
    all.fill(&WHITE).map_err(|error| told(&error))?;
    for (area, panel) in all.split_evenly((1, panels.len())).iter().zip(panels) {
        draw_panel(area, panel).map_err(|error| told(&error))?;
    }
    all.present().map_err(|error| told(&error))
}

fn draw_panel(area: &Area<'_>, panel: &Panel) -> Drawn {
    let points = || panel.lines.iter().flat_map(|line| &line.points);
    let extent = |of: &dyn Fn(&Point) -> [f64; 2]| {
        let ends = points().flat_map(of);
        ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| (low.min(end), high.max(end)))
    };
    let (left, right) = extent(&|point| [point.0, point.0]);
    let (low, high) = extent(&|point| [point.1 - point.2, point.1 + point.2]);
    let (left, right) = if left < right { (left, right) } else { (0.0, 1.0) };
    let room = if low < high { 0.06 * (high - low) } else { 0.5 };
    let (low, high) = if low <= high { (low - room, high + room) } else { (0.0, 1.0) };
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, ("sans-serif", 17))
        .margin(14)
        .x_label_area_size(40)
        .y_label_area_size(48)
        .build_cartesian_2d(left..right, low..high)?;
    chart
        .configure_mesh()
        .x_desc(&panel.along)
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.1))
        .draw()?;
    for (line, colour) in panel.lines.iter().zip(COLOURS.iter().cycle()) {
        if line.points.iter().any(|point| point.2 > 0.0) {
            let above = line.points.iter().map(|(x, y, half)| (*x, y + half));
            let below = line.points.iter().rev().map(|(x, y, half)| (*x, y - half));
            chart.draw_series([Polygon::new(above.chain(below).collect::<Vec<_>>(), colour.mix(0.13))])?;
        }
    }
    for (line, colour) in panel.lines.iter().zip(COLOURS.iter().cycle()) {
        let style = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(line.points.iter().map(|(x, y, _)| (*x, *y)), style))?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.2))
        .label_font(("sans-serif", 13))
        .draw()?;
    Ok(())
}
