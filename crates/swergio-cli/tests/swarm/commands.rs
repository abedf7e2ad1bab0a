//! Commands: up, ps, logs, restart, down, as people type them.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::lab::{Lab, in_time, signal, written};

/// Runs until it is asked to end, and says both.
const OBEDIENT: &str = "trap 'echo ends; exit 0' TERM; echo begins; while :; do sleep 1000 & wait; done";

/// A swarm in upstream's manner, with a shell for a Python: nobody needs one to be installed.
fn upstream(lab: &Lab) {
    lab.write("01_server.py", &format!("echo $PYTHONUNBUFFERED; {OBEDIENT}"));
    lab.write("02_model.py", OBEDIENT);
    lab.write(
        "swarm.yaml",
        "settings:\n  python_envpath: /bin/\n  python_cmd: sh\ncomponents:\n  server:\n    filepath: 01_server.py\n    delay: 0.05\n  model:\n    filepath: 02_model.py\n    ready: {line: begins}\n",
    );
}

/// A program that runs in the foreground.
struct Up {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Up {
    fn start(lab: &Lab, args: &[&str]) -> Self {
        let mut child = lab.swergio(&[&["swarm", "up"], args].concat()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits until all these lines were printed: what is printed and what happens come by two ways.
    async fn until(&mut self, wanted: &[&str]) {
        let mut wanted = wanted.to_vec();
        while !wanted.is_empty() {
            match in_time(self.lines.next_line()).await.unwrap() {
                Some(line) => wanted.retain(|wanted| *wanted != line),
                None => panic!("it ended without {wanted:?}"),
            }
        }
    }

    fn signal(&self, name: &str) {
        signal(self.child.id().unwrap(), name);
    }

    /// Waits for its end, and returns its exit status and what it printed.
    async fn end(mut self) -> (Option<i32>, Vec<String>) {
        let mut rest = Vec::new();
        while let Some(line) = in_time(self.lines.next_line()).await.unwrap() {
            rest.push(line);
        }
        (in_time(self.child.wait()).await.unwrap().code(), rest)
    }
}

#[tokio::test]
async fn ctrl_c_stops_in_order() {
    let lab = Lab::open();
    upstream(&lab);
    let mut up = Up::start(&lab, &[]);
    up.until(&["server | begins", "model  | begins", "model  * is up"]).await;
    up.signal("INT");
    let (code, rest) = up.end().await;
    assert_eq!(code, Some(0));
    let place = |wanted: &str| rest.iter().position(|line| line == wanted).expect("it is told");
    assert!(place("model  | ends") < place("server | ends"), "{rest:?}");
    assert!(place("model  * ended well") < place("server * ended well"), "{rest:?}");
    assert!(place("server | ends") < place("server * ended well"), "{rest:?}");
    lab.is_empty().await;
}

#[tokio::test]
async fn a_second_ctrl_c_kills() {
    let lab = Lab::open();
    lab.write("swarm.yaml", "components:\n  deaf:\n    command: [sh, -c, \"trap 'echo no' TERM; echo begins; while :; do sleep 0.01; done\"]\n    ready: {line: begins}\n");
    let mut up = Up::start(&lab, &[]);
    up.until(&["deaf * is up"]).await;
    up.signal("INT");
    up.until(&["deaf | no"]).await;
    up.signal("INT");
    assert_eq!(up.end().await.0, Some(130));
    lab.is_empty().await;
}

#[tokio::test]
async fn in_the_background_it_is_found_asked_and_stopped() {
    let lab = Lab::open();
    upstream(&lab);
    let ended = lab.run(&["swarm", "up", "--detach"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.lines().nth(1).unwrap().starts_with("server  up"), "{}", ended.out);

    let report = lab.run(&["swarm", "ps", "--json"]).await.out;
    let report: Value = serde_json::from_str(&report).unwrap();
    let first = &report["components"][1];
    assert_eq!((&first["name"], &first["state"]), (&"model".into(), &"up".into()));
    assert!(first["memory"].as_u64().unwrap() > 0 && first["uptime"].as_f64().unwrap() > 0.0, "{first}");

    let twice = lab.run(&["swarm", "up"]).await;
    assert_eq!(twice.code, Some(2));
    assert!(twice.notes.contains(&format!("runs already, as process {}", report["pid"])), "{}", twice.notes);

    let restarted = lab.run(&["swarm", "restart", "model"]).await;
    assert_eq!((restarted.code, restarted.out.as_str()), (Some(0), "model up again\n"));
    let report = lab.run(&["swarm", "ps", "--json"]).await.out;
    let again: Value = serde_json::from_str(&report).unwrap();
    assert_ne!(again["components"][1]["pid"], first["pid"]);
    assert_eq!(lab.run(&["swarm", "restart", "nobody"]).await.code, Some(1));

    assert_eq!(lab.run(&["swarm", "down", "model"]).await.code, Some(0));
    assert!(lab.run(&["swarm", "ps"]).await.out.contains("model   stopped"));
    assert_eq!(lab.run(&["swarm", "up", "model"]).await.code, Some(0));
    assert!(lab.run(&["swarm", "ps"]).await.out.contains("model   up"));

    assert_eq!(lab.run(&["swarm", "down"]).await.code, Some(0));
    assert_eq!(lab.run(&["swarm", "ps"]).await.code, Some(1));
    assert_eq!(lab.run(&["swarm", "down"]).await.code, Some(0));
    lab.is_empty().await;

    let logs = lab.run(&["swarm", "logs"]).await;
    assert_eq!(logs.code, Some(0));
    let model = "model  | begins\nmodel  | ends\n".repeat(3);
    assert_eq!(logs.out, format!("{model}server | 1\nserver | begins\nserver | ends\n"));
    assert_eq!(lab.run(&["swarm", "logs", "server", "-n", "1"]).await.out, "ends\n");
    assert_eq!(lab.run(&["swarm", "logs", "nobody"]).await.code, Some(1));
}

#[tokio::test]
async fn logs_are_followed_as_they_come() {
    let lab = Lab::open();
    let script = "echo one; until [ -e go ]; do sleep 0.01; done; echo two; sleep 1000";
    lab.write(
        "swarm.yaml",
        &format!("components:\n  a:\n    command: [sh, -c, '{script}']\n    ready: {{line: one}}\n"),
    );
    assert_eq!(lab.run(&["swarm", "up", "-d"]).await.code, Some(0));
    let mut follow = lab.swergio(&["swarm", "logs", "--follow", "a"]).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    assert_eq!(in_time(lines.next_line()).await.unwrap().unwrap(), "one");
    lab.write("go", "");
    assert_eq!(in_time(lines.next_line()).await.unwrap().unwrap(), "two");
    signal(follow.id().unwrap(), "INT");
    assert_eq!(in_time(follow.wait()).await.unwrap().code(), Some(0));
    assert_eq!(lab.run(&["swarm", "down"]).await.code, Some(0));
}

#[tokio::test]
async fn a_component_that_failed_is_in_the_exit_status() {
    let lab = Lab::open();
    lab.write(
        "swarm.yaml",
        "settings: {restart: no}\ncomponents:\n  good: {command: 'true'}\n  bad: {command: sh -c 'exit 7'}\n",
    );
    let ended = lab.run(&["swarm", "up"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("bad  * failed for good: it exited with status 7\n"), "{}", ended.out);
    assert!(ended.notes.contains("swarm: bad exited with status 7"), "{}", ended.notes);
    lab.write("swarm.yaml", "components:\n  good: {command: 'true'}\n");
    assert_eq!(lab.run(&["swarm", "up"]).await.code, Some(0));
    assert_eq!(lab.run(&["swarm", "up", "--detach"]).await.code, Some(0));
    assert_eq!(lab.run(&["swarm", "up", "nobody"]).await.code, Some(2));
}

#[tokio::test]
async fn a_file_that_is_wrong_is_told_with_its_line() {
    let lab = Lab::open();
    lab.write("swarm.yaml", "components:\n  a:\n    comand: x\n");
    let ended = lab.run(&["swarm", "up"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.notes.starts_with("swergio: swarm.yaml:3:5: "), "{}", ended.notes);
    lab.write("swarm.yaml", "components:\n  a: {command: 'x ${SWERGIO_NAM}'}\n");
    let ended = lab.run(&["swarm", "up"]).await;
    assert!(
        ended.notes.starts_with("swergio: a: there is no ${SWERGIO_NAM}; there are SWERGIO_URL"),
        "{}",
        ended.notes
    );
    let ended = lab.run(&["swarm", "up", "--file", "none.yaml"]).await;
    assert_eq!((ended.code, ended.notes.contains("none.yaml: No such file")), (Some(2), true));
}

/// The terminal is another matter: here nobody sees colours, unless they are forced, and then only without NO_COLOR.
#[tokio::test]
async fn colours_are_for_those_who_see_them() {
    let lab = Lab::open();
    lab.write("swarm.yaml", "components:\n  a: {command: echo hi}\n");
    let plain = lab.run(&["swarm", "up"]).await;
    assert!(plain.out.contains("a | hi\n") && !plain.out.contains('\x1b'), "{:?}", plain.out);
    let forced = in_time(lab.swergio(&["swarm", "up"]).env("CLICOLOR_FORCE", "1").output()).await.unwrap();
    let forced = String::from_utf8(forced.stdout).unwrap();
    assert!(forced.contains("\x1b[36ma |\x1b[0m hi"), "{forced:?}");
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_up_nobody() {
    let lab = Lab::open();
    lab.write(
        "swarm.yaml",
        "components:\n  flood: {command: 'yes'}\n  calm: {command: sleep 1000, depends_on: flood}\n",
    );
    let mut child = lab.swergio(&["swarm", "up"]).spawn().unwrap();
    in_time(async { while !lab.run(&["swarm", "ps"]).await.out.contains("calm   up") {} }).await;
    assert_eq!(lab.run(&["swarm", "restart", "flood"]).await.code, Some(0));
    assert_eq!(lab.run(&["swarm", "down"]).await.code, Some(0));
    in_time(child.wait()).await.unwrap();
    lab.is_empty().await;
}

#[tokio::test]
async fn a_reader_that_goes_away_does_not_hold_up_the_end() {
    let lab = Lab::open();
    upstream(&lab);
    let mut child = lab.swergio(&["swarm", "up"]).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut byte = [0];
    in_time(out.read_exact(&mut byte)).await.unwrap();
    drop(out);
    written(&lab.path.join(".swergio/swarm/logs/model.log")).await;
    signal(child.id().unwrap(), "TERM");
    assert!(in_time(child.wait()).await.unwrap().code().is_some());
    lab.is_empty().await;
}
