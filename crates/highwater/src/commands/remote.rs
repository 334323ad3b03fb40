//! What the commands share that talk to a running server: where it is, how a call's failure
//! becomes an exit code, asking before something is destroyed.

use std::future::Future;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use highwater::client::{Client, ClientError, ClientOptions};
use kafka_wire::ErrorCode;

use crate::exit::{Exit, Failure};

/// Where the server is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Connect {
    /// Brokers to ask first, separated by commas
    #[arg(
        short = 'b',
        long,
        value_name = "HOST:PORT",
        env = "HIGHWATER_BOOTSTRAP",
        default_value = "127.0.0.1:9092",
        value_delimiter = ','
    )]
    bootstrap: Vec<String>,
    /// Seconds a call may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

impl Connect {
    /// Connects to the first broker that answers.
    pub(crate) async fn open(&self) -> Result<Client, Failure> {
        Ok(Client::connect(self.options()).await?)
    }

    /// How to reach it.
    pub(crate) fn options(&self) -> ClientOptions {
        ClientOptions {
            bootstrap: self
                .bootstrap
                .iter()
                .map(|address| with_port(address))
                .collect(),
            client_id: "highwater-cli".to_owned(),
            patience: self.patience(),
        }
    }

    /// How long a call may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// Adds Kafka's usual port where none is given.
fn with_port(address: &str) -> String {
    let address = address.trim();
    let host_ends = address.rfind(']').map_or(0, |at| at + 1);
    let has_port = address
        .get(host_ends..)
        .is_some_and(|rest| rest.contains(':'));
    if has_port {
        address.to_owned()
    } else {
        format!("{address}:9092")
    }
}

/// Runs a command's calls; Ctrl-C ends them with its own exit code.
pub(crate) fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    block_on_to_the_end(async {
        tokio::select! {
            outcome = work => outcome,
            () = interrupted() => Err(interruption()),
        }
    })
}

/// Runs a command's calls; what Ctrl-C does is theirs to say.
pub(crate) fn block_on_to_the_end(
    work: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unavailable, format!("no runtime: {error}")))?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}

/// Returns when the user presses Ctrl-C; never where that cannot be known.
pub(crate) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// What a command that was interrupted returns.
pub(crate) fn interruption() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted")
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let advice = match &error {
            ClientError::Unreachable { .. } => {
                "; start a server with `highwater serve`, or name one with --bootstrap"
            }
            _ => "",
        };
        Self::new(exit_of(&error), format!("{error}{advice}"))
    }
}

fn exit_of(error: &ClientError) -> Exit {
    match error {
        ClientError::Unreachable { .. } | ClientError::Timeout { .. } => Exit::Unreachable,
        ClientError::Refused { code, .. } => match code {
            ErrorCode::TopicAuthorizationFailed
            | ErrorCode::GroupAuthorizationFailed
            | ErrorCode::ClusterAuthorizationFailed
            | ErrorCode::TransactionalIdAuthorizationFailed
            | ErrorCode::SaslAuthenticationFailed
            | ErrorCode::IllegalSaslState => Exit::Refused,
            ErrorCode::InvalidTopicException
            | ErrorCode::InvalidPartitions
            | ErrorCode::InvalidReplicationFactor
            | ErrorCode::InvalidConfig
            | ErrorCode::InvalidGroupId
            | ErrorCode::InvalidRequest => Exit::Usage,
            ErrorCode::CorruptMessage => Exit::Damaged,
            _ => Exit::NotWell,
        },
        _ => Exit::NotWell,
    }
}

/// Asks on the terminal whether to go on. Without a terminal only `--yes` is a yes.
pub(crate) fn confirm(what: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        let message = format!("{what}: add --yes to do this without being asked");
        return Err(Failure::new(Exit::Usage, message));
    }
    let mut terminal = io::stderr();
    let asked = write!(terminal, "{what}? [y/N] ").and_then(|()| terminal.flush());
    let mut answer = String::new();
    let read = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    match read {
        Ok(_) if matches!(answer.trim(), "y" | "Y" | "yes") => Ok(()),
        Ok(_) => Err(Failure::new(Exit::Interrupted, "nothing was changed")),
        Err(error) => Err(Failure::new(Exit::Usage, format!("no answer: {error}"))),
    }
}

/// Splits `NAME=VALUE`.
pub(crate) fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// The wall clock, in ms since the epoch.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_gets_kafkas() {
        for (given, used) in [
            ("localhost", "localhost:9092"),
            ("localhost:1", "localhost:1"),
            (" 10.0.0.1 ", "10.0.0.1:9092"),
            ("[::1]", "[::1]:9092"),
            ("[::1]:7", "[::1]:7"),
        ] {
            assert_eq!(with_port(given), used);
        }
    }

    #[test]
    fn failures_have_the_exit_codes_that_scripts_test() {
        let refused = |code| ClientError::refused(code, "topic t", None);
        let unreachable = ClientError::Unreachable {
            address: "a".into(),
            source: io::ErrorKind::ConnectionRefused.into(),
        };
        for (error, exit) in [
            (unreachable, Exit::Unreachable),
            (refused(ErrorCode::TopicAuthorizationFailed), Exit::Refused),
            (refused(ErrorCode::InvalidTopicException), Exit::Usage),
            (refused(ErrorCode::UnknownTopicOrPartition), Exit::NotWell),
            (refused(ErrorCode::CorruptMessage), Exit::Damaged),
        ] {
            assert_eq!(exit_of(&error), exit, "{error}");
        }
    }
}
