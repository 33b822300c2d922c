//! The flags of `serve`, made from the table.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command};

use super::table::OPTIONS;
use super::{ConfigError, DEFAULT_FILE, FILE_ENV, Given, Settings};

/// The flags that were given.
#[derive(Debug, Clone)]
pub struct ServeArgs {
    file: Option<PathBuf>,
    flags: BTreeMap<&'static str, String>,
}

impl ServeArgs {
    /// The settings that these flags, the environment and the file make together.
    ///
    /// # Errors
    /// See [`Given::collect`] and [`Settings::read`].
    pub fn settings(self) -> Result<Settings, ConfigError> {
        let given = Given::collect(self.flags, self.file.as_deref(), |name| std::env::var(name).ok())?;
        Settings::read(&given)
    }
}

impl clap::Args for ServeArgs {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help(format!(
                "TOML file with any of the options below, their dashes written as underscores \
                 [env: {FILE_ENV}] [default: {DEFAULT_FILE} if there is one]"
            ));
        OPTIONS.iter().fold(command.arg(config), |command, spec| {
            let help = format!("{} [env: {}] [default: {}]", spec.help, spec.env(), spec.default);
            command.arg(Arg::new(spec.flag).long(spec.flag).value_name(spec.value).help(help))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for ServeArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = OPTIONS
            .iter()
            .filter_map(|spec| Some((spec.flag, matches.get_one::<String>(spec.flag)?.clone())))
            .collect();
        Ok(Self { file: matches.get_one::<PathBuf>("config").cloned(), flags })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
