//! Melody: melodies are bred by how a network rates them, and the network learns a person's taste from few answers.

#![expect(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

mod genome;
mod midi;
mod score;
#[cfg(test)]
mod taste;
mod wave;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

use genome::Genome;

/// Breed melodies to a person's taste.
#[derive(Parser)]
struct Command {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Write a melody as MIDI and as sound.
    Render(Render),
}

#[derive(clap::Args)]
struct Render {
    /// The melody: 128 digits 0 and 1, or 32 hexadecimal ones.
    genome: Genome,
    /// Where to write it as a Standard MIDI File.
    #[arg(long, value_name = "FILE")]
    midi: Option<PathBuf>,
    /// Where to write it as sound: WAV, 44.1 kHz, 16 bits.
    #[arg(long, value_name = "FILE")]
    wav: Option<PathBuf>,
}

fn main() -> Result<()> {
    match Command::parse().part {
        Part::Render(render) => render.run(),
    }
}

impl Render {
    fn run(&self) -> Result<()> {
        ensure!(self.midi.is_some() || self.wav.is_some(), "say where to: --midi FILE, --wav FILE, or both");
        if let Some(path) = &self.midi {
            midi::write(&self.genome, path).with_context(|| format!("cannot write {}", path.display()))?;
            println!("{}", path.display());
        }
        if let Some(path) = &self.wav {
            wave::write(&self.genome, path).with_context(|| format!("cannot write {}", path.display()))?;
            println!("{}", path.display());
        }
        Ok(())
    }
}
