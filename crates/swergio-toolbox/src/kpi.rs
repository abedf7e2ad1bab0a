//! Kpi: figures of a run that a component tells, and the run itself, as upstream's LOG/KPI and LOG/RUN.

use std::time::{SystemTime, UNIX_EPOCH};

use swergio_client::{Envelope, Error, Fault, Kind, Message};

/// Holds one figure.
///
/// On the wire `LOG/KPI`: KPI, COMPONENT, TIME (seconds since 1970, UTC) and VALUE as upstream has them, and ours where they are known:
/// RUN, STEP, EPOCH, and the ROOT_ID of the sample that the figure is about, by which its messages can be found.
#[derive(Clone, Debug, PartialEq)]
pub struct Kpi {
    /// What is measured: `loss`, say.
    pub name: String,
    /// Who measures.
    pub component: String,
    /// When, in seconds since 1970, UTC.
    pub time: f64,
    /// How much.
    pub value: f64,
    /// The run that it belongs to.
    pub run: Option<String>,
    /// The step of that run, from 1.
    pub step: Option<u64>,
    /// The epoch of that run, from 1.
    pub epoch: Option<u64>,
    /// The ROOT_ID of the sample.
    pub root_id: Option<String>,
}

/// Holds a run: a training, say, from its beginning to its end.
///
/// On the wire `LOG/RUN`: RUN, and where they are known RUNTYPE, STARTTIME and ENDTIME (seconds since 1970, UTC). It is told when it begins
/// and once more, with its end, when it ends. Upstream lists TYPE for what ours calls RUNTYPE: a key that the kind of the message already has.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its name.
    pub name: String,
    /// What it is: `TRAIN`, say.
    pub what: Option<String>,
    /// When it began.
    pub start: Option<f64>,
    /// When it ended.
    pub end: Option<f64>,
}

impl Kpi {
    /// Measures something now.
    pub fn new(component: impl Into<String>, name: impl Into<String>, value: f64) -> Self {
        let (component, name, time) = (component.into(), name.into(), now());
        Self { name, component, time, value, run: None, step: None, epoch: None, root_id: None }
    }

    /// Spells it as a message, to be sent to a room of one's choice.
    ///
    /// # Errors
    /// None that could be met: its fields are numbers and texts.
    pub fn to_envelope(&self) -> Result<Envelope, Fault> {
        let mut envelope = Envelope::new(Kind::KPI)
            .with_field("KPI", &self.name)?
            .with_field("COMPONENT", &self.component)?
            .with_field("TIME", &self.time)?
            .with_field("VALUE", &self.value)?;
        if let Some(run) = &self.run {
            envelope = envelope.with_field("RUN", run)?;
        }
        for (key, number) in [("STEP", self.step), ("EPOCH", self.epoch)] {
            if let Some(number) = number {
                envelope = envelope.with_field(key, &number)?;
            }
        }
        envelope.root_id.clone_from(&self.root_id);
        Ok(envelope)
    }

    /// Reads one, from whomever it comes.
    ///
    /// # Errors
    /// `Unreadable` when a field is of another type. A component that does not say its name has that of the sender, one that
    /// says no time that of now.
    pub fn read(message: &Message) -> Result<Self, Error> {
        let sender = || message.sender().unwrap_or_default().to_owned();
        Ok(Self {
            name: message.field("KPI")?.unwrap_or_default(),
            component: message.field("COMPONENT")?.unwrap_or_else(sender),
            time: message.field("TIME").ok().flatten().unwrap_or_else(now),
            value: message.field("VALUE")?.unwrap_or(f64::NAN),
            run: message.field("RUN")?,
            step: message.field("STEP")?,
            epoch: message.field("EPOCH")?,
            root_id: message.root_id.clone(),
        })
    }
}

impl Run {
    /// Begins a run now.
    pub fn begin(name: impl Into<String>, what: impl Into<String>) -> Self {
        Self { name: name.into(), what: Some(what.into()), start: Some(now()), end: None }
    }

    /// Ends it now.
    #[must_use]
    pub fn ended(self) -> Self {
        Self { end: Some(now()), ..self }
    }

    /// Spells it as a message, to be sent to a room of one's choice.
    ///
    /// # Errors
    /// None that could be met: its fields are numbers and texts.
    pub fn to_envelope(&self) -> Result<Envelope, Fault> {
        let mut envelope = Envelope::new(Kind::RUN).with_field("RUN", &self.name)?;
        if let Some(what) = &self.what {
            envelope = envelope.with_field("RUNTYPE", what)?;
        }
        for (key, time) in [("STARTTIME", self.start), ("ENDTIME", self.end)] {
            if let Some(time) = time {
                envelope = envelope.with_field(key, &time)?;
            }
        }
        Ok(envelope)
    }

    /// Reads one, from whomever it comes.
    ///
    /// # Errors
    /// `Unreadable` when a field is of another type.
    pub fn read(message: &Message) -> Result<Self, Error> {
        Ok(Self {
            name: message.field("RUN")?.unwrap_or_default(),
            what: message.field("RUNTYPE").ok().flatten(),
            start: message.field("STARTTIME")?,
            end: message.field("ENDTIME")?,
        })
    }
}

/// Tells the time, in seconds since 1970, UTC.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R125.
    #[test]
    fn a_figure_has_the_fields_that_upstream_names() {
        let kpi =
            Kpi { step: Some(3), root_id: Some("pass".to_owned()), ..Kpi::new("trainer", "loss", 0.25) };
        let envelope = kpi.to_envelope().unwrap();
        let text = |key: &str| envelope.field(key).unwrap().read::<String>().unwrap();
        assert_eq!(envelope.kind.as_str(), "LOG/KPI");
        assert_eq!((text("KPI"), text("COMPONENT")), ("loss".to_owned(), "trainer".to_owned()));
        assert_eq!(envelope.field("VALUE").unwrap().read::<f64>().unwrap(), 0.25);
        assert_eq!(envelope.field("TIME").unwrap().read::<f64>().unwrap(), kpi.time);
        assert_eq!(envelope.field("STEP").unwrap().read::<u64>().unwrap(), 3);
        assert_eq!((envelope.root_id.as_deref(), envelope.field("EPOCH")), (Some("pass"), None));
    }

    /// R126.
    #[test]
    fn a_run_is_told_when_it_begins_and_when_it_ends() {
        let run = Run::begin("first", "TRAIN");
        let begun = run.to_envelope().unwrap();
        assert_eq!((begun.kind.as_str(), begun.field("ENDTIME")), ("LOG/RUN", None));
        assert_eq!(begun.field("RUNTYPE").unwrap().read::<String>().unwrap(), "TRAIN");
        let ended = run.clone().ended().to_envelope().unwrap();
        let time = |key: &str| ended.field(key).unwrap().read::<f64>().unwrap();
        assert_eq!(Some(time("STARTTIME")), run.start);
        assert!(time("ENDTIME") >= time("STARTTIME"));
    }
}
