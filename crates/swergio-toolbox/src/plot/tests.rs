//! Pages as they are written: what is in them, what is left out, and how large they grow.

use super::scale::{POINTS, Window, thinned};
use super::*;

fn drawn(panel: Panel) -> String {
    Plot::new("").panel(panel).to_svg().unwrap()
}

#[test]
fn a_band_lies_between_its_ends_in_the_colour_of_its_line() {
    let line = [(0.0, 1.0), (1.0, 2.0)];
    let svg = drawn(Panel::new("").line("mean", line).band("mean", [(0.0, 0.0, 2.0), (1.0, 1.0, f64::NAN)]));
    let polygon = svg.lines().find(|line| line.starts_with("<polygon")).unwrap();
    // Two lower ends and one upper: what is no number is left out.
    let points = polygon.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(points.split_whitespace().count(), 3, "{polygon}");
    assert!(polygon.contains("#0072B2"), "{polygon}");
    assert_eq!(svg.matches(">\nmean\n<").count(), 1, "the legend names them once");
}

#[test]
fn a_page_says_what_its_panels_show() {
    let svg = Plot::new("A run")
        .panel(
            Panel::new("Loss")
                .axes("step", "m²")
                .line("training", [(1.0, 9.0), (2.0, 4.0)])
                .points("validation", [(2.0, 5.0)])
                .marks("evolution", [1.5]),
        )
        .panel(
            Panel::new("Paths")
                .equal()
                .line("shot", [(0.0, 0.0), (50.0, 20.0)])
                .line("shot", [(0.0, 1.0), (3.0, 4.0)]),
        )
        .to_svg()
        .unwrap();
    for text in ["A run", "Loss", "step", "m²", "training", "validation", "evolution", "Paths"] {
        assert_eq!(svg.matches(&format!(">\n{text}\n<")).count(), 1, "{text}");
    }
    assert_eq!(svg.matches(">\nshot\n<").count(), 1);
    assert!(svg.starts_with("<svg width=\"1280\" height=\"440\""));
    assert!(svg.contains("<circle") && svg.trim_end().ends_with("</svg>"));
}

#[test]
fn names_cannot_break_out_of_the_page() {
    let svg = drawn(Panel::new("<script>alert(1)</script>").line("a & b", [(0.0, 0.0), (1.0, 1.0)]));
    assert!(!svg.contains("<script") && svg.contains("&lt;script") && svg.contains("a &amp; b"));
}

#[test]
fn what_is_no_number_is_left_out() {
    let odd = [(0.0, f64::NAN), (1.0, 1.0), (f64::INFINITY, 2.0), (2.0, f64::NEG_INFINITY), (3.0, 3.0)];
    let svg = drawn(Panel::new("odd").line("line", odd).points("points", odd));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
    assert_eq!(svg.matches("<circle").count(), 3);
    let svg =
        drawn(Panel::new("log").log().points("points", [(1.0, -1.0), (2.0, 0.0), (3.0, 1e-9), (4.0, 1e9)]));
    assert_eq!(svg.matches("<circle").count(), 3);
}

#[test]
fn nothing_and_next_to_nothing_can_be_drawn() {
    for panel in [Panel::new("none"), Panel::new("log").log(), Panel::new("equal").equal()] {
        drawn(panel.clone());
        drawn(panel.clone().line("same", [(1.0, 5.0), (1.0, 5.0)]));
        drawn(panel.clone().marks("mark", [3.0]));
        drawn(panel.clone().line("huge", [(0.0, 1e308), (1.0, 1e-308)]));
        drawn(panel.clone().line("wide", [(-1e100, 1e100), (1e100, 1e-100)]));
        drawn(panel.points("close", [(1e9, 1.0), (1e9 + 1e-6, 1.0 + 1e-15)]));
    }
    Plot::new("empty").to_svg().unwrap();
}

#[test]
fn a_long_line_keeps_its_peaks_and_the_page_stays_small() {
    let mut points: Vec<(f64, f64)> =
        (0..1_000_000).map(|x| (f64::from(x), (f64::from(x) / 1e4).sin())).collect();
    points[123_456].1 = 50.0;
    points[654_321].1 = -50.0;
    let kept = thinned(&points);
    assert!(kept.len() <= POINTS && kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert!(kept.contains(&points[123_456]) && kept.contains(&points[654_321]));
    assert!(drawn(Panel::new("long").line("line", points)).len() < 100_000);
}

#[test]
fn equal_axes_have_units_of_one_length() {
    let panel = Panel::new("path").equal().line("path", [(0.0, 0.0), (100.0, 10.0)]);
    let Window { x, y } = Window::of(&panel, (600, 300));
    assert!(((x.end - x.start) / 600.0 - (y.end - y.start) / 300.0).abs() < 1e-9);
    assert!(x.start < 0.0 && x.end > 100.0 && y.start < 0.0 && y.end > 10.0);
}

#[test]
fn the_legend_stands_where_it_hides_least() {
    let corner = |points: &[(f64, f64)]| {
        let panel = Panel::new("").line("line", points.iter().copied());
        format!("{:?}", Window::of(&panel, (600, 300)).emptiest_corner(&panel))
    };
    assert_eq!(corner(&[(0.0, 1.0), (1.0, 0.0)]), "UpperRight");
    assert_eq!(corner(&[(0.0, 0.0), (1.0, 1.0)]), "UpperLeft");
    assert_eq!(corner(&[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]), "LowerRight");
}

#[test]
fn a_page_has_as_many_columns_as_rows_unless_it_is_told() {
    let page = |count: usize| {
        (0..count).fold(Plot::new(""), |plot, _| plot.panel(Panel::new("p")).panel_size(200, 150))
    };
    let size = |plot: Plot| plot.to_svg().unwrap().lines().next().unwrap()[..40].to_owned();
    assert!(size(page(1)).starts_with("<svg width=\"200\" height=\"150\""));
    assert!(size(page(3)).starts_with("<svg width=\"400\" height=\"300\""));
    assert!(size(page(3).columns(3)).starts_with("<svg width=\"600\" height=\"150\""));
    assert!(page(3).columns(1).panel_size(200, 9_000).to_svg().is_err());
    assert!(page(1).panel_size(20, 20).to_svg().is_err());
}

#[test]
fn a_file_is_replaced_whole() {
    let path = std::env::temp_dir().join(format!("swergio-plot-{}.svg", std::process::id()));
    for _ in 0..2 {
        Plot::new("file").write(&path).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap().contains("file"));
    fs::remove_file(&path).unwrap();
    let told = Plot::new("file").write(path.join("below a file")).unwrap_err().to_string();
    assert!(told.contains("below a file"), "{told}");
}
