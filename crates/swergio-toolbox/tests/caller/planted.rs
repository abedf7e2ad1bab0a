//! Planted: a component whose gradient is right, and the same with one of two dozen mistakes in it.

use swergio_client::Dtype;
use swergio_toolbox::{BoxError, Differentiable, Pass, Tensor};

const ROWS: usize = 4;
const IN: usize = 3;
const OUT: usize = 3;
/// Weights from 3 inputs to 3 hidden numbers, and from there to 3 outputs: none like another.
const FIRST: [[f64; 3]; IN] = [[0.7, -0.4, 0.3], [0.2, 0.9, -0.6], [-0.5, 0.1, 0.8]];
const SECOND: [[f64; OUT]; 3] = [[1.1, -0.3, 0.6], [0.4, 0.8, -0.9], [-0.7, 0.5, 0.2]];

/// The mistakes, each with the words under which a check may tell of it.
pub(crate) const PLANTS: &[(&str, &[&str])] = &[
    ("sign", &["SIGN"]),
    ("factor", &["FACTOR"]),
    ("transpose", &["TRANSPOSED"]),
    ("stale sample", &["STALE"]),
    ("dropped term", &["WRONG"]),
    ("wrong shape", &["SHAPE"]),
    ("row too late", &["ROWS"]),
    ("wrong dtype", &["DTYPE"]),
    ("single precision", &["DTYPE"]),
    ("nan", &["NOT_FINITE"]),
    ("zero", &["ZERO"]),
    ("mean", &["FACTOR"]),
    ("missing chain factor", &["WRONG"]),
    ("other sample", &["ROWS"]),
    ("swapped columns", &["COLUMNS"]),
    ("detached", &["DETACHED"]),
    ("counted twice", &["FACTOR"]),
    ("clipped", &["CLIPPED"]),
    ("clipped norm", &["CLIPPED"]),
    ("noise", &["NOISE"]),
    ("delayed", &["DELAYED"]),
    ("degrees", &["FACTOR"]),
    ("degrees in a column", &["FACTOR"]),
    ("output ignored", &["DROPPED"]),
    ("one sample dropped", &["DETACHED"]),
    ("refused", &["REFUSED"]),
];

/// y = tanh(x W) V + x³ / 3 for each row; with `plant` a mistake in its gradient.
pub(crate) struct Planted {
    plant: &'static str,
    last: Option<Tensor>,
    owed: Option<Tensor>,
    count: u32,
}

impl Planted {
    pub(crate) fn new(plant: &'static str) -> Self {
        Self { plant, last: None, owed: None, count: 0 }
    }
}

/// An input of four samples, each with numbers of its own.
pub(crate) fn sample(seed: usize) -> Tensor {
    let number = |at: usize| ((at * 7 + seed * 13) as f64 * 0.618).sin() * 0.9 + 0.05;
    tensor((0..ROWS * IN).map(number))
}

fn tensor(numbers: impl IntoIterator<Item = f64>) -> Tensor {
    let numbers: Vec<f64> = numbers.into_iter().collect();
    Tensor::from_f64([ROWS, IN], &numbers).unwrap()
}

fn hidden(x: &[f64]) -> [f64; 3] {
    std::array::from_fn(|h| (0..IN).map(|i| x[i] * FIRST[i][h]).sum::<f64>().tanh())
}

pub(crate) fn forward(x: &Tensor) -> Tensor {
    let x = x.to_f64_vec();
    let row = |x: &[f64]| -> [f64; OUT] {
        let hidden = hidden(x);
        std::array::from_fn(|o| (0..3).map(|h| hidden[h] * SECOND[h][o]).sum::<f64>() + x[o].powi(3) / 3.0)
    };
    tensor(x.chunks(IN).flat_map(row))
}

pub(crate) fn vjp(x: &Tensor, g: &Tensor) -> Tensor {
    pulled(x, g, true, true)
}

/// Computes the gradient; without the slope of tanh, or without the cube, if that is wanted.
fn pulled(x: &Tensor, g: &Tensor, chain: bool, cube: bool) -> Tensor {
    let (x, g) = (x.to_f64_vec(), g.to_f64_vec());
    let row = |(x, g): (&[f64], &[f64])| -> [f64; IN] {
        let hidden = hidden(x);
        let back: [f64; 3] = std::array::from_fn(|h| {
            let by_hidden: f64 = (0..OUT).map(|o| g[o] * SECOND[h][o]).sum();
            by_hidden * if chain { 1.0 - hidden[h] * hidden[h] } else { 1.0 }
        });
        std::array::from_fn(|i| {
            let cubed = if cube { g[i] * x[i] * x[i] } else { 0.0 };
            (0..3).map(|h| back[h] * FIRST[i][h]).sum::<f64>() + cubed
        })
    };
    tensor(x.chunks(IN).zip(g.chunks(OUT)).flat_map(row))
}

impl Planted {
    /// Computes the gradient as the plant has it.
    pub(crate) fn wrong(&mut self, x: &Tensor, g: &Tensor) -> Result<Tensor, BoxError> {
        let right = vjp(x, g);
        let n = right.to_f64_vec();
        let map = |f: &dyn Fn(usize) -> f64| tensor((0..n.len()).map(f));
        let length = n.iter().map(|n| n * n).sum::<f64>().sqrt();
        let columns = |by: &dyn Fn(usize) -> f64| map(&|at| n[at] * by(at % IN));
        self.count += 1;
        Ok(match self.plant {
            "sign" => map(&|at| -n[at]),
            "factor" => map(&|at| 1.01 * n[at]),
            "transpose" => map(&|at| n[at % ROWS * IN + at / ROWS]),
            "stale sample" => vjp(self.last.as_ref().unwrap_or(x), g),
            "dropped term" => pulled(x, g, true, false),
            "wrong shape" => right.reshape([IN, ROWS]).unwrap(),
            "row too late" => map(&|at| n[(at + IN) % n.len()]),
            "wrong dtype" => right.to_dtype(Dtype::F32),
            "single precision" => right.to_dtype(Dtype::F32).to_dtype(Dtype::F64),
            "nan" => map(&|at| if at == 5 { f64::NAN } else { n[at] }),
            "zero" => map(&|_| 0.0),
            "mean" => map(&|at| n[at] / ROWS as f64),
            "missing chain factor" => pulled(x, g, false, true),
            "other sample" => map(&|at| {
                n[match at / IN {
                    0 => at + 2 * IN,
                    2 => at - 2 * IN,
                    _ => at,
                }]
            }),
            "swapped columns" => map(&|at| {
                n[match at % IN {
                    0 => at + 1,
                    1 => at - 1,
                    _ => at,
                }]
            }),
            "detached" => columns(&|column| if column == 1 { 0.0 } else { 1.0 }),
            "counted twice" => map(&|at| 2.0 * n[at]),
            "clipped" => map(&|at| n[at].clamp(-0.5, 0.5)),
            "clipped norm" => map(&|at| n[at] * f64::min(1.0, 0.1 / length)),
            "noise" => map(&|at| n[at] * (1.0 + 1e-3 * (f64::from(self.count) + at as f64).sin())),
            "delayed" => self.owed.replace(right.clone()).unwrap_or(right),
            "degrees" => map(&|at| n[at].to_degrees()),
            "degrees in a column" => columns(&|column| if column == 2 { 1f64.to_radians() } else { 1.0 }),
            "output ignored" => {
                let kept = |(at, g): (usize, f64)| if at % OUT == 1 { 0.0 } else { g };
                vjp(x, &tensor(g.to_f64_vec().into_iter().enumerate().map(kept)))
            }
            "one sample dropped" => map(&|at| if at / IN == 3 { 0.0 } else { n[at] }),
            "refused" => return Err("out of memory".into()),
            _ => right,
        })
    }

    /// Notes what went forward, as a component does that keeps but one sample.
    pub(crate) fn note(&mut self, x: &Tensor) {
        self.last = Some(x.clone());
    }
}

impl Differentiable for Planted {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = Tensor;

    fn forward(&mut self, x: Tensor, _: &Pass) -> Result<(Tensor, Tensor), BoxError> {
        self.note(&x);
        Ok((forward(&x), x))
    }

    fn infer(&mut self, x: Tensor, _: &Pass) -> Result<Tensor, BoxError> {
        Ok(forward(&x))
    }

    fn vjp(&mut self, x: Tensor, g: Tensor, _: &Pass) -> Result<Tensor, BoxError> {
        self.wrong(&x, &g)
    }
}
