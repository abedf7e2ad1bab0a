//! Config: what the program takes from flags, environment and file, and what it refuses.

use std::path::PathBuf;

use crate::stage::{Member, Program, Via, Wire, run};

/// Writes a file that goes with its value.
struct Paper(PathBuf);

impl Paper {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("swergio-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Paper {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Prints the configuration that results, as a table.
async fn printed(flags: &[&str], environment: &[(&str, &str)]) -> toml::Table {
    let output = run(&[flags, &["--print-config"]].concat(), environment).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).parse().unwrap()
}

/// Runs the program, which must refuse to start, and returns what it says.
async fn refusal(flags: &[&str], environment: &[(&str, &str)]) -> String {
    let output = run(flags, environment).await;
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
    text(&output.stderr)
}

/// Flags win over the environment, this over the file, that over the defaults.
#[tokio::test]
async fn flags_win_over_environment_over_file_over_defaults() {
    let file = Paper::new(
        "order.toml",
        "listen = '127.0.0.1:1'\nlog = 'warn'\n[broker]\nnode = 'file'\nheader_length = 4\n[broker.limits]\nping = 7\n",
    );
    let config = ["--config", file.path()];
    let settings = printed(&config, &[]).await;
    assert_eq!(settings["listen"].as_str(), Some("127.0.0.1:1"));
    assert_eq!(settings["broker"]["limits"]["ping"].as_float(), Some(7.0));
    assert_eq!(settings["broker"]["log_room"].as_bool(), Some(true));

    let environment =
        [("SWERGIO_LISTEN", "127.0.0.1:2"), ("SWERGIO_NODE", "environment"), ("SWERGIO_LOG_ROOM", "0")];
    let settings = printed(&config, &environment).await;
    assert_eq!(settings["listen"].as_str(), Some("127.0.0.1:2"));
    assert_eq!(settings["broker"]["node"].as_str(), Some("environment"));
    assert_eq!(settings["broker"]["header_length"].as_integer(), Some(4));
    assert_eq!(settings["broker"]["log_room"].as_bool(), Some(false));

    let flags = [
        "--config",
        file.path(),
        "--node",
        "flag",
        "--log-room",
        "1",
        "--limit",
        "ping=9",
        "--upstream-compat",
    ];
    let settings = printed(&flags, &environment).await;
    assert_eq!(settings["listen"].as_str(), Some("127.0.0.1:2"));
    assert_eq!(settings["broker"]["node"].as_str(), Some("flag"));
    assert_eq!(settings["broker"]["log_room"].as_bool(), Some(true));
    assert_eq!(settings["broker"]["upstream_compat"].as_bool(), Some(true));
    assert_eq!(settings["broker"]["limits"]["ping"].as_float(), Some(9.0));
}

/// What is printed is a configuration file, and says the same when it is read.
#[tokio::test]
async fn what_is_printed_can_be_read() {
    let settings = printed(&["--header-length", "16", "--origin", "https://lab.example"], &[]).await;
    let file = Paper::new("printed.toml", &settings.to_string());
    assert_eq!(printed(&["--config", file.path()], &[]).await, settings);
}

/// A key, a bound or a flag that does not exist is refused by name; so is a value out of its range.
#[tokio::test]
async fn what_is_unknown_is_refused_by_name() {
    for (name, body) in
        [("top", "colour = 1"), ("broker", "[broker]\ncolour = 1"), ("limits", "[broker.limits]\ncolour = 1")]
    {
        let file = Paper::new(&format!("unknown-{name}.toml"), body);
        let said = refusal(&["--config", file.path()], &[]).await;
        assert!(said.contains("colour") && said.contains(file.path()), "{said}");
    }
    for (flags, word) in [
        (&["--colour", "1"][..], "--colour"),
        (&["--limit", "colour=1"], "colour"),
        (&["--limit", "ping"], "NAME=VALUE"),
        (&["--header-length", "21"], "header_length"),
        (&["--origin", "lab.example"], "https://lab.example"),
        (&["--listen", "nowhere"], "nowhere"),
        (&["--config", "/nowhere/at/all.toml"], "/nowhere/at/all.toml"),
        (&["--tokens", "/nowhere/at/all.toml"], "/nowhere/at/all.toml"),
        (&["--log", "a=b=c"], "a=b=c"),
    ] {
        let said = refusal(flags, &[]).await;
        assert!(said.contains(word), "{flags:?}: {said}");
    }
    assert!(refusal(&[], &[("SWERGIO_HEADER_LENGTH", "many")]).await.contains("many"));
}

/// On an address that others can reach somebody must say who may come.
#[tokio::test]
async fn an_open_door_to_the_world_must_be_asked_for() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let said = refusal(&["--listen", address], &[]).await;
        assert!(said.contains("--tokens FILE") && said.contains("--open"), "{said}");
        assert!(said.contains("can be reached from other machines"), "{said}");
    }
}

/// R62: a token file is read, its secrets are long, and its entries have no unknown keys.
#[tokio::test]
async fn a_token_file_is_read_and_checked() {
    for (name, body, word) in [
        ("short", "[[token]]\nsecret = 'short'", "16 characters"),
        ("unknown", "[[token]]\nsecret = 'a long random string'\ncolour = 1", "colour"),
    ] {
        let file = Paper::new(&format!("tokens-{name}.toml"), body);
        let said = refusal(&["--listen", "127.0.0.1:0", "--tokens", file.path()], &[]).await;
        assert!(said.contains(word) && !said.contains("a long random string"), "{said}");
    }
    let file = Paper::new("tokens.toml", "[[token]]\nsecret = 'a long random string'\n");
    let program = Program::start(&["--tokens", file.path()]).await;
    let mut wire = Wire::connect(program.address).await;
    let request = crate::stage::opening(
        program.address,
        "/ws?name=ada",
        "Authorization: Bearer a long random string\r\n",
    );
    wire.send(request.as_bytes()).await;
    let (head, rest) = wire.response_head().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(Member::begun(wire, Via::Json, rest).next().await.unwrap()["NAME"], "ada");
}

/// What it was told is what it does: the width of headers and the name of the node.
#[tokio::test]
async fn what_it_was_told_is_what_it_does() {
    let program = Program::start(&["--header-length", "4", "--node", "lab-7"]).await;
    let mut ada =
        Wire::connect(program.address).await.upgrade(program.address, "/ws?name=ada", Via::Json).await;
    assert_eq!(ada.next().await.unwrap()["NODE"], "lab-7");
    let mut bob = Member::new(Wire::connect(program.address).await, Via::Tcp, 4);
    bob.enter("bob", &[]).await;
    bob.tell_member("ada", "hi").await;
    assert_eq!(ada.next().await.unwrap()["ID"], "hi");
}
