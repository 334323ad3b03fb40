//! `highwater config`: shows what is set and by whom, checks it, prints the reference.

use crate::cli::{Format, ServeArgs};
use crate::exit::{Exit, Failure};
use highwater::config::{self, Input, Loaded, Origin};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Arguments of `highwater config`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print every setting; what `serve` with the same flags would use.
    Show {
        /// Say which layer set each.
        #[arg(long)]
        origin: bool,
        /// Leave out what nobody set.
        #[arg(long)]
        set_only: bool,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        serve: ServeArgs,
    },
    /// Say whether `serve` with the same flags would accept the configuration; start nothing.
    Check {
        #[command(flatten)]
        serve: ServeArgs,
    },
    /// Print the reference of all settings as Markdown.
    Reference,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let text = match args.verb {
        Verb::Show {
            origin,
            set_only,
            format,
            serve,
        } => {
            let loaded = load(&serve)?;
            match format {
                Format::Table => table(&loaded, origin, set_only),
                Format::Json => json_text(&loaded, set_only),
            }
        }
        Verb::Check { serve } => {
            let loaded = load(&serve)?;
            let set = loaded
                .table
                .values()
                .filter(|s| s.origin != Origin::Default)
                .count();
            format!("ok: {set} settings set\n")
        }
        Verb::Reference => config::reference(),
    };
    match io::stdout().write_all(text.as_bytes()) {
        // The reader left early (`| head`): what it wanted, it has.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::new(Exit::NotWell, format!("stdout: {error}"))),
    }
}

/// Reads the configuration as `serve` with these flags would.
pub(crate) fn load(args: &ServeArgs) -> Result<Loaded, Failure> {
    let input = input(args)?;
    config::load(&input).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
}

/// The layers' input from the flags and this process's environment.
pub(crate) fn input(args: &ServeArgs) -> Result<Input, Failure> {
    let mut flags = Vec::new();
    let mut flag = |key: &str, value: &Option<String>, name: &'static str| {
        if let Some(value) = value {
            flags.push((key.to_owned(), value.clone(), name));
        }
    };
    flag("data", &args.data, "--data");
    flag("engine", &args.engine, "--engine");
    flag("listen.kafka", &args.kafka, "--kafka");
    flag("listen.namesrv", &args.namesrv, "--namesrv");
    flag("listen.rocketmq", &args.rocketmq, "--rocketmq");
    flag("listen.http", &args.http, "--http");
    flag("advertise.kafka", &args.advertise, "--advertise");
    flag(
        "advertise.rocketmq",
        &args.advertise_rocketmq,
        "--advertise-rocketmq",
    );
    flag("log.level", &args.log_level, "--log-level");
    flag("log.format", &args.log_format, "--log-format");
    flag(
        "listen.allow_remote",
        &args.allow_remote.then(|| "true".to_owned()),
        "--allow-remote",
    );
    for setting in &args.set {
        let Some((name, value)) = setting.split_once('=') else {
            let message =
                format!("flag --set: `{setting}` must be NAME=VALUE, such as num.partitions=4");
            return Err(Failure::new(Exit::Usage, message));
        };
        let name = match name.trim() {
            name if name.starts_with("rocketmq.") => name.to_owned(),
            name => format!("kafka.{name}"),
        };
        flags.push((name, value.to_owned(), "--set"));
    }
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Ok(Input {
        file: args.config.clone(),
        environment,
        flags,
    })
}

fn table(loaded: &Loaded, origin: bool, set_only: bool) -> String {
    let rows = loaded
        .table
        .iter()
        .filter(|(_, s)| !set_only || s.origin != Origin::Default);
    let rows: Vec<_> = rows
        .map(|(key, s)| (format!("{key} = {:?}", s.value), &s.origin))
        .collect();
    let width = rows
        .iter()
        .map(|(text, _)| text.chars().count())
        .max()
        .unwrap_or(0);
    rows.iter()
        .map(|(text, from)| {
            if origin {
                format!("{text:width$}  # {from}\n")
            } else {
                format!("{text}\n")
            }
        })
        .collect()
}

fn json_text(loaded: &Loaded, set_only: bool) -> String {
    let rows = loaded
        .table
        .iter()
        .filter(|(_, s)| !set_only || s.origin != Origin::Default);
    let rows: serde_json::Map<String, Value> = rows
        .map(|(key, s)| {
            (
                key.clone(),
                json!({ "value": s.value, "origin": s.origin.to_string() }),
            )
        })
        .collect();
    format!("{:#}\n", Value::Object(rows))
}
