//! LabelStore: labels in a file that only grows, and that a crash leaves readable.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use swergio_client::Body;

use super::Label;

/// Bytes of a file of labels that are read at most: some million labels.
const MOST_BYTES: u64 = 1 << 30;

/// Holds one label, with all that is known of where it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    /// Seconds since 1970.
    pub time: f64,
    /// The question's ID.
    pub query: String,
    /// The item's ID within the question.
    pub item: String,
    /// Who said so.
    pub by: String,
    /// What was said.
    pub label: Label,
    /// Seconds that the person took.
    pub seconds: f64,
    /// What the item is to a model.
    pub features: Vec<f64>,
}

/// Chooses how labels are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelFormat {
    /// A JSON object a line.
    JsonLines,
    /// Comma-separated values with a header line; the features are one cell, a JSON list (RFC 4180).
    Csv,
}

/// Keeps labels in a file: each is on the disk when [`append`](Self::append) returns, and none is ever changed.
///
/// A line that a crash cut short is taken off when the file is opened, and told. Who ends in `.csv` is CSV, any other file JSON lines. As long as a store
/// holds its file, no other store opens it: two that append would write over one another.
///
/// ```
/// use swergio_toolbox::feedback::{Label, LabelStore, Labelled};
///
/// # fn run(folder: &std::path::Path) -> std::io::Result<()> {
/// let mut store = LabelStore::open(folder.join("labels.jsonl"))?;
/// store.append(&Labelled {
///     time: 1.7e9,
///     query: "q".into(),
///     item: "7".into(),
///     by: "ada".into(),
///     label: Label::Number(4.0),
///     seconds: 2.5,
///     features: vec![0.0, 1.0],
/// })?;
/// assert_eq!(store.labels().len(), 1);
/// # Ok(()) }
/// # let folder = std::env::temp_dir().join(format!("labels-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # run(&folder).unwrap();
/// # std::fs::remove_dir_all(folder).unwrap();
/// ```
#[derive(Debug)]
pub struct LabelStore {
    path: PathBuf,
    file: File,
    format: LabelFormat,
    labels: Vec<Labelled>,
    torn: usize,
}

const HEADER: &str = "time,query,item,by,label,seconds,features\n";

impl LabelStore {
    /// Opens a file of labels, or begins one.
    ///
    /// # Errors
    /// When it cannot be read or written, is held by another store, is beyond 1 GiB, or has a whole line that is no label: the line is named, and the
    /// file left as it is.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        let format = match path.extension() {
            Some(end) if end.eq_ignore_ascii_case("csv") => LabelFormat::Csv,
            _ => LabelFormat::JsonLines,
        };
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        hold(&file, &path)?;
        if file.metadata()?.len() > MOST_BYTES {
            return Err(wrong(&path, "is larger than the 1 GiB that a file of labels may have"));
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = end_of_whole(&text, format);
        let labels = read(&text[..whole], format).map_err(|reason| wrong(&path, &reason))?;
        // More than a half line: somebody has left a quote open, and what stands behind it is worth something.
        if text[whole..].contains(&b'\n') {
            set_aside(&path, &text[whole..])?;
        }
        file.set_len(whole as u64)?;
        if text.is_empty() {
            keep_name(&path);
        }
        file.seek(SeekFrom::End(0))?;
        let mut store = Self { path, file, format, labels, torn: text.len() - whole };
        if format == LabelFormat::Csv && whole == 0 {
            store.write(HEADER.as_bytes())?;
        }
        Ok(store)
    }

    /// Adds a label. It is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written; what was written of it is taken off again.
    pub fn append(&mut self, label: &Labelled) -> io::Result<()> {
        let line = match self.format {
            LabelFormat::JsonLines => json_line(label)?,
            LabelFormat::Csv => csv_line(label)?,
        };
        self.write(&line)?;
        self.labels.push(label.clone());
        Ok(())
    }

    /// Lists the labels, in the order in which they were added.
    pub fn labels(&self) -> &[Labelled] {
        &self.labels
    }

    /// Counts the bytes of a line that was cut short, and taken off when the file was opened.
    pub fn torn(&self) -> usize {
        self.torn
    }

    /// Returns where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let before = self.file.stream_position()?;
        let written = self.file.write_all(line).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // A half line must not have a whole one behind it. Should this fail too, the next opening mends it.
            let _ = self.file.set_len(before);
            self.file.seek(SeekFrom::Start(before))?;
        }
        written
    }
}

/// Keeps other stores away from a file, where the file system can.
fn hold(file: &File, path: &Path) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let reason = format!(
                "{}: another process keeps labels in it; end that one, or name another file",
                path.display()
            );
            Err(io::Error::new(ErrorKind::ResourceBusy, reason))
        }
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Writes what is taken off into a file of its own, whose name ends in `.torn`.
fn set_aside(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".torn");
    let mut file = OpenOptions::new().append(true).create(true).open(name)?;
    file.write_all(text)?;
    file.sync_data()
}

/// Has the name of a new file on the disk too, where folders can be written through.
fn keep_name(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Windows opens no folders, and needs not.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Finds where the last whole line ends; in CSV a line break within quotes ends none.
fn end_of_whole(text: &[u8], format: LabelFormat) -> usize {
    let (mut end, mut quoted) = (0, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'"' if format == LabelFormat::Csv => quoted = !quoted,
            b'\n' if !quoted => end = at + 1,
            _ => {}
        }
    }
    end
}

fn read(text: &[u8], format: LabelFormat) -> Result<Vec<Labelled>, String> {
    match format {
        LabelFormat::JsonLines => text
            .split(|byte| *byte == b'\n')
            .enumerate()
            .filter(|(_, line)| !line.trim_ascii().is_empty())
            .map(|(at, line)| {
                let label = Body::from_json(line).and_then(|body| body.read());
                label.map_err(|fault| format!("line {}: {fault}", at + 1))
            })
            .collect(),
        LabelFormat::Csv => csv::Reader::from_reader(text)
            .deserialize::<Row>()
            .enumerate()
            .map(|(at, row)| {
                let row = row.map_err(|error| error.to_string())?;
                row.label().map_err(|reason| format!("label {}: {reason}", at + 1))
            })
            .collect(),
    }
}

fn json_line(label: &Labelled) -> io::Result<Vec<u8>> {
    let mut line = Body::of(label).map_err(io::Error::other)?.to_json();
    line.push(b'\n');
    Ok(line)
}

/// Is a label as a row of CSV.
#[derive(Serialize, Deserialize)]
struct Row {
    time: f64,
    query: String,
    item: String,
    by: String,
    label: String,
    seconds: f64,
    features: String,
}

impl Row {
    fn label(self) -> Result<Labelled, String> {
        let features = Body::from_json(self.features.as_bytes()).and_then(|body| body.read());
        // In JSON a number has no quotes and a text has: in a cell neither has, so that spreadsheets show what was said.
        let label = match self.label.as_str() {
            "first" => Label::Preference(super::Preference::First),
            "second" => Label::Preference(super::Preference::Second),
            "equal" => Label::Preference(super::Preference::Equal),
            text => text.parse().map_or_else(|_| Label::Text(text.to_owned()), Label::Number),
        };
        let features = features.map_err(|fault| format!("features: {fault}"))?;
        let Self { time, query, item, by, seconds, .. } = self;
        Ok(Labelled { time, query, item, by, label, seconds, features })
    }
}

fn csv_line(label: &Labelled) -> io::Result<Vec<u8>> {
    let features = Body::of(&label.features).map_err(io::Error::other)?.to_json();
    let row = Row {
        time: label.time,
        query: label.query.clone(),
        item: label.item.clone(),
        by: label.by.clone(),
        label: label.label.to_string(),
        seconds: label.seconds,
        features: String::from_utf8(features).map_err(io::Error::other)?,
    };
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.serialize(row).map_err(io::Error::other)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn wrong(path: &Path, reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("{}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn label(item: &str, label: Label) -> Labelled {
        Labelled {
            time: 1.5,
            query: "q".into(),
            item: item.into(),
            by: "Ada, \"the first\"\nof us".into(),
            label,
            seconds: 0.25,
            features: vec![0.0, 1.0, 0.1],
        }
    }

    fn some() -> [Labelled; 3] {
        [
            label("1", Label::Number(4.0)),
            label("2", Label::Text("a cat".into())),
            label("3", Label::Preference(super::super::Preference::Second)),
        ]
    }

    #[test]
    fn labels_are_there_again_when_the_file_is_opened_again() {
        let folder = folder();
        for name in ["labels.csv", "labels.jsonl"] {
            let path = folder.path().join(name);
            for (at, label) in some().iter().enumerate() {
                let mut store = LabelStore::open(&path).unwrap();
                assert_eq!(store.labels(), &some()[..at]);
                store.append(label).unwrap();
            }
            assert_eq!(LabelStore::open(&path).unwrap().labels(), some(), "{name}");
        }
    }

    /// Whatever a crash leaves of the last line, all before it is there, and more can be added.
    #[test]
    fn a_line_that_a_crash_cut_short_costs_that_line_only() {
        let folder = folder();
        for name in ["labels.csv", "labels.jsonl"] {
            let path = folder.path().join(name);
            let mut store = LabelStore::open(&path).unwrap();
            some().iter().for_each(|label| store.append(label).unwrap());
            drop(store);
            let whole = std::fs::read(&path).unwrap();
            let mut before = LabelStore::open(&path).unwrap().labels().len();
            for length in (0..whole.len()).rev() {
                std::fs::write(&path, &whole[..length]).unwrap();
                let mut store = LabelStore::open(&path).unwrap();
                let kept = store.labels().len();
                assert!(kept == before || kept + 1 == before, "{name}: {kept} after {before}");
                assert_eq!(store.labels(), &some()[..kept]);
                before = kept;
                store.append(&some()[0]).unwrap();
                drop(store);
                assert_eq!(LabelStore::open(&path).unwrap().labels().len(), kept + 1);
            }
        }
    }

    /// Two that append to one file would write over one another.
    #[test]
    fn one_store_at_a_time_holds_a_file() {
        let folder = folder();
        let path = folder.path().join("labels.jsonl");
        let mut first = LabelStore::open(&path).unwrap();
        let error = LabelStore::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        assert!(error.to_string().contains("labels.jsonl: another process"), "{error}");
        first.append(&some()[0]).unwrap();
        drop(first);
        assert_eq!(LabelStore::open(&path).unwrap().labels(), &some()[..1]);
    }

    /// A quote that somebody left open makes one long line of all behind it: that is not thrown away.
    #[test]
    fn labels_behind_an_open_quote_are_set_aside() {
        let folder = folder();
        let path = folder.path().join("labels.csv");
        let mut store = LabelStore::open(&path).unwrap();
        let some = some().map(|label| Labelled { by: "ada".into(), ..label });
        some.iter().for_each(|label| store.append(label).unwrap());
        drop(store);
        let text = std::fs::read_to_string(&path).unwrap().replace("a cat", "a \"cat");
        std::fs::write(&path, &text).unwrap();
        let store = LabelStore::open(&path).unwrap();
        assert_eq!(store.labels(), &some[..1]);
        let aside = std::fs::read_to_string(folder.path().join("labels.csv.torn")).unwrap();
        assert!(store.torn() == aside.len() && text.ends_with(&aside), "{aside}");
    }

    #[test]
    fn a_whole_line_that_is_no_label_is_named_and_kept() {
        let folder = folder();
        let path = folder.path().join("labels.jsonl");
        std::fs::write(&path, "{\"time\": 1}\n").unwrap();
        let error = LabelStore::open(&path).unwrap_err().to_string();
        assert!(error.contains("labels.jsonl: line 1: "), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"{\"time\": 1}\n");
    }
}
