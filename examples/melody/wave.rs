//! Wave: a melody as sound, in a WAV file.

use std::f64::consts::TAU;
use std::path::Path;

use hound::{Error, SampleFormat, WavSpec, WavWriter};

use crate::genome::{BARS, Genome, NOTES};
use crate::score::{TEMPO, tones};

/// Samples a second.
const RATE: u32 = 44_100;
/// Seconds in which a tone swells.
const ATTACK: f64 = 0.012;
/// Seconds in which the last tone fades.
const FADE: f64 = 0.4;
/// Loudness of each overtone, the tone itself first: a soft pluck.
const OVERTONES: [f64; 4] = [0.6, 0.18, 0.08, 0.04];

/// Writes a melody to a file: one channel of 16 bits at 44.1 kHz.
pub(crate) fn write(genome: &Genome, path: &Path) -> Result<(), Error> {
    let spec =
        WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::create(path, spec)?;
    for sample in samples(genome) {
        writer.write_sample((sample * f64::from(i16::MAX)) as i16)?;
    }
    writer.finalize()
}

/// Returns the sound, each sample from -1 to 1.
fn samples(genome: &Genome) -> Vec<f64> {
    let quarter = 60.0 / TEMPO;
    let seconds = (BARS * NOTES) as f64 * quarter + FADE;
    let mut sound = vec![0.0; (seconds * f64::from(RATE)).ceil() as usize];
    for tone in tones(genome) {
        let (begin, length) = (f64::from(tone.start) * quarter, f64::from(tone.length) * quarter);
        let pitch = 440.0 * 2.0_f64.powf((f64::from(tone.pitch) - 69.0) / 12.0);
        let first = (begin * f64::from(RATE)) as usize;
        let last = (((begin + length + FADE) * f64::from(RATE)) as usize).min(sound.len());
        for (at, sample) in sound[first..last].iter_mut().enumerate() {
            let time = at as f64 / f64::from(RATE);
            *sample += loudness(time, length) * wave(TAU * pitch * time);
        }
    }
    sound.iter().map(|sample| sample.clamp(-1.0, 1.0)).collect()
}

fn wave(phase: f64) -> f64 {
    OVERTONES.iter().enumerate().map(|(over, loud)| loud * (phase * (over + 1) as f64).sin()).sum()
}

/// Swells, sinks slowly while the tone is held, and fades when it is let go.
fn loudness(time: f64, held: f64) -> f64 {
    let swell = (time / ATTACK).min(1.0);
    let sink = (-1.2 * time).exp();
    let fade = if time > held { (-18.0 * (time - held)).exp() } else { 1.0 };
    0.7 * swell * sink * fade
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_sounds_at_its_pitch_and_a_rest_is_silent() {
        // A held A for a bar (degree 5 is 69, 440 Hz), then rests.
        let genome: Genome = format!("{}{}", "1010".repeat(4), "1111".repeat(28)).parse().unwrap();
        let sound = samples(&genome);
        let second = &sound[..RATE as usize];
        let crossings = second.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert!((438..=441).contains(&crossings), "{crossings}");
        assert!(sound[3 * RATE as usize..].iter().all(|sample| sample.abs() < 1e-3));
        assert!(second.iter().any(|sample| *sample > 0.3));
    }
}
