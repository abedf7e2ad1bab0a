//! Stage: a broker, components, and the program. Everything has a deadline, nothing outlives its test.

use std::process::Stdio;
use std::time::Duration;

use swergio_broker::{Broker, Config, Guard, Tokens, serve};
use swergio_client::{Client, Envelope, Kind, Options, RoomName};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Stage {
    pub(crate) broker: Broker,
    pub(crate) address: String,
}

/// What a program that has ended left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) notes: String,
}

impl Stage {
    pub(crate) async fn open() -> Self {
        Self::at("127.0.0.1:0", Guard::Open).await
    }

    pub(crate) async fn at(address: &str, guard: Guard) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let broker = Broker::guarded(Config::default(), guard).unwrap();
        tokio::spawn(serve(broker.clone(), listener));
        Self { broker, address }
    }

    /// Opens a broker that wants the token `key…`, which may do what is said of it.
    pub(crate) async fn guarded(grant: &str) -> Self {
        let tokens = format!(r#"{{"token": [{{"secret": "{SECRET}", {grant}}}]}}"#);
        let tokens: Tokens = serde_json::from_str(&tokens).unwrap();
        Self::at("127.0.0.1:0", Guard::Tokens(tokens)).await
    }

    /// Seats a component in a room.
    pub(crate) async fn component(&self, name: &str, room: &str) -> Client {
        let client = Options::new(&self.address).name(name).rooms([room]).connect().await.unwrap();
        client.settle().await.unwrap();
        client
    }

    pub(crate) fn swergio(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swergio"));
        command.args(args).env("SWERGIO_URL", &self.address).env_remove("SWERGIO_TOKEN");
        command.env_remove("CLICOLOR_FORCE").kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Ended {
        let output = in_time(self.swergio(args).output()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), notes: text(output.stderr) }
    }

    /// Starts the program, which goes on by itself.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        let mut child = self.swergio(args).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let notes = BufReader::new(child.stderr.take().unwrap()).lines();
        Running { child, out: Some(out), notes }
    }

    /// Starts a tap, and waits until it listens.
    pub(crate) async fn tap(&self, args: &[&str]) -> Running {
        let mut tap = self.start(&[&["tap"], args].concat());
        tap.noted("tap: listening in").await;
        tap
    }
}

pub(crate) const SECRET: &str = "a key of some length";

/// A program that runs.
pub(crate) struct Running {
    child: Child,
    pub(crate) out: Option<Lines<BufReader<ChildStdout>>>,
    pub(crate) notes: Lines<BufReader<ChildStderr>>,
}

impl Running {
    /// Returns the next line that it prints.
    pub(crate) async fn line(&mut self) -> String {
        let out = self.out.as_mut().expect("somebody reads");
        in_time(out.next_line()).await.unwrap().expect("it prints another line")
    }

    /// Waits for a note that begins so, and returns it.
    pub(crate) async fn noted(&mut self, beginning: &str) -> String {
        loop {
            let note = in_time(self.notes.next_line()).await.unwrap();
            let note = note.unwrap_or_else(|| panic!("it ended without the note {beginning:?}"));
            if note.starts_with(beginning) {
                return note;
            }
        }
    }

    /// Sends a signal to this one process: INT is Ctrl-C.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let kill = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status();
        assert!(in_time(kill).await.unwrap().success());
    }

    /// Waits for its end, and returns its exit status and what else it noted.
    pub(crate) async fn end(mut self) -> (Option<i32>, Vec<String>) {
        let mut notes = Vec::new();
        while let Some(note) = in_time(self.notes.next_line()).await.unwrap() {
            notes.push(note);
        }
        (in_time(self.child.wait()).await.unwrap().code(), notes)
    }
}

pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("it takes no longer than the deadline")
}

/// Makes a message for a room.
pub(crate) fn to(room: &str, kind: Kind<'static>) -> Envelope {
    Envelope::new(kind).with_to_room(RoomName::parse(room).unwrap())
}
