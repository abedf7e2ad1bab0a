//! Render: the commands about single melodies.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::genome::Genome;
use crate::taste::SimulatedTaste;
use crate::{midi, wave};

/// Writes a melody.
#[derive(clap::Args)]
pub(crate) struct Render {
    /// The melody: 128 digits 0 and 1, or 32 hexadecimal ones.
    genome: Genome,
    /// Where to write it as a Standard MIDI File.
    #[arg(long, value_name = "FILE")]
    midi: Option<PathBuf>,
    /// Where to write it as sound: WAV, 44.1 kHz, 16 bits.
    #[arg(long, value_name = "FILE")]
    wav: Option<PathBuf>,
}

/// Rates melodies as the simulated person does.
#[derive(clap::Args)]
pub(crate) struct Rate {
    /// The melodies: each 128 digits 0 and 1, or 32 hexadecimal ones.
    #[arg(required = true)]
    genomes: Vec<Genome>,
    /// Begins the whim that is added to each rating.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Standard deviation of that whim; 0 is none.
    #[arg(long, default_value_t = 0.0)]
    whim: f64,
}

impl Rate {
    pub(crate) fn run(&self) -> Result<()> {
        ensure!(self.whim >= 0.0, "--whim is a standard deviation: 0 or more");
        let mut person = SimulatedTaste::new(self.seed, self.whim);
        for genome in &self.genomes {
            println!("{}", person.rate(genome));
        }
        Ok(())
    }
}

impl Render {
    pub(crate) fn run(&self) -> Result<()> {
        ensure!(self.midi.is_some() || self.wav.is_some(), "say where to: --midi FILE, --wav FILE, or both");
        ensure!(self.midi != self.wav, "--midi and --wav are to be two files");
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
