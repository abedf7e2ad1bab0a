//! Tableau: many difference quotients extrapolated to the step zero, and how far the result can be trusted.
//!
//! A central difference quotient is off by rounding, which grows as 1/h, and by truncation, a series in h². The first is bounded
//! from the dtype, and measured where the function is rougher than that; the second is taken away by Richardson's extrapolation
//! over several steps, and what is left of it shows in how far neighbours of the tableau are apart.

/// How often what an extrapolation changed is allowed for: it is an estimate.
const SPREAD: f64 = 16.0;
/// How often the rounding is allowed for: it is a bound, of a function that is itself computed well.
const ROUNDING: f64 = 8.0;
/// Extrapolations on top of each other; beyond it rounding is all that is gained.
const DEPTH: usize = 4;
/// Steps from which on roughness is measured: fewer tell too little.
const MANY: usize = 8;

/// Holds one difference quotient.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) step: f64,
    /// What was measured, less what the gradient claims.
    pub(super) residual: f64,
    /// A bound of the rounding in it.
    pub(super) rounding: f64,
    /// What was measured.
    pub(super) slope: f64,
    /// By how much the slopes on both sides differ: shrinks with the step unless there is a kink.
    pub(super) bend: f64,
    /// Whether the outputs do not differ at all.
    pub(super) still: bool,
}

/// Holds what a line says of a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    /// What was measured less what the gradient claims, extrapolated.
    pub(crate) residual: f64,
    /// How far from zero it may be in a gradient that is right.
    pub(crate) allowed: f64,
    /// The size of the slope: no residual is small or large but beside it.
    pub(crate) scale: f64,
    pub(crate) verdict: Verdict,
}

/// Says what came of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// They agree as far as can be told.
    Agrees,
    /// They differ, and neither rounding nor truncation explains it.
    Differs,
    /// It cannot be told: the function has a kink here.
    Kink,
    /// It cannot be told: the function is too rough, or too flat, for the difference to show.
    Rough,
    /// It cannot be told: the function is not the same any more.
    Moved,
    /// It cannot be told: there are too few points near the input where the function has a value.
    Nowhere,
}

/// Extrapolates the samples, which come in descending order of the step.
pub(super) fn estimate(samples: &[Sample], claimed: f64, epsilon: f64) -> Estimate {
    let Some(Entry { value: residual, spread, rounding, slope }) = extrapolated(samples) else {
        return Estimate { residual: f64::NAN, allowed: f64::NAN, scale: claimed, verdict: Verdict::Nowhere };
    };
    let scale = f64::max(claimed, slope.abs());
    let allowed = SPREAD * spread + ROUNDING * rounding + vjp_rounding(epsilon) * scale;
    let enough = precision(epsilon) * scale;
    let verdict = match residual.abs() <= allowed {
        true if allowed > enough && scale > 0.0 => Verdict::Rough,
        true => Verdict::Agrees,
        // A few steps are enough to doubt, not to blame.
        false if samples.len() < MANY => Verdict::Differs,
        false if is_kink(samples, residual) => Verdict::Kink,
        false if is_staircase(samples) => Verdict::Rough,
        false if persists(samples, residual) => Verdict::Differs,
        // Kinks are crossed by the larger steps, as in a network of many: the smaller ones are nearer to the truth.
        false if fades(samples, enough) => {
            return Estimate { residual: least(samples), allowed: enough, scale, verdict: Verdict::Agrees };
        }
        false => Verdict::Rough,
    };
    Estimate { residual, allowed, scale, verdict }
}

/// Returns the relative error that the arithmetic of a gradient may add up to.
pub(crate) fn vjp_rounding(epsilon: f64) -> f64 {
    f64::min(4096.0 * epsilon, epsilon.sqrt())
}

/// Returns the relative error beyond which a comparison says too little.
fn precision(epsilon: f64) -> f64 {
    f64::max(epsilon.cbrt(), 4.0 * vjp_rounding(epsilon))
}

/// One entry of the tableau.
struct Entry {
    value: f64,
    /// How far it is from those that it is made of.
    spread: f64,
    rounding: f64,
    /// What was measured, not extrapolated.
    slope: f64,
}

impl Entry {
    fn error(&self) -> f64 {
        self.spread + self.rounding
    }
}

/// Finds the entry of Neville's tableau that can be trusted most.
fn extrapolated(samples: &[Sample]) -> Option<Entry> {
    let noise = roughness(samples);
    let mut best: Option<Entry> = None;
    let mut above: Vec<f64> = Vec::new();
    for (i, sample) in samples.iter().enumerate() {
        let rounding = f64::max(sample.rounding, noise / sample.step);
        let mut row = vec![sample.residual];
        for j in 1..=i.min(DEPTH) {
            let (left, up) = (row[j - 1], above[j - 1]);
            let ratio = samples[i - j].step / sample.step;
            let value = left + (left - up) / (ratio * ratio - 1.0);
            let spread = f64::max((value - left).abs(), (value - up).abs());
            let entry = Entry { value, spread, rounding, slope: sample.slope };
            if best.as_ref().is_none_or(|best| entry.error() < best.error()) {
                best = Some(entry);
            }
            row.push(value);
        }
        above = row;
    }
    best.filter(|entry| entry.value.is_finite() && entry.error().is_finite())
}

/// Measures how far the function is off a smooth one, times two: at the smallest steps nothing else makes the quotients differ.
fn roughness(samples: &[Sample]) -> f64 {
    if samples.len() < MANY {
        return 0.0;
    }
    let last = &samples[samples.len() - 4..];
    last.windows(2).map(|pair| (pair[1].residual - pair[0].residual).abs() * pair[1].step).fold(0.0, f64::max)
}

/// Tells whether the two sides have different slopes however small the step, with the claimed one between them.
fn is_kink(samples: &[Sample], residual: f64) -> bool {
    let [.., _, _, _, last] = samples else { return false };
    let fine = &samples[samples.len() - 4..];
    // Of a smooth function it halves with each step; between two steps a further kink may come in.
    let stays = fine.windows(2).any(|pair| pair[1].bend > 0.75 * pair[0].bend);
    stays && last.bend > 2.0 * last.rounding && residual.abs() <= 0.75 * last.bend
}

/// Tells whether a residual is there at every smaller step, down to where rounding would hide it: a gradient that is wrong is wrong
/// however near one looks.
fn persists(samples: &[Sample], residual: f64) -> bool {
    let telling = |sample: &&Sample| ROUNDING * sample.rounding < 0.25 * residual.abs();
    let fine: Vec<&Sample> = samples.iter().rev().filter(telling).take(4).collect();
    let near = |sample: &&Sample| {
        let off = (sample.residual - residual).abs();
        off <= 0.1 * residual.abs() + ROUNDING * sample.rounding
    };
    fine.len() >= 3 && fine.iter().all(near)
}

/// Tells whether the residual is next to nothing at two steps in a row.
fn fades(samples: &[Sample], enough: f64) -> bool {
    samples.windows(2).any(|pair| pair.iter().all(|sample| sample.residual.abs() <= enough))
}

/// Returns the smallest of the residuals.
fn least(samples: &[Sample]) -> f64 {
    samples
        .iter()
        .map(|sample| sample.residual)
        .fold(f64::INFINITY, |least, residual| if residual.abs() < least.abs() { residual } else { least })
}

/// Tells whether the function moves at large steps and not at all at small ones.
fn is_staircase(samples: &[Sample]) -> bool {
    samples.last().is_some_and(|last| last.still) && samples.iter().any(|sample| !sample.still)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares the claim `g` with f on the line through `x`.
    fn judged(f: impl Fn(f64) -> f64, x: f64, g: f64, rungs: u32) -> Estimate {
        let sample = |k: u32| {
            let h = 0.008 / f64::from(1 << k);
            let (up, down) = (f(x + h), f(x - h));
            Sample {
                step: h,
                residual: (up - down) / (2.0 * h) - g,
                rounding: 1.1e-16 * (up.abs() + down.abs()) / h,
                slope: (up - down) / (2.0 * h),
                bend: (up - 2.0 * f(x) + down).abs() / h,
                still: up == down,
            }
        };
        estimate(&(0..rungs).map(sample).collect::<Vec<_>>(), g.abs(), 1.1e-16)
    }

    #[test]
    fn a_right_slope_agrees_and_one_that_is_off_by_a_millionth_does_not() {
        for x in [0.1, 1.0, 7.0] {
            assert_eq!(judged(f64::exp, x, x.exp(), 3).verdict, Verdict::Agrees);
            assert_eq!(judged(f64::exp, x, x.exp() * (1.0 + 1e-6), 3).verdict, Verdict::Differs);
        }
    }

    #[test]
    fn where_it_cannot_be_told_nobody_is_blamed() {
        assert_eq!(judged(|x: f64| x.max(0.0), 0.0, 1.0, 12).verdict, Verdict::Kink);
        assert_eq!(judged(|x: f64| x.max(0.0), 0.0, 0.0, 12).verdict, Verdict::Kink);
        assert_ne!(judged(|x: f64| (x * 1e3).round() / 1e3, 0.4002, 1.0, 12).verdict, Verdict::Differs);
        let dice =
            |x: f64| (x.to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / f64::from(1 << 24);
        let noisy = |x: f64| x + 1e-5 * dice(x);
        for x in 1..2000 {
            assert_ne!(judged(noisy, f64::from(x) / 7.0, 1.0, 12).verdict, Verdict::Differs, "{x}");
        }
        assert_eq!(judged(|x| x, f64::NAN, 1.0, 3).verdict, Verdict::Nowhere);
    }

    #[test]
    fn many_kinks_nearby_are_no_fault_and_hide_none() {
        // A sum of 500 corners, as a wide network has them, most of them far, some crossed by every step but the smallest.
        let corners: Vec<f64> = (0..500).map(|n| (f64::from(n) * 0.754_877).fract() - 0.5).collect();
        let f = |x: f64| corners.iter().map(|corner| (x - corner).max(0.0)).sum::<f64>() / 500.0;
        let slope = |x: f64| corners.iter().filter(|corner| x > **corner).count() as f64 / 500.0;
        for x in (0..400).map(|n| f64::from(n) / 1000.0 - 0.2) {
            assert_ne!(judged(f, x, slope(x), 13).verdict, Verdict::Differs, "{x}");
            assert_ne!(judged(f, x, 1.1 * slope(x), 13).verdict, Verdict::Agrees, "{x}");
        }
    }

    #[test]
    fn a_claim_beyond_both_sides_of_a_kink_is_wrong() {
        assert_eq!(judged(|x: f64| x.max(0.0), 0.0, -1.0, 12).verdict, Verdict::Differs);
        assert_eq!(judged(|x: f64| x.max(0.0), 0.0, 3.0, 12).verdict, Verdict::Differs);
    }

    #[test]
    fn a_constant_has_the_slope_zero_and_no_other() {
        assert_eq!(judged(|_| 1.0, 0.3, 0.0, 3).verdict, Verdict::Agrees);
        assert_eq!(judged(|_| 1.0, 0.3, 0.5, 12).verdict, Verdict::Differs);
    }
}
