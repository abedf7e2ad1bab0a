//! Replica: a name for each of several processes that a swarm makes of one component.

/// Returns the name that a component's files, and what it says of itself, should have in this process: `NAME-3` where a swarm has started it as replica 3 of
/// several (see `replicas` in a `swarm.yaml`), and otherwise `name`.
///
/// Two processes that keep checkpoints of one name in one folder overwrite each other's file.
///
/// ```
/// use swergio_toolbox::checkpoint::replica_name;
///
/// assert_eq!(replica_name("agent"), "agent"); // no swarm has started this
/// ```
pub fn replica_name(name: &str) -> String {
    named(name, |variable| std::env::var(variable).ok())
}

fn named(name: &str, told: impl Fn(&str) -> Option<String>) -> String {
    let number = |variable: &str| told(variable)?.parse::<u32>().ok();
    match (number("SWERGIO_REPLICA"), number("SWERGIO_REPLICAS")) {
        (Some(replica), Some(2..)) => format!("{name}-{replica}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_replica_has_a_name_of_its_own_and_a_single_process_that_of_its_component() {
        let in_swarm = |replica: &str, replicas: &str| {
            let told = [("SWERGIO_REPLICA", replica.to_owned()), ("SWERGIO_REPLICAS", replicas.to_owned())];
            named("agent", |variable| {
                told.iter().find(|(name, _)| *name == variable).map(|(_, told)| told.clone())
            })
        };
        assert_eq!([in_swarm("0", "4"), in_swarm("3", "4")], ["agent-0", "agent-3"]);
        assert_eq!(
            [in_swarm("0", "1"), in_swarm("", ""), named("agent", |_| None)],
            ["agent", "agent", "agent"]
        );
    }
}
