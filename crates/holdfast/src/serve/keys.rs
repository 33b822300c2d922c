//! The first keys: one for the team `default`, one for administration, each in a file of the data directory.
//!
//! A file that is missing is written with a new key; keys that were given out before stay good. A crash between making
//! a key and writing its file leaves a key that nobody knows, and the next start makes another. A file that is there
//! is never touched: its key may have been revoked for a reason.

use std::path::Path;

use holdfast_catalogue::{Catalogue, CatalogueError, Scope};

use super::private_file;
use crate::exit::{Exit, Failure};

/// The file with a key of the team `default`.
pub const API_KEY_FILE: &str = "api-key";
/// The file with a key for administration.
pub const ADMIN_KEY_FILE: &str = "admin-key";

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
