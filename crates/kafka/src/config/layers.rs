//! Where a setting's value comes from: topic, this broker, all brokers, start-up configuration, default.
//!
//! Invariants: every value in a layer was checked against its row when it entered; looking up is
//! infallible. The order of sources and synonyms is what Kafka's `DescribeConfigs` shows.
//! Absent on purpose: persistence (the metadata log) and the wire.

use super::broker::{BROKER_SETTINGS, Change, broker_setting};
use super::names::{broker_synonyms, not_acted_on};
use super::settings::BrokerSettings;
use super::topic::{self, TOPIC_SETTINGS, TopicConfigError, topic_setting};
use super::value::{Definition, InvalidValue, Type, Value};
use crate::log::LogConfig;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Settings by name, as text.
pub type Overrides = BTreeMap<String, String>;

/// Which layer supplied a value; the numbers are the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Set on the topic.
    Topic = 1,
    /// Set on this broker by `AlterConfigs`.
    DynamicBroker = 2,
    /// Set on all brokers by `AlterConfigs`.
    DynamicDefaultBroker = 3,
    /// Set at start: file, environment, flag, or derived by the server.
    StaticBroker = 4,
    /// Set by nobody.
    Default = 5,
}

/// One setting that supplied, or would supply, a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synonym {
    /// The name in its own layer (`log.retention.hours` for `retention.ms`).
    pub name: &'static str,
    /// Its text there.
    pub value: Option<String>,
    /// The layer.
    pub source: Source,
}

/// A setting as `DescribeConfigs` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Name; not `&'static` because an unknown setting of a foreign directory is shown too.
    pub name: String,
    /// Effective value; `None` is null.
    pub value: Option<String>,
    /// The layer it comes from.
    pub source: Source,
    /// Whether `AlterConfigs` refuses it.
    pub read_only: bool,
    /// The wire's type number; 0 for a name we do not know.
    pub kind: Option<Type>,
    /// What supplies the value, then what would without it.
    pub synonyms: Vec<Synonym>,
    /// For people; empty for a name we do not know.
    pub doc: Cow<'static, str>,
}

/// A start-up setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No such setting; perhaps `nearest` was meant.
    #[error("unknown Kafka setting `{name}`{}", nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown {
        /// What was given.
        name: String,
        /// The closest name there is.
        nearest: Option<&'static str>,
    },
    /// Kafka has it, this build does nothing with it.
    #[error(
        "Kafka's setting `{name}` belongs to {what}, which this build does not have; remove it"
    )]
    NotActedOn {
        /// What was given.
        name: String,
        /// What it would be about.
        what: &'static str,
    },
    /// Only the server sets it.
    #[error("`{name}` cannot be given as a Kafka setting: {instead}")]
    Derived {
        /// What was given.
        name: String,
        /// How to set it.
        instead: &'static str,
    },
    /// The value is not acceptable.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
}

/// All broker-level values: what was configured at start and what was altered since.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layers {
    fixed: Overrides,
    all_brokers: Overrides,
    this_broker: Overrides,
}

impl Layers {
    /// Checks and takes one start-up setting.
    ///
    /// # Errors
    /// `SettingError`, complete with what to do.
    pub fn set_fixed(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        let setting = match broker_setting(name) {
            Some(setting) => setting,
            None => return Err(unknown(name)),
        };
        if setting.change == Change::Derived {
            let (name, instead) = (name.to_owned(), setting.definition.doc);
            return Err(SettingError::Derived { name, instead });
        }
        let value = setting.definition.parse_human(value)?;
        self.fixed.insert(name.to_owned(), value.to_string());
        Ok(())
    }

    /// Sets a value that the server derives from its own configuration.
    pub fn set_derived(&mut self, name: &'static str, value: impl Into<String>) {
        debug_assert!(broker_setting(name).is_some_and(|s| s.change == Change::Derived));
        self.fixed.insert(name.to_owned(), value.into());
    }

    /// Says which node this turned out to be: the data directory knows, whatever was configured.
    pub fn set_node_id(&mut self, node_id: i32) {
        for name in ["node.id", "broker.id"] {
            self.fixed.insert(name.to_owned(), node_id.to_string());
        }
    }

    /// The number that this node is to have, if one was configured.
    pub fn configured_node_id(&self) -> Option<i32> {
        self.fixed.get("node.id")?.parse().ok()
    }

    /// The same start-up values with other altered ones. Altered values that are unknown, not
    /// dynamic or out of bounds (a directory another program wrote) are left out.
    #[must_use]
    pub fn with_altered(&self, all_brokers: &Overrides, this_broker: &Overrides) -> Self {
        let usable = |overrides: &Overrides| {
            let mut kept = Overrides::new();
            for (name, value) in overrides {
                match super::alter::check_dynamic(name, value) {
                    Ok(value) => {
                        kept.insert(name.clone(), value.to_string());
                    }
                    Err(error) => tracing::warn!(%error, "altered broker setting left out"),
                }
            }
            kept
        };
        Self {
            fixed: self.fixed.clone(),
            all_brokers: usable(all_brokers),
            this_broker: usable(this_broker),
        }
    }

    /// The effective text of a broker setting, without its synonyms; `None` is null.
    pub fn text(&self, name: &str) -> Option<&str> {
        [&self.this_broker, &self.all_brokers, &self.fixed]
            .into_iter()
            .find_map(|layer| layer.get(name).map(String::as_str))
            .or_else(|| broker_setting(name).and_then(|setting| setting.definition.default))
    }

    /// The effective value of a broker setting, its synonyms asked in turn.
    pub fn value(&self, name: &str) -> Option<Value> {
        let chain = broker_synonyms(name);
        if chain.is_empty() {
            return broker_setting(name)?
                .definition
                .parse(self.text(name)?)
                .ok();
        }
        chain.iter().find_map(|(synonym, factor)| {
            let value = broker_setting(synonym)?
                .definition
                .parse(self.text(synonym)?)
                .ok()?;
            match value {
                // A negative number means "no limit" in every unit.
                Value::Number(number) if number >= 0 => {
                    Some(Value::Number(number.saturating_mul(*factor)))
                }
                other => Some(other),
            }
        })
    }

    /// The broker settings, typed.
    pub fn settings(&self) -> BrokerSettings {
        BrokerSettings::from_layers(self)
    }

    /// The effective log settings of a topic. Overrides that are unknown or out of bounds (a
    /// directory another program wrote) are left out; check with `topic::check_topic_overrides`
    /// first where they come from a client.
    pub fn log_config(&self, overrides: &Overrides) -> LogConfig {
        let mut config = LogConfig::default();
        for setting in TOPIC_SETTINGS {
            if let Some(value) = self.topic_value(setting, overrides) {
                topic::apply(&mut config, setting.definition.name, &value);
            }
        }
        // Wins over segment.bytes, after which it sorts.
        if let Some(setting) = topic_setting("internal.segment.bytes")
            && let Some(value) = self.topic_value(setting, overrides)
        {
            topic::apply(&mut config, setting.definition.name, &value);
        }
        config
    }

    /// Checks a topic's overrides as a client gives them: names, bounds, and against each other.
    ///
    /// # Errors
    /// The first problem.
    pub fn check_topic(&self, overrides: &Overrides) -> Result<LogConfig, TopicConfigError> {
        topic::check_topic_overrides(overrides)?;
        let config = self.log_config(overrides);
        topic::check_together(&config)?;
        Ok(config)
    }

    fn topic_value(&self, setting: &topic::TopicSetting, overrides: &Overrides) -> Option<Value> {
        let definition = &setting.definition;
        let own = overrides
            .get(definition.name)
            .and_then(|text| definition.parse(text).ok());
        own.or_else(|| setting.broker.and_then(|broker| self.value(broker)))
            .or_else(|| definition.default_value())
    }

    /// Every setting of a topic as `DescribeConfigs` shows it, in the order of names.
    pub fn describe_topic(&self, overrides: &Overrides) -> Vec<Described> {
        let known = TOPIC_SETTINGS
            .iter()
            .filter(|setting| setting.listed || overrides.contains_key(setting.definition.name))
            .map(|setting| self.describe_topic_setting(setting, overrides));
        let foreign = overrides
            .iter()
            .filter(|(name, _)| topic_setting(name).is_none())
            .map(|(name, value)| Described {
                name: name.clone(),
                value: Some(value.clone()),
                source: Source::Topic,
                read_only: false,
                kind: None,
                synonyms: Vec::new(),
                doc: Cow::Borrowed(""),
            });
        known.chain(foreign).collect()
    }

    fn describe_topic_setting(
        &self,
        setting: &topic::TopicSetting,
        overrides: &Overrides,
    ) -> Described {
        let definition = &setting.definition;
        let value = self
            .topic_value(setting, overrides)
            .map(|value| value.to_string());
        let mut synonyms = Vec::new();
        if overrides.contains_key(definition.name) {
            let (name, value) = (definition.name, value.clone());
            synonyms.push(Synonym {
                name,
                value,
                source: Source::Topic,
            });
        }
        if let Some(broker) = setting.broker {
            synonyms.extend(self.broker_chain(broker));
        }
        described(
            definition,
            value,
            synonyms,
            false,
            Cow::Borrowed(definition.doc),
        )
    }

    /// Every setting of this broker, in the order of names.
    pub fn describe_broker(&self) -> Vec<Described> {
        BROKER_SETTINGS
            .iter()
            .map(|setting| {
                let name = setting.definition.name;
                let value = self.text(name).map(str::to_owned);
                described(
                    &setting.definition,
                    value,
                    self.broker_chain(name),
                    setting.change != Change::Dynamic,
                    setting.documentation(),
                )
            })
            .collect()
    }

    /// What was altered for all brokers, in the order of names.
    pub fn describe_all_brokers(&self) -> Vec<Described> {
        let rows = self.all_brokers.iter().filter_map(|(name, value)| {
            let setting = broker_setting(name)?;
            let definition = &setting.definition;
            let source = Source::DynamicDefaultBroker;
            let synonym = Synonym {
                name: definition.name,
                value: Some(value.clone()),
                source,
            };
            let doc = setting.documentation();
            Some(described(
                definition,
                Some(value.clone()),
                vec![synonym],
                false,
                doc,
            ))
        });
        rows.collect()
    }

    /// Every layer's value under every synonym; those in front of `name`'s own are left out.
    fn broker_chain(&self, name: &str) -> Vec<Synonym> {
        let own = broker_setting(name).map_or("", |setting| setting.definition.name);
        let chain = broker_synonyms(name);
        let names: Vec<&'static str> = if chain.is_empty() {
            vec![own]
        } else {
            chain.iter().map(|(name, _)| *name).collect()
        };
        let mut synonyms = Vec::new();
        for (layer, source) in [
            (&self.this_broker, Source::DynamicBroker),
            (&self.all_brokers, Source::DynamicDefaultBroker),
            (&self.fixed, Source::StaticBroker),
        ] {
            for name in names.iter().copied() {
                if let Some(value) = layer.get(name) {
                    synonyms.push(Synonym {
                        name,
                        value: Some(value.clone()),
                        source,
                    });
                }
            }
        }
        for name in names.iter().copied() {
            if let Some(value) = broker_setting(name).and_then(|setting| setting.definition.default)
            {
                let value = Some(value.to_owned());
                synonyms.push(Synonym {
                    name,
                    value,
                    source: Source::Default,
                });
            }
        }
        let first = synonyms.iter().position(|synonym| synonym.name == own);
        synonyms.drain(..first.unwrap_or(synonyms.len()));
        synonyms
    }
}

fn described(
    definition: &Definition,
    value: Option<String>,
    synonyms: Vec<Synonym>,
    read_only: bool,
    doc: Cow<'static, str>,
) -> Described {
    Described {
        name: definition.name.to_owned(),
        value,
        source: synonyms
            .first()
            .map_or(Source::Default, |synonym| synonym.source),
        read_only,
        kind: Some(definition.kind),
        synonyms,
        doc,
    }
}

fn unknown(name: &str) -> SettingError {
    if let Some(setting) = topic_setting(name).and_then(|setting| setting.broker) {
        return SettingError::Unknown {
            name: name.to_owned(),
            nearest: Some(setting),
        };
    }
    let names = BROKER_SETTINGS
        .iter()
        .map(|setting| setting.definition.name);
    match super::nearest::nearest(name, names) {
        Some(nearest) => SettingError::Unknown {
            name: name.to_owned(),
            nearest: Some(nearest),
        },
        None => match not_acted_on(name) {
            Some(what) => SettingError::NotActedOn {
                name: name.to_owned(),
                what,
            },
            None => SettingError::Unknown {
                name: name.to_owned(),
                nearest: None,
            },
        },
    }
}
