//! Component: what a component of a `swarm.yaml` says, as a launch.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Place;
use super::raw::{RawComponent, RawReady, RawRestart, RawSettings};
use crate::swarm::{Launch, Ready, Restart, When};

/// Makes a launch of what a component says, and of the settings where it says nothing.
///
/// # Errors
/// A sentence that tells what is wrong with it.
pub(super) fn launch(
    name: &str,
    raw: RawComponent,
    settings: &RawSettings,
    place: &Place,
) -> Result<Launch, String> {
    let mut command = command(name, &raw, settings, place)?.into_iter();
    let program = command.next().ok_or_else(|| format!("{name} has an empty command"))?;
    let mut launch = Launch::new(name, program).args(command).args(raw.args.0.clone()).cwd(match &raw.cwd {
        Some(cwd) => place.base.join(cwd),
        None => place.base.clone(),
    });
    if raw.filepath.as_deref().is_some_and(|path| Language::of(path) == Some(Language::Python)) {
        // Otherwise what it prints would wait in Python for more.
        launch = launch.env("PYTHONUNBUFFERED", "1");
    }
    for (variable, value) in settings.env.iter().chain(&raw.env) {
        launch = launch.env(variable, value);
    }
    launch.ready = ready(name, &raw)?;
    launch.restart = restart(name, raw.restart.as_ref().or(settings.restart.as_ref()))?;
    if let Some(within) = raw.ready_within.or(settings.ready_within) {
        launch.ready_within = seconds(name, "ready_within", within)?;
    }
    if let Some(grace) = raw.grace.or(settings.grace) {
        launch.grace = seconds(name, "grace", grace)?;
    }
    let terminal = raw.terminal_cmd.or_else(|| settings.terminal_cmd.clone());
    launch.terminal = terminal.unwrap_or_default().0.into_iter().map(Into::into).collect();
    launch.replicas = raw.replicas.unwrap_or(1);
    launch.needs = raw.depends_on.unwrap_or_default().0;
    launch.lead = raw.lead;
    if let Some(member) = raw.member {
        launch.member = member;
    }
    Ok(launch)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Python,
    Julia,
}

impl Language {
    fn of(path: &str) -> Option<Self> {
        match Path::new(path).extension()?.to_str()? {
            "py" => Some(Self::Python),
            "jl" => Some(Self::Julia),
            _ => None,
        }
    }
}

/// Spells the command: `command`, or what runs `filepath`.
fn command(
    name: &str,
    raw: &RawComponent,
    settings: &RawSettings,
    place: &Place,
) -> Result<Vec<String>, String> {
    match (&raw.filepath, &raw.command) {
        (None, Some(command)) => Ok(command.0.clone()),
        (Some(path), None) => interpreter(name, path, raw, settings, place),
        (None, None) => Err(format!("{name} says neither `filepath` nor `command`: what is to run?")),
        (Some(_), Some(_)) => Err(format!("{name} says both `filepath` and `command`; give one of them")),
    }
}

fn interpreter(
    name: &str,
    path: &str,
    raw: &RawComponent,
    settings: &RawSettings,
    place: &Place,
) -> Result<Vec<String>, String> {
    let language = Language::of(path).ok_or_else(|| {
        format!("{name}: {path:?} ends neither in .py nor in .jl; say `command` to run any other program")
    })?;
    let file = absolute(place, path);
    let mut words = match language {
        Language::Python => {
            let envpath =
                raw.envpath.as_ref().or(raw.python_envpath.as_ref()).or(settings.python_envpath.as_ref());
            let line =
                raw.python_cmd.as_ref().or(settings.python_cmd.as_ref()).map_or("python", String::as_str);
            let words = shlex::split(line).filter(|words| !words.is_empty());
            let mut words = words.ok_or_else(|| format!("{name}: {line:?} is no python_cmd"))?;
            if let Some(envpath) = envpath {
                words[0] = in_environment(&place.base.join(envpath), &words[0]);
            }
            words
        }
        Language::Julia => {
            let envpath =
                raw.envpath.as_ref().or(raw.julia_envpath.as_ref()).or(settings.julia_envpath.as_ref());
            let project = envpath.map(|envpath| format!("--project={}", absolute(place, envpath)));
            ["julia".to_owned()].into_iter().chain(project).collect()
        }
    };
    words.push(file);
    Ok(words)
}

fn absolute(place: &Place, path: &str) -> String {
    let path: PathBuf = place.base.join(path).components().collect();
    path.to_string_lossy().into_owned()
}

/// Finds an interpreter in an environment: its folder of programs, as upstream has it, or the environment itself.
fn in_environment(environment: &Path, program: &str) -> String {
    let within = environment.join("bin").join(program);
    let found = if within.exists() { within } else { environment.join(program) };
    let found: PathBuf = found.components().collect();
    found.to_string_lossy().into_owned()
}

fn ready(name: &str, raw: &RawComponent) -> Result<Ready, String> {
    let delay = raw.delay.map(|delay| seconds(name, "delay", delay)).transpose()?;
    match (&raw.ready, delay) {
        (Some(_), Some(_)) => Err(format!("{name} says both `delay` and `ready`; `ready` is the better one")),
        (None, Some(delay)) => Ok(Ready::After(delay)),
        (None, None) => Ok(Ready::Started),
        (Some(ready), None) => readiness(name, ready),
    }
}

fn readiness(name: &str, raw: &RawReady) -> Result<Ready, String> {
    let map = &raw.map;
    let named = [
        raw.word.as_deref().map(|word| match word {
            "started" => Ok(Ready::Started),
            "registered" => Ok(Ready::Registered),
            "joined" => Ok(Ready::Joined(Vec::new())),
            _ => Err(format!("{name}: ready is started, registered or joined, not {word:?}")),
        }),
        map.joined.as_ref().map(|rooms| Ok(Ready::Joined(rooms.0.clone()))),
        map.port.as_ref().map(|port| Ok(Ready::Port(address(port)))),
        map.line.as_ref().map(|line| Ok(Ready::Line(line.clone()))),
        map.after.map(|after| seconds(name, "after", after).map(Ready::After)),
    ];
    let mut named = named.into_iter().flatten();
    match (named.next(), named.next()) {
        (Some(ready), None) => ready,
        _ => Err(format!("{name}: ready wants exactly one of joined, port, line, after")),
    }
}

/// Takes a port alone for one of this machine.
fn address(port: &str) -> String {
    if port.contains(':') { port.to_owned() } else { format!("127.0.0.1:{port}") }
}

fn restart(name: &str, raw: Option<&RawRestart>) -> Result<Restart, String> {
    let mut restart = Restart::default();
    let Some(map) = raw.map(|raw| &raw.map) else { return Ok(restart) };
    restart.when = match map.when.as_deref() {
        None | Some("on-failure") => When::OnFailure,
        Some("no" | "never") => When::Never,
        Some("always") => When::Always,
        Some(other) => return Err(format!("{name}: restart is no, on-failure or always, not {other:?}")),
    };
    let times = [
        ("base", map.base, &mut restart.base),
        ("cap", map.cap, &mut restart.cap),
        ("window", map.window, &mut restart.window),
    ];
    for (key, given, time) in times {
        if let Some(given) = given {
            *time = seconds(name, key, given)?;
        }
    }
    restart.attempts = map.attempts.unwrap_or(restart.attempts);
    Ok(restart)
}

/// Takes a number of seconds, a year at most: longer is a slip, and sums of times must stay times.
fn seconds(name: &str, key: &str, number: f64) -> Result<Duration, String> {
    const YEAR: f64 = 366.0 * 86400.0;
    let time = Some(number)
        .filter(|number| *number <= YEAR)
        .and_then(|number| Duration::try_from_secs_f64(number).ok());
    time.ok_or_else(|| format!("{name}: {key} is a number of seconds from 0 to a year, not {number}"))
}
