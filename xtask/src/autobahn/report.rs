//! The suite's report, counted by group of cases.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// What the suite may call a case, in the order of the table.
const WORDS: [&str; 5] = ["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED"];

/// How many cases the suite has in groups 1 to 7, 9 and 10; fewer in a report means that it broke off.
const CASES: usize = 301;

/// Tells what became of each case.
pub(crate) struct Report {
    cases: Vec<Case>,
}

struct Case {
    group: u32,
    name: String,
    word: String,
    close: String,
}

impl Report {
    /// Reads what the suite wrote about one agent.
    pub(crate) fn read(index: &Path, agent: &str) -> Result<Self> {
        let text =
            std::fs::read_to_string(index).with_context(|| format!("no report {}", index.display()))?;
        Self::parse(&serde_json::from_str(&text)?, agent)
    }

    fn parse(index: &Value, agent: &str) -> Result<Self> {
        let cases = index[agent].as_object().context("the report knows nothing of our agent")?;
        let cases = cases.iter().map(|(name, case)| Case::parse(name, case)).collect::<Result<_>>()?;
        Ok(Self { cases })
    }

    /// Fails when a case failed, or when the suite did not get to its end.
    pub(crate) fn verdict(&self) -> Result<()> {
        let bad: Vec<&str> =
            self.cases.iter().filter(|case| case.failed()).map(|case| case.name.as_str()).collect();
        ensure!(bad.is_empty(), "Autobahn: {} cases failed: {}", bad.len(), bad.join(", "));
        ensure!(self.cases.len() == CASES, "Autobahn: {} cases ran instead of {CASES}", self.cases.len());
        Ok(())
    }

    /// Counts the cases of each group by word.
    fn table(&self) -> BTreeMap<u32, [usize; WORDS.len()]> {
        let mut table: BTreeMap<u32, [usize; WORDS.len()]> = BTreeMap::new();
        for case in &self.cases {
            let word = if case.failed() { "FAILED" } else { case.word.as_str() };
            let column = WORDS.iter().position(|known| *known == word).unwrap_or(WORDS.len() - 1);
            table.entry(case.group).or_default()[column] += 1;
        }
        table
    }
}

impl Case {
    fn parse(name: &str, case: &Value) -> Result<Self> {
        let group = name.split('.').next().and_then(|group| group.parse().ok());
        let text = |key: &str| case[key].as_str().unwrap_or("MISSING").to_owned();
        Ok(Self {
            group: group.with_context(|| format!("{name:?} is not the number of a case"))?,
            name: name.to_owned(),
            word: text("behavior"),
            close: text("behaviorClose"),
        })
    }

    /// An unclean or wrong close is a failure too.
    fn failed(&self) -> bool {
        let word = matches!(self.word.as_str(), "OK" | "NON-STRICT" | "INFORMATIONAL");
        let close = matches!(self.close.as_str(), "OK" | "INFORMATIONAL");
        !(word && close)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<6} {}", "group", WORDS.map(|word| format!("{word:>14}")).join(""))?;
        let mut sum = [0; WORDS.len()];
        for (group, counts) in self.table() {
            writeln!(f, "{group:<6} {}", counts.map(|count| format!("{count:>14}")).join(""))?;
            sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        writeln!(f, "{:<6} {}", "all", sum.map(|count| format!("{count:>14}")).join(""))?;
        let mut odd: Vec<&Case> =
            self.cases.iter().filter(|case| case.word != "OK" || case.failed()).collect();
        odd.sort_by_key(|case| &case.name);
        for case in odd {
            writeln!(f, "  {}: {}, close {}", case.name, case.word, case.close)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(cases: &Value) -> Report {
        Report::parse(&json!({ "swergio": cases }), "swergio").unwrap()
    }

    fn case(word: &str, close: &str) -> Value {
        json!({"behavior": word, "behaviorClose": close, "remoteCloseCode": 1000})
    }

    #[test]
    fn cases_are_counted_by_group_and_word() {
        let report = report(&json!({
            "1.1.1": case("OK", "OK"), "6.4.3": case("NON-STRICT", "OK"), "6.4.4": case("OK", "OK"),
            "7.1.6": case("INFORMATIONAL", "INFORMATIONAL"), "10.1.1": case("FAILED", "OK"),
        }));
        let table = report.table();
        assert_eq!(table[&6], [1, 1, 0, 0, 0]);
        assert_eq!(table[&7], [0, 0, 1, 0, 0]);
        assert_eq!(table[&10], [0, 0, 0, 0, 1]);
    }

    #[test]
    fn a_wrong_close_fails_though_the_case_is_ok() {
        let report = report(&json!({"7.9.2": case("OK", "WRONG CODE")}));
        assert!(report.verdict().unwrap_err().to_string().contains("7.9.2"));
    }

    #[test]
    fn a_report_that_broke_off_is_no_success() {
        let report = report(&json!({"1.1.1": case("OK", "OK")}));
        assert!(report.verdict().unwrap_err().to_string().contains("1 cases ran instead of 301"));
    }
}
