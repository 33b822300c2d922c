//! The list of faults in `tests/FAULTS.md` names tests that exist, one at least for each.

use std::fs;
use std::path::Path;

fn functions(dir: &Path) -> String {
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).map(read).collect()
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

/// What stands between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn each_fault_has_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let suite = functions(&root.join("crates/nfs/tests/suite"));
    let list = read(root.join("crates/nfs/tests/FAULTS.md"));
    let rows: Vec<_> =
        list.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| #")).skip(1).collect();
    assert_eq!(rows.len(), 24);
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        assert_eq!(cells[1], (index + 1).to_string());
        let named = quoted(cells[3]);
        let tests = named.iter().filter(|name| !name.contains('/'));
        assert!(tests.clone().count() > 0, "{row}");
        let elsewhere: String =
            named.iter().filter(|name| name.contains('/')).map(|path| read(root.join(path))).collect();
        for test in tests {
            let declared = format!("fn {test}(");
            assert!(suite.contains(&declared) || elsewhere.contains(&declared), "{test} does not exist");
        }
    }
}
