//! Wave: a melody as sound, in a WAV file.

use std::f64::consts::TAU;
use std::io::Cursor;
use std::path::Path;

use hound::{Error, SampleFormat, WavSpec, WavWriter};

use crate::genome::{BARS, Genome, NOTES};
use crate::score::{TEMPO, tones};

/// Samples a second of a file.
const RATE: u32 = 44_100;
/// Samples a second of what is sent to a browser: the highest overtone of the highest tone has 2.1 kHz.
const SENT_RATE: u32 = 8_000;
/// Seconds in which a tone swells.
const ATTACK: f64 = 0.012;
/// Seconds in which the last tone fades.
const FADE: f64 = 0.4;
/// Loudness of each overtone, the tone itself first: a soft pluck.
const OVERTONES: [f64; 4] = [0.6, 0.18, 0.08, 0.04];

/// Writes a melody to a file: one channel of 16 bits at 44.1 kHz.
pub(crate) fn write(genome: &Genome, path: &Path) -> Result<(), Error> {
    let spec = spec(RATE, 16);
    let mut writer = WavWriter::create(path, spec)?;
    for sample in samples(genome, RATE) {
        writer.write_sample((sample * f64::from(i16::MAX)) as i16)?;
    }
    writer.finalize()
}

/// Spells a melody as a `data:` URL of a sound, in 165 kB: one channel of 8 bits at 8 kHz.
pub(crate) fn data_url(genome: &Genome) -> String {
    let mut sound = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut sound, spec(SENT_RATE, 8)).expect("memory takes a header");
    for sample in samples(genome, SENT_RATE) {
        writer.write_sample((sample * f64::from(i8::MAX)) as i8).expect("memory takes a sample");
    }
    writer.finalize().expect("memory takes a length");
    format!("data:audio/wav;base64,{}", base64(sound.get_ref()))
}

fn spec(sample_rate: u32, bits_per_sample: u16) -> WavSpec {
    WavSpec { channels: 1, sample_rate, bits_per_sample, sample_format: SampleFormat::Int }
}

/// Spells bytes in the letters of RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// Returns the sound at so many samples a second, each from -1 to 1.
fn samples(genome: &Genome, rate: u32) -> Vec<f64> {
    let (quarter, rate) = (60.0 / TEMPO, f64::from(rate));
    let seconds = (BARS * NOTES) as f64 * quarter + FADE;
    let mut sound = vec![0.0; (seconds * rate).ceil() as usize];
    for tone in tones(genome) {
        let (begin, length) = (f64::from(tone.start) * quarter, f64::from(tone.length) * quarter);
        let pitch = 440.0 * 2.0_f64.powf((f64::from(tone.pitch) - 69.0) / 12.0);
        let first = (begin * rate) as usize;
        let last = (((begin + length + FADE) * rate) as usize).min(sound.len());
        for (at, sample) in sound[first..last].iter_mut().enumerate() {
            let time = at as f64 / rate;
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
        let sound = samples(&genome, RATE);
        let second = &sound[..RATE as usize];
        let crossings = second.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert!((438..=441).contains(&crossings), "{crossings}");
        assert!(sound[3 * RATE as usize..].iter().all(|sample| sample.abs() < 1e-3));
        assert!(second.iter().any(|sample| *sample > 0.3));
    }

    #[test]
    fn a_browser_is_sent_a_small_file_in_letters() {
        assert_eq!(
            [&b""[..], b"f", b"fo", b"foo", b"foob"].map(base64),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
        let url = data_url(&"10".repeat(64).parse().unwrap());
        assert!(url.starts_with("data:audio/wav;base64,UklGR"), "{}", &url[..40]);
        assert!(url.len() < 170_000, "{}", url.len());
    }
}
