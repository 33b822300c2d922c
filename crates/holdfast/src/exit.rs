//! How the process ends: one table of exit codes, and the error that every command returns.

use std::fmt;
use std::process::ExitCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal $text:literal;)*) => {
        /// Why a command did not do what it was asked to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Exit {
            $($(#[$doc])* $name = $code,)*
        }

        /// Every code and what it means, for help and documents.
        pub const EXIT_CODES: &[(u8, &str)] = &[(0, "done"), $(($code, $text),)*];
    };
}

codes! {
    /// Something failed while it ran.
    Failed = 1 "failed; the message says why";
    /// Asked wrongly, or a configuration that makes no sense.
    Usage = 2 "wrong usage or configuration";
    /// The server cannot start here.
    CannotStart = 3 "the server cannot start: data directory in use or not writable, or address taken";
    /// No server answers.
    Unreachable = 4 "no server answers at the URL";
    /// The key is missing or opens nothing.
    KeyRefused = 5 "the API key is missing or refused";
    /// No such filesystem, file or directory.
    NotFound = 6 "no such filesystem, file or directory";
    /// The state of things forbids it: name taken, directory not empty, more in use than the new size.
    Conflict = 7 "the name is taken, or something is in the way";
    /// A limit of the filesystem or the team is reached.
    Full = 8 "a limit of the filesystem or the team is reached";
}

/// The end of a command that failed: a code for scripts and a sentence for people.
#[derive(Debug)]
pub struct Failure {
    /// For the shell.
    pub exit: Exit,
    /// What went wrong and what helps.
    pub message: String,
    /// The server's own JSON, for `--json`.
    pub json: Option<String>,
}

impl Failure {
    /// A failure with its sentence.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), json: None }
    }

    /// A failure of something that was tried, with the causes of `error` behind it.
    pub fn because(exit: Exit, what: impl fmt::Display, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(exit, format!("{what}: {}", chain(error)))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error and its causes on one line; a cause that the error already tells is not told again.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let cause = source.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_without_gaps() {
        for (index, (code, _)) in EXIT_CODES.iter().enumerate() {
            assert_eq!(index, usize::from(*code));
        }
    }
}
