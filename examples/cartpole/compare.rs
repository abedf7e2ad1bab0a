//! Compare: the ensemble with and without evolution, from the same seeds, in one picture.

mod curve;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use swergio_toolbox::plot::{Panel, Plot};
use swergio_toolbox::swarm::Swarm;

use crate::account::BRED;
use crate::control::Course;
use crate::journal::PROGRESS;
use crate::pupil::SOLVED;
use crate::rehearsal;
use crate::staging::{self, Staging};
use curve::{Curve, across};

/// Says how often, how long, and where the outcome goes.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Compare {
    /// How many seeds, from 1 on, are learnt from with and without evolution.
    #[arg(long, default_value_t = 5)]
    seeds: u64,
    /// Steps of all poles together, exams not counted, of each run.
    #[arg(long, default_value_t = 20_000)]
    steps: u64,
    /// How many members learn together.
    #[arg(long, default_value_t = 20)]
    members: usize,
    /// Play each run in one process, without rooms and without evolution's waits: faster, and the same again each time.
    #[arg(long)]
    rehearse: bool,
    /// The folder that picture, table and each run's own folder go to.
    #[arg(long, default_value = "target/cartpole-compare")]
    out: PathBuf,
}

/// A live score from which on something has been learnt.
const GOOD: f64 = 195.0;

/// Holds what is left of one run.
#[derive(Clone, Debug)]
struct Run {
    seed: u64,
    evolution: bool,
    curve: Curve,
    summary: Value,
}

/// Runs all, one after the other, and tells what came of it.
pub(crate) async fn compare(compare: &Compare) -> Result<()> {
    ensure!(compare.seeds > 0 && compare.steps > 0, "--seeds and --steps must be more than 0");
    let bar = bar(2 * compare.seeds);
    let mut runs = Vec::new();
    for seed in 1..=compare.seeds {
        for evolution in [true, false] {
            runs.push(run(compare, seed, evolution, &bar).await?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    print!("{}", table(&runs));
    fs::write(compare.out.join("compare.csv"), csv(compare.steps, &runs))?;
    plot(compare, &runs).write(compare.out.join("compare.svg"))?;
    println!("{}", compare.out.join("compare.{csv,svg}").display());
    Ok(())
}

/// Plays one run as the demo does, each part a process, and reads what it has written.
async fn run(compare: &Compare, seed: u64, evolution: bool, bar: &ProgressBar) -> Result<Run> {
    let name = format!("seed-{seed}-{}", if evolution { "with" } else { "without" });
    let out = compare.out.join(&name);
    let course = Course {
        steps: compare.steps,
        without_evolution: !evolution,
        to_the_end: true,
        out: out.clone(),
        ..Course::of(compare.members, seed)
    };
    if compare.rehearse {
        bar.set_message(name);
        rehearsal::play_apart(&course)?;
        return read(seed, evolution, &out);
    }
    let swarm = Swarm::of(staging::ensemble(&course, &Staging::default())?)?;
    let shown = bar.clone();
    let show = move |line: &str| {
        if let Some(progress) = line.strip_prefix(PROGRESS) {
            shown.set_message(format!("{name} {progress}"));
        }
    };
    staging::play_before(swarm, show).await?;
    read(seed, evolution, &out).with_context(|| format!("{} was not learnt to the end", out.display()))
}

fn read(seed: u64, evolution: bool, out: &Path) -> Result<Run> {
    let summary = serde_json::from_slice(&fs::read(out.join("summary.json"))?)?;
    let curve = Curve::read(&fs::read_to_string(out.join("curve.csv"))?)?;
    Ok(Run { seed, evolution, curve, summary })
}

impl Run {
    fn number(&self, key: &str) -> f64 {
        self.summary[key].as_f64().unwrap_or(f64::NAN)
    }

    /// Returns after how many steps an exam first had [`SOLVED`].
    fn solved_at(&self) -> Option<u64> {
        let exams = self.summary["exams"].as_array()?;
        exams.iter().find(|exam| exam[1].as_f64() >= Some(SOLVED))?[0].as_u64()
    }
}

fn of(runs: &[Run], evolution: bool) -> Vec<&Run> {
    runs.iter().filter(|run| run.evolution == evolution).collect()
}

fn called(evolution: bool) -> &'static str {
    if evolution { "with evolution" } else { "without" }
}

fn table(runs: &[Run]) -> String {
    let mut table = format!(
        "seed | evolution      | live, last {BRED} | last 100 | whole life | live first {GOOD} after | first {SOLVED} after | exam first {SOLVED} after | judged | bred\n"
    );
    let spelt = |steps: Option<u64>| steps.map_or("never".to_owned(), |steps| steps.to_string());
    for run in runs {
        let (told, [whole, judged, bred]) = (
            run.curve.last(),
            ["live_mean_return", "judged_mean_return", "generations"].map(|key| run.number(key)),
        );
        let _ = writeln!(
            table,
            "{:4} | {:14} | {:13.1} | {:8.1} | {whole:10.1} | {:>20} | {:>15} | {:>20} | {judged:6.1} | {bred:4}",
            run.seed,
            called(run.evolution),
            told.recent,
            told.score,
            spelt(run.curve.reaches(GOOD)),
            spelt(run.curve.reaches(SOLVED)),
            spelt(run.solved_at()),
        );
    }
    for evolution in [true, false] {
        let _ = writeln!(table, "{}", mean_of(&of(runs, evolution), evolution));
    }
    let pairs: Vec<_> = of(runs, true).into_iter().zip(of(runs, false)).collect();
    let better = |number: &dyn Fn(&Run) -> f64| {
        pairs.iter().filter(|(with, without)| number(with) > number(without)).count()
    };
    let _ = writeln!(
        table,
        "with evolution, the last {BRED} live episodes returned more for {} of {} seeds, the whole life for {}",
        better(&|run| run.curve.last().recent),
        pairs.len(),
        better(&|run| run.number("live_mean_return"))
    );
    table
}

fn mean_of(runs: &[&Run], evolution: bool) -> String {
    let mean =
        |number: &dyn Fn(&Run) -> f64| runs.iter().map(|run| number(run)).sum::<f64>() / runs.len() as f64;
    // Who never got there has no number: how many did is what can be said of all.
    let got = |score: f64| {
        let count = runs.iter().filter(|run| run.curve.reaches(score).is_some()).count();
        format!("{count} of {}", runs.len())
    };
    format!(
        "mean | {:14} | {:13.1} | {:8.1} | {:10.1} | {:>20} | {:>15} | {:>20} | {:6.1} |",
        called(evolution),
        mean(&|run| run.curve.last().recent),
        mean(&|run| run.curve.last().score),
        mean(&|run| run.number("live_mean_return")),
        got(GOOD),
        got(SOLVED),
        "",
        mean(&|run| run.number("judged_mean_return")),
    )
}

fn csv(steps: u64, runs: &[Run]) -> String {
    let mut csv = "steps,evolution,mean,lowest,highest\n".to_owned();
    for evolution in [true, false] {
        let curves: Vec<&Curve> = of(runs, evolution).iter().map(|run| &run.curve).collect();
        for point in across(&curves, steps) {
            let (at, [mean, lowest, highest]) = point;
            let _ = writeln!(csv, "{at},{},{mean:.2},{lowest:.2},{highest:.2}", u8::from(evolution));
        }
    }
    csv
}

fn plot(compare: &Compare, runs: &[Run]) -> Plot {
    let title = format!("{} members, {} seeds", compare.members, compare.seeds);
    let mut panel = Panel::new("Mean of the seeds; bands from the least to the most")
        .axes("steps of all poles together", "mean return of the last 20 live episodes");
    for evolution in [true, false] {
        let curves: Vec<&Curve> = of(runs, evolution).iter().map(|run| &run.curve).collect();
        let points = across(&curves, compare.steps);
        let mean = points.iter().map(|(at, [mean, ..])| (*at as f64, *mean));
        let band = points.iter().map(|(at, [_, lowest, highest])| (*at as f64, *lowest, *highest));
        panel = panel.line(called(evolution), mean).band(called(evolution), band);
    }
    // Of all seeds they would cover the picture.
    let bred = of(runs, true).first().and_then(|run| run.summary["generations_at_steps"].as_array());
    let bred = bred.into_iter().flatten().filter_map(Value::as_f64);
    Plot::new(title).panel(panel.marks("evolution steps of the first seed", bred)).panel_size(900, 460)
}

fn bar(runs: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}").expect("the template is sound");
    ProgressBar::new(runs).with_style(style.progress_chars("━╸ "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(seed: u64, evolution: bool, live: f64) -> Run {
        let csv = format!(
            "rounds,steps,episodes,score,recent,generations\n50,400,2,30.00,31.00,1\n60,{},23,{live},{live},1\n",
            curve::GRID
        );
        let summary = json!({
            "exams": [[100, 300.0], [200, 480.0]], "judged_mean_return": 500.0, "live_mean_return": 90.0,
            "generations": 2, "generations_at_steps": [150],
        });
        Run { seed, evolution, curve: Curve::read(&csv).unwrap(), summary }
    }

    #[test]
    fn runs_are_told_of_side_by_side() {
        let runs = [run(1, true, 120.0), run(1, false, 100.0), run(2, true, 80.0), run(2, false, 90.0)];
        let table = table(&runs);
        assert!(table.contains("   1 | with evolution |         120.0 |    120.0 |       90.0 |"), "{table}");
        assert!(
            table.contains(
                " |                never |           never |                  200 |  500.0 |    2\n"
            ),
            "{table}"
        );
        assert!(table.contains("mean | without        |          95.0 |"), "{table}");
        assert!(table.contains("more for 1 of 2 seeds"), "{table}");
        let compare = Compare { seeds: 2, steps: 400, members: 20, rehearse: false, out: "unused".into() };
        let svg = plot(&compare, &runs).to_svg().unwrap();
        for text in ["with evolution", "without", "evolution steps of the first seed"] {
            assert!(svg.contains(text), "{text}");
        }
        assert_eq!(svg.matches("<polygon").count(), 2);
        assert_eq!(csv(800, &runs).lines().count(), 1 + 2 * 2);
    }
}
