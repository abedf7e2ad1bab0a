//! Plays with the machine: a world of processes that obey, fall and dawdle.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::swarm::{Restart, State};

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// A machine and the processes that it believes in.
struct World {
    machine: Machine,
    now: Time,
    /// The run of each process that is there.
    alive: Vec<Option<u32>>,
    /// Those that were asked to end, and have not yet.
    asked: Vec<bool>,
    told: Vec<String>,
    /// What was spawned and terminated, in order.
    deeds: Vec<String>,
}

impl World {
    /// Makes components from lines such as `c: a b`, each after what it needs; ready as soon as it is told.
    fn of(lines: &[&str]) -> Self {
        Self::ruled(lines, |_| {})
    }

    fn ruled(lines: &[&str], adjust: impl Fn(&mut Rule)) -> Self {
        let mut machine = Machine::new(seconds(5));
        for line in lines {
            let (name, needs) = line.split_once(':').unwrap_or((line, ""));
            let index = |need: &str| machine.nodes().iter().position(|node| node.name == need).unwrap();
            let needs = needs.split_whitespace().map(index).collect();
            let mut rule = Rule {
                after: None,
                ready_within: seconds(30),
                restart: Restart::default(),
                grace: seconds(10),
                lead: false,
            };
            adjust(&mut rule);
            machine.add(Node::new(name.to_owned(), needs, rule));
        }
        let none = vec![None; lines.len()];
        Self {
            machine,
            now: seconds(0),
            asked: vec![false; none.len()],
            alive: none,
            told: vec![],
            deeds: vec![],
        }
    }

    fn act(&mut self, play: impl FnOnce(&mut Machine, Time, &mut Vec<Act>)) {
        let mut out = Vec::new();
        play(&mut self.machine, self.now, &mut out);
        for act in out {
            let name = |node: usize| self.machine.node(node).name.clone();
            match act {
                Act::Spawn { node, run } => {
                    assert_eq!(self.alive[node], None, "{} is there already", name(node));
                    for need in &self.machine.node(node).needs {
                        let state = self.machine.node(*need).state();
                        assert!(
                            matches!(state, State::Up | State::Done),
                            "{} needs {}",
                            name(node),
                            name(*need)
                        );
                    }
                    self.alive[node] = Some(run);
                    self.asked[node] = false;
                    self.deeds.push(format!("+{}", name(node)));
                }
                Act::Terminate(node) => {
                    assert!(self.alive[node].is_some(), "{} is not there", name(node));
                    self.asked[node] = true;
                    self.deeds.push(format!("-{}", name(node)));
                }
                Act::Kill(node) => {
                    assert!(self.alive[node].is_some(), "{} is not there", name(node));
                    self.deeds.push(format!("!{}", name(node)));
                }
                Act::Abandon(node) => {
                    self.deeds.push(format!("?{}", name(node)));
                    self.alive[node] = None;
                    self.asked[node] = false;
                }
                Act::Tell(event) => self.told.push(match event.name() {
                    Some(name) => format!("{name} {event}"),
                    None => event.to_string(),
                }),
            }
        }
    }

    fn index(&self, name: &str) -> usize {
        self.machine.nodes().iter().position(|node| node.name == name).unwrap()
    }

    fn all(&self) -> Vec<usize> {
        (0..self.alive.len()).collect()
    }

    fn start(&mut self) {
        let all = self.all();
        self.act(|machine, now, out| machine.start(now, &all, out));
    }

    fn stop(&mut self) {
        let all = self.all();
        self.act(|machine, now, out| machine.stop(now, &all, out));
    }

    fn restart(&mut self, name: &str) {
        let node = self.index(name);
        self.act(|machine, now, out| machine.restart(now, &[node], out));
    }

    fn ready(&mut self, name: &str) {
        let node = self.index(name);
        let run = self.alive[node].unwrap();
        self.act(|machine, now, out| machine.ready(now, node, run, out));
    }

    fn exit(&mut self, name: &str, ending: Ending) {
        let node = self.index(name);
        let run = self.alive[node].take().unwrap();
        self.act(|machine, now, out| machine.exited(now, node, run, ending, 1.0, out));
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.act(|machine, now, out| machine.tick(now, out));
    }

    /// Lets those that were asked to end do so, until nobody is asked any more.
    fn obey(&mut self) {
        while let Some(node) = self.asked.iter().position(|asked| *asked) {
            self.asked[node] = false;
            let name = self.machine.node(node).name.clone();
            self.exit(&name, Ending::Signal(15));
        }
    }

    /// Makes whatever runs ready, until nothing new starts.
    fn all_ready(&mut self) {
        while let Some(node) = self
            .machine
            .nodes()
            .iter()
            .find(|node| node.state() == State::Starting)
            .map(|node| node.name.clone())
        {
            self.ready(&node);
        }
    }

    fn deeds(&mut self) -> String {
        std::mem::take(&mut self.deeds).join(" ")
    }

    fn state(&self, name: &str) -> State {
        self.machine.node(self.index(name)).state()
    }
}

#[test]
fn who_depends_waits_until_the_other_is_up_and_ends_before_it() {
    let mut world = World::of(&["broker", "model: broker", "goal: broker", "trainer: model goal"]);
    world.start();
    assert_eq!(world.deeds(), "+broker");
    world.ready("broker");
    assert_eq!(world.deeds(), "+model +goal");
    world.ready("goal");
    assert_eq!(world.deeds(), "");
    world.ready("model");
    assert_eq!(world.deeds(), "+trainer");
    assert!(!world.machine.is_ready());
    world.ready("trainer");
    assert!(world.machine.is_ready());
    world.stop();
    assert_eq!(world.deeds(), "-trainer");
    world.exit("trainer", Ending::Code(0));
    assert_eq!(world.deeds(), "-model -goal");
    world.exit("model", Ending::Signal(15));
    assert_eq!(world.deeds(), "");
    world.exit("goal", Ending::Signal(15));
    assert_eq!(world.deeds(), "-broker");
    world.exit("broker", Ending::Code(0));
    assert!(world.machine.is_over());
    assert_eq!(world.told.last().unwrap(), "nothing runs any more");
}

#[test]
fn one_is_started_with_what_it_needs_and_stopped_alone() {
    let mut world = World::of(&["broker", "model: broker", "other: broker"]);
    world.act(|machine, now, out| machine.start(now, &[1], out));
    world.all_ready();
    assert_eq!(world.deeds(), "+broker +model");
    world.act(|machine, now, out| machine.stop(now, &[0], out));
    assert_eq!(world.deeds(), "-broker");
    assert_eq!((world.state("model"), world.state("other")), (State::Up, State::Stopped));
}

#[test]
fn who_does_not_end_in_its_grace_is_killed_and_then_given_up() {
    let mut world = World::of(&["deaf"]);
    world.start();
    world.ready("deaf");
    world.stop();
    assert_eq!(world.deeds(), "+deaf -deaf");
    assert_eq!(world.machine.deadline(), Some(seconds(10)));
    world.wait(seconds(9));
    assert_eq!(world.deeds(), "");
    world.wait(seconds(1));
    assert_eq!(world.deeds(), "!deaf");
    assert_eq!(world.machine.deadline(), Some(seconds(15)));
    world.wait(seconds(5));
    assert_eq!(world.deeds(), "?deaf");
    assert!(world.machine.is_over());
    assert!(world.told.contains(&"deaf was killed and did not go".to_owned()));
}

#[test]
fn a_second_word_kills_at_once_without_order() {
    let mut world = World::of(&["broker", "model: broker"]);
    world.start();
    world.all_ready();
    world.deeds();
    world.stop();
    world.act(|machine, now, out| machine.kill(now, out));
    assert_eq!(world.deeds(), "-model !broker !model");
    world.exit("broker", Ending::Signal(9));
    world.exit("model", Ending::Signal(9));
    assert!(world.machine.is_over());
    world.act(|machine, now, out| machine.kill(now, out));
    assert_eq!(world.deeds(), "");
}

#[test]
fn who_falls_is_started_again_after_waits_that_double() {
    let mut world = World::of(&["model"]);
    world.start();
    for wait in [200, 400, 800] {
        world.exit("model", Ending::Code(1));
        world.deeds();
        assert_eq!(world.state("model"), State::Backoff);
        assert_eq!(world.machine.deadline(), Some(world.now + Duration::from_millis(wait)));
        world.wait(Duration::from_millis(wait));
        assert_eq!(world.deeds(), "+model");
    }
    world.ready("model");
    world.wait(seconds(10));
    world.exit("model", Ending::Signal(11));
    assert_eq!(world.machine.deadline(), Some(world.now + Duration::from_millis(200)));
    assert_eq!(world.machine.node(0).restarts, 4);
}

#[test]
fn who_falls_too_often_in_a_minute_stays_down() {
    let mut world = World::ruled(&["model", "trainer: model"], |rule| rule.restart.attempts = 2);
    world.start();
    for _ in 0..2 {
        world.exit("model", Ending::Code(1));
        world.wait(seconds(1));
    }
    world.exit("model", Ending::Code(7));
    assert_eq!((world.state("model"), world.state("trainer")), (State::Failed, State::Waiting));
    assert!(world.machine.is_over() && !world.machine.is_ready());
    assert_eq!(world.machine.node(0).phase, Phase::Ended(Ending::Code(7)));
    world.start();
    assert_eq!(world.state("model"), State::Starting);
}

#[test]
fn restarts_of_a_minute_ago_count_no_more() {
    let mut world = World::ruled(&["model"], |rule| rule.restart.attempts = 1);
    world.start();
    for _ in 0..5 {
        world.exit("model", Ending::Code(1));
        world.wait(seconds(60));
        assert_eq!(world.state("model"), State::Starting);
        world.ready("model");
    }
}

#[test]
fn a_job_that_ended_well_is_done_and_serves_those_that_need_it() {
    let mut world = World::of(&["data", "model: data"]);
    world.start();
    world.exit("data", Ending::Code(0));
    assert_eq!(world.deeds(), "+data +model");
    assert_eq!(world.state("data"), State::Done);
}

#[test]
fn what_cannot_be_started_is_not_tried_again() {
    let mut world = World::ruled(&["model"], |rule| rule.restart = Restart::always());
    world.start();
    world.exit("model", Ending::NotStarted("no such file".into()));
    assert_eq!(world.state("model"), State::Failed);
}

#[test]
fn who_is_not_ready_in_time_is_ended_and_tried_again() {
    let mut world = World::of(&["model"]);
    world.start();
    world.wait(seconds(30));
    assert_eq!(world.deeds(), "+model -model");
    world.exit("model", Ending::Code(0));
    assert_eq!(world.state("model"), State::Backoff);
}

#[test]
fn a_delay_is_over_by_itself() {
    let mut world = World::ruled(&["server", "model: server"], |rule| rule.after = Some(seconds(40)));
    world.start();
    assert_eq!(world.machine.deadline(), Some(seconds(40)));
    world.wait(seconds(39));
    assert_eq!(world.deeds(), "+server");
    world.wait(seconds(1));
    assert_eq!(world.deeds(), "+model");
}

#[test]
fn a_restart_on_demand_waits_for_the_old_process_only() {
    let mut world = World::of(&["broker", "model: broker"]);
    world.start();
    world.all_ready();
    world.deeds();
    world.restart("broker");
    assert_eq!(world.deeds(), "-broker");
    world.exit("broker", Ending::Code(0));
    assert_eq!(world.deeds(), "+broker");
    world.ready("broker");
    assert_eq!((world.state("broker"), world.state("model")), (State::Up, State::Up));
    assert_eq!(world.machine.node(0).restarts, 1);
}

#[test]
fn news_of_a_process_that_is_gone_is_not_taken_for_news_of_the_next() {
    let mut world = World::of(&["model"]);
    world.start();
    world.ready("model");
    world.restart("model");
    world.exit("model", Ending::Code(0));
    world.act(|machine, now, out| machine.ready(now, 0, 1, out));
    assert_eq!(world.state("model"), State::Starting);
    world.act(|machine, now, out| machine.exited(now, 0, 1, Ending::Code(1), 0.0, out));
    assert_eq!(world.state("model"), State::Starting);
}

#[test]
fn when_the_leader_has_ended_all_stop() {
    let mut world = World::of(&["broker", "trainer: broker"]);
    world.machine.nodes[1].rule.lead = true;
    world.start();
    world.all_ready();
    world.deeds();
    world.exit("trainer", Ending::Code(0));
    assert_eq!(world.deeds(), "-broker");
    assert_eq!(world.state("trainer"), State::Done);
}

/// Must show 5: any process is killed at any moment, fifty times; each time it is there again, in order.
#[test]
fn fifty_kills_at_any_moment_are_mended() {
    for seed in 0..100 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let lines = ["broker", "model: broker", "goal: broker", "trainer: model goal"];
        let mut world = World::ruled(&lines, |rule| rule.restart.attempts = 60);
        world.start();
        for _ in 0..50 {
            for _ in 0..dice.usize(..4) {
                match dice.bool() {
                    true => world.wait(Duration::from_millis(dice.u64(..2000))),
                    false => world.all_ready(),
                }
            }
            let there: Vec<usize> =
                world.all().into_iter().filter(|node| world.alive[*node].is_some()).collect();
            if let Some(victim) = dice.choice(there) {
                let name = world.machine.node(victim).name.clone();
                world.exit(&name, Ending::Signal(9));
            }
        }
        world.wait(seconds(10));
        world.all_ready();
        assert!(world.machine.is_ready(), "seed {seed}");
        assert!(world.alive.iter().all(Option::is_some), "seed {seed}");
        world.stop();
        world.obey();
        assert!(world.machine.is_over() && world.alive.iter().all(Option::is_none), "seed {seed}");
    }
}

/// What may happen to a swarm, by chance.
#[derive(Clone, Debug)]
enum Chance {
    Start(usize),
    Stop(usize),
    Restart(usize),
    Ready(usize),
    Fall(usize, i32),
    Obey,
    Wait(u64),
}

fn chance() -> impl Strategy<Value = Chance> {
    prop_oneof![
        (0..5usize).prop_map(Chance::Start),
        (0..5usize).prop_map(Chance::Stop),
        (0..5usize).prop_map(Chance::Restart),
        (0..5usize).prop_map(Chance::Ready),
        (0..5usize, 0..2i32).prop_map(|(node, code)| Chance::Fall(node, code)),
        Just(Chance::Obey),
        (0..40_000u64).prop_map(Chance::Wait),
    ]
}

proptest! {
    /// Whatever happens: nothing is started twice or before what it needs, and a stop ends everything in bounded time.
    #[test]
    fn nothing_is_left_whatever_happens(chances in proptest::collection::vec(chance(), 1..60)) {
        let mut world = World::of(&["a", "b: a", "c: a", "d: b c", "e"]);
        for chance in chances {
            match chance {
                Chance::Start(node) => world.act(|machine, now, out| machine.start(now, &[node], out)),
                Chance::Stop(node) => world.act(|machine, now, out| machine.stop(now, &[node], out)),
                Chance::Restart(node) => world.act(|machine, now, out| machine.restart(now, &[node], out)),
                Chance::Ready(node) => {
                    if let Some(run) = world.alive[node] {
                        world.act(|machine, now, out| machine.ready(now, node, run, out));
                    }
                }
                Chance::Fall(node, code) => {
                    if world.alive[node].is_some() {
                        world.asked[node] = false;
                        let name = world.machine.node(node).name.clone();
                        world.exit(&name, Ending::Code(code));
                    }
                }
                Chance::Obey => world.obey(),
                Chance::Wait(millis) => world.wait(Duration::from_millis(millis)),
            }
            for (node, run) in world.machine.nodes().iter().zip(&world.alive) {
                prop_assert!(!node.is_alive() || run.is_some(), "{} is believed in", node.name);
            }
        }
        world.stop();
        for _ in 0..20 {
            world.wait(seconds(10));
        }
        prop_assert!(world.machine.is_over(), "{:?}", world.machine);
        prop_assert_eq!(world.machine.deadline(), None);
    }
}
