//! CartPole with Gymnasium's poles in place of ours: the physics are the same, and the ensemble learns from them through rooms.

use std::process::Command;

use serde_json::Value;

fn python() -> Command {
    Command::new(std::env::var_os("SWERGIO_PYTHON").expect("cargo xtask ci python sets SWERGIO_PYTHON"))
}

fn cartpole() -> Command {
    Command::new(env!("CARGO_BIN_EXE_cartpole"))
}

/// Steps of Gymnasium's that nobody has recorded before: one episode by chance, one of a policy that balances for a while.
const EPISODES: &str = r#"
import gymnasium, json, random
env = gymnasium.make("CartPole-v1")
for seed, balances in ((4711, False), (4712, True)):
    env.reset(seed=seed)
    chance, over, step = random.Random(seed), False, 0
    while not over and step < 60:
        before = [float(number) for number in env.unwrapped.state]
        action = int(before[2] + before[3] > 0) if balances else chance.randrange(2)
        _, reward, terminated, truncated, _ = env.step(action)
        after = [float(number) for number in env.unwrapped.state]
        print(json.dumps([before, action, after, reward, bool(terminated)]))
        over, step = terminated or truncated, step + 1
"#;

#[test]
fn each_step_is_gymnasiums() {
    let told = python().args(["-c", EPISODES]).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let mut steps = 0;
    for line in String::from_utf8(told.stdout).unwrap().lines() {
        let (before, action, after, reward, terminated): ([f64; 4], u8, [f64; 4], f64, bool) =
            serde_json::from_str(line).unwrap();
        let state = before.map(|number| number.to_string()).join(",");
        let ours =
            cartpole().args(["step", "--state", &state, "--action", &action.to_string()]).output().unwrap();
        let ours: Value = serde_json::from_slice(&ours.stdout).unwrap();
        for (place, number) in after.iter().enumerate() {
            let next = ours["next_state"][place].as_f64().unwrap();
            assert!((next - number).abs() < 1e-12, "{line} {ours}");
        }
        assert_eq!((ours["reward"].as_f64(), ours["terminated"].as_bool()), (Some(reward), Some(terminated)));
        steps += 1;
    }
    assert!(steps > 60, "{steps}");
}

#[test]
fn an_ensemble_learns_from_gymnasiums_poles() {
    let out = std::env::temp_dir().join(format!("cartpole-gymnasium-{}", std::process::id()));
    let mut demo = cartpole();
    demo.args(["--members", "3", "--steps", "2000", "--gymnasium"]).arg(python().get_program());
    let output = demo.arg("--out").arg(&out).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let summary: Value = serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap();
    let number = |key: &str| summary[key].as_f64().unwrap();
    assert!(said.contains("of Gymnasium's stand in the room"), "{said}");
    // An untrained ensemble's episodes have some twenty steps: a hundred of them and more were had.
    assert!(number("steps") >= 2000.0 && number("episodes") > 20.0, "{summary}");
    assert!(number("generations") >= 1.0 && number("judged_mean_return") > 9.0, "{summary}");
    assert!(number("credit_error") < 1e-9, "{summary}");
    std::fs::remove_dir_all(out).unwrap();
}
