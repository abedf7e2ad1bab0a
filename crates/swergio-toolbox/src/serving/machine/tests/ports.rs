//! Ports: nothing that is not as declared gets in or out.

use swergio_client::{Dtype, Envelope, Kind, Tensor};

use super::stage::{Square, Stage, says, sends, square};
use crate::{BoxError, Column, Differentiable, Pass, PassFault, Port, ServingLimits, Values};

fn with(inputs: &[Port], outputs: &[Port]) -> Stage<Square> {
    let weight = std::sync::Arc::new(std::sync::Mutex::new(1.0));
    Stage::with(Square { weight }, inputs.to_vec(), outputs.to_vec(), ServingLimits::default())
}

/// Says a FORWARD, and returns the fault that comes of it.
fn refused<D: Differentiable>(c: &mut Stage<D>, message: &Envelope) -> PassFault {
    let said = c.answers(message);
    assert_eq!(said[0].kind, Kind::FAULT, "{said:?}");
    PassFault::read(&said[0]).unwrap().1
}

fn lists(json: &str) -> Envelope {
    says(Kind::FORWARD, "in", "i", json)
}

fn tensor(tensor: Tensor) -> Envelope {
    sends(Kind::FORWARD, "in", "i", tensor)
}

#[test]
fn a_mismatch_is_told_as_a_good_compiler_would() {
    let aim = Port::f64("aim").shape(("batch", 3)).columns(["wind", "angle", "weight"]);
    let mut c = with(&[aim], &[]);
    let fault = refused(&mut c, &lists("[[1.0, 2.0], [3.0, 4.0]]"));
    assert_eq!(
        fault.to_string(),
        "PORT_SHAPE at c, port \"aim\": the tensor has another shape than its port\n  \
         declared [batch, 3], received [2, 2]\n  \
         help: nothing is broadcast or filled up: send it in the declared shape"
    );
}

/// R86: a sender's dtype must be the declared one; lists have none and take it, as far as they can.
#[test]
fn dtypes_are_the_senders_or_the_ports() {
    let f32s = || Port::f32("x");
    for (port, message, dtype) in [
        (f32s(), lists("[1.5, 2]"), Some(Dtype::F32)),
        (f32s(), lists("[1, 2]"), Some(Dtype::F32)),
        (f32s(), tensor(Tensor::from_f32([1], &[1.0]).unwrap()), Some(Dtype::F32)),
        (f32s(), tensor(Tensor::from_f64([1], &[1.0]).unwrap()), None),
        (f32s(), lists("[true]"), None),
        (Port::new("x"), lists("[1, 2]"), Some(Dtype::F64)),
        (Port::new("x").dtype(Dtype::I8), lists("[1, 2]"), Some(Dtype::I8)),
        (Port::new("x").dtype(Dtype::I8), lists("[1.0]"), Some(Dtype::I8)),
        (Port::new("x").dtype(Dtype::I8), lists("[1.5]"), None),
        (Port::new("x").dtype(Dtype::I8), lists("[300]"), None),
    ] {
        let mut c = Stage::with(Echo, vec![port], vec![], ServingLimits::default());
        let said = c.answers(&message).remove(0);
        match dtype {
            Some(dtype) => assert_eq!(said.data.unwrap().tensor().unwrap().dtype(), dtype, "{message:?}"),
            None => assert_eq!(PassFault::read(&said).unwrap().1.code(), "PORT_DTYPE", "{message:?}"),
        }
    }
}

#[test]
fn ranges_are_those_of_the_column_or_the_port() {
    let aim = Port::f64("aim")
        .range(0.0..=100.0)
        .columns([Column::new("wind").unit("m/s").range(-20.0..=20.0), Column::new("angle")]);
    let mut c = with(&[aim], &[]);
    assert_eq!(c.forward("i", "[[-20.0, 100.0]]").len(), 1);
    let fault = refused(&mut c, &lists("[[1.0, 2.0], [-20.5, 1.0]]"));
    assert_eq!((fault.code(), fault.declared()), ("PORT_RANGE", Some("-20 to 20 m/s (wind)")));
    assert_eq!(fault.received(), Some("-20.5 at [1, 0]"));
    assert_eq!(refused(&mut c, &lists("[1.0, 100.5]")).received(), Some("100.5 at [1]"));
    assert_eq!(refused(&mut c, &lists("[1.0, 2.0, 3.0]")).code(), "PORT_SHAPE", "two columns");
    assert_eq!(refused(&mut c, &lists("[1.0, Infinity]")).code(), "PORT_RANGE");
}

/// R87: NaN passes where the port lets it, in both directions.
#[test]
fn nan_is_not_passed_on_unless_the_port_allows_it() {
    let mut strict = square();
    let fault = refused(&mut strict, &lists("[1.0, NaN]"));
    assert_eq!((fault.code(), fault.received()), ("PORT_NAN", Some("NaN at [1] of [2]")));
    let back = ["FAULT GRADIENT_NAN about o1 > out", "FAULT GRADIENT_NAN about i > in"];
    strict.forward("i", "[3.0]");
    assert_eq!(strict.gradient("o1", "[NaN]"), back);
    strict.forward("i", "[1e200]");
    assert_eq!(strict.gradient("o2", "[Infinity]").len(), 1, "an infinity is a number");

    let mut lax = with(&[Port::new("x").allow_nan()], &[Port::new("y").allow_nan()]);
    assert_eq!(lax.forward("i", "[NaN]"), ["FORWARD o1 > out: [NaN]"]);
    assert_eq!(lax.gradient("o1", "[NaN]"), ["GRADIENT i > in: [NaN]"]);

    let mut half = with(&[Port::new("x").allow_nan()], &[]);
    assert_eq!(refused(&mut half, &lists("[NaN]")).code(), "PORT_NAN", "its own output is checked too");
    let mut own = Stage::with(NanBack, vec![], vec![], ServingLimits::default());
    own.forward("i", "[1.0]");
    assert_eq!(own.gradient("o1", "[1.0]"), back);
}

/// R87: a gradient is of the form of its value.
#[test]
fn a_gradient_has_the_shape_and_dtype_of_its_value() {
    let ways = |code: &str| ["o1 > out", "i > in"].map(|place| format!("FAULT {code} about {place}"));
    for json in ["[1.0]", "1.0", "[[1.0, 1.0]]", "[1.0, 1.0, 1.0]", "[]"] {
        let mut c = square();
        c.forward("i", "[3.0, 4.0]");
        assert_eq!(c.gradient("o1", json), ways("GRADIENT_SHAPE"), "{json}");
        assert_eq!((c.weight(), c.tally().tape.kept), (1.0, 0));
    }
    let single = Tensor::from_f32([1], &[1.0]).unwrap();
    let mut c = square();
    c.forward("i", "[3.0]");
    assert_eq!(c.hears(&sends(Kind::GRADIENT, "out", "o1", single.clone())), ways("GRADIENT_DTYPE"));
    let mut c = square();
    c.hears(&tensor(single.clone()));
    assert_eq!(c.hears(&sends(Kind::GRADIENT, "out", "o1", single)), ["GRADIENT i > in: [2.0]"]);
    let mut c = square();
    c.hears(&tensor(Tensor::from_f32([1], &[3.0]).unwrap()));
    let gradient = c.answers(&says(Kind::GRADIENT, "out", "o1", "[1]")).remove(0);
    assert_eq!(gradient.data.unwrap().tensor().unwrap().dtype(), Dtype::F32, "lists take the value's dtype");
}

#[test]
fn the_components_own_gradient_is_checked_too() {
    let mut c = Stage::with(Flat, vec![], vec![], ServingLimits::default());
    c.forward("i", "[[3.0, 4.0]]");
    let said = c.answers(&says(Kind::GRADIENT, "out", "o1", "7.0"));
    let fault = PassFault::read(&said[1]).unwrap().1;
    assert_eq!(
        (fault.code(), fault.declared(), fault.received()),
        ("GRADIENT_SHAPE", Some("[1, 2]"), Some("[2]"))
    );
}

/// R85: several tensors are a map by port, each at its place.
#[test]
fn several_ports_are_a_map() {
    let mut c = two();
    let output = c.forward("i", r#"{"b": [10.0], "a": [1.0, 2.0]}"#);
    assert_eq!(output, [r#"FORWARD o1 > out: {"sum": [11.0,12.0], "count": 2}"#]);
    assert_eq!(c.forward("i", r#"{"a": [1.0]}"#), ["FAULT PORT_MISSING about i > in"]);
    assert_eq!(c.forward("i", "[1.0]"), ["FAULT PORT_MISSING about i > in"]);
    assert_eq!(c.forward("i", r#"{"a": [1.0], "b": [1.0], "c": 1}"#), ["FAULT PORT_UNKNOWN about i > in"]);
    assert_eq!(c.forward("i", r#"{"a": [1.0], "b": "x"}"#), ["FAULT UNREADABLE about i > in"]);

    // R87: the gradient has the differentiable ports, no more and no less.
    let gradient = c.gradient("o1", r#"{"sum": [1.0, 3.0]}"#);
    assert_eq!(gradient, [r#"GRADIENT i > in: {"a": [1.0,3.0], "b": [4.0]}"#]);
    for (json, code) in [("{}", "PORT_MISSING"), (r#"{"sum": [1.0], "count": 1}"#, "NOT_DIFFERENTIABLE")] {
        c.forward("i", r#"{"a": [1.0], "b": [10.0]}"#);
        let id = format!("o{}", c.tally().forwards);
        assert_eq!(c.gradient(&id, json)[0], format!("FAULT {code} about {id} > out"));
    }
}

#[test]
fn a_named_dimension_is_the_same_throughout_one_pass() {
    let mut c = Stage::with(
        Sum,
        vec![Port::f64("a").shape("n"), Port::f64("b").shape("n")],
        vec![Port::f64("sum").shape("n"), Port::new("count").dtype(Dtype::I64)],
        ServingLimits::default(),
    );
    let fault = refused(&mut c, &lists(r#"{"a": [1.0, 2.0], "b": [1.0]}"#));
    assert_eq!((fault.code(), fault.port()), ("PORT_SHAPE", Some("b")));
    assert_eq!((fault.declared(), fault.received()), (Some("[n = 2 as in \"a\"]"), Some("[1]")));
    assert_eq!(c.forward("i", r#"{"a": [1.0], "b": [1.0]}"#).len(), 1, "another pass, another n");
    let mut shrinking = with(&[Port::f64("x").shape("n")], &[Port::f64("y").shape(("n", 2))]);
    let fault = refused(&mut shrinking, &lists("[1.0]"));
    assert_eq!(
        (fault.code(), fault.port(), fault.declared()),
        ("PORT_SHAPE", Some("y"), Some("[n = 1 as in \"x\", 2]"))
    );
}

/// R87: nothing is differentiable, and the backward pass is told to be over.
#[test]
fn where_no_input_is_differentiable_the_gradient_is_empty() {
    let mut c = with(&[Port::f64("x").differentiable(false)], &[]);
    c.forward("i", "[3.0]");
    assert_eq!(c.gradient("o1", "[1.0]"), ["GRADIENT i > in: {}"]);
    assert_eq!(c.weight(), 2.0, "it learns all the same");
    let mut c = with(&[], &[Port::f64("y").differentiable(false)]);
    c.forward("i", "[3.0]");
    assert_eq!(c.gradient("o1", "[1.0]")[0], "FAULT NOT_DIFFERENTIABLE about o1 > out");
}

/// The component's own floats are sent as declared; plain numbers fit one-element tensors.
#[test]
fn own_code_need_not_know_dtypes() {
    let component = crate::component("c").forward(|x: f64| Ok((2.0 * x, ()))).vjp(|(), g: f64| Ok(2.0 * g));
    let ports = || (vec![Port::f32("x").shape(1)], vec![Port::f32("y").shape(())]);
    let (inputs, outputs) = ports();
    let mut c = Stage::with(component.into_differentiable(), inputs, outputs, ServingLimits::default());
    let output = c.answers(&lists("[3.0]")).remove(0).data.unwrap().tensor().unwrap();
    assert_eq!((output.dtype(), output.shape(), output.to_f64_vec()), (Dtype::F32, &[][..], vec![6.0]));
    let back = c.answers(&says(Kind::GRADIENT, "out", "o1", "1.0")).remove(0).data.unwrap().tensor().unwrap();
    assert_eq!((back.dtype(), back.shape(), back.to_f64_vec()), (Dtype::F32, &[1][..], vec![2.0]));
}

/// Gives back what came, without gradients.
struct Echo;

impl Differentiable for Echo {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = ();

    fn forward(&mut self, x: Tensor, _: &Pass) -> Result<(Tensor, ()), BoxError> {
        Ok((x, ()))
    }

    fn vjp(&mut self, (): (), g: Tensor, _: &Pass) -> Result<Tensor, BoxError> {
        Ok(g)
    }
}

/// Returns NaN for a gradient.
struct NanBack;

impl Differentiable for NanBack {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = ();

    fn forward(&mut self, x: Tensor, _: &Pass) -> Result<(Tensor, ()), BoxError> {
        Ok((x, ()))
    }

    fn vjp(&mut self, (): (), g: Tensor, _: &Pass) -> Result<Tensor, BoxError> {
        Ok(g * f64::NAN)
    }
}

/// Sums up, and forgets that its input had two dimensions.
struct Flat;

impl Differentiable for Flat {
    type Input = Tensor;
    type Output = f64;
    type Saved = usize;

    fn forward(&mut self, x: Tensor, _: &Pass) -> Result<(f64, usize), BoxError> {
        Ok((x.to_f64_vec().iter().sum(), x.len()))
    }

    fn vjp(&mut self, len: usize, g: f64, _: &Pass) -> Result<Tensor, BoxError> {
        Ok(Tensor::from_f64([len], &vec![g; len])?)
    }
}

/// sum = a + b, where b may be one number for all of a; and how many there are, which has no gradient.
struct Sum;

fn two() -> Stage<Sum> {
    let outputs = vec![Port::f64("sum"), Port::new("count").dtype(Dtype::I64)];
    Stage::with(Sum, vec![Port::f64("a"), Port::f64("b")], outputs, ServingLimits::default())
}

fn numbers(values: &Values, name: &str) -> Vec<f64> {
    values.iter().find(|(port, _)| *port == name).unwrap().1.to_f64_vec()
}

impl Differentiable for Sum {
    type Input = Values;
    type Output = Values;
    type Saved = usize;

    fn forward(&mut self, input: Values, _: &Pass) -> Result<(Values, usize), BoxError> {
        let (a, b) = (numbers(&input, "a"), numbers(&input, "b"));
        let sum: Vec<f64> = a.iter().map(|a| a + b[0]).collect();
        let count = Tensor::from_i64([], &[a.len() as i64])?;
        let sum = Tensor::from_f64([sum.len()], &sum)?;
        // Not in the declared order: the names say what is what.
        Ok((Values::Named(vec![("count".into(), count), ("sum".into(), sum)]), b.len()))
    }

    fn vjp(&mut self, len: usize, cotangent: Values, _: &Pass) -> Result<Values, BoxError> {
        let g = numbers(&cotangent, "sum");
        let mut by_b = vec![0.0; len];
        by_b[0] = g.iter().sum();
        let (a, b) = (Tensor::from_f64([g.len()], &g)?, Tensor::from_f64([len], &by_b)?);
        Ok(Values::Named(vec![("b".into(), b), ("a".into(), a)]))
    }
}
