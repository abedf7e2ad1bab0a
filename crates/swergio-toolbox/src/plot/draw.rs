//! Draw: a page of panels, by way of plotters.

use std::fmt::Display;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::scale::{Window, thinned};
use super::series::{Panel, Series, Shape};

/// Colours that people who see colours differently can tell apart, by Okabe and Ito.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(60, 60, 60),
];

/// What is drawn has whole coordinates; so that curves are smooth, a pixel has so many of them.
const FINE: u32 = 4;

/// Room left of the axes: for the numbers and the name.
const LEFT: u32 = 72 * FINE;

/// Room below the axes.
const BELOW: u32 = 48 * FINE;

/// Room around a panel.
const MARGIN: u32 = 12 * FINE;

/// Room that the library leaves for a panel's title in our letters.
const CAPTION: u32 = 17 * FINE;

/// The length of a line in the legend.
const SAMPLE: i32 = 18 * FINE as i32;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<T = ()> = Result<T, String>;

/// Says how a page is laid out.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    pub(super) head: u32,
    pub(super) size: (u32, u32),
    pub(super) rows: u32,
    pub(super) columns: u32,
}

impl Page<'_> {
    pub(super) fn draw(&self, panels: &[Panel]) -> Drawn<String> {
        let mut svg = String::new();
        let (width, height) = self.size;
        let size = (width * FINE, height * FINE);
        {
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            root.fill(&WHITE).map_err(told)?;
            let (head, body) = root.split_vertically(self.head * FINE);
            if self.head > 0 {
                let style = ("sans-serif", 24 * FINE).into_font().color(&BLACK.mix(0.85));
                let style = style.pos(Pos::new(HPos::Center, VPos::Center));
                let middle = (size.0 as i32 / 2, (self.head * FINE) as i32 / 2);
                head.draw(&Text::new(self.title, middle, style)).map_err(told)?;
            }
            let areas = body.split_evenly((self.rows as usize, self.columns as usize));
            for (area, panel) in areas.iter().zip(panels) {
                draw_panel(area, panel)?;
            }
            root.present().map_err(told)?;
        }
        let (fine, page) = (spelt_size(size), spelt_size(self.size));
        Ok(svg.replacen(&fine, &page, 1))
    }
}

fn draw_panel(area: &Area<'_>, panel: &Panel) -> Drawn {
    let (width, height) = area.dim_in_pixel();
    let inner = (
        width.saturating_sub(LEFT + 2 * MARGIN).max(1),
        height.saturating_sub(BELOW + CAPTION + 2 * MARGIN).max(1),
    );
    let window = Window::of(panel, inner);
    let mut builder = ChartBuilder::on(area);
    builder
        .margin(MARGIN)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, BELOW)
        .caption(&panel.title, ("sans-serif", 18 * FINE).into_font().color(&BLACK.mix(0.85)));
    let Window { x, y } = window.clone();
    if panel.log {
        draw_series(&mut builder.build_cartesian_2d(x, y.log_scale()).map_err(told)?, panel, &window)
    } else {
        draw_series(&mut builder.build_cartesian_2d(x, y).map_err(told)?, panel, &window)
    }
}

type Chart<'a, 'b, X, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>;

fn draw_series<'a, 'b: 'a, X, Y>(chart: &mut Chart<'a, 'b, X, Y>, panel: &Panel, window: &Window) -> Drawn
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let letters = ("sans-serif", 13 * FINE).into_font().color(&BLACK.mix(0.75));
    chart
        .configure_mesh()
        .x_desc(&panel.x)
        .y_desc(&panel.y)
        .label_style(letters.clone())
        .axis_desc_style(letters.clone())
        .axis_style(BLACK.mix(0.4).stroke_width(FINE))
        .bold_line_style(BLACK.mix(0.1).stroke_width(FINE))
        .set_all_tick_mark_size(5 * FINE)
        .light_line_style(TRANSPARENT)
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|number| spelt(*number))
        .y_label_formatter(&|number| spelt(*number))
        .draw()
        .map_err(told)?;
    let mut names: Vec<&str> = Vec::new();
    for series in &panel.series {
        let known = names.iter().position(|name| *name == series.name);
        let colour = COLOURS[known.unwrap_or(names.len()) % COLOURS.len()];
        let legend = known.is_none() && !series.name.is_empty();
        if known.is_none() {
            names.push(&series.name);
        }
        draw_one(chart, panel, series, window, colour, legend)?;
    }
    if names.iter().any(|name| !name.is_empty()) {
        chart
            .configure_series_labels()
            .position(window.emptiest_corner(panel))
            .margin(8 * FINE)
            .legend_area_size(30 * FINE)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.2).stroke_width(FINE))
            .label_font(letters)
            .draw()
            .map_err(told)?;
    }
    Ok(())
}

fn draw_one<'a, 'b: 'a, X, Y>(
    chart: &mut Chart<'a, 'b, X, Y>,
    panel: &Panel,
    series: &Series,
    window: &Window,
    colour: RGBColor,
    legend: bool,
) -> Drawn
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    let shown: Vec<(f64, f64)> =
        series.points.iter().copied().filter(|point| panel.shows(series.shape, *point)).collect();
    let annotation = match series.shape {
        Shape::Line => {
            let style = colour.stroke_width(2 * FINE);
            let drawn = chart.draw_series(LineSeries::new(thinned(&shown), style)).map_err(told)?;
            drawn.legend(move |(x, y)| PathElement::new([(x, y), (x + SAMPLE, y)], style))
        }
        Shape::Points => {
            let dots = shown.iter().map(|point| Circle::new(*point, 3 * FINE, colour.mix(0.7).filled()));
            let drawn = chart.draw_series(dots).map_err(told)?;
            drawn.legend(move |(x, y)| Circle::new((x + SAMPLE / 2, y), 3 * FINE, colour.filled()))
        }
        Shape::Band => {
            let pale = colour.mix(0.18).filled();
            let drawn = chart.draw_series([Polygon::new(shown, pale)]).map_err(told)?;
            drawn.legend(move |(x, y)| PathElement::new([(x, y), (x + SAMPLE, y)], pale))
        }
        Shape::Marks => {
            let style = colour.mix(0.7).stroke_width(FINE);
            let mut unnamed = legend;
            for (x, _) in shown {
                let ends = [(x, window.y.start), (x, window.y.end)];
                let drawn = chart
                    .draw_series(DashedLineSeries::new(ends, 4 * FINE, 4 * FINE, style))
                    .map_err(told)?;
                if std::mem::take(&mut unnamed) {
                    drawn
                        .label(&series.name)
                        .legend(move |(x, y)| PathElement::new([(x, y), (x + SAMPLE, y)], style));
                }
            }
            return Ok(());
        }
    };
    if legend {
        annotation.label(&series.name);
    }
    Ok(())
}

/// Spells how large a page says that it is.
fn spelt_size((width, height): (u32, u32)) -> String {
    format!("<svg width=\"{width}\" height=\"{height}\"")
}

/// Spells a number on an axis, short and as it would be said.
fn spelt(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-3..1e5).contains(&size) {
        // Four digits that count; what comes of 0.1 + 0.2 is not shown.
        let digits = if size == 0.0 { 0 } else { (3 - size.log10().floor() as i32).clamp(0, 6) as usize };
        let text = format!("{number:.digits$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        return if text == "-0" { "0".to_owned() } else { text.to_owned() };
    }
    format!("{number:.1e}").replace(".0e", "e")
}

fn told(error: impl Display) -> String {
    error.to_string()
}
