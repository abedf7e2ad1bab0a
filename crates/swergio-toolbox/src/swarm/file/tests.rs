//! Plays with files: upstream's, ours, and those that are wrong.

use std::time::Duration;

use super::*;
use crate::swarm::{Launch, Ready, Restart, When};

fn read(text: &str) -> Result<Plan, SwarmError> {
    parse(text, &Place { name: "swarm.yaml".into(), base: "/lab".into() })
}

fn launches(text: &str) -> Vec<Launch> {
    read(text).unwrap().launches
}

fn one(text: &str) -> Launch {
    launches(&format!("components:\n  aim:\n    {}", text.replace('\n', "\n    "))).remove(0)
}

fn line(launch: &Launch) -> String {
    launch
        .terminal
        .iter()
        .chain(&launch.command)
        .map(|word| word.to_str().unwrap())
        .collect::<Vec<_>>()
        .join(" ")
}

fn wrong(text: &str) -> String {
    match read(text) {
        Err(SwarmError::File(told)) => told,
        other => panic!("{other:?}"),
    }
}

/// Such a file comes with each of upstream's examples.
const UPSTREAM: &str = r#"
###
# General settings
###
settings:
  julia_envpath: "." # path to julia Project.toml to be used
  python_envpath: "./venv/bin/" # path to the executable in the virtual environment
  python_cmd: "python"
  terminal_cmd: "xterm -fs 14 -fa DejaVuSansMono -hold -e"
components:
  server:
    filepath: "01_server.py"
    delay: 5 # until the next one is started
  model:
    filepath: "02_model.py"
    delay: 0.5
    terminal_cmd: ""
    envpath: /opt/other
  trebuchet:
    filepath: "03_trebuchet.jl"
    terminal_cmd: "kitty -T 'the trebuchet'"
"#;

#[test]
fn upstreams_file_is_read_unchanged() {
    let launches = launches(UPSTREAM);
    let lines: Vec<String> = launches.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "xterm -fs 14 -fa DejaVuSansMono -hold -e /lab/venv/bin/python /lab/01_server.py",
            "/opt/other/python /lab/02_model.py",
            "kitty -T the trebuchet julia --project=/lab /lab/03_trebuchet.jl",
        ]
    );
    let readiness: Vec<&Ready> = launches.iter().map(|launch| &launch.ready).collect();
    let (five, half) = (Duration::from_secs(5), Duration::from_millis(500));
    assert_eq!(readiness, [&Ready::After(five), &Ready::After(half), &Ready::Started]);
    let needs: Vec<&[String]> = launches.iter().map(|launch| launch.needs.as_slice()).collect();
    assert_eq!(needs, [&[][..], &["server".to_owned()], &["model".to_owned()]]);
    assert!(launches.iter().all(|launch| launch.cwd.as_deref() == Some(Path::new("/lab"))));
}

#[test]
fn settings_may_be_left_out_and_an_interpreter_may_have_another_name() {
    assert_eq!(line(&one("filepath: a.py")), "python /lab/a.py");
    assert_eq!(
        line(&one("filepath: a.py\npython_cmd: python3 -X dev\nargs: --fast")),
        "python3 -X dev /lab/a.py --fast"
    );
    assert_eq!(
        line(&one("filepath: a.py\npython_cmd: python3\npython_envpath: v/bin")),
        "/lab/v/bin/python3 /lab/a.py"
    );
    assert_eq!(
        line(&one("filepath: sub/a.jl\njulia_envpath: sub")),
        "julia --project=/lab/sub /lab/sub/a.jl"
    );
    assert_eq!(line(&one("filepath: a.jl")), "julia /lab/a.jl");
}

#[test]
fn an_environment_may_be_named_by_its_root() {
    let root = std::env::temp_dir().join(format!("swergio-venv-{}", std::process::id()));
    std::fs::create_dir_all(root.join("bin")).unwrap();
    std::fs::write(root.join("bin/python"), "").unwrap();
    let found = line(&one(&format!("filepath: a.py\nenvpath: {}", root.display())));
    std::fs::remove_dir_all(&root).unwrap();
    assert_eq!(found, format!("{}/bin/python /lab/a.py", root.display()));
}

#[test]
fn what_python_prints_comes_at_once_unless_somebody_says_otherwise() {
    let env = |launch: Launch| {
        launch
            .env
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(env(one("filepath: a.py")), ["PYTHONUNBUFFERED=1"]);
    assert_eq!(
        env(one("filepath: a.py\nenv: {PYTHONUNBUFFERED: 0}")),
        ["PYTHONUNBUFFERED=1", "PYTHONUNBUFFERED=0"]
    );
    assert_eq!(env(one("command: a")), Vec::<String>::new());
}

#[test]
fn a_component_of_ours_says_all_that_a_launch_can() {
    let launch = one("command: [./agent, --rate, 0.10, 'two words']\n\
         args: [007, true]\n\
         env: {SEED: 010, RATE: 1e-3}\n\
         cwd: work\n\
         ready: {joined: [observation, action]}\n\
         ready_within: 60\n\
         restart: {when: always, base: 0.5, cap: 5, attempts: 3, window: 30}\n\
         replicas: 20\n\
         grace: 2.5\n\
         lead: true\n\
         member: agent${SWERGIO_REPLICA}");
    let restart = Restart {
        when: When::Always,
        base: Duration::from_millis(500),
        cap: Duration::from_secs(5),
        attempts: 3,
        window: Duration::from_secs(30),
    };
    let wanted = Launch::new("aim", "./agent")
        .args(["--rate", "0.10", "two words", "007", "true"])
        .env("RATE", "1e-3")
        .env("SEED", "010")
        .cwd("/lab/work")
        .ready(Ready::Joined(vec!["observation".into(), "action".into()]))
        .ready_within(Duration::from_secs(60))
        .restart(restart)
        .replicas(20)
        .grace(Duration::from_millis(2500))
        .lead()
        .member("agent${SWERGIO_REPLICA}");
    assert_eq!(launch, wanted);
}

#[test]
fn readiness_and_restarts_have_short_spellings() {
    let ready = |text: &str| one(&format!("command: x\nready: {text}")).ready;
    assert_eq!(ready("started"), Ready::Started);
    assert_eq!(ready("registered"), Ready::Registered);
    assert_eq!(ready("joined"), Ready::Joined(vec![]));
    assert_eq!(ready("{joined: lab}"), Ready::Joined(vec!["lab".into()]));
    assert_eq!(ready("{port: 8080}"), Ready::Port("127.0.0.1:8080".into()));
    assert_eq!(ready("{port: 'localhost:1'}"), Ready::Port("localhost:1".into()));
    assert_eq!(ready("{line: ready to go}"), Ready::Line("ready to go".into()));
    assert_eq!(ready("{after: 2}"), Ready::After(Duration::from_secs(2)));
    let when = |text: &str| one(&format!("command: x\nrestart: {text}")).restart.when;
    assert_eq!([when("no"), when("never"), when("false")], [When::Never; 3]);
    assert_eq!(
        (when("on-failure"), when("always"), when("{cap: 1}")),
        (When::OnFailure, When::Always, When::OnFailure)
    );
}

#[test]
fn settings_hold_for_all_that_do_not_say_otherwise() {
    let launches = launches(
        "settings: {restart: always, grace: 1, ready_within: 2, env: {A: 1, B: 2}, url: 'ws://h:1'}\n\
         components:\n  one: {command: x}\n  two: {command: x, restart: no, grace: 3, env: {A: 9}}\n",
    );
    assert_eq!((launches[0].restart.when, launches[1].restart.when), (When::Always, When::Never));
    assert_eq!((launches[0].grace, launches[1].grace), (Duration::from_secs(1), Duration::from_secs(3)));
    assert_eq!(launches[1].env.last(), Some(&("A".to_owned(), "9".into())));
}

#[test]
fn a_broker_is_an_address_or_a_map() {
    let broker = |text: &str| {
        read(&format!("broker: {text}\ncomponents: {{a: {{command: x}}}}")).unwrap().broker.unwrap()
    };
    assert_eq!(broker("127.0.0.1:0"), BrokerPlan::new("127.0.0.1:0"));
    let wanted = BrokerPlan::new("127.0.0.1:9").command(["cargo", "run"]).args(["--open"]);
    assert_eq!(broker("{listen: '127.0.0.1:9', command: cargo run, args: [--open]}"), wanted);
    assert_eq!(broker("{}"), BrokerPlan::new("127.0.0.1:8080"));
}

#[test]
fn whoever_names_what_it_needs_waits_for_no_delay() {
    let launches = launches(
        "components:\n  a: {command: x, delay: 5}\n  b: {command: x, depends_on: []}\n  c: {command: x, depends_on: b}\n  d: {command: x}\n",
    );
    let needs: Vec<String> = launches.iter().map(|launch| launch.needs.join(" ")).collect();
    assert_eq!(needs, ["", "", "b", "a"]);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let cases = [
        ("components:\n  a:\n    comand: x\n", "swarm.yaml:3:5: ", "comand"),
        (
            "components:\n  a:\n    command: x\n    delay: soon\n",
            "swarm.yaml:4:12: ",
            "invalid floating point",
        ),
        (
            "components:\n  a: {command: x}\n  b: {}\n",
            "swarm.yaml:3:3: ",
            "b says neither `filepath` nor `command`",
        ),
        ("components:\n  a: {filepath: x.rs}\n", "swarm.yaml:2:3: ", "ends neither in .py nor in .jl"),
        ("components:\n  a: {filepath: x.py, command: y}\n", "swarm.yaml:2:3: ", "both"),
        ("components:\n  a: {command: x, delay: -1}\n", "swarm.yaml:2:3: ", "delay is a number of seconds"),
        (
            "components:\n  a: {command: x, delay: 1, ready: joined}\n",
            "swarm.yaml:2:3: ",
            "both `delay` and `ready`",
        ),
        (
            "components:\n  a: {command: x, ready: soon}\n",
            "swarm.yaml:2:3: ",
            "started, registered or joined",
        ),
        ("components:\n  a: {command: x, ready: {port: 1, line: x}}\n", "swarm.yaml:2:3: ", "exactly one"),
        ("components:\n  a: {command: x, restart: sometimes}\n", "swarm.yaml:2:3: ", "sometimes"),
        ("components:\n  a: {command: x, replicas: 0}\n", "swarm.yaml:2:3: ", "no replica"),
        ("components:\n  a: {command: \"x 'y\"}\n", "swarm.yaml:2:", "opens a quotation"),
        ("components:\n  ../a: {command: x}\n", "swarm.yaml:2:3: ", "is no name for a component"),
        ("components:\n  a: {command: x}\n  a: {command: y}\n", "swarm.yaml:3:3: ", "uplicate"),
        ("components:\n  a: {command: x, depends_on: b}\n", "swarm.yaml: ", "a depends on b"),
        ("components: [a]\n", "swarm.yaml:1:", ""),
        ("components:\n\ta: x\n", "swarm.yaml:", ""),
    ];
    for (text, place, what) in cases {
        let told = wrong(text);
        assert!(told.starts_with(place) && told.contains(what), "{text}\n{told}");
        assert!(!told.contains('\n'), "{told}");
    }
}

#[test]
fn an_empty_swarm_is_a_swarm() {
    assert_eq!(launches(""), []);
    assert_eq!(launches("settings:\ncomponents:\n"), []);
}

#[test]
fn what_the_page_shows_is_understood() {
    let page = include_str!("../../../../../docs/SWARM.md");
    let shown = page.split("```yaml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let shown: Vec<Plan> = shown.map(|text| read(text).unwrap()).collect();
    let replicas = |plan: &Plan| plan.launches.iter().map(|launch| launch.replicas).collect::<Vec<_>>();
    assert_eq!(shown.iter().map(replicas).collect::<Vec<_>>(), [vec![1, 1, 1], vec![4], vec![]]);
}
