//! Where the name server is, and how a call's failure becomes an exit code.

use std::time::Duration;

use highwater::remoting::{Cluster, RemotingError};
use rocketmq::remoting::codes::response;

use crate::exit::{Exit, Failure};

/// A name server's usual port.
const PORT: u16 = 9876;

/// Where the name servers are.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Connect {
    /// Name servers to ask, separated by commas or semicolons
    #[arg(
        short = 'b',
        long,
        value_name = "HOST:PORT",
        env = "NAMESRV_ADDR",
        default_value = "127.0.0.1:9876",
        value_delimiter = ','
    )]
    namesrv: Vec<String>,
    /// Seconds a call may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

impl Connect {
    /// Connects to the first name server that answers.
    pub(super) fn open(&self) -> Result<Cluster, Failure> {
        // RocketMQ's own variable has semicolons.
        let all = self.namesrv.iter().flat_map(|all| all.split(';'));
        let named = all.filter(|address| !address.trim().is_empty());
        let addresses: Vec<String> = named.map(with_port).collect();
        Ok(Cluster::connect(&addresses, self.patience())?)
    }

    /// How long a call may take.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// Adds the usual port where none is given.
fn with_port(address: &str) -> String {
    let address = address.trim();
    let host_ends = address.rfind(']').map_or(0, |at| at + 1);
    let rest = address.get(host_ends..).unwrap_or_default();
    match rest.contains(':') {
        true => address.to_owned(),
        false => format!("{address}:{PORT}"),
    }
}

impl From<RemotingError> for Failure {
    fn from(error: RemotingError) -> Self {
        let advice = match &error {
            RemotingError::Unreachable {
                what: "a name server",
                ..
            } => "; start one, or name it with --namesrv",
            RemotingError::Unreachable {
                what: "a broker", ..
            } => "; this is the address that the broker told its name server (brokerIP1)",
            RemotingError::Refused {
                code: response::TOPIC_NOT_EXIST,
                ..
            } => "; `highwater rocketmq topic create` makes topics",
            _ => "",
        };
        Self::new(exit_of(&error), format!("{error}{advice}"))
    }
}

fn exit_of(error: &RemotingError) -> Exit {
    match error {
        RemotingError::Unreachable { .. }
        | RemotingError::Timeout { .. }
        | RemotingError::Nowhere(_) => Exit::Unreachable,
        RemotingError::Refused { code, .. } => match *code {
            response::NO_PERMISSION => Exit::Refused,
            response::MESSAGE_ILLEGAL
            | response::INVALID_PARAMETER
            | response::SUBSCRIPTION_PARSE_FAILED => Exit::Usage,
            _ => Exit::NotWell,
        },
        _ => Exit::NotWell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_gets_the_name_servers() {
        for (given, used) in [
            ("localhost", "localhost:9876"),
            ("localhost:1", "localhost:1"),
            (" 10.0.0.1 ", "10.0.0.1:9876"),
            ("[::1]", "[::1]:9876"),
            ("[::1]:7", "[::1]:7"),
        ] {
            assert_eq!(with_port(given), used);
        }
    }

    #[test]
    fn failures_have_the_exit_codes_that_scripts_test() {
        let refused = |code| RemotingError::Refused {
            about: "topic t".into(),
            code,
            remark: "no".into(),
        };
        for (code, exit) in [
            (response::NO_PERMISSION, Exit::Refused),
            (response::MESSAGE_ILLEGAL, Exit::Usage),
            (response::TOPIC_NOT_EXIST, Exit::NotWell),
            (response::SYSTEM_ERROR, Exit::NotWell),
        ] {
            assert_eq!(exit_of(&refused(code)), exit, "{code}");
        }
        assert_eq!(
            exit_of(&RemotingError::Nowhere(String::new())),
            Exit::Unreachable
        );
    }
}
