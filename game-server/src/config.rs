//! The command line joined with the configuration file: a flag wins over the environment, the environment over the file,
//! the file over the default.
//!
//! The file's values become the defaults of the command line, so every option has one definition and one check.

use crate::cli::{Cli, ServeOptions};
use crate::files;
use clap::{ArgAction, Args, Command, CommandFactory, FromArgMatches};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Environment variables for options start with this.
const ENVIRONMENT_PREFIX: &str = "DRIFTBELT_";
/// What shells, Docker Compose, Kubernetes and templates replace.
const PLACEHOLDERS: [&str; 3] = ["${", "$(", "{{"];
/// Names less alike than this are not suggested; 1 is equal.
const LIKENESS_FLOOR: f64 = 0.7;

/// Why the configuration cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The command line does not parse, or asks for help.
    #[error(transparent)]
    CommandLine(#[from] clap::Error),
    #[error("{}: {error}", file.display())]
    Unreadable { file: PathBuf, error: std::io::Error },
    #[error("{}: {error}", file.display())]
    Syntax { file: PathBuf, error: Box<toml::de::Error> },
    #[error("{}: there is no option `{key}`{}", file.display(), suggest(nearest.as_deref()))]
    UnknownKey { file: PathBuf, key: String, nearest: Option<String> },
    #[error("the environment variable {variable}: {reason}")]
    BadVariable { variable: String, reason: String },
    #[error("{}: {key}: {reason}", file.display())]
    BadValue { file: PathBuf, key: String, reason: String },
}

/// Reads the command line, the environment and the file that they name.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, ConfigError> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let matches = with_environment(Cli::command())?.try_get_matches_from(&arguments)?;
    let first = Cli::from_arg_matches(&matches)?;
    let file = match &first.command {
        None => first.serve.listen.config.clone(),
        Some(crate::cli::Command::Serve(options)) => options.listen.config.clone(),
        Some(crate::cli::Command::Health(options)) => options.listen.config.clone(),
        Some(_) => None,
    };
    let Some(file) = file else { return Ok(first) };
    let text =
        files::read_text(&file).map_err(|error| ConfigError::Unreadable { file: file.clone(), error })?;
    read_with(arguments, &file, &text)
}

/// As [`read`], with the text of the configuration file in hand; `file` is what errors call it.
pub fn read_with(
    arguments: impl IntoIterator<Item = OsString>,
    file: &Path,
    text: &str,
) -> Result<Cli, ConfigError> {
    let options = options_of(file, text)?;
    let mut command = change_options(Cli::command(), &options, with_default);
    for name in ["serve", "health"] {
        command = command.mut_subcommand(name, |command| change_options(command, &options, with_default));
    }
    Ok(Cli::from_arg_matches(&with_environment(command)?.try_get_matches_from(arguments)?)?)
}

/// Changes those of the options that the command has, each with its values.
fn change_options(
    mut command: Command,
    options: &[(String, Vec<String>)],
    change: impl Fn(clap::Arg, &[String]) -> clap::Arg,
) -> Command {
    for (option, values) in options {
        if command.get_arguments().any(|arg| arg.get_id() == option.as_str()) {
            command = command.mut_arg(option, |arg| change(arg, values));
        }
    }
    command
}

fn with_default(arg: clap::Arg, values: &[String]) -> clap::Arg {
    arg.default_values(values.to_vec())
}

/// Makes the values of environment variables the defaults of their options, as for values of the file. Leaves out variables
/// that orchestrators set unasked.
fn with_environment(command: Command) -> Result<Command, ConfigError> {
    let set = serve_options();
    let set = set.get_arguments().filter_map(|arg| {
        let variable = arg.get_env()?.to_str()?;
        Some((arg, variable, std::env::var_os(variable)?))
    });
    let set = set.map(|(arg, variable, text)| {
        values_of_variable(&text, arg)
            .and_then(|values| if values.is_empty() { Ok(values) } else { check(arg, values) })
            .map(|values| (arg.get_id().to_string(), values))
            .map_err(|reason| ConfigError::BadVariable { variable: variable.into(), reason })
    });
    let set: Vec<_> = set.collect::<Result<_, _>>()?;
    let take_over = |arg: clap::Arg, values: &[String]| {
        // Another command may have an option of this name without a variable, such as `replay --port`.
        if arg.get_env().is_none() {
            return arg;
        }
        let is_secret = arg.is_hide_env_values_set();
        let arg = arg.env(None::<&str>);
        if values.is_empty() { arg } else { with_default(arg, values).hide_default_value(is_secret) }
    };
    let apply = |command| change_options(command, &set, take_over);
    Ok(apply(command).mut_subcommands(apply))
}

/// None for an empty variable, which Docker Compose makes of one that is not set, and for the port that Kubernetes sets for a
/// service called `driftbelt`.
fn values_of_variable(text: &OsStr, arg: &clap::Arg) -> Result<Vec<String>, String> {
    let text = text.to_str().ok_or("must be UTF-8")?;
    let is_list = matches!(arg.get_action(), ArgAction::Append);
    let values = if is_list { text.split(',').collect() } else { vec![text] };
    let values =
        values.into_iter().map(|value| value.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}'));
    let is_value = |value: &&str| !(value.is_empty() || arg.get_id() == "port" && is_service_address(value));
    Ok(values.filter(is_value).map(str::to_owned).collect())
}

/// Environment variables that look like options but are not, each with the most similar option.
pub fn unknown_variables(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<(String, Option<String>)> {
    let options = serve_options();
    let known: Vec<_> = options.get_arguments().filter_map(|arg| arg.get_env()?.to_str()).collect();
    let readable = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    };
    let is_unknown = |(name, value): &(String, String)| {
        name.starts_with(ENVIRONMENT_PREFIX)
            && !known.contains(&name.as_str())
            && !is_service_link(name, value)
    };
    let unknown = variables.into_iter().filter_map(readable).filter(is_unknown);
    unknown
        .map(|(name, _)| (nearest(&name, known.iter().copied()), name))
        .map(|(near, name)| (name, near))
        .collect()
}

/// Whether Kubernetes has set a variable for a service whose name begins with `driftbelt`, such as `DRIFTBELT_SERVICE_HOST` and
/// `DRIFTBELT_PORT_8443_TCP_ADDR`.
fn is_service_link(name: &str, value: &str) -> bool {
    let is_of_port = |(_, rest): (&str, &str)| {
        let (number, rest) = rest.split_once('_').unwrap_or((rest, ""));
        let protocol = rest.split('_').next().unwrap_or_default();
        number.parse::<u16>().is_ok() && ["TCP", "UDP", "SCTP"].contains(&protocol)
    };
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.split_once("_PORT_").is_some_and(is_of_port)
        || name.ends_with("_PORT") && is_service_address(value)
}

/// Whether Kubernetes gives this value to a service's port, such as `tcp://10.43.0.12:8443`.
fn is_service_address(value: &str) -> bool {
    ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme))
}

/// The candidate most similar to a name, if any is similar enough.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let likeness = |candidate: &str| strsim::jaro_winkler(name, candidate);
    let best = candidates.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(best) >= LIKENESS_FLOOR).then(|| best.to_owned())
}

/// A suggestion as the end of a sentence; empty if there is none.
pub fn suggest(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The file's options by the command line's names, with their checked values.
fn options_of(file: &Path, text: &str) -> Result<Vec<(String, Vec<String>)>, ConfigError> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        file: file.into(),
        error: Box::new(error),
    })?;
    let options = serve_options();
    let mut read = Vec::new();
    for (key, value) in &table {
        let long_name = key.replace('_', "-");
        let may_stand = |arg: &&clap::Arg| arg.get_long().is_some_and(|long| long != "config");
        let mut arguments = options.get_arguments().filter(may_stand);
        let Some(arg) = arguments.find(|arg| arg.get_long() == Some(&long_name)) else {
            let names = options.get_arguments().filter(may_stand).filter_map(clap::Arg::get_long);
            let nearest = nearest(&long_name, names);
            return Err(ConfigError::UnknownKey { file: file.into(), key: key.clone(), nearest });
        };
        match values_of(value, arg).and_then(|values| check(arg, values)) {
            Ok(values) => read.push((arg.get_id().to_string(), values)),
            Err(reason) => {
                return Err(ConfigError::BadValue { file: file.into(), key: key.clone(), reason });
            }
        }
    }
    Ok(read)
}

fn values_of(value: &Value, arg: &clap::Arg) -> Result<Vec<String>, String> {
    let flag = matches!(arg.get_action(), ArgAction::SetTrue);
    let list = matches!(arg.get_action(), ArgAction::Append);
    match value {
        Value::Boolean(value) if flag => Ok(vec![value.to_string()]),
        _ if flag => Err("must be true or false".into()),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Integer(number) => Ok(vec![number.to_string()]),
        Value::Array(items) if list => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or_else(|| "must be a list of strings".into())
        }
        _ => Err(format!("must not be a {}", value.type_str())),
    }
}

/// Checks values by the definition of their option.
fn check(arg: &clap::Arg, values: Vec<String>) -> Result<Vec<String>, String> {
    values.iter().try_for_each(|value| check_text(value))?;
    // Alone: other required options must not matter.
    let alone = Command::new("option").arg(with_default(arg.clone(), &values).env(None::<&str>));
    match alone.try_get_matches_from(["option"]) {
        Ok(_) => Ok(values),
        Err(error) => Err(first_sentence(&error)),
    }
}

/// Refuses what a tool should have replaced or unquoted: as a token, everybody would know it.
pub fn check_text(value: &str) -> Result<(), &'static str> {
    if PLACEHOLDERS.iter().any(|mark| value.contains(mark)) {
        return Err("has a placeholder (${…}, $(…) or {{…}}) that nothing has replaced");
    }
    let is_in = |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    if is_in('"') || is_in('\'') {
        return Err("is in quotes, which would be part of the value: remove them");
    }
    Ok(())
}

/// What is wrong, and the values to choose from, if there are any.
fn first_sentence(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default().trim_start_matches("error: ");
    match lines.next().map(str::trim).filter(|line| line.starts_with("[possible values: ")) {
        Some(choice) => format!("{line} {choice}"),
        None => line.into(),
    }
}

fn serve_options() -> Command {
    ServeOptions::augment_args(Command::new("serve"))
}
