//! Story: what the components print and what happens to them, as one stream.

use anyhow::Result;
use swergio_toolbox::swarm::{Line, Lines, Swarm, SwarmEvent, SwarmEvents};

use super::paint::Paint;

/// Lines that are told before an event, should so many wait.
const BURST: usize = 1000;

/// Tells the story of a swarm on standard output.
#[derive(Debug)]
pub(super) struct Story {
    paint: Paint,
    lines: Lines,
    events: SwarmEvents,
    /// Tell only what happens, not what is printed.
    quiet: bool,
}

impl Story {
    pub(super) fn of(swarm: &Swarm, names: Vec<String>, quiet: bool) -> Self {
        Self { paint: Paint::new(names), lines: swarm.lines(), events: swarm.events(), quiet }
    }

    /// Tells until nothing runs any more.
    pub(super) async fn tell(mut self) -> Result<()> {
        loop {
            tokio::select! {
                event = self.events.next() => match event {
                    Some(SwarmEvent::Over) | None => break,
                    Some(event) => {
                        // What was printed before it happened is told before it, but nobody prints without end.
                        self.printed(BURST)?;
                        self.event(&event)?;
                    }
                },
                Some(line) = self.lines.next() => self.line(&line)?,
            }
        }
        // Whatever was printed is there before it is told that all have ended.
        self.printed(usize::MAX)
    }

    /// Tells lines that are there already.
    fn printed(&mut self, most: usize) -> Result<()> {
        for _ in 0..most {
            match self.lines.at_once() {
                Some(line) => self.line(&line)?,
                None => break,
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &Line) -> Result<()> {
        if self.quiet {
            return Ok(());
        }
        if line.missed > 0 {
            let text = format!("{} lines are left out here; the log file has them", line.missed);
            self.paint.event(&line.name, true, &text)?;
        }
        self.paint.line(&line.name, &line.bytes)
    }

    fn event(&mut self, event: &SwarmEvent) -> Result<()> {
        let bad = match event {
            SwarmEvent::Exited { how, .. } => !how.is_success(),
            SwarmEvent::Failed { .. } | SwarmEvent::NotReady { .. } | SwarmEvent::Killed { .. } => true,
            // What is asked to end and ends is told by that.
            SwarmEvent::Stopped { .. } => return Ok(()),
            _ => false,
        };
        self.paint.event(event.name().unwrap_or("swarm"), bad, &event.to_string())
    }
}
