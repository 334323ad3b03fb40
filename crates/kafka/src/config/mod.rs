//! Topic and broker settings: the table, where values come from, and their typed forms.
//!
//! One row per setting (`topic.rs`, `broker.rs`) is the only place that knows its name, type,
//! default, bounds and documentation; `DescribeConfigs`, `AlterConfigs`, start-up configuration and
//! `docs/configuration.md` all read it.
//! Absent on purpose: Highwater's own settings (listeners, engine: crate `highwater`), persistence.

mod alter;
mod broker;
mod layers;
mod names;
mod nearest;
mod settings;
mod topic;
mod value;

#[cfg(test)]
mod tests;

pub use alter::{AlterError, Alteration, Operation, alter_broker, alter_topic, check_dynamic};
pub use broker::{BROKER_SETTINGS, BrokerSetting, Change, broker_setting};
pub use layers::{Described, Layers, Overrides, SettingError, Source, Synonym};
pub use nearest::nearest;
pub use settings::BrokerSettings;
pub use topic::{TOPIC_SETTINGS, TopicConfigError, TopicSetting, topic_setting};
pub use value::{Bound, Definition, InvalidValue, Type, Unit, Value, parse_bytes, parse_millis};
