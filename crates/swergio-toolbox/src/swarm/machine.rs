//! Machine: what is done with each process, and when. It owns no process, no clock and no dice.

mod node;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::{Ending, SwarmEvent};
use node::Cause;
pub(crate) use node::{Node, Phase, Rule};

/// Tells the time since the swarm began.
pub(crate) type Time = Duration;

/// Asks for something to be done in the world.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// Start the process. What is heard of it carries the number of this run.
    Spawn { node: usize, run: u32 },
    /// Ask the process and its descendants to end.
    Terminate(usize),
    /// End the process and its descendants.
    Kill(usize),
    /// Forget the process: it does not go.
    Abandon(usize),
    /// Tell whoever listens.
    Tell(SwarmEvent),
}

/// Keeps what is wanted of each process, and where it stands.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    nodes: Vec<Node>,
    /// Time that a killed process has to be gone.
    kill: Duration,
    over: bool,
}

impl Machine {
    pub(crate) fn new(kill: Duration) -> Self {
        Self { kill, ..Self::default() }
    }

    /// Adds a process that nobody wants yet. Those that it needs are there already.
    pub(crate) fn add(&mut self, node: Node) -> usize {
        debug_assert!(node.needs.iter().all(|need| *need < self.nodes.len()), "needs are added first");
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    pub(crate) fn node(&self, node: usize) -> &Node {
        &self.nodes[node]
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Wants processes, and those that they need.
    pub(crate) fn start(&mut self, now: Time, nodes: &[usize], out: &mut Vec<Act>) {
        let mut wanted = nodes.to_vec();
        while let Some(next) = wanted.pop() {
            let node = &mut self.nodes[next];
            if !node.wanted || matches!(node.phase, Phase::Ended(_)) {
                node.want();
            }
            // A need that has ended for good stays as it is: well, or not to be helped.
            let asleep = |need: &&usize| {
                let need = &self.nodes[**need];
                !need.wanted && !matches!(need.phase, Phase::Ended(_))
            };
            wanted.extend(self.nodes[next].needs.iter().filter(asleep));
        }
        self.settle(now, out);
    }

    /// Wants processes no longer. Each ends after those of them that need it.
    pub(crate) fn stop(&mut self, now: Time, nodes: &[usize], out: &mut Vec<Act>) {
        for node in nodes {
            self.nodes[*node].wanted = false;
        }
        self.settle(now, out);
    }

    /// Wants no process, and waits for none to end by itself.
    pub(crate) fn kill(&mut self, now: Time, out: &mut Vec<Act>) {
        for (index, node) in self.nodes.iter_mut().enumerate() {
            node.wanted = false;
            if node.is_alive() && !node.is_killed() {
                node.phase =
                    Phase::Stopping { cause: Cause::Asked, kill_at: now, lost_at: Some(now + self.kill) };
                out.push(Act::Kill(index));
            }
        }
        self.settle(now, out);
    }

    /// Ends processes and wants them again, at once and without a count.
    pub(crate) fn restart(&mut self, now: Time, nodes: &[usize], out: &mut Vec<Act>) {
        for &index in nodes {
            let node = &mut self.nodes[index];
            match node.phase {
                Phase::Starting { .. } | Phase::Up { .. } => {
                    node.wanted = true;
                    self.terminate(now, index, Cause::Asked, out);
                }
                Phase::Stopping { .. } => node.wanted = true,
                Phase::Idle | Phase::Waiting | Phase::Backoff { .. } | Phase::Ended(_) => node.want(),
            }
        }
        self.start(now, nodes, out);
    }

    /// Hears that a process runs.
    pub(crate) fn spawned(&mut self, node: usize, run: u32, pid: u32, out: &mut Vec<Act>) {
        let node = &mut self.nodes[node];
        if node.run == run && node.is_alive() {
            out.push(Act::Tell(SwarmEvent::Started { name: node.name.clone(), pid }));
        }
    }

    /// Hears that a process is ready.
    pub(crate) fn ready(&mut self, now: Time, node: usize, run: u32, out: &mut Vec<Act>) {
        let node = &mut self.nodes[node];
        if node.run == run && matches!(node.phase, Phase::Starting { .. }) {
            node.phase = Phase::Up { since: now };
            out.push(Act::Tell(SwarmEvent::Ready { name: node.name.clone() }));
            self.settle(now, out);
        }
    }

    /// Hears that a process and all its descendants are gone, with a fraction drawn from 0 to 1 for the next wait.
    pub(crate) fn exited(
        &mut self,
        now: Time,
        index: usize,
        run: u32,
        ending: Ending,
        fraction: f64,
        out: &mut Vec<Act>,
    ) {
        let node = &mut self.nodes[index];
        if node.run != run || !node.is_alive() {
            return;
        }
        let name = node.name.clone();
        out.push(Act::Tell(SwarmEvent::Exited { name: name.clone(), how: ending.clone() }));
        match (&node.phase, node.wanted) {
            (_, false) => {
                node.phase = Phase::Idle;
                out.push(Act::Tell(SwarmEvent::Stopped { name }));
            }
            (Phase::Stopping { cause: Cause::Asked, .. }, true) if ending != Ending::Lost => {
                node.restarts += 1;
                node.phase = Phase::Waiting;
            }
            (Phase::Stopping { cause: Cause::NotReady, .. }, true) if ending != Ending::Lost => {
                self.fell(now, index, Ending::NotReady, fraction, out);
            }
            _ => self.fell(now, index, ending, fraction, out),
        }
        self.settle(now, out);
    }

    /// Lets time pass.
    pub(crate) fn tick(&mut self, now: Time, out: &mut Vec<Act>) {
        for index in 0..self.nodes.len() {
            let node = &mut self.nodes[index];
            match node.phase {
                Phase::Backoff { until } if until <= now => node.phase = Phase::Waiting,
                Phase::Starting { since } if node.rule.after.is_some_and(|after| since + after <= now) => {
                    let run = node.run;
                    self.ready(now, index, run, out);
                }
                Phase::Starting { since } if node.rule.is_overdue(since, now) => {
                    out.push(Act::Tell(SwarmEvent::NotReady { name: node.name.clone() }));
                    self.terminate(now, index, Cause::NotReady, out);
                }
                Phase::Stopping { cause, kill_at, lost_at: None } if kill_at <= now => {
                    node.phase = Phase::Stopping { cause, kill_at, lost_at: Some(now + self.kill) };
                    out.push(Act::Tell(SwarmEvent::Killed { name: node.name.clone() }));
                    out.push(Act::Kill(index));
                }
                Phase::Stopping { lost_at: Some(lost_at), .. } if lost_at <= now => {
                    let run = node.run;
                    out.push(Act::Abandon(index));
                    self.exited(now, index, run, Ending::Lost, 0.0, out);
                }
                _ => {}
            }
        }
        self.settle(now, out);
    }

    /// Returns when time must be let pass next, though nothing is heard.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.nodes.iter().filter_map(Node::deadline).min()
    }

    /// Tells whether nothing will happen any more unless somebody asks for it: all have ended, or wait for what will not come.
    pub(crate) fn is_over(&self) -> bool {
        let still = |node: &Node| matches!(node.phase, Phase::Idle | Phase::Ended(_) | Phase::Waiting);
        self.nodes.iter().all(still)
    }

    /// Tells whether all that is wanted is up, or has ended well.
    #[cfg(test)]
    pub(crate) fn is_ready(&self) -> bool {
        self.nodes.iter().filter(|node| node.wanted).all(Node::serves)
    }

    /// Decides about a process that ended by itself, or was ended for not being ready.
    fn fell(&mut self, now: Time, index: usize, ending: Ending, fraction: f64, out: &mut Vec<Act>) {
        let node = &mut self.nodes[index];
        let name = node.name.clone();
        match node.next_wait(now, &ending, fraction) {
            Some(wait) => {
                node.phase = Phase::Backoff { until: now + wait };
                out.push(Act::Tell(SwarmEvent::Retrying { name, wait }));
            }
            None => {
                if !ending.is_success() {
                    out.push(Act::Tell(SwarmEvent::Failed { name, how: ending.clone() }));
                }
                node.phase = Phase::Ended(ending);
                if node.rule.lead {
                    self.nodes.iter_mut().for_each(|node| node.wanted = false);
                }
            }
        }
    }

    fn terminate(&mut self, now: Time, index: usize, cause: Cause, out: &mut Vec<Act>) {
        let node = &mut self.nodes[index];
        node.phase = Phase::Stopping { cause, kill_at: now + node.rule.grace, lost_at: None };
        out.push(Act::Tell(SwarmEvent::Stopping { name: node.name.clone() }));
        out.push(Act::Terminate(index));
    }

    /// Does what has become possible: starts those whose needs are up, ends those that nobody needs any more.
    fn settle(&mut self, now: Time, out: &mut Vec<Act>) {
        for index in 0..self.nodes.len() {
            self.let_go(now, index, out);
            let node = &self.nodes[index];
            let free = node.needs.iter().all(|need| self.nodes[*need].serves());
            if free && node.wanted && matches!(node.phase, Phase::Waiting) {
                self.spawn(now, index, out);
            }
        }
        let over = self.is_over();
        if over && !self.over && self.nodes.iter().any(|node| node.run > 0) {
            out.push(Act::Tell(SwarmEvent::Over));
        }
        self.over = over;
    }

    /// Ends a process that is wanted no longer, once those that need it, and end as well, are gone.
    fn let_go(&mut self, now: Time, index: usize, out: &mut Vec<Act>) {
        if self.nodes[index].wanted {
            return;
        }
        match self.nodes[index].phase {
            Phase::Waiting | Phase::Backoff { .. } => self.nodes[index].phase = Phase::Idle,
            Phase::Starting { .. } | Phase::Up { .. } => {
                let leans = |node: &Node| !node.wanted && node.is_alive() && node.needs.contains(&index);
                if !self.nodes.iter().any(leans) {
                    self.terminate(now, index, Cause::Asked, out);
                }
            }
            Phase::Idle | Phase::Stopping { .. } | Phase::Ended(_) => {}
        }
    }

    fn spawn(&mut self, now: Time, index: usize, out: &mut Vec<Act>) {
        let node = &mut self.nodes[index];
        node.run += 1;
        node.phase = Phase::Starting { since: now };
        out.push(Act::Spawn { node: index, run: node.run });
    }
}
