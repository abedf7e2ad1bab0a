//! Raw: the keys of a `swarm.yaml`, as they stand there.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// The whole file.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) settings: Option<RawSettings>,
    pub(super) broker: Option<RawBroker>,
    pub(super) components: Option<InOrder<RawComponent>>,
}

/// What holds for all components that do not say otherwise.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSettings {
    pub(super) julia_envpath: Option<String>,
    pub(super) python_envpath: Option<String>,
    pub(super) python_cmd: Option<String>,
    pub(super) terminal_cmd: Option<Words>,
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    pub(super) restart: Option<RawRestart>,
    pub(super) grace: Option<f64>,
    pub(super) ready_within: Option<f64>,
}

/// A broker of the swarm's own: an address, or a map.
#[derive(Debug, Default)]
pub(super) struct RawBroker {
    pub(super) listen: Option<String>,
    pub(super) command: Option<Words>,
    pub(super) args: Option<Words>,
}

/// One component.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawComponent {
    pub(super) filepath: Option<String>,
    pub(super) delay: Option<f64>,
    pub(super) envpath: Option<String>,
    pub(super) julia_envpath: Option<String>,
    pub(super) python_envpath: Option<String>,
    pub(super) python_cmd: Option<String>,
    pub(super) terminal_cmd: Option<Words>,
    pub(super) command: Option<Words>,
    #[serde(default)]
    pub(super) args: Words,
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    pub(super) cwd: Option<String>,
    pub(super) ready: Option<RawReady>,
    pub(super) ready_within: Option<f64>,
    pub(super) restart: Option<RawRestart>,
    pub(super) replicas: Option<u32>,
    pub(super) depends_on: Option<Names>,
    pub(super) grace: Option<f64>,
    #[serde(default)]
    pub(super) lead: bool,
    pub(super) member: Option<String>,
}

/// When a component is up: a word, or a map with one key.
#[derive(Clone, Debug, Default)]
pub(super) struct RawReady {
    pub(super) word: Option<String>,
    pub(super) map: ReadyMap,
}

#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadyMap {
    pub(super) joined: Option<Names>,
    pub(super) port: Option<String>,
    pub(super) line: Option<String>,
    pub(super) after: Option<f64>,
}

/// When a component is started again: a word, or a map.
#[derive(Clone, Debug, Default)]
pub(super) struct RawRestart {
    pub(super) map: RestartMap,
}

#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RestartMap {
    pub(super) when: Option<String>,
    pub(super) base: Option<f64>,
    pub(super) cap: Option<f64>,
    pub(super) attempts: Option<u32>,
    pub(super) window: Option<f64>,
}

/// A map whose order counts.
#[derive(Debug)]
pub(super) struct InOrder<T>(pub(super) Vec<(Spanned<String>, T)>);

/// A command: a list of words, or one line that is parted as a shell would.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(pub(super) Vec<String>);

/// Names: a list, or one.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(pub(super) Vec<String>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for InOrder<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = InOrder<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of components by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(InOrder(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// Reads what may be a word, a list of words, or a map.
struct Either<M> {
    expecting: &'static str,
    map: PhantomData<M>,
}

enum Found<M> {
    Word(String),
    List(Vec<String>),
    Map(M),
}

/// Stands for a map where none may stand.
#[derive(serde::Deserialize)]
enum NoMap {}

impl<'de, M: Deserialize<'de>> Visitor<'de> for Either<M> {
    type Value = Found<M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Self::Value, E> {
        Ok(Found::Word(word.to_owned()))
    }

    // The words `no` and `off` are booleans to some readers of YAML.
    fn visit_bool<E: de::Error>(self, word: bool) -> Result<Self::Value, E> {
        Ok(Found::Word(if word { "yes" } else { "no" }.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = list.next_element()? {
            words.push(word);
        }
        Ok(Found::List(words))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        M::deserialize(de::value::MapAccessDeserializer::new(map)).map(Found::Map)
    }
}

fn either<'de, M, D>(deserializer: D, expecting: &'static str) -> Result<Found<M>, D::Error>
where
    M: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Either { expecting, map: PhantomData })
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match either::<NoMap, D>(deserializer, "a command line, or a list of its words")? {
            Found::Word(line) => match shlex::split(&line) {
                Some(words) => Ok(Self(words)),
                None => Err(de::Error::custom(format!("{line:?} opens a quotation and does not close it"))),
            },
            Found::List(words) => Ok(Self(words)),
            Found::Map(never) => match never {},
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match either::<NoMap, D>(deserializer, "a name, or a list of names")? {
            Found::Word(name) => Ok(Self(vec![name])),
            Found::List(names) => Ok(Self(names)),
            Found::Map(never) => match never {},
        }
    }
}

impl<'de> Deserialize<'de> for RawReady {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "started, registered, joined, or a map with one of joined, port, line, after";
        match either(deserializer, expecting)? {
            Found::Word(word) => Ok(Self { word: Some(word), ..Self::default() }),
            Found::Map(map) => Ok(Self { map, word: None }),
            Found::List(_) => Err(de::Error::custom(format!("expected {expecting}"))),
        }
    }
}

impl<'de> Deserialize<'de> for RawRestart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "no, on-failure, always, or a map with when, base, cap, attempts, window";
        match either(deserializer, expecting)? {
            Found::Word(when) => Ok(Self { map: RestartMap { when: Some(when), ..RestartMap::default() } }),
            Found::Map(map) => Ok(Self { map }),
            Found::List(_) => Err(de::Error::custom(format!("expected {expecting}"))),
        }
    }
}

impl<'de> Deserialize<'de> for RawBroker {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Map {
            listen: Option<String>,
            command: Option<Words>,
            args: Option<Words>,
        }
        let expecting = "an address such as 127.0.0.1:8080, or a map with listen, command, args";
        match either::<Map, D>(deserializer, expecting)? {
            Found::Word(listen) => Ok(Self { listen: Some(listen), ..Self::default() }),
            Found::Map(Map { listen, command, args }) => Ok(Self { listen, command, args }),
            Found::List(_) => Err(de::Error::custom(format!("expected {expecting}"))),
        }
    }
}
