//! Journal: the losses so far, in a file that a trainer which is started again goes on with.

use std::fs::{File, OpenOptions, create_dir_all, read_to_string};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

/// The file's first line.
const HEAD: &str = "batch,loss_m2\n";

/// Notes the loss of each batch as soon as it is known.
#[derive(Debug)]
pub(crate) struct Journal {
    losses: Vec<f64>,
    file: File,
}

impl Journal {
    /// Opens `losses.csv` in a folder, or begins it. A line that was being written when its process died is cut off.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let path = folder.join("losses.csv");
        let text = read_to_string(&path).unwrap_or_default();
        let (losses, whole) = read(&text);
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.set_len(whole as u64)?;
        if whole == 0 {
            file.write_all(HEAD.as_bytes())?;
        }
        Ok(Self { losses, file })
    }

    /// Counts the batches.
    pub(crate) fn batches(&self) -> u64 {
        self.losses.len() as u64
    }

    /// Returns the loss of each batch, m².
    pub(crate) fn into_losses(self) -> Vec<f64> {
        self.losses
    }

    /// Returns the mean of the last losses, m².
    pub(crate) fn recent(&self, count: usize) -> f64 {
        let last = &self.losses[self.losses.len().saturating_sub(count)..];
        last.iter().sum::<f64>() / last.len().max(1) as f64
    }

    /// Notes the loss of the next batch.
    pub(crate) fn add(&mut self, loss: f64) -> Result<()> {
        // One write, so that a process that is killed leaves the line whole or not at all.
        self.file.write_all(format!("{},{loss}\n", self.losses.len()).as_bytes())?;
        self.losses.push(loss);
        Ok(())
    }
}

/// Reads the losses, and how many bytes of the text are whole lines in their order.
fn read(text: &str) -> (Vec<f64>, usize) {
    let (mut losses, mut whole) = (Vec::new(), 0);
    let Some(lines) = text.strip_prefix(HEAD) else { return (losses, whole) };
    whole = HEAD.len();
    for line in lines.split_inclusive('\n') {
        let loss = line.strip_suffix('\n').and_then(|line| line.strip_prefix(&format!("{},", losses.len())));
        let Some(loss) = loss.and_then(|loss| loss.parse().ok()) else { break };
        losses.push(loss);
        whole += line.len();
    }
    (losses, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_is_cut_off_and_the_others_stay() {
        let text = format!("{HEAD}0,4.5\n1,2.25\n2,1.");
        assert_eq!(read(&text), (vec![4.5, 2.25], text.len() - "2,1.".len()));
        assert_eq!(read("batch,lo"), (vec![], 0));
        assert_eq!(read(""), (vec![], 0));
    }
}
