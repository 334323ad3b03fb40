//! Applies what a client wants to change to a resource's own settings, and checks the result.
//!
//! Nothing here is stored: the caller writes the returned settings to the metadata log.

use super::broker::{BrokerSetting, Change, broker_setting};
use super::layers::{Layers, Overrides};
use super::topic::{TopicConfigError, topic_setting};
use super::value::{Definition, InvalidValue, Type, Value};

/// What to do with one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Give it this value.
    Set,
    /// Take its value away, so that the default counts again.
    Delete,
    /// Add words to a list.
    Append,
    /// Take words off a list.
    Subtract,
}

impl Operation {
    /// From the wire's number.
    pub fn from_wire(number: i8) -> Option<Self> {
        match number {
            0 => Some(Self::Set),
            1 => Some(Self::Delete),
            2 => Some(Self::Append),
            3 => Some(Self::Subtract),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Set => "SET",
            Self::Delete => "DELETE",
            Self::Append => "APPEND",
            Self::Subtract => "SUBTRACT",
        }
    }
}

/// One change asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alteration<'a> {
    /// The setting.
    pub name: &'a str,
    /// What to do.
    pub operation: Operation,
    /// The operand; only `Delete` may do without.
    pub value: Option<&'a str>,
}

/// Why a change is refused; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlterError {
    /// The same setting twice in one request. Wire code 42.
    #[error("Error due to duplicate config keys")]
    Duplicate,
    /// A value is missing. Wire code 42.
    #[error("Null value not supported for : {0}")]
    Null(String),
    /// Words added to or taken off something that is no list. Wire code 40.
    #[error("Can't {0} to key {1} because its type is not LIST.")]
    NotAList(&'static str, String),
    /// The value does not fit a metadata record. Wire code 40.
    #[error("The value of {0} is longer than the maximum of 32767 bytes.")]
    TooLong(String),
    /// No such broker setting, or one that is fixed at start. Wire code 42.
    #[error("Cannot update these configs dynamically: [{0}]")]
    NotDynamic(String),
    /// Not an acceptable broker value. Wire code 42, as Kafka answers.
    #[error(transparent)]
    BrokerValue(InvalidValue),
    /// Not acceptable for a topic. Wire code 40.
    #[error(transparent)]
    Topic(#[from] TopicConfigError),
}

const VALUE_BYTES_MAX: usize = 32_767;

/// A topic's settings after `alterations`.
///
/// # Errors
/// `AlterError`.
pub fn alter_topic(
    layers: &Layers,
    current: &Overrides,
    alterations: &[Alteration<'_>],
) -> Result<Overrides, AlterError> {
    let definition = |name: &str| topic_setting(name).map(|setting| &setting.definition);
    let altered = apply(current, alterations, &definition)?;
    layers.check_topic(&altered)?;
    Ok(altered)
}

/// This broker's or all brokers' altered settings after `alterations`.
///
/// # Errors
/// `AlterError`.
pub fn alter_broker(
    current: &Overrides,
    alterations: &[Alteration<'_>],
) -> Result<Overrides, AlterError> {
    let definition = |name: &str| broker_setting(name).map(|setting| &setting.definition);
    for alteration in alterations {
        // Taking away what this build does not know is how one gets rid of it.
        if alteration.operation != Operation::Delete {
            check_is_dynamic(alteration.name)?;
        }
    }
    let altered = apply(current, alterations, &definition)?;
    for alteration in alterations {
        if let Some(value) = altered.get(alteration.name) {
            check_dynamic(alteration.name, value)?;
        }
    }
    Ok(altered)
}

/// Checks a broker setting that a client wants to alter.
///
/// # Errors
/// `NotDynamic`, `BrokerValue`.
pub fn check_dynamic(name: &str, value: &str) -> Result<Value, AlterError> {
    check_is_dynamic(name)?
        .parse(value)
        .map_err(AlterError::BrokerValue)
}

fn check_is_dynamic(name: &str) -> Result<&'static Definition, AlterError> {
    match broker_setting(name) {
        Some(BrokerSetting {
            definition,
            change: Change::Dynamic,
        }) => Ok(definition),
        _ => Err(AlterError::NotDynamic(name.to_owned())),
    }
}

fn apply(
    current: &Overrides,
    alterations: &[Alteration<'_>],
    definition: &dyn Fn(&str) -> Option<&'static Definition>,
) -> Result<Overrides, AlterError> {
    check_form(alterations)?;
    let mut altered = current.clone();
    for alteration in alterations {
        let name = alteration.name;
        let value = alteration.value.unwrap_or_default();
        let value = match alteration.operation {
            Operation::Delete => {
                altered.remove(name);
                continue;
            }
            Operation::Set => value.to_owned(),
            operation @ (Operation::Append | Operation::Subtract) => {
                let Some(known) = definition(name).filter(|known| known.kind == Type::List) else {
                    return Err(AlterError::NotAList(operation.name(), name.to_owned()));
                };
                let now = altered
                    .get(name)
                    .map_or(known.default.unwrap_or_default(), String::as_str);
                combine(now, value, operation)
            }
        };
        if value.len() > VALUE_BYTES_MAX {
            return Err(AlterError::TooLong(name.to_owned()));
        }
        altered.insert(name.to_owned(), value);
    }
    Ok(altered)
}

/// No setting twice, no value missing.
fn check_form(alterations: &[Alteration<'_>]) -> Result<(), AlterError> {
    let mut names: Vec<&str> = alterations
        .iter()
        .map(|alteration| alteration.name)
        .collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(AlterError::Duplicate);
    }
    let null: Vec<&str> = alterations
        .iter()
        .filter(|alteration| {
            alteration.operation != Operation::Delete && alteration.value.is_none()
        })
        .map(|alteration| alteration.name)
        .collect();
    if null.is_empty() {
        Ok(())
    } else {
        Err(AlterError::Null(null.join(", ")))
    }
}

fn combine(now: &str, operand: &str, operation: Operation) -> String {
    let words = |text: &str| -> Vec<String> {
        text.split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut list = words(now);
    for word in words(operand) {
        match operation {
            Operation::Subtract => {
                if let Some(at) = list.iter().position(|have| *have == word) {
                    list.remove(at);
                }
            }
            _ if list.contains(&word) => {}
            _ => list.push(word),
        }
    }
    list.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change<'a>(name: &'a str, operation: Operation, value: &'a str) -> Alteration<'a> {
        Alteration {
            name,
            operation,
            value: Some(value),
        }
    }

    #[test]
    fn alterations_of_a_topic_and_the_errors_they_get() {
        use Operation::{Append, Delete, Set, Subtract};
        let layers = Layers::default();
        let current: Overrides = [("retention.ms".to_owned(), "5".to_owned())]
            .into_iter()
            .collect();
        let alter = |alterations: &[Alteration<'_>]| {
            alter_topic(&layers, &current, alterations)
                .map(|new| {
                    new.iter()
                        .map(|(n, v)| format!("{n}={v} "))
                        .collect::<String>()
                })
                .map_err(|error| error.to_string())
        };
        for (alterations, result) in [
            (vec![], Ok("retention.ms=5 ")),
            (
                vec![change("retention.ms", Set, "9")],
                Ok("retention.ms=9 "),
            ),
            (
                vec![Alteration {
                    value: None,
                    ..change("retention.ms", Delete, "")
                }],
                Ok(""),
            ),
            (
                vec![change("segment.ms", Delete, "")],
                Ok("retention.ms=5 "),
            ),
            (
                vec![change("cleanup.policy", Append, "compact")],
                Ok("cleanup.policy=delete,compact retention.ms=5 "),
            ),
            (
                vec![change("cleanup.policy", Append, "delete")],
                Ok("cleanup.policy=delete retention.ms=5 "),
            ),
            (
                vec![change("cleanup.policy", Subtract, "delete")],
                Ok("cleanup.policy= retention.ms=5 "),
            ),
            (
                vec![change("retention.ms", Append, "1")],
                Err("Can't APPEND to key retention.ms because its type is not LIST."),
            ),
            (
                vec![change("no.such", Subtract, "1")],
                Err("Can't SUBTRACT to key no.such because its type is not LIST."),
            ),
            (
                vec![change("no.such", Set, "1")],
                Err("Unknown topic config name: no.such"),
            ),
            (
                vec![change("retention.ms", Set, "-2")],
                Err("Invalid value -2 for configuration retention.ms: must be at least -1"),
            ),
            (
                vec![
                    change("retention.ms", Set, "1"),
                    change("retention.ms", Set, "2"),
                ],
                Err("Error due to duplicate config keys"),
            ),
            (
                vec![Alteration {
                    value: None,
                    ..change("retention.ms", Set, "")
                }],
                Err("Null value not supported for : retention.ms"),
            ),
        ] {
            let result = result.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(alter(&alterations), result, "{alterations:?}");
        }
        let long = "x".repeat(VALUE_BYTES_MAX + 1);
        assert!(
            alter(&[change("compression.type", Set, &long)])
                .unwrap_err()
                .contains("longer")
        );
    }

    #[test]
    fn alterations_of_the_broker() {
        use Operation::{Delete, Set};
        let current: Overrides = [("from.elsewhere".to_owned(), "5".to_owned())]
            .into_iter()
            .collect();
        let set = alter_broker(&current, &[change("log.retention.ms", Set, "7")]).unwrap();
        assert_eq!(set.len(), 2);
        let gone = alter_broker(&set, &[change("from.elsewhere", Delete, "")]).unwrap();
        assert_eq!(gone.get("log.retention.ms").map(String::as_str), Some("7"));
        assert_eq!(gone.len(), 1);
        for (name, value, says) in [
            (
                "num.partitions",
                "4",
                "Cannot update these configs dynamically: [num.partitions]",
            ),
            (
                "what",
                "4",
                "Cannot update these configs dynamically: [what]",
            ),
            (
                "log.segment.bytes",
                "4",
                "Invalid value 4 for configuration log.segment.bytes: must be at least 1048576",
            ),
        ] {
            let error = alter_broker(&current, &[change(name, Set, value)]).unwrap_err();
            assert_eq!(error.to_string(), says);
        }
    }
}
