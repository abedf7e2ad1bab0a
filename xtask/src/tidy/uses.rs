//! Who may use whom: the crate graph is the architecture, so it is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Findings;
use crate::checkout::Checkout;
use crate::command;

/// What one of our crates must stay clear of.
struct Ban {
    /// Our crate.
    name: &'static str,
    /// Crates that it must not depend on, not even by way of others.
    reach: &'static [&'static str],
    /// Crates that its own manifest must not name.
    name_directly: &'static [&'static str],
    /// Why, for the one who wanted to.
    why: &'static str,
}

/// The crates that spell messages; whoever has a frame asks the codec.
const SPELLERS: &[&str] = &["serde_json", "rmp", "rmp-serde", "rmpv"];

const BANS: &[Ban] = &[
    Ban {
        name: "swergio-proto",
        reach: &["tokio", "mio", "futures-core", "axum", "hyper", "getrandom", "rand", "fastrand", "tracing"],
        name_directly: &["swergio-broker", "swergio-client", "swergio-cli"],
        why: "the protocol has no async, no IO, no clock and no dice",
    },
    Ban {
        name: "swergio-broker",
        reach: &["swergio-client", "swergio-toolbox", "swergio-cli"],
        name_directly: &[],
        why: "broker and client never meet",
    },
    Ban {
        name: "swergio-broker",
        reach: &[],
        name_directly: SPELLERS,
        why: "the codec in swergio-proto reads and writes messages",
    },
    Ban {
        name: "swergio-client",
        reach: &["swergio-broker", "swergio-toolbox", "swergio-cli", "axum", "hyper"],
        name_directly: SPELLERS,
        why: "a component carries no server, and the codec in swergio-proto reads and writes messages",
    },
    Ban {
        name: "swergio-toolbox",
        reach: &["swergio-broker", "swergio-cli", "axum", "hyper"],
        name_directly: &[],
        why: "a component carries no server",
    },
    Ban {
        name: "swergio-cli",
        reach: &[],
        name_directly: &["axum"],
        why: "axum is the broker's own business",
    },
    Ban {
        name: "swergio-examples",
        reach: &[],
        name_directly: &["axum"],
        why: "axum is the broker's own business",
    },
    Ban {
        name: "swergio-testkit",
        reach: &["swergio-broker", "swergio-client", "swergio-toolbox", "swergio-cli", "axum"],
        name_directly: &[],
        why: "broker, client and toolbox test with it, so it knows none of them",
    },
    Ban {
        name: "xtask",
        reach: &["swergio-proto", "swergio-broker", "swergio-client", "swergio-cli", "swergio-testkit"],
        name_directly: &[],
        why: "it must build when nothing else does",
    },
];

/// Checks the graph that cargo resolved, and that a crate's folder has its name.
pub(super) fn check(checkout: &Checkout, findings: &mut Findings) -> Result<()> {
    let metadata = checkout.metadata()?;
    let graph = Graph::read(&metadata)?;
    for ban in BANS.iter().filter(|ban| !graph.broken(ban).is_empty()) {
        // Cargo's graph is that of the whole workspace, with what others switch on: look again at the crate by itself.
        let alone = graph.of(&reached_alone(checkout, ban.name)?);
        for sentence in alone.broken(ban) {
            findings.wrong(sentence);
        }
    }
    for sentence in graph.testkit_outside_tests() {
        findings.wrong(sentence);
    }
    for (name, manifest) in members(&metadata) {
        let folder = Path::new(manifest).parent().and_then(Path::file_name).and_then(|name| name.to_str());
        if name != "swergio-examples" && folder != Some(name) {
            findings.wrong(format!("{manifest}: the folder of the crate {name} must have its name"));
        }
    }
    Ok(())
}

fn members(metadata: &Value) -> impl Iterator<Item = (&str, &str)> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let ours = packages.filter(|package| package["source"].is_null());
    ours.filter_map(|package| Some((package["name"].as_str()?, package["manifest_path"].as_str()?)))
}

/// Lists what a crate is built with when it is the only one: on any target, with all of its own features.
fn reached_alone(checkout: &Checkout, name: &str) -> Result<BTreeSet<String>> {
    let what = ["--all-features", "--target=all", "--edges=normal,build", "--prefix=none", "--format={p}"];
    let text =
        command::output(checkout.cargo(["tree", "--locked", "--quiet", "--package", name]).args(what))?;
    Ok(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// Normal and build dependencies by name; development dependencies reach no user.
#[derive(Debug, Default)]
struct Graph {
    uses: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read(metadata: &Value) -> Result<Self> {
        let packages = metadata["packages"].as_array().context("no packages in cargo's metadata")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let names: BTreeMap<String, String> =
            packages.iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
        let mut graph = Self::default();
        for node in metadata["resolve"]["nodes"].as_array().context("no graph in cargo's metadata")? {
            let uses = graph.uses.entry(names[&text(&node["id"])].clone()).or_default();
            for used in node["deps"].as_array().into_iter().flatten() {
                let mut kinds = used["dep_kinds"].as_array().into_iter().flatten();
                if kinds.any(|kind| kind["kind"] != "dev") {
                    uses.insert(names[&text(&used["pkg"])].clone());
                }
            }
        }
        Ok(graph)
    }

    /// Returns the part of the graph that consists of these crates.
    fn of(&self, names: &BTreeSet<String>) -> Self {
        let uses = self.uses.iter().filter(|(name, _)| names.contains(*name));
        let uses = uses.map(|(name, used)| (name.clone(), used.intersection(names).cloned().collect()));
        Self { uses: uses.collect() }
    }

    fn direct(&self, name: &str) -> impl Iterator<Item = &str> {
        self.uses.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Returns one path from `from` to `to`, the shortest, if there is any.
    fn path(&self, from: &str, to: &str) -> Option<Vec<&str>> {
        let (start, _) = self.uses.get_key_value(from)?;
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut reached = vec![start.as_str()];
        let mut next = 0;
        while let Some(&name) = reached.get(next) {
            next += 1;
            for used in self.direct(name) {
                if used != start && !came_from.contains_key(used) {
                    came_from.insert(used, name);
                    reached.push(used);
                }
            }
        }
        let (&end, _) = came_from.get_key_value(to)?;
        let mut path: Vec<&str> =
            std::iter::successors(Some(end), |name| came_from.get(name).copied()).collect();
        path.reverse();
        Some(path)
    }

    fn broken(&self, ban: &Ban) -> Vec<String> {
        let reached = ban.reach.iter().filter_map(|to| self.path(ban.name, to)).map(|path| path.join(" -> "));
        let named = self.direct(ban.name).filter(|used| ban.name_directly.contains(used));
        let named = named.map(|used| format!("{} -> {used}", ban.name));
        reached.chain(named).map(|path| format!("{path}: {}", ban.why)).collect()
    }

    fn testkit_outside_tests(&self) -> Vec<String> {
        let users = self.uses.keys().filter(|name| self.direct(name).any(|used| used == "swergio-testkit"));
        users.map(|name| format!("{name} -> swergio-testkit: it is a development dependency only")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in edges {
            graph.uses.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }

    fn sentences(graph: &Graph) -> Vec<String> {
        BANS.iter().flat_map(|ban| graph.broken(ban)).collect()
    }

    #[test]
    fn a_detour_is_found_and_told() {
        let graph = graph(&[("swergio-proto", "bytes"), ("bytes", "helpful"), ("helpful", "tokio")]);
        let told = sentences(&graph);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("swergio-proto -> bytes -> helpful -> tokio: "), "{told:?}");
    }

    #[test]
    fn axum_by_way_of_the_broker_is_fine_for_the_command_line() {
        let fine = graph(&[("swergio-cli", "swergio-broker"), ("swergio-broker", "axum")]);
        assert_eq!(sentences(&fine), Vec::<String>::new());
        assert_eq!(sentences(&graph(&[("swergio-cli", "axum")])).len(), 1);
    }

    #[test]
    fn what_others_switch_on_in_a_shared_crate_is_no_detour() {
        let whole = graph(&[("swergio-proto", "half"), ("half", "rand"), ("swergio-toolbox", "half")]);
        assert_eq!(sentences(&whole).len(), 1);
        let alone = whole.of(&["swergio-proto", "half"].map(str::to_owned).into());
        assert_eq!(sentences(&alone), Vec::<String>::new());
        assert!(alone.path("swergio-proto", "half").is_some());
    }

    #[test]
    fn a_circle_ends() {
        let graph = graph(&[("swergio-client", "a"), ("a", "b"), ("b", "a"), ("b", "swergio-client")]);
        assert_eq!(graph.path("swergio-client", "axum"), None);
        assert_eq!(graph.path("swergio-client", "b"), Some(vec!["swergio-client", "a", "b"]));
    }

    #[test]
    fn development_dependencies_do_not_count() {
        let metadata = serde_json::json!({
            "packages": [{"id": "1", "name": "swergio-broker"}, {"id": "2", "name": "swergio-client"}],
            "resolve": {"nodes": [
                {"id": "1", "deps": [{"pkg": "2", "dep_kinds": [{"kind": "dev"}]}]},
                {"id": "2", "deps": []},
            ]},
        });
        assert_eq!(sentences(&Graph::read(&metadata).unwrap()), Vec::<String>::new());
    }
}
