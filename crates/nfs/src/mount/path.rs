//! The path of MNT and UMNT as exports know it.

use crate::limits::MOUNT_PATH_MAX_BYTES;

/// Why a path cannot be that of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathError {
    /// Over 1,024 bytes.
    TooLong,
    /// Relative, not text, or with `..` in it: no export is named so.
    NoSuchPath,
}

/// The path without empty and `.` components.
pub(super) fn normalize(path: &[u8]) -> Result<String, PathError> {
    if path.len() > MOUNT_PATH_MAX_BYTES {
        return Err(PathError::TooLong);
    }
    let path = std::str::from_utf8(path).map_err(|_| PathError::NoSuchPath)?;
    if !path.starts_with('/') || path.contains('\0') {
        return Err(PathError::NoSuchPath);
    }
    let mut normal = String::with_capacity(path.len());
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => return Err(PathError::NoSuchPath),
            component => {
                normal.push('/');
                normal.push_str(component);
            }
        }
    }
    if normal.is_empty() {
        normal.push('/');
    }
    Ok(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_form() {
        for (path, wanted) in [("/", "/"), ("//a/./b/", "/a/b"), ("/a", "/a"), ("/.", "/"), ("/é", "/é")] {
            assert_eq!(normalize(path.as_bytes()), Ok(wanted.to_owned()), "{path}");
        }
        for path in [&b""[..], b"a", b"/a/../b", b"/\xff", b"/a\0"] {
            assert_eq!(normalize(path), Err(PathError::NoSuchPath), "{path:?}");
        }
        assert_eq!(normalize(&[b'/'; 1025]), Err(PathError::TooLong));
    }
}
