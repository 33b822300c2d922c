//! The first keys: one for the team `default`, one for administration, each in a file of the data directory.
//!
//! A file that is missing is written with a new key; keys that were given out before stay good. A crash between making
//! a key and writing its file leaves a key that nobody knows, and the next start makes another. A file that is there
//! is never touched: its key may have been revoked for a reason.
//!
//! Beside them the seed of the key that signs tokens. Servers that share a catalogue take each other's tokens if they
//! have the same file; without it a new one is made, and tokens that were given out before open nothing any more.

use std::path::Path;

use holdfast_base::Random;
use holdfast_catalogue::{Catalogue, CatalogueError, Scope};

use super::private_file;
use crate::exit::{Exit, Failure};

/// The file with a key of the team `default`.
pub const API_KEY_FILE: &str = "api-key";
/// The file with a key for administration.
pub const ADMIN_KEY_FILE: &str = "admin-key";

/// The file with the seed of the key that signs tokens, in hex.
const TOKEN_KEY_FILE: &str = "token-key";

/// The seed of the key that signs tokens; made where its file is missing.
pub(super) fn token_seed(dir: &Path, random: &dyn Random) -> Result<[u8; 32], Failure> {
    let path = dir.join(TOKEN_KEY_FILE);
    let broken = |what: &str, error: &(dyn std::error::Error + 'static)| {
        Failure::because(Exit::CannotStart, format!("{} {what}", path.display()), error)
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => unhex(text.trim()).ok_or_else(|| {
            let message = format!("{} must hold 64 hex digits; remove it for a new one", path.display());
            Failure::new(Exit::CannotStart, message)
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut seed = [0; 32];
            random.fill(&mut seed);
            let text: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
            private_file::write(dir, TOKEN_KEY_FILE, &format!("{text}\n"))
                .map_err(|error| broken("cannot be written", &error))?;
            Ok(seed)
        }
        Err(error) => Err(broken("cannot be read", &error)),
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if !text.is_ascii() || text.len() != 64 {
        return None;
    }
    let mut seed = [0; 32];
    for (index, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(seed)
}

/// Makes the team `default` and the key files where they are missing.
pub(super) async fn ensure(catalogue: &Catalogue, dir: &Path) -> Result<(), Failure> {
    let (team, _) = catalogue.ensure_default_team().await.map_err(|error| refused(&error))?;
    for (name, scope) in [(API_KEY_FILE, Scope::Team(team.id)), (ADMIN_KEY_FILE, Scope::Admin)] {
        let path = dir.join(name);
        match std::fs::read_to_string(&path) {
            Ok(key) => {
                let known = catalogue.find_key(key.trim()).await.map_err(|error| refused(&error))?;
                if known.is_none() {
                    tracing::warn!(
                        file = %path.display(),
                        "the key in this file opens nothing; remove the file and start again for a new one"
                    );
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let made =
                    catalogue.create_key(scope, "made at start").await.map_err(|error| refused(&error))?;
                private_file::write(dir, name, &format!("{}\n", made.key.reveal())).map_err(|error| {
                    Failure::because(
                        Exit::CannotStart,
                        format!("{} cannot be written", path.display()),
                        &error,
                    )
                })?;
                tracing::info!(file = %path.display(), key_id = %made.id, "wrote a new key");
            }
            Err(error) => {
                let what = format!("{} cannot be read", path.display());
                return Err(Failure::because(Exit::CannotStart, what, &error));
            }
        }
    }
    Ok(())
}

fn refused(error: &CatalogueError) -> Failure {
    Failure::because(Exit::CannotStart, "the first keys cannot be made", error)
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;

    use super::*;

    #[test]
    fn the_seed_of_tokens_is_made_once_and_never_guessed_at() {
        let dir = tempfile::tempdir().unwrap();
        let made = token_seed(dir.path(), &SeededRandom::new(1)).unwrap();
        assert_eq!(token_seed(dir.path(), &SeededRandom::new(2)).unwrap(), made);
        for broken in ["", "00", &"zz".repeat(32), &"é".repeat(32)] {
            std::fs::write(dir.path().join(TOKEN_KEY_FILE), broken).unwrap();
            let refused = token_seed(dir.path(), &SeededRandom::new(3)).unwrap_err();
            assert_eq!(refused.exit, Exit::CannotStart, "{broken}");
        }
    }
}
