//! Step and Solver: Dormand and Prince's pair of orders 5 and 4, with a step size that follows the error.

use std::array::from_fn;

use super::dual::Dual;

/// Gives the rates of change of `N` numbers; `K` derivatives travel along.
pub(super) trait Motion<const N: usize, const K: usize> {
    /// Returns the rate of each of the numbers.
    fn rates(&self, state: &[Dual<K>; N]) -> [Dual<K>; N];
}

/// How much of each earlier stage goes into the state of stages 2 to 7; the last is the step itself.
const STAGES: [&[f64]; 6] = [
    &[1.0 / 5.0],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];

/// The difference between the two orders.
const ERROR: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339_200.0, 22.0 / 525.0, -1.0 / 40.0];

/// What between the ends of a step a cubic misses.
const DENSE: [f64; 7] = [
    -12_715_105_075.0 / 11_282_082_432.0,
    0.0,
    87_487_479_700.0 / 32_700_410_799.0,
    -10_690_763_975.0 / 1_880_347_072.0,
    701_980_252_875.0 / 199_316_789_632.0,
    -1_453_857_185.0 / 822_651_844.0,
    69_997_945.0 / 29_380_423.0,
];

/// One step, with all that is needed to say where the motion was in between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<const N: usize, const K: usize> {
    from: [Dual<K>; N],
    /// Where it ends.
    pub(super) to: [Dual<K>; N],
    rates: [[Dual<K>; N]; 7],
    /// How long it is, s.
    pub(super) length: f64,
}

impl<const N: usize, const K: usize> Step<N, K> {
    /// Goes `length` seconds on from a state whose rates are known.
    pub(super) fn take(
        motion: &impl Motion<N, K>,
        from: &[Dual<K>; N],
        rates: &[Dual<K>; N],
        length: f64,
    ) -> Self {
        let mut step = Self { from: *from, to: *from, rates: [*rates; 7], length };
        for (stage, weights) in STAGES.iter().enumerate() {
            step.to = from_fn(|i| from[i] + step.sum(i, weights) * length);
            step.rates[stage + 1] = motion.rates(&step.to);
        }
        step
    }

    /// Sums the rates of number `i` over the stages that have a weight.
    fn sum(&self, i: usize, weights: &[f64]) -> Dual<K> {
        let weighted = weights.iter().zip(&self.rates).filter(|(weight, _)| **weight != 0.0);
        weighted.fold(Dual::of(0.0), |sum, (weight, rates)| sum + rates[i] * *weight)
    }

    /// Returns the rates at its end, with which the next begins.
    pub(super) fn last_rates(&self) -> &[Dual<K>; N] {
        &self.rates[6]
    }

    /// Takes the same step anew with another length.
    pub(super) fn again(&self, motion: &impl Motion<N, K>, length: f64) -> Self {
        Self::take(motion, &self.from, &self.rates[0], length)
    }

    /// Returns the estimated error in units of what is tolerated, relative and absolute alike: up to 1 is good. The
    /// derivatives have no say, so that a shot lands at the same spot to the last bit whether or not they are asked for.
    fn error(&self, tolerance: f64) -> f64 {
        let squares = (0..N).map(|i| {
            let error: f64 = (0..7).map(|stage| ERROR[stage] * self.rates[stage][i].re).sum();
            let size = self.from[i].re.abs().max(self.to[i].re.abs());
            (self.length * error / (tolerance * (1.0 + size))).powi(2)
        });
        (squares.sum::<f64>() / N as f64).sqrt()
    }

    /// Returns where the motion was after a `part` of the step, 0 to 1, to the fourth order.
    pub(super) fn at(&self, part: f64) -> [Dual<0>; N] {
        let rest = 1.0 - part;
        from_fn(|i| {
            let rate = |stage: usize| self.length * self.rates[stage][i].re;
            let chord = self.to[i].re - self.from[i].re;
            let bend = rate(0) - chord;
            let twist = chord - rate(6) - bend;
            let fourth: f64 = (0..7).map(|stage| DENSE[stage] * rate(stage)).sum();
            Dual::of(self.from[i].re + part * (chord + rest * (bend + part * (twist + rest * fourth))))
        })
    }
}

/// Names how far a solution may go. Nobody waits for a shot that goes nowhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Steps in one stage of a shot, refused ones included.
    pub(super) steps: usize,
    /// Seconds that one stage of a shot may last.
    pub(super) seconds: f64,
    /// The smallest step, s: a motion that wants smaller ones is not computed.
    pub(super) smallest: f64,
}

/// Solves a motion step by step, in control of the error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solver {
    /// The error that a step may have, relative to each number's size plus one.
    pub(super) tolerance: f64,
    /// How far it may go.
    pub(super) bounds: Bounds,
}

impl Solver {
    /// The length that is tried first, s.
    pub(super) const FIRST: f64 = 1e-3;

    /// Takes a step of `length` or, where the error wants it, shorter. Returns it with the length to try next, or nothing where
    /// no step is short enough; `spent` counts every attempt.
    pub(super) fn step<const N: usize, const K: usize>(
        &self,
        motion: &impl Motion<N, K>,
        from: &[Dual<K>; N],
        rates: &[Dual<K>; N],
        mut length: f64,
        spent: &mut usize,
    ) -> Option<(Step<N, K>, f64)> {
        let mut most = 5.0;
        while length >= self.bounds.smallest && *spent < self.bounds.steps {
            *spent += 1;
            let step = Step::take(motion, from, rates, length);
            let error = step.error(self.tolerance);
            // A NaN is no small error: the step shrinks until the bound ends it.
            let scale = if error.is_finite() { 0.9 * error.max(1e-10).powf(-0.2) } else { 0.0 };
            let next = length * scale.clamp(0.2, most);
            if error <= 1.0 {
                return Some((step, next));
            }
            (length, most) = (next, 1.0);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns a point round the origin, once in 2π seconds.
    struct Circle;

    impl Motion<2, 1> for Circle {
        fn rates(&self, [x, y]: &[Dual<1>; 2]) -> [Dual<1>; 2] {
            [-*y, *x]
        }
    }

    fn quarter(steps: u32) -> Step<2, 1> {
        let length = std::f64::consts::FRAC_PI_2 / f64::from(steps);
        let mut state = [Dual::variable(1.0, 0), Dual::of(0.0)];
        let mut last = None;
        for _ in 0..steps {
            let step = Step::take(&Circle, &state, &Circle.rates(&state), length);
            state = step.to;
            last = Some(step);
        }
        last.expect("there is a step")
    }

    #[test]
    fn halving_the_step_divides_the_error_by_32_also_of_the_derivative() {
        let error = |steps| (quarter(steps).to[1].re - 1.0).abs().max(quarter(steps).to[0].re.abs());
        let order = (error(8) / error(16)).log2();
        assert!((4.7..5.5).contains(&order), "order {order}");

        let error = |steps| (quarter(steps).to[1].by[0] - 1.0).abs().max(quarter(steps).to[0].by[0].abs());
        let order = (error(8) / error(16)).log2();
        assert!((4.7..5.5).contains(&order), "order {order}");
    }

    #[test]
    fn between_its_ends_a_step_is_as_good() {
        let step = quarter(8);
        let begin = std::f64::consts::FRAC_PI_2 - step.length;
        for part in [0.0, 0.2, 0.5, 0.9, 1.0] {
            let (sin, cos) = (begin + part * step.length).sin_cos();
            let [x, y] = step.at(part);
            assert!((x.re - cos).abs() < 1e-6 && (y.re - sin).abs() < 1e-6, "at {part}: {x:?} {y:?}");
        }
    }
}
