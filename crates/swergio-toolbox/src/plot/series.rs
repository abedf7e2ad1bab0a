//! Panel: what is drawn over one pair of axes.

/// Bounds the numbers that are drawn: beyond it the library that draws the axes no longer finds its ticks.
const LARGEST: f64 = 1e100;

/// Holds one pair of axes, and what is drawn over them. Numbers that are not finite, or beyond 1e100, are left out, and on a
/// logarithmic axis those below 1e-100.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    pub(super) title: String,
    pub(super) x: String,
    pub(super) y: String,
    pub(super) log: bool,
    pub(super) equal: bool,
    pub(super) series: Vec<Series>,
}

/// Holds what has one name and one colour.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) points: Vec<(f64, f64)>,
}

/// Says how points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A line from point to point.
    Line,
    /// A dot for each.
    Points,
    /// A vertical line at each, whatever its height.
    Marks,
    /// What lies within them, all around.
    Band,
}

impl Panel {
    /// Begins a panel.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Says what the axes show, with the unit.
    #[must_use]
    pub fn axes(self, x: impl Into<String>, y: impl Into<String>) -> Self {
        Self { x: x.into(), y: y.into(), ..self }
    }

    /// Makes the vertical axis logarithmic.
    #[must_use]
    pub fn log(self) -> Self {
        Self { log: true, ..self }
    }

    /// Makes one unit as long on one axis as on the other, as the path of a body wants. Not together with [`log`](Self::log).
    #[must_use]
    pub fn equal(self) -> Self {
        Self { equal: true, ..self }
    }

    /// Adds a line. One with the name of an earlier series has its colour, and stands in the legend once.
    #[must_use]
    pub fn line(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.with(name, Shape::Line, points)
    }

    /// Adds dots.
    #[must_use]
    pub fn points(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.with(name, Shape::Points, points)
    }

    /// Adds a pale band between a lower and an upper end, each `(x, lower, upper)`. One with the name of a line has its colour.
    #[must_use]
    pub fn band(self, name: impl Into<String>, ends: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        let ends: Vec<(f64, f64, f64)> = ends.into_iter().collect();
        let lower = ends.iter().map(|(x, lower, _)| (*x, *lower));
        let upper = ends.iter().rev().map(|(x, _, upper)| (*x, *upper));
        self.with(name, Shape::Band, lower.chain(upper))
    }

    /// Marks events by dashed vertical lines.
    #[must_use]
    pub fn marks(self, name: impl Into<String>, places: impl IntoIterator<Item = f64>) -> Self {
        self.with(name, Shape::Marks, places.into_iter().map(|x| (x, f64::NAN)))
    }

    fn with(
        mut self,
        name: impl Into<String>,
        shape: Shape,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        self.series.push(Series { name: name.into(), shape, points: points.into_iter().collect() });
        self
    }

    /// Tells whether a point has a place in the panel.
    pub(super) fn shows(&self, shape: Shape, (x, y): (f64, f64)) -> bool {
        let fine = |number: f64| number.abs() <= LARGEST;
        fine(x) && (shape == Shape::Marks || (fine(y) && (!self.log || y >= 1.0 / LARGEST)))
    }
}
