//! Template: what a process is told of itself, in its environment and in place of `${SWERGIO_…}`.

use std::ffi::{OsStr, OsString};

use super::{Launch, SwarmError};

const OPEN: &str = "${SWERGIO_";

/// Holds what one process is told of itself, by the names of its variables.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    variables: Vec<(&'static str, String)>,
}

impl Template {
    pub(crate) fn of(launch: &Launch, name: &str, replica: u32, url: &str) -> Self {
        let (host, port) = authority(url);
        let variables = [
            ("SWERGIO_URL", url),
            ("SWERGIO_HOST", host),
            ("SWERGIO_PORT", port),
            ("SWERGIO_NAME", name),
            ("SWERGIO_COMPONENT", &launch.name),
            ("SWERGIO_REPLICA", &replica.to_string()),
            ("SWERGIO_REPLICAS", &launch.replicas.to_string()),
        ];
        Self { variables: variables.map(|(name, value)| (name, value.to_owned())).into() }
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (String, OsString)> {
        self.variables.iter().map(|(name, value)| ((*name).to_owned(), value.into()))
    }

    /// Puts values in place of `${SWERGIO_…}`. What is not Unicode is left as it is.
    ///
    /// # Errors
    /// `Plan` for a variable that there is not.
    pub(crate) fn fill(&self, text: &OsStr) -> Result<OsString, SwarmError> {
        match text.to_str() {
            Some(text) => Ok(self.fill_text(text)?.into()),
            None => Ok(text.to_owned()),
        }
    }

    pub(crate) fn fill_text(&self, mut text: &str) -> Result<String, SwarmError> {
        let mut filled = String::new();
        while let Some(at) = text.find(OPEN) {
            let (before, rest) = text.split_at(at);
            let (name, after) = rest[2..].split_once('}').ok_or_else(|| {
                SwarmError::Plan(format!("{text:?} opens a variable with ${{ and does not close it"))
            })?;
            filled += before;
            filled += self.value(name)?;
            text = after;
        }
        Ok(filled + text)
    }

    fn value(&self, name: &str) -> Result<&str, SwarmError> {
        let found = self.variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| {
            let known: Vec<&str> = self.variables.iter().map(|(name, _)| *name).collect();
            SwarmError::Plan(format!("there is no ${{{name}}}; there are {}", known.join(", ")))
        })
    }
}

/// Parts a URL, `ws://host:port/path`, into host and port.
fn authority(url: &str) -> (&str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("ws", url));
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let port = if scheme == "wss" { "443" } else { "80" };
    match authority.rsplit_once(':') {
        // The last colon of an IPv6 address without a port stands before its bracket.
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Template {
        Template::of(&Launch::new("agent", "x").replicas(20), "agent-3", 3, "ws://127.0.0.1:9000/ws")
    }

    #[test]
    fn variables_stand_for_their_values() {
        let filled = template()
            .fill_text("--url=${SWERGIO_URL} -n ${SWERGIO_NAME}:${SWERGIO_REPLICA}/${SWERGIO_REPLICAS}");
        assert_eq!(filled.unwrap(), "--url=ws://127.0.0.1:9000/ws -n agent-3:3/20");
        assert_eq!(template().fill_text("${SWERGIO_HOST} ${SWERGIO_PORT}").unwrap(), "127.0.0.1 9000");
    }

    #[test]
    fn what_is_for_a_shell_is_left_to_it() {
        for text in ["$HOME ${HOME} $$ ${x", "", "$", "${SWERGIO"] {
            assert_eq!(template().fill_text(text).unwrap(), text);
        }
    }

    #[test]
    fn a_variable_that_there_is_not_is_told() {
        let told = template().fill_text("${SWERGIO_PROT}").unwrap_err().to_string();
        assert!(told.starts_with("there is no ${SWERGIO_PROT}; there are SWERGIO_URL"), "{told}");
        assert!(template().fill_text("${SWERGIO_URL").is_err());
    }

    #[test]
    fn a_url_has_a_host_and_a_port() {
        assert_eq!(authority("wss://a.example"), ("a.example", "443"));
        assert_eq!(authority("127.0.0.1:8080"), ("127.0.0.1", "8080"));
        assert_eq!(authority("ws://[::1]:9/ws?x"), ("[::1]", "9"));
        assert_eq!(authority("ws://[::1]/"), ("[::1]", "80"));
    }
}
