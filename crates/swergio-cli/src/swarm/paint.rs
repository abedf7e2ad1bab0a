//! Paint: who printed a line, in a colour of its own.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// Colours that can be told apart and read on light and on dark; red is for what went wrong.
const COLOURS: [AnsiColor; 8] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightGreen,
    AnsiColor::BrightMagenta,
];
/// Columns that a name may take, so that one long name does not push all lines aside.
const WIDEST: usize = 24;

/// Writes lines behind the name of who printed them: byte for byte, coloured where somebody sees it.
#[derive(Debug)]
pub(super) struct Paint {
    names: Vec<String>,
    width: usize,
    colours: bool,
}

impl Paint {
    /// Knows these names from the beginning; others get the next colours.
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names: Vec<String> = names.into_iter().collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default().min(WIDEST);
        // Nobody sees colours in a file, and NO_COLOR says that nobody wants them.
        let colours = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
        Self { names, width, colours }
    }

    /// Writes what a component printed.
    pub(super) fn line(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.write(name, "|", Style::new(), bytes)
    }

    /// Writes what happened to a component.
    pub(super) fn event(&mut self, name: &str, bad: bool, text: &str) -> anyhow::Result<()> {
        let style = if bad { AnsiColor::Red.on_default() } else { Style::new().dimmed() };
        self.write(name, "*", style, text.as_bytes())
    }

    fn write(&mut self, name: &str, bar: &str, style: Style, bytes: &[u8]) -> anyhow::Result<()> {
        let colour = self.colour(name);
        let mut text = format!("{:<width$} {bar}", name, width = self.width).into_bytes();
        if self.colours {
            text = format!("{colour}{}{colour:#} ", String::from_utf8_lossy(&text)).into_bytes();
            text.extend_from_slice(style.render().to_string().as_bytes());
            text.extend_from_slice(bytes);
            // The line may have left a colour of its own switched on.
            text.extend_from_slice(anstyle::Reset.to_string().as_bytes());
        } else {
            text.push(b' ');
            text.extend_from_slice(bytes);
        }
        text.push(b'\n');
        Ok(io::stdout().lock().write_all(&text)?)
    }

    fn colour(&mut self, name: &str) -> Style {
        let known = self.names.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        COLOURS[index % COLOURS.len()].on_default()
    }
}
