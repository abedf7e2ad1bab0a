//! Neighbours: whether what one component gives is what the next one takes.

use std::ops::RangeInclusive;

use super::{Dim, Port};
use crate::PassFault;

type Range = RangeInclusive<f64>;

/// Compares what is given with what is taken, and tells each thing that can never fit. What one of them has not declared fits.
pub(crate) fn mismatches(given: &[Port], taken: &[Port]) -> Vec<PassFault> {
    match (given, taken) {
        ([], _) | (_, []) => Vec::new(),
        // One bare tensor has no name.
        ([given], [taken]) => compare(given, taken),
        _ => {
            let by_name = |taken: &Port| match given.iter().find(|given| given.name == taken.name) {
                Some(given) => compare(given, taken),
                None => vec![missing(given, taken)],
            };
            let extra = given.iter().filter(|given| taken.iter().all(|taken| taken.name != given.name));
            taken.iter().flat_map(by_name).chain(extra.map(|given| unknown(given, taken))).collect()
        }
    }
}

fn names(ports: &[Port]) -> String {
    format!("{:?}", ports.iter().map(Port::name).collect::<Vec<_>>())
}

fn missing(given: &[Port], taken: &Port) -> PassFault {
    PassFault::new("PORT_MISSING", "nobody gives what this port takes")
        .on_port(taken.name())
        .declared_received(taken, names(given))
        .help("give it, or take it away")
}

fn unknown(given: &Port, taken: &[Port]) -> PassFault {
    PassFault::new("PORT_UNKNOWN", "nobody takes what this port gives")
        .on_port(given.name())
        .declared_received(names(taken), given)
        .help("take it, or do not give it")
}

fn compare(given: &Port, taken: &Port) -> Vec<PassFault> {
    let about = |code, message: &str, help: &str| {
        PassFault::new(code, message).on_port(taken.name()).declared_received(taken, given).help(help)
    };
    let mut found = Vec::new();
    if let (Some(one), Some(other)) = (given.dtype, taken.dtype)
        && one != other
    {
        found.push(about(
            "PORT_DTYPE",
            "the dtypes differ",
            "declare the same on both sides, and cast before",
        ));
    }
    if let (Some(one), Some(other)) = (&given.shape, &taken.shape)
        && !fit(one, other)
    {
        found.push(about("PORT_SHAPE", "the shapes can never be the same", "declare the same on both sides"));
    }
    if let (Some(one), Some(other)) = (&given.unit, &taken.unit)
        && one != other
    {
        found.push(about("PORT_UNIT", "the units differ", "convert before, and declare the same unit"));
    }
    if apart(given.range.as_ref(), taken.range.as_ref()) {
        found.push(ranges_apart(taken, given.range.as_ref(), taken.range.as_ref(), ""));
    }
    found.extend(compare_columns(given, taken));
    found
}

fn compare_columns(given: &Port, taken: &Port) -> Vec<PassFault> {
    if given.columns.is_empty() || taken.columns.is_empty() {
        return Vec::new();
    }
    let shown = |port: &Port| {
        let column = |column: &super::Column| match &column.unit {
            Some(unit) => format!("{} in {unit}", column.name),
            None => column.name.clone(),
        };
        port.columns.iter().map(column).collect::<Vec<_>>().join(", ")
    };
    let about = |code, message: &str, help: &str| {
        vec![
            PassFault::new(code, message)
                .on_port(taken.name())
                .declared_received(shown(taken), shown(given))
                .help(help),
        ]
    };
    let pairs = || given.columns.iter().zip(&taken.columns);
    if given.columns.len() != taken.columns.len() || pairs().any(|(one, other)| one.name != other.name) {
        return about("PORT_COLUMNS", "the columns differ", "give them in the order in which they are taken");
    }
    let differ =
        |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
    if pairs().any(|(one, other)| differ(&one.unit, &other.unit)) {
        return about(
            "PORT_UNIT",
            "the units of a column differ",
            "convert before, and declare the same unit",
        );
    }
    pairs()
        .filter(|(one, other)| apart(one.range.as_ref(), other.range.as_ref()))
        .map(|(one, other)| ranges_apart(taken, one.range.as_ref(), other.range.as_ref(), &other.name))
        .collect()
}

/// Tells whether no number is in both ranges.
fn apart(one: Option<&Range>, other: Option<&Range>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    one.start().max(*other.start()) > one.end().min(*other.end())
}

fn ranges_apart(port: &Port, given: Option<&Range>, taken: Option<&Range>, column: &str) -> PassFault {
    let shown = |range: Option<&Range>| {
        let range = range.map_or(String::new(), |range| format!("{} to {}", range.start(), range.end()));
        if column.is_empty() { range } else { format!("{range} ({column})") }
    };
    PassFault::new("PORT_RANGE", "no number is in both ranges")
        .on_port(port.name())
        .declared_received(shown(taken), shown(given))
        .help("look for a wrong unit or sign")
}

/// Tells whether a tensor can have both shapes.
fn fit(one: &[Dim], other: &[Dim]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|pair| match pair {
            (Dim::Fixed(one), Dim::Fixed(other)) => one == other,
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;

    fn codes(given: &[Port], taken: &[Port]) -> Vec<String> {
        mismatches(given, taken).iter().map(|fault| fault.code().to_owned()).collect()
    }

    #[test]
    fn what_is_not_declared_fits_and_bare_tensors_have_no_name() {
        let (a, b) = ([Port::f64("a").shape(("batch", 3))], [Port::new("b").shape(("n", "m"))]);
        assert_eq!(codes(&a, &b), [""; 0]);
        assert_eq!(codes(&[], &a), [""; 0]);
        assert_eq!(codes(&a, &[Port::f64("a").shape((7, 3))]), [""; 0]);
    }

    #[test]
    fn what_can_never_fit_is_told_by_name() {
        let aim = || Port::f64("aim").shape(("batch", 3)).columns(["wind", "angle", "weight"]);
        assert_eq!(codes(&[aim().dtype(swergio_client::Dtype::F32)], &[aim()]), ["PORT_DTYPE"]);
        assert_eq!(codes(&[Port::new("aim").shape("batch")], &[aim()]), ["PORT_SHAPE"]);
        assert_eq!(codes(&[Port::new("aim").shape(("batch", 2))], &[aim()]), ["PORT_SHAPE"]);
        let swapped = Port::f64("aim").columns(["wind", "weight", "angle"]);
        assert_eq!(codes(&[swapped], &[aim()]), ["PORT_COLUMNS"]);
        let (feet, metres) = (Port::new("d").unit("ft"), Port::new("d").unit("m"));
        assert_eq!(codes(&[feet], &[metres]), ["PORT_UNIT"]);
        let deg = Port::new("a").columns([Column::new("angle").unit("deg")]);
        let rad = Port::new("a").columns([Column::new("angle").unit("rad")]);
        assert_eq!(codes(&[deg], &[rad]), ["PORT_UNIT"]);
        let (down, up) = (Port::new("v").range(-9.0..=-1.0), Port::new("v").range(0.0..=9.0));
        assert_eq!(codes(std::slice::from_ref(&down), &[up]), ["PORT_RANGE"]);
        assert_eq!(codes(&[down], &[Port::new("v").range(-1.0..=1.0)]), [""; 0], "they meet");
        let side = |range| Port::new("a").columns([Column::new("x").range(range), Column::new("y")]);
        assert_eq!(codes(&[side(0.0..=1.0)], &[side(2.0..=3.0)]), ["PORT_RANGE"]);
        let two = [Port::new("a"), Port::new("b")];
        assert_eq!(codes(&two, &[Port::new("a"), Port::new("c")]), ["PORT_MISSING", "PORT_UNKNOWN"]);
    }
}
