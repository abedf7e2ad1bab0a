//! Plots: lines, points and marked events in panels on one page, as an SVG that any browser shows.
//!
//! ```
//! use swergio_toolbox::plot::{Panel, Plot};
//!
//! let loss: Vec<(f64, f64)> = (1..=500).map(|step| (f64::from(step), 40.0 / f64::from(step))).collect();
//! let aimed = [(20.0, 22.5), (50.0, 49.0), (90.0, 88.0)];
//! let svg = Plot::new("How it went")
//!     .panel(Panel::new("Loss").axes("step", "m²").log().line("training", loss).marks("evolution", [100.0, 200.0]))
//!     .panel(
//!         Panel::new("Aimed and hit").axes("target, m", "distance, m")
//!             .points("shots", aimed)
//!             .line("as aimed", [(20.0, 20.0), (100.0, 100.0)]),
//!     )
//!     .to_svg()?;
//! assert!(svg.starts_with("<svg"));
//! # Ok::<(), swergio_toolbox::plot::PlotFault>(())
//! ```

mod draw;
mod scale;
mod series;

use std::path::{Path, PathBuf};
use std::{fs, io};

pub use series::Panel;

/// Bounds the sides of a page, in pixels.
const SIDE: u32 = 16_384;

/// Holds one page of panels.
#[derive(Clone, Debug)]
pub struct Plot {
    title: String,
    panels: Vec<Panel>,
    columns: Option<u32>,
    /// Width and height of a panel.
    panel: (u32, u32),
}

/// Tells why a plot could not be drawn or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotFault {
    /// It could not be drawn.
    #[error("the plot could not be drawn: {0}")]
    Drawing(String),
    /// It could not be written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Plot {
    /// Begins a page; an empty title takes no room.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), panels: Vec::new(), columns: None, panel: (640, 400) }
    }

    /// Adds a panel, beside those before or below them.
    #[must_use]
    pub fn panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// Puts so many panels side by side. As many as rows, or one more.
    #[must_use]
    pub fn columns(self, columns: u32) -> Self {
        Self { columns: Some(columns), ..self }
    }

    /// Sets width and height of each panel, in pixels. 640 by 400.
    #[must_use]
    pub fn panel_size(self, width: u32, height: u32) -> Self {
        Self { panel: (width, height), ..self }
    }

    /// Draws the page.
    ///
    /// Letters are left to the viewer's fonts, so none needs to be installed here.
    ///
    /// # Errors
    /// [`PlotFault::Drawing`] when a panel is too small, or the page too large.
    pub fn to_svg(&self) -> Result<String, PlotFault> {
        let count = u32::try_from(self.panels.len().max(1)).unwrap_or(u32::MAX);
        let square = (1..=count).find(|side| side.saturating_mul(*side) >= count).unwrap_or(count);
        let columns = self.columns.unwrap_or(square).clamp(1, count);
        let (rows, head) = (count.div_ceil(columns), if self.title.is_empty() { 0 } else { 40 });
        let width = self.panel.0.saturating_mul(columns);
        let height = self.panel.1.saturating_mul(rows).saturating_add(head);
        if self.panel.0 < 120 || self.panel.1 < 120 || width > SIDE || height > SIDE {
            let why = format!(
                "panels of {} by {} make a page of {width} by {height} pixels: a panel has at least 120, a page at most {SIDE} a side",
                self.panel.0, self.panel.1
            );
            return Err(PlotFault::Drawing(why));
        }
        let page = draw::Page { title: &self.title, head, size: (width, height), rows, columns };
        page.draw(&self.panels).map_err(PlotFault::Drawing)
    }

    /// Draws the page into a file. Whoever reads it meanwhile sees all of the old or all of the new.
    ///
    /// # Errors
    /// As [`to_svg`](Self::to_svg), and [`PlotFault::File`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), PlotFault> {
        let (path, svg) = (path.as_ref(), self.to_svg()?);
        let mut beside = path.as_os_str().to_owned();
        beside.push(".writing");
        let written = fs::write(&beside, svg).and_then(|()| fs::rename(&beside, path));
        written.map_err(|source| PlotFault::File { path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests;
