//! Settings: what the program was told, from flags, environment, file and defaults, in this order of weight.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use swergio_proto::Limits;

use super::Args;
use crate::Config;

/// Holds everything that the broker program can be told; the form of its configuration file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port to listen on.
    pub listen: String,
    /// Whether everybody is admitted on an address that other machines can reach.
    pub open: bool,
    /// Token file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<PathBuf>,
    /// Threads that serve connections; one a core where it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<NonZeroU16>,
    /// What to log, as a filter of `tracing-subscriber`.
    pub log: String,
    /// How to log.
    pub log_format: LogFormat,
    /// The broker itself.
    pub broker: Config,
}

/// Chooses the form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Human,
    /// A JSON object a line.
    Json,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            open: false,
            tokens: None,
            workers: None,
            log: "info".to_owned(),
            log_format: LogFormat::Human,
            broker: Config::default(),
        }
    }
}

impl Settings {
    /// Gathers the settings: flags and environment (which `args` holds both) over the file over the defaults.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is unknown, a value out of its range.
    pub fn gather(args: &Args) -> Result<Self> {
        let mut settings = match &args.config {
            Some(path) => Self::read(path)?,
            None => Self::default(),
        };
        settings.override_with(args);
        settings.broker.limits = with_limits(&settings.broker.limits, &args.limits)?;
        settings.fit_into_memory(memory());
        settings.broker.check()?;
        Ok(settings)
    }

    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("in the configuration file {}", path.display()))
    }

    fn override_with(&mut self, args: &Args) {
        set(&mut self.listen, args.listen.as_ref());
        set(&mut self.open, args.open.as_ref());
        set(&mut self.log, args.log.as_ref());
        set(&mut self.log_format, args.log_format.as_ref());
        set(&mut self.broker.header_length, args.header_length.as_ref());
        set(&mut self.broker.log_room, args.log_room.as_ref());
        set(&mut self.broker.upstream_compat, args.upstream_compat.as_ref());
        set(&mut self.broker.console, args.console.as_ref());
        set(&mut self.broker.origins, args.origins.as_ref());
        set(&mut self.broker.node, args.node.as_ref());
        if args.tokens.is_some() {
            self.tokens.clone_from(&args.tokens);
        }
        self.workers = args.workers.or(self.workers);
    }

    /// Lowers the default bound of all outboxes to a quarter of memory; one that was chosen stays.
    fn fit_into_memory(&mut self, memory: Option<usize>) {
        let bound = &mut self.broker.limits.outboxes_bytes;
        if let Some(memory) = memory
            && *bound == Limits::default().outboxes_bytes
        {
            *bound = (*bound).min(memory / 4);
        }
    }
}

fn set<T: Clone>(place: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        place.clone_from(value);
    }
}

/// Sets single bounds, `NAME=VALUE`, as a file would.
fn with_limits(limits: &Limits, changes: &[String]) -> Result<Limits> {
    let mut table = toml::Table::try_from(limits)?;
    for change in changes {
        let Some((name, value)) = change.split_once('=') else {
            bail!("--limit {change}: write NAME=VALUE, as in --limit ping=10");
        };
        if !table.contains_key(name.trim()) {
            let known: Vec<&str> = table.keys().map(String::as_str).collect();
            bail!("--limit {change}: no such bound; there are {}", known.join(", "));
        }
        let value = match (value.trim().parse::<i64>(), value.trim().parse::<f64>()) {
            (Ok(whole), _) if table[name.trim()].is_integer() => whole.into(),
            (_, Ok(number)) if table[name.trim()].is_float() => number.into(),
            _ => bail!("--limit {change}: {value:?} is not a number that fits"),
        };
        table.insert(name.trim().to_owned(), value);
    }
    table.try_into().context("in the limits")
}

/// Returns the bytes of memory that this process may use, where the system tells.
fn memory() -> Option<usize> {
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<usize>().ok()? * 1024)
    });
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse::<usize>().ok());
    total.into_iter().chain(group).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let mut settings: Settings =
            toml::from_str("listen = '127.0.0.1:1'\n[broker]\nheader_length = 4\nnode = 'lab'").unwrap();
        settings.override_with(&Args { header_length: Some(16), ..Args::default() });
        assert_eq!(settings.listen, "127.0.0.1:1");
        assert_eq!((settings.broker.header_length, settings.broker.node.as_str()), (16, "lab"));
        assert!(settings.broker.log_room);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        for text in ["colour = 1", "[broker]\ncolour = 1", "[broker.limits]\ncolour = 1"] {
            let error = toml::from_str::<Settings>(text).unwrap_err();
            assert!(error.to_string().contains("colour"), "{error}");
        }
    }

    #[test]
    fn single_bounds_can_be_set_and_are_checked() {
        let limits =
            with_limits(&Limits::default(), &["message_bytes=1000".into(), "ping=0.5".into()]).unwrap();
        assert_eq!((limits.message_bytes, limits.ping.as_millis()), (1000, 500));
        for bad in ["ping", "colour=1", "message_bytes=many", "message_bytes=-1", "ping=-1"] {
            assert!(with_limits(&Limits::default(), &[bad.into()]).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_printed_can_be_read_back() {
        let text = toml::to_string_pretty(&Settings::default()).unwrap();
        assert_eq!(toml::from_str::<Settings>(&text).unwrap(), Settings::default());
    }

    #[test]
    fn all_outboxes_together_take_a_quarter_of_a_small_memory() {
        let mut settings = Settings::default();
        settings.fit_into_memory(Some(1 << 30));
        assert_eq!(settings.broker.limits.outboxes_bytes, 1 << 28);
        settings.fit_into_memory(Some(1 << 20));
        assert_eq!(settings.broker.limits.outboxes_bytes, 1 << 28);
    }
}
