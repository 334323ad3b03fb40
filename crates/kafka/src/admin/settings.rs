//! Settings: altered, and obeyed at once.

use super::{Admin, Effective};
use crate::config::{AlterError, Alteration, Operation, Overrides, alter_broker, alter_topic};
use crate::log::TopicPartition;
use crate::metadata::{ChangeError, ConfigChange, TopicImage};
use std::sync::Arc;

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
}

/// Whether all settings are given, or only those that change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What is not named stays.
    Named,
    /// What is not named goes.
    All,
}

impl Admin {
    /// Alters a topic's settings.
    ///
    /// # Errors
    /// `SettingsError`; nothing was changed then, unless it is about the disk.
    pub fn alter_topic(
        &self,
        topic: &str,
        alterations: &[Alteration<'_>],
        extent: Extent,
        validate_only: bool,
    ) -> Result<(), SettingsError> {
        let _changing = self.changing.lock();
        let before = self.metadata.topic_config(topic);
        let base = start_from(&before, extent);
        let after = alter_topic(&self.layers(), &base, alterations)?;
        // After the settings, as Kafka does.
        let Some(image) = self.metadata.topic(topic) else {
            return Err(SettingsError::UnknownTopic(topic.to_owned()));
        };
        if validate_only {
            return Ok(());
        }
        self.metadata
            .alter_topic_config(topic, &difference(&before, &after))?;
        self.obey(&image, &after);
        Ok(())
    }

    /// Alters the settings of this broker, or of all brokers.
    ///
    /// # Errors
    /// `SettingsError`; nothing was changed then, unless it is about the disk.
    pub fn alter_broker(
        &self,
        all_brokers: bool,
        alterations: &[Alteration<'_>],
        extent: Extent,
        validate_only: bool,
    ) -> Result<(), SettingsError> {
        let _changing = self.changing.lock();
        let before = match all_brokers {
            true => self.metadata.all_brokers_config(),
            false => self.metadata.broker_config(),
        };
        let base = start_from(&before, extent);
        let after = alter_broker(&base, alterations)?;
        if validate_only {
            return Ok(());
        }
        self.metadata
            .alter_broker_config(all_brokers, &difference(&before, &after))?;
        *self.effective.write() = Effective::new(&self.fixed, &self.metadata);
        let image = self.metadata.image();
        for topic in image.topics() {
            self.obey(topic, &image.topic_config(topic.name()));
        }
        Ok(())
    }

    /// Gives every log of a topic its settings.
    fn obey(&self, topic: &TopicImage, overrides: &Overrides) {
        let config = self.log_config(overrides);
        for (number, _) in topic.partitions() {
            let tp = TopicPartition::new(Arc::clone(topic.name()), number);
            if let Some(log) = self.logs.log(&tp) {
                log.set_config(config.clone());
            }
        }
    }
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
