//! Calls about topics: create, delete, grow, configure.

use std::time::Duration;

use kafka_wire::create_partitions_request::CreatePartitionsTopic;
use kafka_wire::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_wire::describe_configs_request::DescribeConfigsResource;
use kafka_wire::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_wire::{
    CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, DescribeConfigsRequest,
    IncrementalAlterConfigsRequest,
};

use super::cluster::Client;
use super::error::ClientError;

/// Time a server gets to carry out a change, in ms.
const CHANGE_TIMEOUT_MS: i32 = 30_000;
/// Kafka's number for "topic" among the things that have configs.
const TOPIC_RESOURCE: i8 = 2;

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; −1 for the server's default.
    pub partitions: i32,
    /// How many replicas; −1 for the server's default.
    pub replication_factor: i16,
    /// Settings that differ from the server's.
    pub configs: Vec<(String, String)>,
}

/// One setting of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Its name.
    pub name: String,
    /// Its value; `None` when the server hides it.
    pub value: Option<String>,
    /// Whether it was set on this topic.
    pub is_own: bool,
}

/// One change of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigChange {
    /// Give it this value.
    Set(String, String),
    /// Go back to the server's value.
    Unset(String),
}

fn about(topic: &str) -> String {
    format!("topic {topic}")
}

impl Client {
    /// Creates a topic, or only checks whether it could be. Returns the number of partitions it
    /// got, where the server tells it.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn create_topic(
        &mut self,
        topic: &NewTopic,
        only_check: bool,
    ) -> Result<Option<i32>, ClientError> {
        let config = |(name, value): &(String, String)| CreatableTopicConfig {
            name: name.clone().into(),
            value: Some(value.clone().into()),
        };
        let request = CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name: topic.name.as_str().into(),
                num_partitions: topic.partitions,
                replication_factor: topic.replication_factor,
                assignments: Vec::new(),
                configs: topic.configs.iter().map(config).collect(),
            }],
            timeout_ms: CHANGE_TIMEOUT_MS,
            validate_only: only_check,
        };
        let answer = self.ask_any(&request).await?;
        let response = answer.read()?;
        let mut partitions = None;
        for result in &response.topics {
            let message = result.error_message.as_deref();
            ClientError::check(result.error_code, &about(&result.name), message)?;
            partitions = Some(result.num_partitions).filter(|&count| count > 0);
        }
        Ok(partitions)
    }

    /// Deletes a topic.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn delete_topic(&mut self, name: &str) -> Result<(), ClientError> {
        // Version 5 names topics; version 6 may use ids.
        const CEILING: i16 = 5;
        let request = DeleteTopicsRequest {
            topic_names: vec![name.into()],
            timeout_ms: CHANGE_TIMEOUT_MS,
            ..DeleteTopicsRequest::default()
        };
        let answer = self
            .any()
            .await?
            .call_at(&request, CEILING, Duration::ZERO)
            .await;
        if answer.is_err() {
            self.disconnect();
        }
        let answer = answer?;
        for result in &answer.read()?.responses {
            let message = result.error_message.as_deref();
            ClientError::check(result.error_code, &about(name), message)?;
        }
        Ok(())
    }

    /// Raises the number of partitions to `count`, or only checks whether it could be.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn grow_topic(
        &mut self,
        name: &str,
        count: i32,
        only_check: bool,
    ) -> Result<(), ClientError> {
        let request = CreatePartitionsRequest {
            topics: vec![CreatePartitionsTopic {
                name: name.into(),
                count,
                assignments: None,
            }],
            timeout_ms: CHANGE_TIMEOUT_MS,
            validate_only: only_check,
        };
        let answer = self.ask_any(&request).await?;
        for result in &answer.read()?.results {
            let message = result.error_message.as_deref();
            ClientError::check(result.error_code, &about(name), message)?;
        }
        Ok(())
    }

    /// The settings of a topic, by name.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn topic_configs(&mut self, name: &str) -> Result<Vec<ConfigEntry>, ClientError> {
        let request = DescribeConfigsRequest {
            resources: vec![DescribeConfigsResource {
                resource_type: TOPIC_RESOURCE,
                resource_name: name.into(),
                configuration_keys: None,
            }],
            ..DescribeConfigsRequest::default()
        };
        let answer = self.ask_any(&request).await?;
        let mut entries = Vec::new();
        for result in &answer.read()?.results {
            let message = result.error_message.as_deref();
            ClientError::check(result.error_code, &about(name), message)?;
            entries.extend(result.configs.iter().map(|config| ConfigEntry {
                name: config.name.clone().into_owned(),
                value: config.value.as_deref().map(str::to_owned),
                // Source 1: set on the topic itself.
                is_own: config.config_source == 1,
            }));
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Changes settings of a topic, or only checks whether they could be.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn alter_topic(
        &mut self,
        name: &str,
        changes: &[ConfigChange],
        only_check: bool,
    ) -> Result<(), ClientError> {
        let config = |change: &ConfigChange| match change {
            ConfigChange::Set(name, value) => AlterableConfig {
                name: name.clone().into(),
                config_operation: 0,
                value: Some(value.clone().into()),
            },
            ConfigChange::Unset(name) => AlterableConfig {
                name: name.clone().into(),
                config_operation: 1,
                value: None,
            },
        };
        let request = IncrementalAlterConfigsRequest {
            resources: vec![AlterConfigsResource {
                resource_type: TOPIC_RESOURCE,
                resource_name: name.into(),
                configs: changes.iter().map(config).collect(),
            }],
            validate_only: only_check,
        };
        let answer = self.ask_any(&request).await?;
        for result in &answer.read()?.responses {
            let message = result.error_message.as_deref();
            ClientError::check(result.error_code, &about(name), message)?;
        }
        Ok(())
    }
}
