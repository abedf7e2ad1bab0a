//! Labels: what people said of melodies, as it is kept in a file.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use swergio_toolbox::feedback::{Answers, Label, LabelStore, Labelled};

use crate::genome::Genome;

/// Says what the rater learns from before people are asked about what was bred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// The melodies and ratings of the Python package's example.
    File,
    /// Its melodies, which people rate anew.
    Ask,
    /// Nothing.
    Nothing,
}

impl FromStr for Begin {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "file" => Ok(Self::File),
            "ask" => Ok(Self::Ask),
            "nothing" => Ok(Self::Nothing),
            _ => Err("file, ask or nothing is wanted".to_owned()),
        }
    }
}

/// Keeps what people answered, and returns it.
pub(crate) fn keep(store: &mut LabelStore, answers: &Answers) -> Result<Vec<Labelled>> {
    let mut kept = Vec::new();
    for (item, given) in &answers.items {
        for given in given {
            let label = Labelled {
                time: now(),
                query: answers.id.as_str().to_owned(),
                item: item.clone(),
                by: given.by.clone(),
                label: given.label.clone(),
                seconds: given.took.as_secs_f64(),
                features: features(&genome(item)?),
            };
            store.append(&label)?;
            kept.push(label);
        }
    }
    Ok(kept)
}

/// Spells ratings that came in a file as labels.
pub(crate) fn as_labels(rated: &[(Genome, u8)]) -> impl Iterator<Item = Labelled> {
    rated.iter().map(|(genome, rating)| Labelled {
        time: now(),
        query: "melody.csv".to_owned(),
        item: genome.hex(),
        by: "melody.csv".to_owned(),
        label: Label::Number(f64::from(*rating)),
        seconds: 0.0,
        features: features(genome),
    })
}

/// Reads each melody with its rating: the mean, rounded, where several people answered one question.
pub(crate) fn ratings(labels: &[Labelled]) -> Result<Vec<(Genome, u8)>> {
    let mut asked: Vec<(&str, &str, Vec<f64>)> = Vec::new();
    for label in labels {
        let number =
            label.label.number().with_context(|| format!("the label of {} is no rating", label.item))?;
        match asked.iter_mut().find(|(query, item, _)| (*query, *item) == (&label.query, &label.item)) {
            Some((_, _, given)) => given.push(number),
            None => asked.push((&label.query, &label.item, vec![number])),
        }
    }
    let rating =
        |given: &[f64]| (given.iter().sum::<f64>() / given.len() as f64).round().clamp(0.0, 5.0) as u8;
    asked.iter().map(|(_, item, given)| Ok((genome(item)?, rating(given)))).collect()
}

fn genome(item: &str) -> Result<Genome> {
    item.parse().map_err(anyhow::Error::msg).with_context(|| format!("{item:?} is no melody"))
}

fn features(genome: &Genome) -> Vec<f64> {
    genome.bits().iter().map(|bit| f64::from(u8::from(*bit))).collect()
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_people_who_answer_one_question_make_one_rating() {
        let label = |query: &str, item: &str, by: &str, rating: f64| Labelled {
            time: 0.0,
            query: query.into(),
            item: item.repeat(32),
            by: by.into(),
            label: Label::Number(rating),
            seconds: 0.0,
            features: Vec::new(),
        };
        let labels = [label("q", "a", "ada", 5.0), label("q", "b", "ada", 1.0), label("q", "a", "bob", 2.0)];
        let found: Vec<(String, u8)> =
            ratings(&labels).unwrap().into_iter().map(|(genome, rating)| (genome.hex(), rating)).collect();
        assert_eq!(found, [("a".repeat(32), 4), ("b".repeat(32), 1)]);
        assert!(ratings(&[label("q", "z", "ada", 1.0)]).is_err());
    }
}
