//! PassFault: what went wrong with one pass, by name, and what to do about it.

use std::borrow::Cow;
use std::fmt;

use swergio_client::{Body, Envelope, Kind, MessageId};

/// Tells what went wrong with one message of one pass. The component and its other passes go on.
///
/// It travels as `DATA/FAULT`, the way that the gradient would have gone, until whoever began the pass hears it.
///
/// | CODE | means |
/// |---|---|
/// | `UNREADABLE` | DATA is missing, is no tensor, or is not of the type that the component takes |
/// | `FAILED` | the component's own code returned an error or panicked |
/// | `PORT_SHAPE`, `PORT_DTYPE`, `PORT_RANGE`, `PORT_NAN` | a tensor is not as its port is declared |
/// | `PORT_MISSING`, `PORT_UNKNOWN` | a port has no tensor, or a tensor no port |
/// | `PORT_COLUMNS`, `PORT_UNIT` | neighbours do not mean the same by a port |
/// | `GRADIENT_SHAPE`, `GRADIENT_DTYPE`, `GRADIENT_NAN` | a gradient is not as the value that it is the gradient of |
/// | `GRADIENT_LATE` | what it is the gradient of is not kept any more: too old, or too much was kept |
/// | `GRADIENT_REPEATED` | there was a gradient for this output already |
/// | `GRADIENT_UNKNOWN` | no such output is known |
/// | `NOT_DIFFERENTIABLE` | the component has no vector-Jacobian product |
/// | `COTANGENTS` | several cotangents at once came to a component, or in a pass, that does not take them |
#[derive(Clone, PartialEq, Eq)]
pub struct PassFault(Box<Details>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    code: Cow<'static, str>,
    message: String,
    /// The fields that may be absent, as in [`OPTIONAL`].
    more: [Option<String>; 5],
}

/// The fields of `DATA/FAULT` that may be absent.
const OPTIONAL: [&str; 5] = ["COMPONENT", "PORT", "DECLARED", "RECEIVED", "HELP"];

impl PassFault {
    /// Begins a fault with its stable word and a sentence for a person to read.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new(Details { code: code.into(), message: message.into(), more: Default::default() }))
    }

    /// Tells that DATA is missing, is no tensor, or is not of the type that the component takes: `UNREADABLE`.
    pub fn unreadable(why: impl fmt::Display) -> Self {
        Self::new("UNREADABLE", why.to_string())
    }

    /// Tells that the component's own code returned an error or panicked: `FAILED`.
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::new("FAILED", why.to_string())
    }

    /// Names the component that found it, unless one is named already.
    #[must_use]
    pub fn at(mut self, component: &str) -> Self {
        self.0.more[0].get_or_insert_with(|| component.to_owned());
        self
    }

    /// Names the port that it is about.
    #[must_use]
    pub fn on_port(self, port: impl Into<String>) -> Self {
        self.with(1, port.into())
    }

    /// Says what was declared, and what came instead.
    #[must_use]
    pub fn declared_received(self, declared: impl fmt::Display, received: impl fmt::Display) -> Self {
        self.with(2, declared.to_string()).with(3, received.to_string())
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        self.with(4, help.into())
    }

    fn with(mut self, at: usize, text: String) -> Self {
        self.0.more[at] = Some(text);
        self
    }

    /// Returns the stable word that `DATA/FAULT` carries as CODE.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Returns what is wrong, in a sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the component that found it.
    pub fn component(&self) -> Option<&str> {
        self.0.more[0].as_deref()
    }

    /// Returns the port that it is about.
    pub fn port(&self) -> Option<&str> {
        self.0.more[1].as_deref()
    }

    /// Returns what was declared.
    pub fn declared(&self) -> Option<&str> {
        self.0.more[2].as_deref()
    }

    /// Returns what came instead.
    pub fn received(&self) -> Option<&str> {
        self.0.more[3].as_deref()
    }

    /// Returns what to do about it.
    pub fn advice(&self) -> Option<&str> {
        self.0.more[4].as_deref()
    }

    /// Spells it as a `DATA/FAULT` about the message `reference`, still without a destination.
    pub fn to_envelope(&self, reference: &MessageId) -> Envelope {
        let mut envelope = Envelope::new(Kind::FAULT);
        envelope.fields = vec![("REF".to_owned(), spelt(reference.as_str()))];
        envelope.fields.extend(self.fields());
        envelope
    }

    /// Reads a `DATA/FAULT`: the ID of the message that it is about, and whatever it says. None without REF.
    pub fn read(envelope: &Envelope) -> Option<(MessageId, Self)> {
        let reference: String = envelope.field("REF")?.read().ok()?;
        Some((MessageId::new(&reference), Self::of_fields(envelope)))
    }

    /// Spells what it says as fields of a message.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (String, Body)> {
        let texts = [("CODE", self.code()), ("MESSAGE", self.message())];
        let more = OPTIONAL.iter().zip(&self.0.more).filter_map(|(key, text)| Some((*key, text.as_deref()?)));
        texts.into_iter().chain(more).map(|(key, text)| (key.to_owned(), spelt(text)))
    }

    /// Reads what the fields of a message say.
    pub(crate) fn of_fields(envelope: &Envelope) -> Self {
        let text = |key: &str| envelope.field(key).and_then(|body| body.read::<String>().ok());
        let code = text("CODE").unwrap_or_else(|| "UNKNOWN".to_owned());
        let mut fault = Self::new(code, text("MESSAGE").unwrap_or_default());
        fault.0.more = OPTIONAL.map(text);
        fault
    }
}

fn spelt(text: &str) -> Body {
    Body::of(text).expect("a text can be spelt")
}

/// Tells it as a compiler would, in up to three lines.
impl fmt::Display for PassFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        if let Some(component) = self.component() {
            write!(f, " at {component}")?;
        }
        if let Some(port) = self.port().filter(|port| !port.is_empty()) {
            write!(f, ", port {port:?}")?;
        }
        write!(f, ": {}", self.message())?;
        match (self.declared(), self.received()) {
            (Some(declared), Some(received)) => {
                write!(f, "\n  declared {declared}, received {received}")?;
            }
            (Some(text), None) => write!(f, "\n  declared {text}")?,
            (None, Some(text)) => write!(f, "\n  received {text}")?,
            (None, None) => {}
        }
        self.advice().map_or(Ok(()), |help| write!(f, "\n  help: {help}"))
    }
}

impl fmt::Debug for PassFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassFault({self})")
    }
}

impl std::error::Error for PassFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_as_a_compiler_would() {
        let fault = PassFault::new("PORT_SHAPE", "the tensor has another shape than its port")
            .at("trebuchet")
            .on_port("aim")
            .declared_received("[batch, 3]", "[64, 2]")
            .help("send wind, angle and weight for each sample");
        assert_eq!(
            fault.to_string(),
            "PORT_SHAPE at trebuchet, port \"aim\": the tensor has another shape than its port\n  \
             declared [batch, 3], received [64, 2]\n  help: send wind, angle and weight for each sample"
        );
        assert_eq!(PassFault::failed("no").to_string(), "FAILED: no");
    }

    #[test]
    fn it_comes_back_from_the_wire_as_it_was() {
        let fault = PassFault::failed("out of rope").at("a").help("buy rope");
        let id = MessageId::new("7");
        assert_eq!(PassFault::read(&fault.to_envelope(&id)), Some((id, fault)));
        assert_eq!(PassFault::read(&Envelope::new(Kind::FAULT)), None);
    }
}
