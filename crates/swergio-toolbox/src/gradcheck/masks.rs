//! Masks: parts of an input, and the ways in which the numbers of a gradient get into each other's places.

use crate::derive::Part;

/// Columns, or rows, that are looked at one by one; of more only the whole.
const MOST: usize = 64;
/// Columns, or rows, of which every pair is tried.
const MOST_PAIRED: usize = 12;

/// One slice of a port: a column, a row, or all of it.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    pub(super) name: Option<String>,
    pub(super) coordinates: Vec<usize>,
}

/// Lists the columns of a port, where it has more than one and not too many.
pub(super) fn columns(part: &Part) -> Vec<Slice> {
    match part.shape.last() {
        Some(count) if (2..=MOST).contains(count) => (0..*count)
            .map(|column| Slice {
                name: Some(format!("column {column}")),
                coordinates: part.range.clone().skip(column).step_by(*count).collect(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Lists the rows of a port, its slices along the first of at least two dimensions.
pub(super) fn rows(part: &Part) -> Vec<Slice> {
    match part.shape.first() {
        Some(count) if part.shape.len() > 1 && (2..=MOST).contains(count) => {
            let each = part.range.len() / count;
            let row = |row: usize| Slice {
                name: Some(format!("row {row}")),
                coordinates: (part.range.start + row * each..part.range.start + (row + 1) * each).collect(),
            };
            (0..*count).map(row).collect()
        }
        _ => Vec::new(),
    }
}

/// Says in which way numbers have changed places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shuffle {
    Transposed,
    Columns,
    Rows,
}

/// Lists what a gradient would be if its numbers at one port had got into each other's places, with a sentence for each.
pub(super) fn shuffles(part: &Part, gradient: &[f64]) -> Vec<(Shuffle, String, Vec<f64>)> {
    let mut found = Vec::new();
    let mut push = |kind, sentence: String, place: &dyn Fn(usize) -> usize| {
        let mut other = gradient.to_vec();
        let start = part.range.start;
        for at in part.range.clone() {
            other[at] = gradient[start + place(at - start)];
        }
        if other != gradient {
            found.push((kind, sentence, other));
        }
    };
    if let [.., a, b] = part.shape[..] {
        push(Shuffle::Transposed, format!("its numbers are laid out as [{b}, {a}], not [{a}, {b}]"), &|at| {
            let (block, rest) = (at / (a * b), at % (a * b));
            let (row, column) = (rest / b, rest % b);
            block * a * b + column * a + row
        });
    }
    for (kind, count, inner, noun) in lanes(part) {
        let lane = |at: usize| at / inner % count;
        let moved = |at: usize, to: usize| at - lane(at) * inner + to * inner;
        for (by, how) in [(1, "before"), (count - 1, "after")] {
            let sentence = format!("every {noun} has the gradient of the {noun} {how} it, around the ends");
            push(kind, sentence, &|at| moved(at, (lane(at) + by) % count));
            // Without coming around: what is moved in from outside is left as it is.
            let clamped = |at: usize| match by {
                1 => moved(at, (lane(at) + 1).min(count - 1)),
                _ => moved(at, lane(at).saturating_sub(1)),
            };
            let sentence = format!("every {noun} has the gradient of the {noun} {how} it");
            push(kind, sentence, &clamped);
        }
        push(kind, format!("the {noun}s are in reverse order"), &|at| moved(at, count - 1 - lane(at)));
        if count <= MOST_PAIRED {
            for (one, other) in (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other))) {
                let swapped = |at: usize| match lane(at) {
                    lane if lane == one => moved(at, other),
                    lane if lane == other => moved(at, one),
                    _ => at,
                };
                push(kind, format!("{noun}s {one} and {other} have each other's gradients"), &swapped);
            }
            for one in 0..count {
                push(kind, format!("every {noun} has the gradient of {noun} {one}"), &|at| moved(at, one));
            }
        }
    }
    found
}

/// Lists the dimensions whose slices may change places: the kind, how many slices, how far apart, what they are called.
fn lanes(part: &Part) -> Vec<(Shuffle, usize, usize, &'static str)> {
    let mut lanes = Vec::new();
    if let [first, .., last] = part.shape[..] {
        lanes.push((Shuffle::Rows, first, part.range.len() / first.max(1), "row"));
        lanes.push((Shuffle::Columns, last, 1, "column"));
    } else if let [only] = part.shape[..] {
        lanes.push((Shuffle::Columns, only, 1, "number"));
    }
    lanes.retain(|(_, count, _, _)| (2..=MOST).contains(count));
    lanes
}

#[cfg(test)]
mod tests {
    use swergio_client::Tensor;

    use super::*;
    use crate::Values;
    use crate::derive::Layout;

    fn shuffled(shape: &[usize], sentence: &str) -> Vec<f64> {
        let numbers: Vec<f64> = (0..shape.iter().product::<usize>()).map(|n| n as f64).collect();
        let layout = Layout::of(&Values::One(Tensor::from_f64(shape, &numbers).unwrap()));
        let all = shuffles(&layout.parts()[0], &numbers);
        all.into_iter().find(|(_, told, _)| told.contains(sentence)).expect(sentence).2
    }

    #[test]
    fn numbers_change_places_as_it_is_told() {
        assert_eq!(shuffled(&[2, 3], "laid out as [3, 2]"), [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
        assert_eq!(shuffled(&[3, 2], "the row before it, around"), [2.0, 3.0, 4.0, 5.0, 0.0, 1.0]);
        assert_eq!(shuffled(&[2, 3], "columns 0 and 2"), [2.0, 1.0, 0.0, 5.0, 4.0, 3.0]);
        assert_eq!(shuffled(&[2, 2], "rows are in reverse"), [2.0, 3.0, 0.0, 1.0]);
    }

    #[test]
    fn columns_and_rows_hold_their_coordinates() {
        let layout = Layout::of(&Values::One(Tensor::from_f64([2, 3], &[0.0; 6]).unwrap()));
        let part = &layout.parts()[0];
        assert_eq!(columns(part)[1].coordinates, [1, 4]);
        assert_eq!(rows(part)[1].coordinates, [3, 4, 5]);
    }
}
