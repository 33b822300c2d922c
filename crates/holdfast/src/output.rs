//! What commands print: tables for people, JSON for programs, both on stdout.

use std::io::{self, Write};

use serde_json::Value;

use crate::exit::{Exit, Failure};

/// Writes `text` to stdout. A reader that went away (`holdfast fs list | head -1`) is not an error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::because(Exit::Failed, "stdout cannot be written to", &error))
        }
        _ => Ok(()),
    }
}

/// Writes one JSON value and a newline.
pub fn print_json(value: &Value) -> Result<(), Failure> {
    print(&format!("{value:#}\n"))
}

/// Says something about the work to people, on stderr. Nobody to hear it is no reason to fail.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// How a column stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows under headings, in columns as wide as their widest cell. Control characters of names are shown as `?`, so
/// that a file's name cannot drive the terminal.
pub fn table(headings: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let clean = |cell: &str| cell.chars().map(|c| if c.is_control() { '?' } else { c }).collect::<String>();
    let mut all = vec![headings.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()];
    all.extend(rows.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()));
    let widths: Vec<usize> = (0..headings.len())
        .map(|column| {
            all.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in &all {
        let mut line = String::new();
        for ((cell, (_, align)), width) in row.iter().zip(headings).zip(&widths) {
            let width = *width;
            match align {
                Align::Left => line.push_str(&format!("{cell:<width$}  ")),
                Align::Right => line.push_str(&format!("{cell:>width$}  ")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_names_cannot_drive_the_terminal() {
        let rows = [vec!["a".to_owned(), "10".to_owned()], vec!["b\x1b[2J".to_owned(), "9".to_owned()]];
        let text = table(&[("NAME", Align::Left), ("SIZE", Align::Right)], &rows);
        assert_eq!(text, "NAME   SIZE\na        10\nb?[2J     9\n");
    }
}
