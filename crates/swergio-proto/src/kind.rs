//! Kind: what a message is, `MAIN/SUB`; the unknown ones are kept verbatim.

use std::borrow::Cow;
use std::fmt;

/// Says what a message is. Any string is a kind; the ones that somebody gives a meaning to have constants.
///
/// ```
/// use swergio_proto::Kind;
///
/// assert_eq!(Kind::new("DATA/FORWARD"), Kind::FORWARD);
/// assert_eq!(Kind::new("DATA/MINE").main(), "DATA");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind<'a>(Cow<'a, str>);

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl Kind<'static> {
            $($(#[$doc])* pub const $name: Self = Self(Cow::Borrowed($text));)*

            /// Lists every kind that has a constant, in the order of `docs/PROTOCOL.md`.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

kinds! {
    /// Carries data or predictions forward through a room.
    FORWARD = "DATA/FORWARD";
    /// Carries a gradient back, under the ID of the message that it answers.
    GRADIENT = "DATA/GRADIENT";
    /// Carries a reward back, under the ID of the message that it answers.
    REWARD = "DATA/REWARD";
    /// Tells whoever sent a FORWARD that nothing will come back for it, and why.
    FAULT = "DATA/FAULT";
    /// Carries text.
    TEXT = "DATA/TEXT";
    /// Carries data of the application's own kind.
    DATA_CUSTOM = "DATA/CUSTOM";
    /// Asks a person for labels.
    QUERY = "DATA/QUERY";
    /// Answers a query.
    FEEDBACK = "DATA/FEEDBACK";
    /// Says that somebody is about to answer an item of a query.
    CLAIM = "DATA/CLAIM";
    /// Says which items of a query need no answer any more.
    SETTLED = "DATA/SETTLED";
    /// Names a connection; the first thing that it says.
    REGISTER = "COMMAND/REGISTER";
    /// Ends a connection; forwarded to nobody.
    DISCONNECT = "COMMAND/DISCONNECT";
    /// Takes a seat in a room.
    JOINROOM = "COMMAND/JOINROOM";
    /// Gives up a seat in a room.
    LEAVEROOM = "COMMAND/LEAVEROOM";
    /// Forwarded; without effect on the broker, as upstream.
    ENABLELOGGING = "COMMAND/ENABLELOGGING";
    /// Forwarded; without effect on the broker, as upstream.
    DISABLELOGGING = "COMMAND/DISABLELOGGING";
    /// Asks components to save their weights.
    SAVEMODELWEIGHTS = "COMMAND/SAVEMODELWEIGHTS";
    /// Asks components to load their weights.
    LOADMODELWEIGHTS = "COMMAND/LOADMODELWEIGHTS";
    /// Asks components to save their settings.
    SAVESETTINGS = "COMMAND/SAVESETTINGS";
    /// Asks components to load their settings.
    LOADSETTINGS = "COMMAND/LOADSETTINGS";
    /// Carries a command of the application's own kind.
    COMMAND_CUSTOM = "COMMAND/CUSTOM";
    /// Tells neighbours what a component takes and gives.
    PORTS = "COMMAND/PORTS";
    /// Tells neighbours that what one gives is not what the other takes.
    MISMATCH = "COMMAND/MISMATCH";
    /// Tells what an environment shows and takes, or asks for that.
    SPACES = "COMMAND/SPACES";
    /// Asks a member of a population for its genome, or gives it one.
    GENOME = "COMMAND/GENOME";
    /// Greets a connection that has registered, with the broker's limits.
    WELCOME = "COMMAND/WELCOME";
    /// Tells a connection what was wrong with a message of its own.
    ERROR = "COMMAND/ERROR";
    /// Tells a sender how many connections a message was handed to.
    ACK = "COMMAND/ACK";
    /// Tells a member that messages of a room were not kept for it.
    GAP = "COMMAND/GAP";
    /// Tells the room `_presence` who joined or left.
    PRESENCE = "COMMAND/PRESENCE";
    /// Reports a component's weights.
    MODELWEIGHTS = "LOG/MODELWEIGHTS";
    /// Reports a component's settings.
    SETTINGS = "LOG/SETTINGS";
    /// Wraps a message for the room `_logging`.
    MESSAGES = "LOG/MESSAGES";
    /// Reports a figure of a run: KPI, COMPONENT, TIME, VALUE.
    KPI = "LOG/KPI";
    /// Reports that a run began or ended.
    RUN = "LOG/RUN";
    /// Reports a gradient that an audit found to be wrong.
    AUDIT = "LOG/AUDIT";
    /// Tells the room `_watch` who sent how much where since the last time.
    TRAFFIC = "LOG/TRAFFIC";
    /// Shows the room `_watch` one message in short.
    SAMPLE = "LOG/SAMPLE";
    /// Carries a log entry of the application's own kind.
    LOG_CUSTOM = "LOG/CUSTOM";
}

/// Names the four kinds that a broker acts upon itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Register,
    Disconnect,
    Join,
    Leave,
}

impl<'a> Kind<'a> {
    /// Takes any text as a kind.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self(text.into())
    }

    /// Returns the kind as it is written in TYPE.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the slash: DATA, COMMAND or LOG in the kinds that are known.
    pub fn main(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// Tells whether a copy goes to the room `_logging`: DATA/FORWARD and DATA/GRADIENT, as upstream.
    pub fn is_logged(&self) -> bool {
        matches!(self.as_str(), "DATA/FORWARD" | "DATA/GRADIENT")
    }

    /// Lets go of what the kind borrows.
    pub fn into_owned(self) -> Kind<'static> {
        match KNOWN_TEXTS.iter().find(|known| ***known == *self.0) {
            Some(known) => Kind(Cow::Borrowed(known)),
            None => Kind(Cow::Owned(self.0.into_owned())),
        }
    }

    pub(crate) fn command(&self) -> Option<Command> {
        match self.as_str() {
            "COMMAND/REGISTER" => Some(Command::Register),
            "COMMAND/DISCONNECT" => Some(Command::Disconnect),
            "COMMAND/JOINROOM" => Some(Command::Join),
            "COMMAND/LEAVEROOM" => Some(Command::Leave),
            _ => None,
        }
    }
}

/// The kinds of the hot path, which are owned without allocating.
const KNOWN_TEXTS: &[&str] = &["DATA/FORWARD", "DATA/GRADIENT", "DATA/REWARD", "DATA/TEXT", "DATA/CUSTOM"];

impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&'static str> for Kind<'static> {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Kind<'static> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}
