//! Midi: a melody as a Standard MIDI File.

use std::io;
use std::path::Path;

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, Track, TrackEvent, TrackEventKind};

use crate::genome::{BARS, Genome, NOTES};
use crate::score::{TEMPO, tones};

/// Ticks of a quarter.
const QUARTER: u32 = 480;
const LOUD: u7 = u7::new(90);

/// Writes a melody to a file: one track, one channel, 4/4.
pub(crate) fn write(genome: &Genome, path: &Path) -> io::Result<()> {
    let header = Header::new(Format::SingleTrack, Timing::Metrical(u15::new(QUARTER as u16)));
    Smf { header, tracks: vec![track(genome)] }.save(path)
}

fn track(genome: &Genome) -> Track<'static> {
    let microseconds = (60e6 / TEMPO).round() as u32;
    let mut track = vec![
        meta(0, MetaMessage::Tempo(u24::new(microseconds))),
        meta(0, MetaMessage::TimeSignature(4, 2, 24, 8)),
    ];
    let mut now = 0;
    for tone in tones(genome) {
        let (begin, end) = (tone.start * QUARTER, (tone.start + tone.length) * QUARTER);
        let key = u7::new(tone.pitch);
        track.push(play(begin - now, MidiMessage::NoteOn { key, vel: LOUD }));
        track.push(play(end - begin, MidiMessage::NoteOff { key, vel: u7::new(0) }));
        now = end;
    }
    track.push(meta((BARS * NOTES) as u32 * QUARTER - now, MetaMessage::EndOfTrack));
    track
}

fn play(delta: u32, message: MidiMessage) -> TrackEvent<'static> {
    TrackEvent { delta: u28::new(delta), kind: TrackEventKind::Midi { channel: u4::new(0), message } }
}

fn meta(delta: u32, message: MetaMessage<'static>) -> TrackEvent<'static> {
    TrackEvent { delta: u28::new(delta), kind: TrackEventKind::Meta(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tone_begins_and_ends_and_the_track_is_eight_bars_long() {
        let genome: Genome = "1000100001110000".repeat(8).parse().unwrap();
        let track = track(&genome);
        let length: u32 = track.iter().map(|event| event.delta.as_int()).sum();
        assert_eq!(length, 32 * QUARTER);
        let count = |wanted: fn(&MidiMessage) -> bool| {
            track
                .iter()
                .filter(
                    |event| matches!(&event.kind, TrackEventKind::Midi { message, .. } if wanted(message)),
                )
                .count()
        };
        let begun = count(|message| matches!(message, MidiMessage::NoteOn { .. }));
        assert_eq!(begun, count(|message| matches!(message, MidiMessage::NoteOff { .. })));
        assert_eq!(begun, tones(&genome).len());
        let mut bytes = Vec::new();
        let header = Header::new(Format::SingleTrack, Timing::Metrical(u15::new(480)));
        Smf { header, tracks: vec![track] }.write(&mut bytes).unwrap();
        assert_eq!(&bytes[..4], b"MThd");
        assert!(Smf::parse(&bytes).is_ok());
    }
}
