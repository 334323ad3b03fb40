//! Settings: altered, and obeyed at once.

use crate::broker::{Broker, TopicError};
use crate::config::{AlterError, Alteration, Operation, Overrides};
use crate::metadata::{ChangeError, ConfigChange};

/// Why settings were not altered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Not acceptable; the code stands with each variant there.
    #[error(transparent)]
    Alter(#[from] AlterError),
    /// Wire code 3.
    #[error("The topic '{0}' does not exist.")]
    UnknownTopic(String),
    /// The metadata log refuses.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The metadata or the disk refuses.
    #[error(transparent)]
    Topic(#[from] TopicError),
}

/// Whether all settings are given, or only those that change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What is not named stays.
    Named,
    /// What is not named goes.
    All,
}

/// Alters a topic's settings.
///
/// # Errors
/// `SettingsError`; nothing was changed then, unless it is about the disk.
pub fn alter_topic(
    broker: &Broker,
    topic: &str,
    alterations: &[Alteration<'_>],
    extent: Extent,
    validate_only: bool,
) -> Result<(), SettingsError> {
    let _changing = broker.settings_changes().lock();
    let before = broker.metadata().topic_config(topic);
    let base = start_from(&before, extent);
    let after = crate::config::alter_topic(&broker.layers(), &base, alterations)?;
    // After the settings, as Kafka does.
    if broker.metadata().topic(topic).is_none() {
        return Err(SettingsError::UnknownTopic(topic.to_owned()));
    }
    if validate_only {
        return Ok(());
    }
    broker.alter_topic_config(topic, &difference(&before, &after))?;
    Ok(())
}

/// Alters the settings of this broker, or of all brokers.
///
/// # Errors
/// `SettingsError`; nothing was changed then, unless it is about the disk.
pub fn alter_broker(
    broker: &Broker,
    all_brokers: bool,
    alterations: &[Alteration<'_>],
    extent: Extent,
    validate_only: bool,
) -> Result<(), SettingsError> {
    let _changing = broker.settings_changes().lock();
    let before = match all_brokers {
        true => broker.metadata().all_brokers_config(),
        false => broker.metadata().broker_config(),
    };
    let base = start_from(&before, extent);
    let after = crate::config::alter_broker(&base, alterations)?;
    if validate_only {
        return Ok(());
    }
    broker
        .metadata()
        .alter_broker_config(all_brokers, &difference(&before, &after))?;
    broker.apply_broker_config();
    Ok(())
}

fn start_from(before: &Overrides, extent: Extent) -> Overrides {
    match extent {
        Extent::Named => before.clone(),
        Extent::All => Overrides::new(),
    }
}

fn difference(before: &Overrides, after: &Overrides) -> Vec<ConfigChange> {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let gone = gone.map(|name| (name.clone(), None));
    let put = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(*value));
    gone.chain(put.map(|(name, value)| (name.clone(), Some(value.clone()))))
        .collect()
}

/// The alterations that set every pair, for the older request that only sets.
pub fn set_all<'a>(pairs: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Vec<Alteration<'a>> {
    pairs
        .map(|(name, value)| Alteration {
            name,
            operation: Operation::Set,
            value,
        })
        .collect()
}
