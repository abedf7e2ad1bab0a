//! Progress: what is going on, for a person at a terminal; nothing anywhere else.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::plan::{Plan, Until};
use super::size::count;

/// Steps of a bar that measures time.
const STEPS: u64 = 1000;

/// Shows how far one plan has come.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    until: Until,
    warm_up: Duration,
    heard_of_each: u64,
}

impl Progress {
    /// Begins with the members that are to be seated.
    pub(super) fn begin(plan: &Plan) -> Self {
        // It hides itself where standard error is no terminal.
        let bar =
            ProgressBar::with_draw_target(Some(plan.connections() as u64), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{prefix}  {wide_bar:.cyan/dim}  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ "));
        bar.set_prefix(plan.title());
        let heard_of_each = (plan.receivers() * plan.lanes()) as u64;
        Self { bar, until: plan.until, warm_up: plan.warm_up, heard_of_each }
    }

    pub(super) fn seated(&self, members: usize) {
        self.bar.set_position(members as u64);
        self.bar.set_message(format!("{members} connected"));
    }

    pub(super) fn resting(&self) {
        self.bar.set_message("at rest");
    }

    pub(super) fn warming_up(&self, time: Duration) {
        self.show(part_of(time, self.warm_up), "warming up".to_owned());
    }

    pub(super) fn measuring(&self, heard: u64, time: Duration) {
        let step = match self.until {
            Until::Time(most) => part_of(time, most),
            Until::Messages(most) => heard * STEPS / (most * self.heard_of_each).max(1),
        };
        let rate = heard as f64 / time.as_secs_f64().max(1e-3);
        self.show(step, format!("{}/s", count(rate)));
    }

    fn show(&self, step: u64, message: String) {
        self.bar.set_length(STEPS);
        self.bar.set_position(step.min(STEPS));
        self.bar.set_message(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn part_of(time: Duration, most: Duration) -> u64 {
    (time.as_secs_f64() / most.as_secs_f64().max(1e-3) * STEPS as f64) as u64
}
